"""Import jobs at work: who has a job, what a batch leaves behind, and how somebody else goes on."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, transaction

from identity import clock, ids
from identity.access.actor import Actor, Kind
from identity.errors import LimitExceeded
from pools.accounts import passwords, sign_up
from pools.accounts.imports import jobs, layout, run, upload
from pools.accounts.imports.upload import Refused
from pools.config import pool as pool_config
from pools.models import Credential, ImportChunk, ImportJob, ImportRow, Pool, SearchValue, SignInName, User
from pools.models.user import UserStatus

pytestmark = pytest.mark.django_db

HASH = "$2b$04$" + "a" * 21 + "u" + "b" * 30 + "u"
OPERATOR = Actor(Kind.OPERATOR, "Test", clock.now(), "request", "127.0.0.1")


@pytest.fixture
def pool() -> Pool:
    settings = pool_config.created({"AutoVerifiedAttributes": ["email"], "AliasAttributes": ["email"]})
    return Pool.objects.create(id=ids.pool_id("us-east-1"), name="pool", region="us-east-1", settings=settings)


def file_of(pool: Pool, *names: str) -> bytes:
    columns = layout.header(pool, with_hash=True)
    lines = [layout.join(columns)]
    for name in names:
        values = {"cognito:username": name, "email": f"{name}@example.com", "email_verified": "TRUE"}
        values |= {"cognito:mfa_enabled": "FALSE", "password_hash": HASH}
        lines.append(layout.join([values.get(column, "") for column in columns]))
    return "\n".join(lines).encode()


def started(pool: Pool, content: bytes) -> ImportJob:
    job = jobs.create(pool, name="job", role_arn="arn:aws:iam::000000000000:role/x", algorithm="BCRYPT", by=OPERATOR)
    upload.receive(job, io.BytesIO(content).read, len(content))
    return jobs.start(pool, job.job_id, by=OPERATOR)


def names(count: int) -> list[str]:
    return [f"user-{number}" for number in range(count)]


def after_batches(count: int, then: Callable[[], bool] = lambda: True) -> Callable[[], bool]:
    """Asked between batches, does something after so many."""
    asked = iter(range(1_000_000))
    return lambda: next(asked) == count and then()


def everything(pool: Pool) -> list[int]:
    """How many users there are, and how many rows of each kind they have."""
    return [
        User.objects.filter(pool=pool).count(),
        SignInName.objects.filter(pool=pool).count(),
        Credential.objects.filter(user__pool=pool).count(),
        SearchValue.objects.filter(pool=pool).count(),
    ]


def test_every_user_is_written_with_names_hash_and_search_values(pool: Pool) -> None:
    job = started(pool, file_of(pool, *names(1_200)))
    run.waiting()
    job.refresh_from_db()
    assert (job.status, job.message, job.imported) == ("Succeeded", run.SUCCEEDED, 1_200)
    assert (job.lease, job.leased_until, job.line) == ("", None, 1_201)
    assert everything(pool) == [1_200, 2_400, 1_200, 3_600]
    user = User.objects.get(pool=pool, username="user-7")
    assert (user.status, user.enabled, user.credential.password_hash) == (UserStatus.CONFIRMED, True, HASH)
    assert user.attributes == {"email": "user-7@example.com", "email_verified": "true"}
    assert user.last_login is None
    by_hand = sign_up.new_user(pool, "by-hand", user.attributes | {"email": "by-hand@example.com"}, user.status)
    sign_up.save_new(by_hand, passwords.derive(by_hand, "Correct-Horse-1"))
    for model in (SignInName, SearchValue):
        kinds = "kind" if model is SignInName else "attribute"
        written = model._default_manager.filter(user=user).values_list(kinds, flat=True)
        assert set(written) == set(model._default_manager.filter(user=by_hand).values_list(kinds, flat=True))
    assert not ImportChunk.objects.filter(job=job).exists()


def test_second_factor_of_a_row_is_written(pool: Pool) -> None:
    sms = {"SmsMfaConfiguration": {"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"}}}
    pool.settings = pool_config.with_mfa(pool.settings, {"MfaConfiguration": "OPTIONAL", **sms})
    pool.save()
    columns = layout.header(pool, with_hash=True)
    row = {"email_verified": "TRUE", "phone_number": "+4915112349934", "password_hash": HASH}
    lines = [columns]
    for name, has_mfa in (("with", "TRUE"), ("without", "FALSE")):
        values = {**row, "cognito:username": name, "email": f"{name}@example.com", "cognito:mfa_enabled": has_mfa}
        lines.append([values.get(column, "") for column in columns])
    started(pool, "\n".join(map(layout.join, lines)).encode())
    run.waiting()
    written = {user.username: (user.mfa_factors, user.preferred_mfa) for user in User.objects.filter(pool=pool)}
    assert written == {"with": (["SMS_MFA"], ""), "without": ([], "")}


def test_worker_that_is_to_end_leaves_the_job_to_the_next_one(pool: Pool) -> None:
    job = started(pool, file_of(pool, *names(1_200)))
    run.waiting(after_batches(2))
    job.refresh_from_db()
    assert (job.status, job.imported, job.leased_until) == ("InProgress", 2 * run.BATCH_ROWS - 1, None)
    run.waiting()
    job.refresh_from_db()
    assert (job.status, job.imported, job.skipped) == ("Succeeded", 1_200, 0)
    assert everything(pool)[0] == 1_200


def test_job_of_a_living_worker_is_left_alone_and_that_of_a_dead_one_is_taken_over(pool: Pool) -> None:
    job = started(pool, file_of(pool, *names(3)))
    ImportJob.objects.filter(pk=job.pk).update(lease="theirs", leased_until=clock.wall() + timedelta(seconds=10))
    run.waiting()
    assert everything(pool)[0] == 0
    ImportJob.objects.filter(pk=job.pk).update(leased_until=clock.wall() - timedelta(seconds=1))
    run.waiting()
    assert everything(pool)[0] == 3


def test_worker_that_lost_its_lease_writes_nothing_more(pool: Pool) -> None:
    job = started(pool, file_of(pool, *names(1_200)))

    def lose() -> bool:
        ImportJob.objects.filter(pk=job.pk).update(lease="theirs")
        return False

    run.waiting(after_batches(1, lose))
    job.refresh_from_db()
    assert (job.status, job.lease) == ("InProgress", "theirs")
    assert job.imported == everything(pool)[0] == run.BATCH_ROWS - 1
    ImportJob.objects.filter(pk=job.pk).update(leased_until=None)
    run.waiting()
    assert everything(pool)[0] == 1_200


def test_stop_ends_the_job_after_the_batch(pool: Pool) -> None:
    job = started(pool, file_of(pool, *names(1_200)))

    def stop() -> bool:
        jobs.stop(pool, job.job_id, by=OPERATOR)
        return False

    run.waiting(after_batches(1, stop))
    job.refresh_from_db()
    assert (job.status, job.message, job.imported) == ("Stopped", run.STOPPED, run.BATCH_ROWS - 1)
    assert job.completed_at is not None
    assert not ImportChunk.objects.filter(job=job).exists()


def test_stop_after_the_last_row_is_a_stop(pool: Pool) -> None:
    job = started(pool, file_of(pool, "ada"))

    def stop() -> bool:
        jobs.stop(pool, job.job_id, by=OPERATOR)
        return False

    run.waiting(after_batches(1, stop))
    job.refresh_from_db()
    assert (job.status, job.imported) == ("Stopped", 1)


def test_lines_are_numbered_alike_whoever_reads_them(pool: Pool) -> None:
    lines = file_of(pool, *names(1_200)).split(b"\n")
    for number in (3, 700, 1_100):
        lines[number - 1] = lines[1]
    started(pool, b"\n".join(lines))
    run.waiting(after_batches(1))
    run.waiting(after_batches(1))
    run.waiting()
    assert list(ImportRow.objects.order_by("line").values_list("line", flat=True)) == [3, 700, 1_100]


def test_file_of_several_chunks_is_read_whole(pool: Pool) -> None:
    columns = layout.header(pool, with_hash=True)
    rows = []
    for number in range(300):
        values = {"cognito:username": f"ü{number}", "email": f"{number}@example.com", "email_verified": "TRUE"}
        values |= {"cognito:mfa_enabled": "FALSE"} | {name: "界" * 1_900 for name in ("name", "profile")}
        rows.append(layout.join([values.get(column, "") for column in columns]))
    content = "\n".join([layout.join(columns), *rows]).encode()
    assert len(content) > 3 * upload.CHUNK_BYTES
    job = started(pool, content)
    assert ImportChunk.objects.filter(job=job).count() == 4
    run.waiting()
    assert everything(pool)[0] == 300
    assert User.objects.get(username="ü299").attributes["name"] == "界" * 1_900


def test_of_two_uploads_at_once_the_later_one_counts(pool: Pool) -> None:
    job = jobs.create(pool, name="job", role_arn="arn:aws:iam::000000000000:role/x", algorithm="BCRYPT", by=OPERATOR)
    later = file_of(pool, "ada")
    first = b"x" * (2 * upload.CHUNK_BYTES)
    source = io.BytesIO(first)

    def read(size: int) -> bytes:
        if source.tell() == upload.CHUNK_BYTES:
            upload.receive(job, io.BytesIO(later).read, len(later))
        return source.read(size)

    with pytest.raises(Refused, match="Another upload"):
        upload.receive(job, read, len(first))
    jobs.start(pool, job.job_id, by=OPERATOR)
    run.waiting()
    assert User.objects.get(pool=pool).username == "ada"


def test_purge_deletes_the_file_of_a_job_that_was_never_started(pool: Pool) -> None:
    job = jobs.create(pool, name="job", role_arn="arn:aws:iam::000000000000:role/x", algorithm="", by=OPERATOR)
    upload.receive(job, io.BytesIO(b"x").read, 1)
    assert jobs.expire() == 0
    assert ImportChunk.objects.filter(job=job).exists()
    created = clock.now() - jobs.STARTABLE_FOR
    ImportJob.objects.filter(pk=job.pk).update(created_at=created)
    assert jobs.expire() == 1
    job.refresh_from_db()
    assert (job.status, job.completed_at) == ("Expired", created + jobs.STARTABLE_FOR)
    assert not ImportChunk.objects.filter(job=job).exists()
    assert jobs.expire() == 0


def test_pool_has_a_thousand_jobs_in_its_life(pool: Pool) -> None:
    ended = [ImportJob(job_id=f"import-{number}", pool=pool, status="Succeeded") for number in range(999)]
    ImportJob.objects.bulk_create(ended)
    role = "arn:aws:iam::000000000000:role/x"
    jobs.create(pool, name="last", role_arn=role, algorithm="", by=OPERATOR)
    with pytest.raises(LimitExceeded, match="Maximum number of user import jobs has been reached"):
        jobs.create(pool, name="one more", role_arn=role, algorithm="", by=OPERATOR)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
def test_name_that_somebody_takes_at_the_same_moment_is_skipped_and_the_others_are_imported(pool: Pool) -> None:
    job = started(pool, file_of(pool, *names(20)))
    with transaction.atomic():
        rival = sign_up.new_user(pool, "user-7", {}, UserStatus.CONFIRMED)
        sign_up.save_new(rival, passwords.derive(rival, "Correct-Horse-1"))
        importing = Thread(target=_run_in_a_connection_of_its_own)
        importing.start()
        importing.join(1)
        assert importing.is_alive(), "it waits for the rival"
    importing.join(20)
    job.refresh_from_db()
    assert (job.status, job.imported, job.skipped) == ("Succeeded", 19, 1)
    assert str(ImportRow.objects.get()) == "[SKIPPED] Line Number 9 - The user already exists."
    assert everything(pool) == [20, 39, 20, 59]


def _run_in_a_connection_of_its_own() -> None:
    run.waiting()
    connection.close()
