"""Installations of these tests' own: started, stopped, killed and looked into without disturbing other suites."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from tests.support import processes
from tests.support.server import ROOT, Server, drop_database, new_server

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


def refusal(server: Server, *arguments: str, **environment: str) -> str:
    """What `serve` said when it would not start."""
    done = subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", str(server.port), *arguments],
        cwd=ROOT,
        env={**server.environment, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "is running" not in done.stdout
    return done.stderr
