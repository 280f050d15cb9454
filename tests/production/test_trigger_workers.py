"""Triggers that workers invoke for web processes, by Redis: workers started by hand, killed, late, busy; no broker."""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from redis import Redis

from tests.production.conftest import Install
from tests.support import clients, factories, invocations
from tests.support.clients import OK, at_once, refused
from tests.support.factories import unique
from tests.support.hooks import Hooks
from tests.support.server import ROOT, Server, drop_database, new_server

ADDRESS = ("127.0.0.1", 6379)
DATABASE = 6
"""Of Redis, these tests' own."""
KNOWN = {"userAttributes": {"name": "Ada"}, "finalUserStatus": "CONFIRMED", "messageAction": "SUPPRESS"}
TOO_MANY = "TooManyRequestsException"
PER_TARGET = 8
"""Calls of one target in one worker."""

Members = dict[str, Any]


def redis_answers() -> bool:
    with suppress(OSError), socket.create_connection(ADDRESS, timeout=1):
        return True
    return False


pytestmark = [
    pytest.mark.skipif(not redis_answers(), reason="no Redis answers on 127.0.0.1:6379"),
    pytest.mark.xdist_group("triggers on Redis"),
]


def until(is_so: Callable[[], bool], server: Server, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, server.log
        time.sleep(0.02)


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    client = Redis(*ADDRESS, db=DATABASE)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture(scope="module")
def server(redis: Redis) -> Iterator[Server]:
    """The web alone, in three processes: workers are started by hand."""
    made = new_server("--dev", REDIS_URL=f"redis://127.0.0.1:6379/{DATABASE}", GATEHOUSE_WEB_WORKERS="3")
    made.environment["GATEHOUSE_DEV"] = "1"
    made.environment["GATEHOUSE_SECRET_KEYS"] = base64.b64encode(b"r" * 32).decode()
    made.manage("migrate", "--verbosity", "0")
    made.manage("bootstrap")
    web = _start(
        made,
        *("granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(made.port), "--workers", "3"),
        *("--blocking-threads", "16", "--no-ws", "--log-level", "error", "identity.wsgi:application"),
    )
    made.process = web
    until(made._is_ready, made)
    yield made
    _end(web)
    if "DATABASE_URL" in made.environment:
        drop_database(made.environment["DATABASE_URL"])
    assert "Traceback" not in made.log


def _start(server: Server, *command: str) -> subprocess.Popen[bytes]:
    with open(server.data / "log", "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=server.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _end(process: subprocess.Popen[bytes], number: int = signal.SIGKILL) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    process.wait(30)


Worker = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def worker(server: Server, redis: Redis) -> Iterator[Worker]:
    """Starts `celery -A identity worker` and waits until it listens."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        before = _listening(redis)
        started.append(_start(server, "celery", "-A", "identity", "worker"))
        until(lambda: _listening(redis) > before, server)
        return started[-1]

    yield start
    for process in started:
        _end(process)


def _listening(redis: Redis) -> int:
    return sum(client["cmd"] == "brpop" for client in _clients(redis))


def _clients(redis: Redis) -> list[dict[str, str]]:
    return [client for client in redis.client_list() if client["db"] == str(DATABASE)]  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def idp(server: Server) -> Any:
    return clients.idp(server)


@pytest.fixture(scope="module")
def hooks(server: Server) -> Iterator[Hooks]:
    made = Hooks(server)
    yield made
    made.close()


@pytest.fixture(scope="module")
def other_hooks(server: Server) -> Iterator[Hooks]:
    made = Hooks(server, "others")
    yield made
    made.close()


def knowing(event: Members) -> Members:
    return {**event, "response": KNOWN}


class Migrating:
    def __init__(self, idp: Any, arn: str) -> None:
        self.idp = idp
        self.pool = factories.make_pool(idp, LambdaConfig={"UserMigration": arn})
        self.client = factories.make_client(idp, self.pool)

    def sign_in(self) -> None:
        factories.sign_in(self.idp, self.client, unique())


def test_worker_without_options_serves_triggers_and_all_else(
    server: Server, idp: Any, hooks: Hooks, worker: Worker, redis: Redis
) -> None:
    worker()
    migrating = Migrating(idp, hooks.arn)
    hooks.on(migrating.pool, knowing)
    for _ in range(6):  # each web process and the worker connect
        migrating.sign_in()
    assert at_once(*[migrating.sign_in] * 4) == [OK] * 4
    assert {row["outcome"] for row in invocations.of(server, migrating.pool)} == {"answered"}
    server.manage("shell", "-v0", "-c", "from identity.celery import purge_expired; purge_expired.apply_async()")
    until(lambda: redis.llen("gatehouse") == 0, server)
    assert redis.llen("triggers") == 0


def test_errors_come_through(idp: Any, hooks: Hooks, worker: Worker, server: Server) -> None:
    worker()
    migrating = Migrating(idp, hooks.arn)

    def raising(event: Members) -> None:
        raise ValueError("Bad password")

    hooks.on(migrating.pool, raising)
    with refused("UserLambdaValidationException", "UserMigration failed with error Bad password."):
        migrating.sign_in()
    hooks.on(migrating.pool, lambda event: b"\xff no JSON")
    with refused("InvalidLambdaResponseException", "Unrecognizable lambda output"):
        migrating.sign_in()
    nowhere = Migrating(idp, "arn:aws:lambda:us-east-1:000000000000:function:nobody")
    with refused(
        "UnexpectedLambdaException", "UserMigration invocation failed due to error ResourceNotFoundException."
    ):
        nowhere.sign_in()
    outcomes = [row["outcome"] for row in invocations.of(server, migrating.pool)]
    assert outcomes == ["error", "malformed"]


def test_worker_that_is_killed_on_the_way_leaves_the_call_to_the_next(
    server: Server, idp: Any, hooks: Hooks, worker: Worker, redis: Redis
) -> None:
    migrating = Migrating(idp, hooks.arn)
    called = threading.Event()

    def hook(event: Members) -> Members:
        if not called.is_set():
            called.set()
            time.sleep(5)
        return knowing(event)

    calls = hooks.on(migrating.pool, hook)
    first = worker()
    with ThreadPoolExecutor(1) as threads:
        signing_in = threads.submit(migrating.sign_in)
        assert called.wait(10)
        _end(first)
        worker()
        signing_in.result(20)
    tries = [(row["attempt"], row["outcome"]) for row in invocations.of(server, migrating.pool)]
    assert tries == [(1, "timed out"), (2, "answered")]
    assert len(calls) == 2


def test_call_waits_in_the_queue_sealed_and_not_longer_than_its_caller(
    server: Server, idp: Any, hooks: Hooks, worker: Worker, redis: Redis
) -> None:
    """Without a worker, which comes late."""
    migrating = Migrating(idp, hooks.arn)
    calls = hooks.on(migrating.pool, knowing)
    with ThreadPoolExecutor(1) as threads:
        signing_in = threads.submit(migrating.sign_in)
        until(lambda: redis.llen("triggers") == 1, server)
        [queued] = redis.lrange("triggers", 0, -1)  # type: ignore[misc]
        until(lambda: redis.llen("triggers") == 2, server)  # the first one is late
        worker()
        signing_in.result(20)
    for secret in (factories.PASSWORD.encode(), migrating.pool["Id"].encode(), b"userName"):
        assert secret not in queued
        assert all(base64.b64encode(secret[skip:])[:-4] not in queued for skip in range(3))
    assert len(calls) == 1, "what nobody waits for any more is not run"


def test_target_that_hangs_leaves_the_worker_to_others(
    idp: Any, hooks: Hooks, other_hooks: Hooks, worker: Worker, server: Server, redis: Redis
) -> None:
    """Three web processes ask for it as often as each of them may, which is more than a worker takes."""
    worker()
    hanging, quick = Migrating(idp, hooks.arn), Migrating(idp, other_hooks.arn)
    end = threading.Event()
    calls = hooks.on(hanging.pool, lambda event: end.wait(10) and knowing(event))
    other_hooks.on(quick.pool, knowing)
    with ThreadPoolExecutor(1) as threads:
        many = threads.submit(at_once, *[hanging.sign_in] * 40)
        until(lambda: len(calls) > 1, server)
        time.sleep(0.5)
        for _ in range(5):
            quick.sign_in()
        server.manage("shell", "-v0", "-c", "from identity.celery import purge_expired; purge_expired.apply_async()")
        until(lambda: redis.llen("gatehouse") == 0, server)
        end.set()
        outcomes = Counter(many.result())
    assert 1 < outcomes[OK] <= PER_TARGET
    assert outcomes == {OK: outcomes[OK], TOO_MANY: 40 - outcomes[OK]}


def test_broker_that_is_away_is_an_error_soon(install: Install) -> None:
    server = install("--dev", REDIS_URL="redis://127.0.0.1:1/0").start()
    idp = clients.idp(server)
    migrating = Migrating(idp, "arn:aws:lambda:us-east-1:000000000000:function:f")
    begun = time.monotonic()
    with refused("UnexpectedLambdaException", "UserMigration invocation failed due to error ServiceException."):
        migrating.sign_in()
    assert time.monotonic() - begun < 5
    assert "Traceback" not in server.log
    assert [row["log"] for row in invocations.of(server, migrating.pool)] == ["the broker is away"] * 3
