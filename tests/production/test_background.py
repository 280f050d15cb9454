"""Work that no request waits for: what has expired is deleted and nothing else, and signing keys are made ahead."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import requests

from tests.production.conftest import Install
from tests.support import clients, factories, processes
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.mailbox import Mailbox
from tests.support.server import Server

pytestmark = pytest.mark.xdist_group("background")

STOP_SECONDS = 10
WORKER_SECONDS = 20
"""The longest wait for the background worker."""


@pytest.fixture(scope="module")
def server(install: Install) -> Server:
    """Not the shared server: what is purged here must not be another test's."""
    return install("--dev", GATEHOUSE_AUDIT_DAYS="30").start()


@pytest.fixture(scope="module")
def idp(server: Server) -> Any:
    return clients.idp(server)


@pytest.fixture
def clock(server: Server) -> Iterator[Clock]:
    moved = Clock(server)
    yield moved
    moved.reset()


def rows(server: Server, sql: str) -> list[Any]:
    """First column of what the installation's database answers."""
    if "DATABASE_URL" in server.environment:
        with psycopg.connect(server.environment["DATABASE_URL"]) as connection:
            return [row[0] for row in connection.execute(sql).fetchall()]  # type: ignore[call-overload]
    connection = sqlite3.connect(server.data / "gatehouse.sqlite3", timeout=20)
    try:
        return [row[0] for row in connection.execute(sql).fetchall()]
    finally:
        connection.close()


def count(server: Server, table: str, where: str = "1 = 1") -> int:
    return int(rows(server, f"SELECT count(*) FROM {table} WHERE {where}")[0])


def until(true_when: Any, server: Server) -> None:
    deadline = time.monotonic() + WORKER_SECONDS
    while not true_when():
        assert time.monotonic() < deadline, server.log
        time.sleep(0.1)


def purge(server: Server) -> dict[str, int]:
    """What `purge_expired` says that it has deleted, without what it has not."""
    said = re.findall(r"^([\w ]+): (\d+)$", server.manage("purge_expired"), re.MULTILINE)
    assert said
    return {name: int(number) for name, number in said if int(number)}


# --- purge_expired


def test_each_kind_is_deleted_when_its_time_is_over_and_not_before(server: Server, idp: Any, clock: Clock) -> None:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"])
    client = factories.make_client(idp, pool, RefreshTokenValidity=2, TokenValidityUnits={"RefreshToken": "hours"})
    client_id = client["ClientId"]
    user = factories.make_user(idp, pool)
    purge(server)

    # Each of these leaves one row that ends: a lock-out counter, an attempt window, a waiting sign-in, a code,
    # a session.
    with refused("NotAuthorizedException"):
        factories.sign_in(idp, client, user, "Wrong-Password-1")
    unconfirmed = _sign_up(idp, client_id)
    idp.resend_confirmation_code(ClientId=client_id, Username=unconfirmed)
    invited = factories.unique()
    idp.admin_create_user(
        UserPoolId=pool["Id"], Username=invited, TemporaryPassword="Temporary-Horse-1", MessageAction="SUPPRESS"
    )
    idp.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": invited, "PASSWORD": "Temporary-Horse-1"},
    )
    factories.sign_in(idp, client, factories.make_user(idp, pool))

    assert purge(server) == {}
    clock.advance(minutes=31)
    assert purge(server) == {"Backoff": 1}
    clock.advance(minutes=30)  # an hour and a minute
    assert purge(server) == {"AttemptWindow": 1}
    clock.advance(minutes=5)  # the Session of the waiting sign-in ended after three minutes, an hour ago
    assert purge(server) == {"Attempt": 1}
    clock.advance(hours=22, minutes=50)
    assert purge(server) == {}
    clock.advance(minutes=10)  # a day and six minutes
    assert purge(server) == {"Code": 1}
    clock.advance(hours=2)  # a day after the session's end: an access token of its last moment has ended too
    assert purge(server) == {"Session": 1}
    clock.advance(days=27)
    assert purge(server) == {}
    clock.advance(days=3)
    assert purge(server).keys() == {"AuditEvent"}

    # All of them could end; these can not.
    assert idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]["EstimatedNumberOfUsers"] == 4
    assert idp.describe_user_pool_client(UserPoolId=pool["Id"], ClientId=client_id)
    assert factories.sign_in(idp, client, user)
    assert idp.admin_get_user(UserPoolId=pool["Id"], Username=unconfirmed)["UserStatus"] == "UNCONFIRMED"


def test_what_is_still_good_works_after_a_purge(server: Server, idp: Any, clock: Clock) -> None:
    mailbox = Mailbox(server)
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"])
    client = factories.make_client(idp, pool, AuthSessionValidity=15)
    user = factories.make_user(idp, pool)
    tokens = factories.sign_in(idp, client, user)
    clock.advance(days=29, hours=23)
    unconfirmed = _sign_up(idp, client["ClientId"])
    invited = factories.unique()
    idp.admin_create_user(
        UserPoolId=pool["Id"], Username=invited, TemporaryPassword="Temporary-Horse-1", MessageAction="SUPPRESS"
    )
    waiting = idp.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": invited, "PASSWORD": "Temporary-Horse-1"},
    )
    clock.advance(minutes=14)
    purge(server)
    answer = idp.respond_to_auth_challenge(
        ClientId=client["ClientId"],
        ChallengeName=waiting["ChallengeName"],
        Session=waiting["Session"],
        ChallengeResponses={"USERNAME": invited, "NEW_PASSWORD": factories.PASSWORD},
    )
    assert answer["AuthenticationResult"]["AccessToken"]
    clock.advance(minutes=40)
    purge(server)
    refreshed = idp.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )["AuthenticationResult"]
    clock.advance(minutes=30)  # the session has ended; the access token of its last minutes has not
    purge(server)
    assert idp.get_user(AccessToken=refreshed["AccessToken"])["Username"] == user
    clock.advance(hours=22)
    purge(server)
    idp.confirm_sign_up(ClientId=client["ClientId"], Username=unconfirmed, ConfirmationCode=mailbox.code(unconfirmed))


def test_lock_out_outlives_a_purge(server: Server, idp: Any, clock: Clock) -> None:
    pool = factories.make_pool(idp)
    client = factories.make_client(idp, pool)
    user = factories.make_user(idp, pool)
    for _ in range(12):  # enough for a lock of more than a minute
        with refused("NotAuthorizedException"):
            factories.sign_in(idp, client, user, "Wrong-Password-1")
        clock.advance(minutes=14, seconds=59)
    with refused("NotAuthorizedException"):
        factories.sign_in(idp, client, user, "Wrong-Password-1")
    clock.advance(minutes=1)
    purge(server)
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        factories.sign_in(idp, client, user)
    clock.advance(minutes=15)
    assert factories.sign_in(idp, client, user)


def test_replaced_signing_keys_are_published_until_their_tokens_have_expired(
    server: Server, idp: Any, clock: Clock
) -> None:
    pool = factories.make_pool(idp)
    before = _published(server, pool)
    server.manage("rotate_keys", "--pool", pool["Id"])
    clock.advance(days=1)
    purge(server)
    assert before < _published(server, pool)
    clock.advance(minutes=6)
    purge(server)
    after = _published(server, pool)
    assert len(after) == 2
    assert not before & after


def test_temporary_access_key_is_deleted_and_a_lasting_one_is_not(server: Server, idp: Any, clock: Clock) -> None:
    _run(
        server,
        "from datetime import timedelta\n"
        "from identity import clock\n"
        "from identity.access import keys\n"
        "from pools.models import User\n"
        "operator = User.objects.get(pool_id='gatehouse_operators')\n"
        "keys.create(operator.pk, session_token='token', expires_at=clock.now() + timedelta(hours=1))\n",
    )
    clock.advance(minutes=59)
    assert "AccessKey" not in purge(server)
    clock.advance(minutes=2)
    assert purge(server)["AccessKey"] == 1
    assert idp.list_user_pools(MaxResults=1)


def test_rows_of_a_deleted_pool_go(server: Server, idp: Any) -> None:
    pool, kept = factories.make_pool(idp), factories.make_pool(idp)
    for made in (pool, kept):
        factories.sign_in(idp, factories.make_client(idp, made), factories.make_user(idp, made))
    idp.delete_user_pool(UserPoolId=pool["Id"])
    assert purge(server)["deleted pools"] == 1
    for table in ("pools_user", "pools_session", "pools_client", "pools_signinname"):
        assert count(server, table, f"pool_id = '{pool['Id']}'") == 0
        assert count(server, table, f"pool_id = '{kept['Id']}'") == 1


# --- the worker does it by itself


@pytest.fixture(scope="module")
def worker(install: Install) -> Server:
    return install("--dev", GATEHOUSE_SIGNING_KEY_STOCK="3").start()


def test_signing_keys_are_made_ahead_and_the_stock_is_refilled(worker: Server) -> None:
    def stock() -> int:
        return count(worker, "identity_signingkey", "state = 'stock'")

    assert stock() == 3
    idp = clients.idp(worker)
    pools = [factories.make_pool(idp) for _ in range(2)]  # two pairs each, one more than there are
    assert all(len(_published(worker, pool)) == 2 for pool in pools)
    _run(worker, "from identity.celery import stock_signing_keys; stock_signing_keys.apply_async()")
    until(lambda: stock() == 3, worker)


def test_worker_purges(worker: Server) -> None:
    _leave_a_lock_out_counter(worker)
    Clock(worker).advance(hours=1)
    _run(worker, "from identity.celery import purge_expired; purge_expired.apply_async()")
    until(lambda: count(worker, "identity_backoff") == 0, worker)


def test_everything_that_is_repeated_is_due_at_the_start(worker: Server) -> None:
    """A server that is restarted more often than the schedule goes round still purges."""
    _leave_a_lock_out_counter(worker)
    worker.stop()
    _run(worker, "from identity import clock; clock.advance(3600)")
    assert count(worker, "identity_backoff") == 1
    worker.start()
    until(lambda: count(worker, "identity_backoff") == 0, worker)
    worker.stop()
    assert "Traceback" not in worker.log


LEFT_OVER = {
    "control/gatehouse.exchange": "",
    "control/gatehouse.exchange.0.partial": '[["gateh',
    "messages/0_half.gatehouse.msg": '{"body": "W1tdLCB7fS',
    "messages/1_empty.gatehouse.msg": "",
    "messages/2_begun.gatehouse.msg.0.partial": "{",
    "processed/3_taken.gatehouse.msg": "{}",
}


def test_what_a_killed_worker_left_half_written_stops_no_worker(worker: Server) -> None:
    """The queue's own table was cut off, and a message as well: the worker starts, and does what comes next."""
    worker.stop()
    queue = worker.data / "queue"
    for name, content in LEFT_OVER.items():
        (queue / name).write_text(content)
        os.utime(queue / name, (time.time() - 7200, time.time() - 7200))
    worker.start()
    _leave_a_lock_out_counter(worker)
    Clock(worker).advance(hours=1)
    _run(worker, "from identity.celery import purge_expired; purge_expired.apply_async()")
    until(lambda: count(worker, "identity_backoff") == 0, worker)
    assert worker.process is not None
    assert worker.process.poll() is None
    left = {str(file.relative_to(queue)) for file in queue.rglob("*") if file.is_file()}
    assert left & LEFT_OVER.keys() == {"control/gatehouse.exchange"}, "nothing is kept but the table, written anew"


def test_broker_that_is_away_stops_neither_sign_in_nor_the_end(install: Install) -> None:
    server = install("--dev", REDIS_URL="redis://127.0.0.1:1/0").start()
    idp = clients.idp(server)
    pool = factories.make_pool(idp)
    assert factories.sign_in(idp, factories.make_client(idp, pool), factories.make_user(idp, pool))
    assert server.stop(signal.SIGTERM) < STOP_SECONDS
    assert processes.of(server) == []


def _run(server: Server, statements: str) -> None:
    """In a process of its own, as a management command or the schedule would."""
    server.manage("shell", "--verbosity", "0", "--command", statements)


def _leave_a_lock_out_counter(server: Server) -> None:
    idp = clients.idp(server)
    pool = factories.make_pool(idp)
    with refused("NotAuthorizedException"):
        factories.sign_in(idp, factories.make_client(idp, pool), factories.make_user(idp, pool), "Wrong-Password-1")
    assert count(server, "identity_backoff") == 1


def _sign_up(idp: Any, client_id: str) -> str:
    name = factories.unique()
    email = [{"Name": "email", "Value": f"{name}@example.com"}]
    idp.sign_up(ClientId=client_id, Username=name, Password=factories.PASSWORD, UserAttributes=email)
    return name


def _published(server: Server, pool: dict[str, Any]) -> set[str]:
    answer = requests.get(f"{server.url}/{pool['Id']}/.well-known/jwks.json", timeout=10)
    return {key["kid"] for key in answer.json()["keys"]}
