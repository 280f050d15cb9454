"""Two background workers on Redis, one of which is killed while people sign up and their messages are on their way."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.production.conftest import Install
from tests.support import clients, factories
from tests.support.functions import Functions
from tests.support.postman import Postman, opened
from tests.support.server import ROOT, Server

REDIS_URL = os.environ.get("REDIS_URL")

pytestmark = [
    pytest.mark.xdist_group("workers"),
    pytest.mark.skipif(not REDIS_URL, reason="there is no Redis: set REDIS_URL"),
]

SIGN_UPS = 500
BEFORE = 150
"""Mails that have arrived when the worker is killed."""
MOST_SENDERS = 2
"""Of one worker."""
AT_ONCE = 6
WORKER_SECONDS = 30
ALL_SECONDS = 60


@pytest.fixture
def postman() -> Iterator[Postman]:
    with opened() as running:
        yield running


@pytest.fixture
def server(install: Install, postman: Postman) -> Server:
    """Web, and the worker of its own that `serve` starts, on a database of Redis that no other test uses."""
    redis_url = urlunsplit(urlsplit(REDIS_URL or "")._replace(path=f"/{random.randrange(10, 16)}"))
    environment = {"GATEHOUSE_EMAIL_URL": postman.url, "REDIS_URL": redis_url, "GATEHOUSE_WEB_THREADS": "16"}
    return install("--dev", **environment).start()


class Worker:
    """`celery -A identity worker`, as another machine would run it for the same installation."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._log = server.data / "worker.log"
        self.start()

    def start(self) -> None:
        lines = self._ready_lines()
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "identity", "worker", "--loglevel", "info"],
                cwd=ROOT,
                env={**self._server.environment, "GATEHOUSE_DEV": "1"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + WORKER_SECONDS
        while self._ready_lines() == lines:
            assert self.process.poll() is None and time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.05)

    def _ready_lines(self) -> int:
        return self._log.read_text().count(" ready.") if self._log.exists() else 0

    def kill(self) -> None:
        """As nothing can prevent, and whatever it has started."""
        os.killpg(self.process.pid, 9)
        self.process.wait()


@contextmanager
def second_worker(server: Server) -> Iterator[Worker]:
    worker = Worker(server)
    try:
        yield worker
    finally:
        worker.kill()


class Visitor:
    """Signs up, and is as patient as SDKs are: where too many wait for functions, again."""

    def __init__(self, server: Server, client: dict[str, Any]) -> None:
        self._idp = clients.idp(server, signed=False)
        self._client_id = client["ClientId"]

    def sign_up(self, name: str) -> None:
        """Whatever else refuses it fails the test."""
        try:
            self._patiently(
                self._idp.sign_up,
                Username=name,
                Password=factories.PASSWORD,
                UserAttributes=[{"Name": "email", "Value": f"{name}@example.com"}],
            )
        except self._idp.exceptions.UsernameExistsException:  # it was refused after the user was made
            self._patiently(self._idp.resend_confirmation_code, Username=name)

    def _patiently(self, call: Callable[..., Any], **members: Any) -> None:
        deadline = time.monotonic() + ALL_SECONDS
        while True:
            try:
                call(ClientId=self._client_id, **members)
                return
            except self._idp.exceptions.TooManyRequestsException:
                assert time.monotonic() < deadline
                time.sleep(0.2)


def ids(postman: Postman) -> list[tuple[str, str]]:
    """Address and Message-ID of every mail, in the order in which they came."""
    return [(recipients[0], mail["Message-ID"]) for _, recipients, mail in list(postman.received)]


def wait_for(postman: Postman, count: int, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while len(ids(postman)) < count:
        assert time.monotonic() < deadline, f"{len(ids(postman))} of {count} mails: {what}"
        time.sleep(0.02)


def kill_with_mails_on_their_way(worker: Worker, postman: Postman) -> set[tuple[str, str]]:
    """Those that had come to the mail server, but were not accepted by it when the worker was killed."""
    with postman.holding():
        begun = len(postman.received)
        wait_for(postman, begun + MOST_SENDERS + 1, WORKER_SECONDS, "both workers should be sending")
        worker.kill()
        time.sleep(0.2)  # what it had written before is read
        return set(ids(postman)[begun:])


def check(postman: Postman, names: list[str], on_their_way: set[tuple[str, str]]) -> None:
    """Everybody got a mail, and twice only what was on its way, as the same one."""
    sent = ids(postman)
    assert {address for address, _ in sent} == {f"{name}@example.com" for name in names}
    assert len(set(sent)) == len(names), "somebody got two mails that look like different ones"
    repeated = {mail for mail in sent if sent.count(mail) > 1}
    assert 1 <= len(repeated) <= MOST_SENDERS
    assert repeated <= on_their_way
    assert all(sent.count(mail) == 2 for mail in repeated)


@pytest.fixture
def kept(server: Server) -> Functions:
    return Functions(server)


def sign_ups_while_a_worker_is_killed(server: Server, postman: Postman, pool: dict[str, Any]) -> None:
    idp = clients.idp(server)
    client = factories.make_client(idp, pool)
    names = [factories.unique("person") for _ in range(SIGN_UPS)]
    with second_worker(server) as worker, ThreadPoolExecutor(AT_ONCE) as threads:
        signed_up = threads.map(Visitor(server, client).sign_up, names)
        wait_for(postman, BEFORE, ALL_SECONDS, "before the kill")
        on_their_way = kill_with_mails_on_their_way(worker, postman)
        worker.start()
        list(signed_up)  # each of them was answered, and with success
        wait_for(postman, SIGN_UPS + 1, ALL_SECONDS, "after the kill")
        time.sleep(1)  # more than those would be too many
    check(postman, names, on_their_way)
    code = postman.code_to(f"{names[-1]}@example.com")
    idp.confirm_sign_up(ClientId=client["ClientId"], Username=names[-1], ConfirmationCode=code)


def test_no_sign_up_loses_its_message_when_a_worker_is_killed(server: Server, postman: Postman) -> None:
    pool = factories.make_pool(clients.idp(server), AutoVerifiedAttributes=["email"])
    sign_ups_while_a_worker_is_killed(server, postman, pool)


def test_nor_where_the_workers_run_functions_for_each(server: Server, postman: Postman, kept: Functions) -> None:
    """Those whose function the killed worker had begun wait, and are tried again."""
    admit, word = kept.deploy("idle.py"), kept.deploy("welcome.py")
    sender = {"EmailSendingAccount": "DEVELOPER", "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/a.example"}
    pool = factories.make_pool(
        clients.idp(server),
        AutoVerifiedAttributes=["email"],
        EmailConfiguration=sender,
        LambdaConfig={"PreSignUp": admit, "CustomMessage": word},
    )
    kept.permit(pool, admit, word)
    sign_ups_while_a_worker_is_killed(server, postman, pool)
    assert {mail["Subject"] for _, _, mail in postman.received} == {"Welcome!"}
