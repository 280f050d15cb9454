"""Messages from the background of an installation without --dev, whose end comes while they are on their way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from tests.production.conftest import PRODUCTION, Install
from tests.support import clients, factories, processes
from tests.support.postman import Postman, opened
from tests.support.server import Server

pytestmark = pytest.mark.xdist_group("messages")

USERS = 12
MOST_SENDERS = 2
STOP_SECONDS = 10
NEW = "Another-Horse-2"


@pytest.fixture
def postman() -> Iterator[Postman]:
    with opened() as running:
        yield running


@pytest.fixture
def server(install: Install, postman: Postman) -> Server:
    server = install(**PRODUCTION, GATEHOUSE_EMAIL_URL=postman.url, GATEHOUSE_EMAIL_TIMEOUT_SECONDS="60")
    server.manage("migrate", "--verbosity", "0")
    server.manage("bootstrap")
    return server.start()


def discreet_client(idp: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    pool = factories.make_pool(idp)
    return pool, factories.make_client(idp, pool, PreventUserExistenceErrors="ENABLED")


def address_of(name: str) -> str:
    return f"{name}@example.com"


def make_user(idp: Any, pool: dict[str, Any]) -> str:
    name = factories.unique()
    return factories.make_user(idp, pool, name, email=address_of(name), email_verified="true")


def test_nothing_is_lost_when_everything_is_killed_and_only_what_was_on_its_way_is_repeated(
    server: Server, postman: Postman
) -> None:
    idp = clients.idp(server)
    pool, client = discreet_client(idp)
    names = [make_user(idp, pool) for _ in range(USERS)]
    with postman.holding():
        for name in names:
            idp.forgot_password(ClientId=client["ClientId"], Username=name)
            idp.forgot_password(ClientId=client["ClientId"], Username=f"no-{name}")
        postman.wait_for_any()
        processes.kill(server, Random())
        begun = {recipient for _, recipients, _ in postman.received for recipient in recipients}
    server.start()
    mails = {}
    for name in names:
        address = address_of(name)
        postman.wait_for(address, 2 if address in begun else 1)
        mails[address] = [mail["Message-ID"] for mail in postman.mails_to(address)]
    repeated = {address for address, sent in mails.items() if len(sent) > 1}
    assert begun <= repeated
    assert len(repeated) <= MOST_SENDERS
    assert all(len(set(sent)) == 1 for sent in mails.values())
    assert len({sent[0] for sent in mails.values()}) == USERS
    assert {recipient for _, recipients, _ in postman.received for recipient in recipients} == mails.keys()
    code = postman.code_to(address_of(names[0]))
    clients.idp(server).confirm_forgot_password(
        ClientId=client["ClientId"], Username=names[0], ConfirmationCode=code, Password=NEW
    )


def test_silent_mail_server_does_not_delay_the_end(server: Server, postman: Postman) -> None:
    idp = clients.idp(server)
    pool, client = discreet_client(idp)
    name = make_user(idp, pool)
    with postman.holding():
        idp.forgot_password(ClientId=client["ClientId"], Username=name)
        postman.wait_for(address_of(name))
        assert server.stop() < STOP_SECONDS
        assert processes.of(server) == []
    server.start()
    again = postman.wait_for(address_of(name), 2)
    assert again["Message-ID"] == postman.mails_to(address_of(name))[0]["Message-ID"]


def test_broker_that_is_away_makes_messages_wait_for_nothing_but_the_schedule(
    install: Install, postman: Postman
) -> None:
    """The call of the worker fails; the request does not, nor does it wait."""
    server = install("--dev", GATEHOUSE_EMAIL_URL=postman.url, REDIS_URL="redis://127.0.0.1:1/0").start()
    idp = clients.idp(server)
    pool, client = discreet_client(idp)
    name = make_user(idp, pool)
    idp.forgot_password(ClientId=client["ClientId"], Username=name)
    deadline = time.monotonic() + 20
    while "messages wait for the schedule" not in server.log:
        assert time.monotonic() < deadline, server.log
        time.sleep(0.1)
    server.manage("send_messages")  # what the schedule of a worker that has a broker runs
    postman.wait_for(address_of(name))
    assert "Traceback" not in server.log
