"""Messages from the background: who gets them, how often, until when; and that decoys look like them."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from identity import clock, ids
from identity.access.actor import Actor
from identity.access.actor import Kind as ActorKind
from identity.config import config
from pools.accounts import attributes as user_attributes
from pools.accounts import recovery, sign_up, verification
from pools.accounts.verification import Delivery
from pools.config import pool as pool_config
from pools.config.messages import Template
from pools.messages import deliver, queue
from pools.messages.message import Kind as MessageKind
from pools.messages.message import Message, authentication
from pools.messages.message import verification as verification_message
from pools.messages.senders import smtp
from pools.models import Client, Code, Outgoing, Pool, QueuedMessage, User
from pools.models.user import UserStatus
from pools.provisioning import clients
from pools.triggers.origin import Origin
from tests.support.postman import Postman, opened

pytestmark = pytest.mark.django_db

CODE = "31415926"
ADDRESS = "ada@example.com"
LATER = timedelta(minutes=3)
ORIGIN = Origin("a-client", "Boto3/1.44", {"key": "value"})
OPERATOR = Actor(ActorKind.OPERATOR, "Test", clock.now(), "request", "127.0.0.1")


@pytest.fixture(scope="module")
def postman() -> Iterator[Postman]:
    with opened() as running:
        yield running


@pytest.fixture(autouse=True)
def mailing(postman: Postman, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """E-mail goes to the postman, SMS to the outbox."""
    postman.received.clear()
    postman.refused.clear()
    for module in (deliver, smtp):
        monkeypatch.setattr(module, "config", replace(config, email_url=postman.url))
    smtp._server.cache_clear()
    yield
    smtp._server.cache_clear()
    clock.reset()


@pytest.fixture
def pool() -> Pool:
    members = {"AutoVerifiedAttributes": ["email"]}
    settings = pool_config.created(members)
    return Pool.objects.create(id=ids.pool_id("us-east-1"), name="pool", region="us-east-1", settings=settings)


@pytest.fixture
def user(pool: Pool) -> User:
    return make_user(pool, "ada")


def make_user(pool: Pool, name: str, status: str = UserStatus.CONFIRMED, **columns: Any) -> User:
    attributes = {"email": f"{name}@example.com", "email_verified": "true"}
    user = User(pool=pool, sub=ids.sub(), username=name, status=status, **{"attributes": attributes, **columns})
    user.save()
    user_attributes.claim_names(user)
    return user


def put(user: User, expires_in: timedelta = LATER) -> QueuedMessage:
    queue.put(letter(user), expires_at=clock.now() + expires_in)
    return QueuedMessage.objects.latest("pk")


def letter(user: User, attribute: str = "email", to: str = ADDRESS) -> Message:
    return authentication(user, attribute, to, CODE, ORIGIN)


def now_due(**columns: Any) -> None:
    """As if the time of the next try had come."""
    QueuedMessage.objects.update(next_try_at=clock.wall(), **columns)


# Sent


def test_message_is_sent_once_under_its_own_id(postman: Postman, user: User) -> None:
    row = put(user)
    assert postman.received == []
    queue.send_waiting()
    mail = postman.mail_to(ADDRESS)
    assert (mail["Subject"], mail["Message-ID"]) == ("Your authentication code", row.message_id)
    assert row.message_id.startswith("<")
    assert row.message_id.endswith("@localhost>")
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == f"Your authentication code is {CODE}."
    queue.send_waiting()
    assert len(postman.received) == 1
    assert not QueuedMessage.objects.exists()


def test_each_message_has_its_own_id(postman: Postman, user: User) -> None:
    expected = {put(user).message_id, put(user).message_id}
    queue.send_waiting()
    assert {mail["Message-ID"] for mail in postman.mails_to(ADDRESS)} == expected
    assert len(expected) == 2


def test_message_from_the_queue_is_the_one_that_was_put(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Message] = []
    monkeypatch.setattr(deliver, "_carrier", lambda channel: sent.append)
    given = replace(letter(user), worded=Template("{####} for {username}", "A code"))
    queue.put(given, expires_at=clock.now() + LATER)
    row = QueuedMessage.objects.get()
    queue.send_waiting()
    assert sent == [replace(given, message_id=row.message_id)]


def test_code_cannot_be_read_in_the_row(user: User) -> None:
    put(user)
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{QueuedMessage._meta.db_table}"')
        [row] = cursor.fetchall()
    assert not any(CODE.encode() in bytes(value) for value in row if isinstance(value, bytes | memoryview))
    assert not any(CODE in str(value) for value in row)


def test_what_is_rolled_back_is_neither_sent_nor_announced(
    postman: Postman, user: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as callbacks, pytest.raises(KeyError), transaction.atomic():
        put(user)
        raise KeyError
    queue.send_waiting()
    assert callbacks == postman.received == []


def test_who_is_to_end_begins_no_further_message(postman: Postman, user: User) -> None:
    for _ in range(3):
        put(user)
    queue.send_waiting(lambda: bool(postman.received))
    assert (len(postman.received), QueuedMessage.objects.count()) == (1, 2)


def test_outbox_has_it_at_once(user: User) -> None:
    """The carrier of SMS here."""
    number = "+4915112340001"
    queue.put(letter(user, "phone_number", number), expires_at=clock.now() + LATER)
    queue.put(letter(verification.nobody(user.pool, "ada"), "phone_number", number), expires_at=clock.now() + LATER)
    assert [kept.code for kept in Outgoing.objects.filter(to=number)] == [CODE]
    assert not QueuedMessage.objects.exists()


# Not sent


def decoy(user: User) -> None:
    queue.put(letter(verification.nobody(user.pool, "ada")), expires_at=clock.now() + LATER)


def expired(user: User) -> None:
    put(user)
    clock.advance(LATER.total_seconds())


def of_a_deleted_user(user: User) -> None:
    put(user)
    user.delete()


def of_a_deleted_pool(user: User) -> None:
    put(user)
    Pool.objects.filter(pk=user.pool_id).update(deleted_at=clock.now())


@pytest.mark.parametrize("left", [decoy, expired, of_a_deleted_user, of_a_deleted_pool], ids=lambda left: left.__name__)
def test_what_serves_nobody_is_dropped(postman: Postman, user: User, left: Callable[[User], None]) -> None:
    left(user)
    queue.send_waiting()
    assert postman.received == []
    assert not QueuedMessage.objects.exists()


@pytest.mark.parametrize("kind", [Code.Kind.SIGN_UP, Code.Kind.PASSWORD])
def test_code_that_was_replaced_is_not_sent_any_more(postman: Postman, user: User, kind: Code.Kind) -> None:
    """A message may have to wait for its carrier, and its user have asked for another code meanwhile."""
    why = {Code.Kind.SIGN_UP: MessageKind.SIGN_UP, Code.Kind.PASSWORD: MessageKind.FORGOT_PASSWORD}
    for other in (Code.Kind.EMAIL, kind, kind):
        code = verification.renew(user, other, "email")
        about = why.get(other, MessageKind.VERIFY_USER_ATTRIBUTE)
        queue.put(verification_message(user, "email", ADDRESS, about, code, ORIGIN), expires_at=clock.now() + LATER)
    now_due()
    queue.send_waiting()
    assert len(postman.mails_to(ADDRESS)) == 2
    assert any(code in str(mail) for mail in postman.mails_to(ADDRESS))
    assert not QueuedMessage.objects.exists()


def test_expired_messages_are_purged_and_others_are_not(user: User) -> None:
    put(user)
    kept = put(user, expires_in=2 * LATER)
    clock.advance(LATER.total_seconds())
    call_command("purge_expired", verbosity=0)
    assert QueuedMessage.objects.get() == kept


def test_row_that_cannot_be_read_keeps_no_other_from_being_sent(
    postman: Postman, user: User, caplog: pytest.LogCaptureFixture
) -> None:
    broken = put(user)
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE "{QueuedMessage._meta.db_table}" SET code = %s', [b"\x01nonsense"])
    put(user)
    queue.send_waiting()
    assert len(postman.received) == 1
    assert QueuedMessage.objects.defer("code").get().pk == broken.pk


# Tried again


@pytest.fixture
def refusing(postman: Postman) -> Iterator[None]:
    postman.refuses = "content"
    yield
    postman.refuses = ""


@pytest.mark.usefixtures("refusing")
def test_refused_message_is_tried_again_later_and_later_and_then_given_up(
    postman: Postman, user: User, caplog: pytest.LogCaptureFixture
) -> None:
    row = put(user)
    for number, delay in enumerate(queue.DELAYS, 1):
        tried_from = clock.wall()
        queue.send_waiting()
        queue.send_waiting()
        assert len(postman.refused) == number
        row.refresh_from_db()
        assert tried_from + delay <= row.next_try_at <= clock.wall() + delay
        now_due()
    queue.send_waiting()
    assert not QueuedMessage.objects.exists()
    assert {mail["Message-ID"] for mail in postman.refused} == {row.message_id}
    assert len(postman.refused) == len(queue.DELAYS) + 1
    [given_up] = [entry for entry in caplog.records if entry.levelno == logging.ERROR]
    assert given_up.getMessage() == "EMAIL Authentication is given up after 6 tries"
    assert CODE not in caplog.text
    assert "ada" not in "".join(entry.getMessage() for entry in caplog.records if entry.name.startswith("pools"))


def test_refused_message_arrives_when_it_is_taken(postman: Postman, user: User) -> None:
    row = put(user)
    postman.refuses = "recipient"
    queue.send_waiting()
    postman.refuses = ""
    assert postman.received == []
    now_due()
    queue.send_waiting()
    assert postman.mail_to(ADDRESS)["Message-ID"] == row.message_id


# Leases


def test_message_of_a_living_worker_is_left_alone_and_that_of_a_dead_one_is_sent(postman: Postman, user: User) -> None:
    row = put(user)
    theirs = QueuedMessage.objects.filter(pk=row.pk)
    theirs.update(lease="theirs", next_try_at=clock.wall() + queue.LEASE)
    queue.send_waiting()
    assert postman.received == []
    theirs.update(next_try_at=clock.wall() - timedelta(microseconds=1))
    queue.send_waiting()
    assert postman.mail_to(ADDRESS)["Message-ID"] == row.message_id


@pytest.mark.usefixtures("refusing")
def test_worker_that_has_lost_its_lease_puts_nothing_off(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    row = put(user)
    until = clock.wall() + timedelta(hours=1)

    def somebody_takes_it(message: Message) -> None:
        QueuedMessage.objects.update(lease="theirs", next_try_at=until)
        smtp.send(message)

    monkeypatch.setattr(deliver, "_carrier", lambda channel: somebody_takes_it)
    queue.send_waiting()
    row.refresh_from_db()
    assert (row.lease, row.failures, row.next_try_at) == ("theirs", 0, until)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite in memory has one connection")
def test_two_workers_send_different_messages_and_a_slow_one_keeps_its_own(
    postman: Postman, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mail server says nothing for more than a lease, which is renewed until it does."""
    monkeypatch.setattr(queue, "LEASE", timedelta(milliseconds=800))
    monkeypatch.setattr(queue, "_SOON", timedelta(0))
    monkeypatch.setattr(queue, "PAUSE", timedelta(0))
    ids_queued = {put(user).message_id, put(user).message_id}
    with postman.holding():
        workers = [Thread(target=_send_in_a_connection_of_its_own) for _ in range(2)]
        for worker in workers:
            worker.start()
        postman.wait_for(ADDRESS, 2)
        renewed_thrice = clock.wall() + 3 * queue.LEASE
        while QueuedMessage.objects.filter(next_try_at__lte=renewed_thrice).exists():
            queue.send_waiting()
    for worker in workers:
        worker.join(20)
    assert sorted(mail["Message-ID"] for mail in postman.mails_to(ADDRESS)) == sorted(ids_queued)
    assert not QueuedMessage.objects.exists()


def _send_in_a_connection_of_its_own() -> None:
    queue.send_waiting()
    connection.close()


# Decoys


@pytest.fixture
def discreet(pool: Pool) -> Client:
    return clients.create(pool, name="app", members={"PreventUserExistenceErrors": "ENABLED"}, by=OPERATOR)


class Recorder:
    """The statements of a request, without their values."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __call__(self, execute: Any, sql: str, *rest: Any) -> Any:
        self.statements.append(re.sub(r"\bs\d+_x\d+\b", "savepoint", sql))
        return execute(sql, *rest)


NAMES = ("nobody", "confirmed", "waiting", "disabled", "mute", "unverified")


@pytest.fixture
def everybody(pool: Pool) -> None:
    """A user of each name but the first."""
    make_user(pool, "confirmed")
    make_user(pool, "waiting", UserStatus.UNCONFIRMED)
    make_user(pool, "disabled", enabled=False)
    make_user(pool, "mute", attributes={})
    make_user(pool, "unverified", attributes={"email": "unverified@example.com"})


@pytest.mark.usefixtures("everybody")
@pytest.mark.parametrize(("ask", "able"), [(recovery.forgot, "confirmed"), (sign_up.resend, "waiting")])
def test_request_costs_the_same_whoever_is_asked_for(
    postman: Postman,
    discreet: Client,
    ask: Callable[..., Delivery],
    able: str,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """Statements, transactions and calls of a worker; the first time, and with a code from before."""
    for _ in range(2):
        costs = {}
        for name in NAMES:
            recorder = Recorder()
            with django_capture_on_commit_callbacks() as callbacks, connection.execute_wrapper(recorder):
                ask(discreet, username=name, origin=ORIGIN)
            costs[name] = (recorder.statements, len(callbacks))
            assert any(QueuedMessage._meta.db_table in sql for sql in recorder.statements)
            assert any(Code._meta.db_table in sql for sql in recorder.statements)
        for name in NAMES:
            assert costs[name] == costs["nobody"], name
    lengths = {(len(row.code), row.expires_at > clock.now()) for row in QueuedMessage.objects.all()}
    assert lengths == {(verification.DIGITS, True)}
    queue.send_waiting()
    written_to = {recipient for _, recipients, _ in postman.received for recipient in recipients}
    assert written_to >= {f"{able}@example.com"}
    assert not written_to & {"disabled@example.com", "nobody@nowhere.invalid"}
    if ask is recovery.forgot:
        assert "unverified@example.com" not in written_to


def test_sign_in_code_is_queued_for_who_exists_and_looks_so_for_who_does_not(
    postman: Postman, pool: Pool, user: User
) -> None:
    expires_at = clock.now() + LATER
    statements = []
    for asked in (user, verification.nobody(pool, "who"), User(pool=pool, username="who")):
        recorder = Recorder()
        with connection.execute_wrapper(recorder):
            verification.queue_sign_in_code(asked, "email", ADDRESS, CODE, ORIGIN, expires_at=expires_at)
        statements.append(recorder.statements)
    assert statements[0] == statements[1] == statements[2] != []
    queue.send_waiting()
    [(_, recipients, mail)] = postman.received
    assert (recipients, mail["Subject"]) == ([ADDRESS], "Your authentication code")


@pytest.mark.usefixtures("everybody")
def test_code_of_a_decoy_is_nobodys(discreet: Client) -> None:
    recovery.forgot(discreet, username="nobody", origin=ORIGIN)
    recovery.forgot(discreet, username="disabled", origin=ORIGIN)
    assert list(Code.objects.values_list("user", flat=True)) == [None, None]
