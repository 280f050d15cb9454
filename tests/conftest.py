"""Fixtures of every suite: one live server for each test process, and a fresh pool for each test that asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import clients, factories, signing_keys
from tests.support.clock import Clock
from tests.support.hooks import Hooks
from tests.support.mailbox import Mailbox
from tests.support.server import Server, drop_database, new_server, running


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A development server, shared by the tests of this process."""
    started = new_server("--dev").start()
    signing_keys.fill_stock(started)
    yield started
    started.stop()
    if "DATABASE_URL" in started.environment:
        drop_database(started.environment["DATABASE_URL"])


@pytest.fixture(scope="module")
def busy() -> Iterator[Server]:
    """Two worker processes, which share nothing but the database."""
    with running("--dev", GATEHOUSE_WEB_WORKERS="2") as started:
        yield started


@pytest.fixture(scope="session")
def idp(server: Server) -> Any:
    """cognito-idp, signed by the operator's access key."""
    return clients.idp(server)


@pytest.fixture(scope="session")
def public(server: Server) -> Any:
    """cognito-idp without a signature, as apps call it."""
    return clients.idp(server, signed=False)


@pytest.fixture(scope="session")
def mailbox(server: Server) -> Mailbox:
    return Mailbox(server)


@pytest.fixture(scope="session")
def hooks(server: Server) -> Iterator[Hooks]:
    """Functions of tests, for triggers of any pool of `server`."""
    made = Hooks(server)
    yield made
    made.close()


@pytest.fixture
def clock(server: Server) -> Iterator[Clock]:
    moved = Clock(server)
    yield moved
    moved.reset()


@pytest.fixture
def pool(idp: Any) -> dict[str, Any]:
    return factories.make_pool(idp)


@pytest.fixture
def client(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    """A public client of `pool` that allows password sign-in and refresh."""
    return factories.make_client(idp, pool)


@pytest.fixture
def user(idp: Any, pool: dict[str, Any]) -> str:
    """A confirmed user of `pool` with `factories.PASSWORD`."""
    return factories.make_user(idp, pool)
