"""The peer as a running server: granian with the options that ours has, on a database of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.benchmark import installation
from tests.support import processes
from tests.support.server import ROOT, START_SECONDS, Server, drop_database, free_port, new_database


@dataclass(frozen=True)
class Peer:
    """`known` is what `prepare` tells."""

    server: Server
    known: dict[str, Any]

    def prepare(self, *arguments: str) -> dict[str, Any]:
        return _prepare(self.server.environment, *arguments)

    def meter(self) -> installation.Meter:
        assert self.server.process is not None
        parent = self.server.process.pid
        workers = [process.pid for process in processes.of(self.server) if process.parent == parent]
        return installation.Meter(self.server, workers)


@contextmanager
def running(*, threads: int | None = None) -> Iterator[Peer]:
    """Its database is gone afterwards."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEHOUSE_")}
    environment |= {
        "DJANGO_SETTINGS_MODULE": "tests.benchmark.peer.settings",
        "DATABASE_URL": new_database(),
        "PEER_RSA_PRIVATE_KEY": _private_key(),
    }
    port = free_port()
    try:
        known = _prepare(environment, "all")
        process = subprocess.Popen(_command(port, threads), cwd=ROOT, env=environment, start_new_session=True)
        try:
            _wait(port, process)
            yield Peer(Server(environment, port, [], process), known)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    finally:
        drop_database(environment["DATABASE_URL"])


def _command(port: int, threads: int | None) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", str(os.cpu_count() or 1), "--blocking-threads", str(threads or installation.THREADS)),
        *("--no-ws", "--backlog", "2048", "--backpressure", "1000", "--log-level", "error"),
        "tests.benchmark.peer.wsgi:application",
    ]


def _prepare(environment: dict[str, str], *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmark.peer.prepare", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(f"http://127.0.0.1:{port}/", timeout=2):
                return
        except HTTPError:
            return  # it knows no such page, but answers
        except (URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError("the peer does not start")


def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
