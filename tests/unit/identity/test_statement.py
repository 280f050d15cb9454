"""Statements compiled once answer what the ORM would, for every kind of parameter and converter."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from identity.models import AccessKey, AttemptWindow
from identity.statement import Insertion, Statement
from pools.models import Client, Pool, Session, SignInName, SpentSecretBlock, User
from pools.models.user import UserStatus

# Most tests are in no transaction, as most statements of a request are.
pytestmark = pytest.mark.django_db(transaction=True)

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


@pytest.fixture
def user() -> User:
    pool = Pool.objects.create(id="us-east-1_Statement1", name="p", region="us-east-1", settings={"a": [1, None]})
    return User.objects.create(
        pool=pool,
        sub=str(uuid.uuid4()),
        username="Übung",
        attributes={"email": "a@b.example", "deep": "'\"%s"},
        status=UserStatus.CONFIRMED,
        created_at=MOMENT,
    )


@pytest.fixture
def session(user: User) -> Session:
    client = Client.objects.create(pool=user.pool, client_id="client", name="c")
    return Session.objects.create(
        pool=user.pool,
        user=user,
        client=client,
        scope="s",
        authenticated_at=MOMENT,
        expires_at=MOMENT + timedelta(days=1),
    )


def test_text_parameters_and_json_times_and_booleans_come_as_the_orm_gives_them(user: User) -> None:
    columns = ("id", "sub", "attributes", "enabled", "created_at", "pool__settings", "pool__revision")
    by_name = Statement(
        lambda pool, name: User.objects.filter(pool_id=pool, username=name).values_list(*columns), str, str
    )
    expected = User.objects.values_list(*columns).get(pk=user.pk)
    assert by_name.first(user.pool_id, "Übung") == expected
    assert by_name.first(user.pool_id, "übung") is None
    assert by_name.rows("nowhere", "Übung") == []


def test_secrets_are_opened(user: User) -> None:
    key = AccessKey.objects.create(access_key_id="AKIAX", secret="open sesame", operator=user, policy="{}")
    by_id = Statement(
        lambda key_id: AccessKey.objects.filter(access_key_id=key_id).values_list(
            "secret", "session_token_digest", "expires_at", "operator__username"
        ),
        str,
    )
    assert by_id.first(key.pk) == ("open sesame", None, None, "Übung")


def test_uuid_parameters_and_columns(session: Session) -> None:
    by_jti = Statement(
        lambda jti: Session.objects.filter(origin_jti=jti).values_list("pk", "origin_jti", "expires_at"), uuid.UUID
    )
    assert by_jti.first(session.origin_jti) == (session.pk, session.origin_jti, session.expires_at)
    assert by_jti.first(uuid.uuid4()) is None


def test_byte_parameters(user: User) -> None:
    SignInName.objects.create(pool=user.pool, user=user, kind="username", folded=b"\x00\xff%s'")
    by_name = Statement(lambda folded: SignInName.objects.filter(folded=folded).values_list("user_id"), bytes)
    assert by_name.first(b"\x00\xff%s'") == (user.pk,)
    assert by_name.first(b"\x00") is None


def test_number_parameters_and_constants_of_the_query(user: User) -> None:
    enabled = Statement(
        lambda pk: User.objects.filter(pk=pk, enabled=True, status="CONFIRMED").values_list("username"), int
    )
    assert enabled.first(user.pk) == ("Übung",)
    User.objects.filter(pk=user.pk).update(enabled=False)
    assert enabled.first(user.pk) is None


@pytest.mark.parametrize("name", ["' OR 1=1 --", "%s", "%(x)s", "parameter-0", "parameter-1", "", "a\\b", "🐎"])
def test_a_value_is_a_value_whatever_it_holds(user: User, name: str) -> None:
    User.objects.filter(pk=user.pk).update(username=name)
    by_name = Statement(lambda pool, name: User.objects.filter(pool=pool, username=name).values_list("pk"), str, str)
    assert by_name.rows(user.pool_id, name) == [(user.pk,)]
    assert by_name.rows(name, user.pool_id) == []


def test_parameters_may_stand_in_any_order_and_more_than_once(user: User) -> None:
    by_either = Statement(
        lambda name, pool: (
            User.objects.filter(pool=pool, username=name) | User.objects.filter(pool=pool, sub=name)
        ).values_list("pk"),
        str,
        str,
    )
    assert by_either.first("Übung", user.pool_id) == (user.pk,)
    assert by_either.first(user.sub, user.pool_id) == (user.pk,)
    assert by_either.first(user.pool_id, "Übung") is None


def test_rows_come_in_the_order_of_the_query() -> None:
    for key in ("b", "a", "c"):
        AttemptWindow.objects.create(key=key, opened_at=MOMENT, expires_at=MOMENT, count=7)
    counted = Statement(lambda n: AttemptWindow.objects.filter(count=n).order_by("key").values_list("key"), int)
    assert counted.rows(7) == [("a",), ("b",), ("c",)]
    assert counted.first(7) == ("a",)


def test_a_query_is_written_once_and_run_each_time(user: User) -> None:
    written = []

    def build(name: str) -> Any:
        written.append(name)
        return User.objects.filter(username=name).values_list("pk")

    statement = Statement(build, str)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        for _ in range(3):
            assert statement.first("Übung") == (user.pk,)
    assert len(written) == 1
    assert len(queries) == 3


def test_many_threads_write_a_query_once() -> None:
    written = []

    def build(key: str) -> Any:
        written.append(key)
        return AttemptWindow.objects.filter(key=key).values_list("pk")

    statement = Statement(build, str)
    threads = [threading.Thread(target=statement._compile) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(written) == 1


def test_a_parameter_that_the_query_changes_is_refused() -> None:
    """A prefix search binds another text than it was given: such a query must not be compiled."""
    prefix = Statement(lambda name: User.objects.filter(username__startswith=name).values_list("pk"), str)
    with pytest.raises(TypeError, match="a parameter does not appear"):
        prefix.rows("Üb")


def test_a_parameter_that_the_query_does_not_use_is_refused() -> None:
    unused = Statement(lambda name, other: User.objects.filter(username=name).values_list("pk"), str, str)
    with pytest.raises(TypeError, match="a parameter does not appear"):
        unused.rows("a", "b")


def test_a_row_is_inserted_as_the_orm_would(session: Session) -> None:
    insertion = Insertion(Session)
    for _ in range(2):
        row = Session(
            pool=session.pool,
            user=session.user,
            client=session.client,
            scope="%s '",
            is_revocable=False,
            refresh_digest=uuid.uuid4().bytes * 2,
            authenticated_at=MOMENT,
            expires_at=MOMENT + timedelta(days=1),
        )
        assert insertion.insert(row)
        found = Session.objects.get(origin_jti=row.origin_jti)
        for field in Session._meta.concrete_fields:
            if field.attname != "id":
                value = getattr(found, field.attname)
                assert (bytes(value) if isinstance(value, memoryview) else value) == getattr(row, field.attname)


def test_secrets_are_closed(user: User) -> None:
    Insertion(AccessKey).insert(AccessKey(access_key_id="AKIAX", secret="open sesame", operator=user, policy="{}"))
    assert AccessKey.objects.get().secret == "open sesame"
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM identity_accesskey")
        assert b"sesame" not in bytes(cursor.fetchone()[0])


def test_a_row_that_is_there_already_is_left_alone_where_that_is_asked_for() -> None:
    insertion = Insertion(SpentSecretBlock, ignores_conflicts=True)
    assert insertion.insert(SpentSecretBlock(digest=b"a", expires_at=MOMENT))
    assert not insertion.insert(SpentSecretBlock(digest=b"a", expires_at=MOMENT + timedelta(days=1)))
    assert insertion.insert(SpentSecretBlock(digest=b"b", expires_at=MOMENT))
    assert SpentSecretBlock.objects.get(digest=b"a").expires_at == MOMENT


def test_a_row_that_is_there_already_is_an_error_elsewhere(session: Session) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Insertion(Session).insert(session)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite never waits for the disk")
def test_what_need_not_wait_for_the_disk_lets_all_else_wait() -> None:
    def waits() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            return str(cursor.fetchone()[0])

    before = waits()
    insertion = Insertion(SpentSecretBlock, ignores_conflicts=True, waits_for_disk=False)
    for is_new in (True, False):
        assert insertion.insert(SpentSecretBlock(digest=b"a", expires_at=MOMENT)) == is_new
        assert waits() == before == "on"
    with transaction.atomic():
        assert insertion.insert(SpentSecretBlock(digest=b"b", expires_at=MOMENT))
        assert waits() == "off"
    assert waits() == "on"


def test_a_statement_within_a_statement_takes_nothing_from_it(user: User) -> None:
    by_name = Statement(lambda name: User.objects.filter(username=name).values_list("sub"), str)
    inner = []

    def ask(execute: Any, *arguments: Any) -> Any:
        answer = execute(*arguments)
        if not inner:
            inner.append(None)
            inner.append(by_name.first("nobody"))
        return answer

    with connection.execute_wrapper(ask):
        assert by_name.first("Übung") == (user.sub,)
    assert inner == [None, None]


def test_statements_go_on_over_a_new_connection() -> None:
    by_key = Statement(lambda key: AttemptWindow.objects.filter(key=key).values_list("count"), str)
    AttemptWindow.objects.create(key="key", opened_at=MOMENT, expires_at=MOMENT, count=7)
    assert by_key.first("key") == (7,)
    connection.close()
    assert by_key.first("key") == (7,)


def test_a_statement_within_a_transaction_is_part_of_it(user: User) -> None:
    by_name = Statement(lambda name: User.objects.filter(username=name).values_list("sub"), str)
    insertion = Insertion(SpentSecretBlock)
    assert by_name.first("Übung") == (user.sub,)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(username="renamed")
        insertion.insert(SpentSecretBlock(digest=b"a", expires_at=MOMENT))
        assert by_name.first("renamed") == (user.sub,)
        transaction.set_rollback(True)
    assert by_name.first("renamed") is None
    assert by_name.first("Übung") == (user.sub,)
    assert not SpentSecretBlock.objects.exists()


def test_statements_go_on_after_a_transaction_that_was_rolled_back(user: User) -> None:
    """psycopg has what is prepared forgotten then, once it has prepared something itself."""

    def by_key(column: str) -> Statement:
        return Statement(lambda key: User.objects.filter(pk=key).values_list(column), int)

    columns = ("username", "sub", "status", "enabled")
    statements = [by_key(column) for column in columns]

    def check(*numbers: int) -> None:
        for number in numbers:
            assert statements[number].first(user.pk) == (getattr(user, columns[number]),)

    check(0, 1)
    for _ in range(6):
        assert User.objects.filter(pk=user.pk).exists()
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(username="renamed")
        transaction.set_rollback(True)
    check(2, 0, 1, 3)


def test_what_the_database_refuses_is_an_error_and_changes_nothing(user: User) -> None:
    insertion = Insertion(SignInName)
    name = {"pool": user.pool, "kind": "username", "folded": b"ada"}
    assert insertion.insert(SignInName(user=user, **name))
    for _ in range(2):
        with pytest.raises(IntegrityError):
            insertion.insert(SignInName(user=user, **name))
    assert SignInName.objects.count() == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connection to lose")
def test_a_lost_connection_is_an_error_and_the_next_one_works() -> None:
    by_key = Statement(lambda key: AttemptWindow.objects.filter(key=key).values_list("count"), str)
    AttemptWindow.objects.create(key="key", opened_at=MOMENT, expires_at=MOMENT, count=7)
    assert by_key.first("key") == (7,)
    with psycopg.connect(connection.connection.info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    for _ in range(2):
        with pytest.raises(OperationalError):
            by_key.first("key")
    connection.close_if_unusable_or_obsolete()
    assert by_key.first("key") == (7,)
