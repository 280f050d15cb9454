"""Installations of these tests' own: started, stopped, killed and looked into without disturbing other suites."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from tests.support import processes
from tests.support.server import Server, drop_database, new_server

RING = "cHJvZHVjdGlvbiByaW5nLCAzMiBieXRlcyBvZiBpdC4="
PRODUCTION = {
    "GATEHOUSE_URL": "https://gatehouse.example",
    "GATEHOUSE_SECRET_KEYS": RING,
    "GATEHOUSE_ARGON2_MEMORY_KIB": "19456",
    "GATEHOUSE_ARGON2_TIME": "2",
}
"""What `serve` wants to be told before it starts without --dev."""

Install = Callable[..., Server]


@pytest.fixture(scope="module")
def install() -> Iterator[Install]:
    """Makes servers as `new_server` does, and leaves nothing of them behind."""
    made: list[Server] = []

    def make(*arguments: str, **environment: str) -> Server:
        server = new_server(*arguments, **environment)
        made.append(server)
        return server

    yield make
    for server in made:
        if server.process is not None:
            for process in processes.of(server):
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
            server.process.wait()
        if "DATABASE_URL" in server.environment:
            drop_database(server.environment["DATABASE_URL"])


@pytest.fixture(scope="module")
def production(install: Install) -> Server:
    """A prepared installation that is not started: no --dev, safe settings, migrated, bootstrapped."""
    server = install(**PRODUCTION)
    server.manage("migrate", "--verbosity", "0")
    server.manage("bootstrap")
    return server
