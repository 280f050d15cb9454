"""What the benchmarks share: an installation run as for production, requests ready as bytes, and its CPU time."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from psycopg.errors import DuplicateDatabase

from tests.support import clients, processes
from tests.support.server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server, drop_database, new_database, new_server

MEMORY_KIB, PASSES = 19456, 2
THREADS = 16
"""All three as they are shipped."""
_OURS = "benchmark"
"""The application name of the benchmark's own connections, which do not count."""
_CODES_WORK_AGAIN_SECONDS = 0.25


@contextmanager
def running(*, threads: int | None = None, keep: str | None = None, **environment: str) -> Iterator[Server]:
    """An installation as it is run for real, and nothing left of it afterwards but the database called `keep`."""
    url = _kept_database(keep) if keep else new_database()
    as_shipped = {
        "GATEHOUSE_URL": "https://gatehouse.example",
        "GATEHOUSE_SECRET_KEYS": base64.b64encode(hashlib.sha256(url.encode()).digest()).decode(),
        "GATEHOUSE_ARGON2_MEMORY_KIB": str(MEMORY_KIB),
        "GATEHOUSE_ARGON2_TIME": str(PASSES),
        "GATEHOUSE_WEB_WORKERS": str(os.cpu_count() or 1),
        "GATEHOUSE_WEB_THREADS": str(threads or THREADS),
    }
    server = new_server(database_url=url, **{**as_shipped, **environment})
    try:
        server.manage("migrate", "--verbosity", "0")
        server.manage("bootstrap")
        yield server.start()
    finally:
        if server.process is not None:
            server.stop()
        if not keep:
            drop_database(url)


def _kept_database(name: str) -> str:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection, suppress(DuplicateDatabase):
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def call(server: Server, operation: str, *, signed: bool = False, **members: Any) -> bytes:
    """A request over HTTP/1.1; a signed one is signed now, so good for five minutes."""
    body = json.dumps(members).encode()
    headers = {
        "Host": f"localhost:{server.port}",
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"{clients.TARGET_PREFIX}.{operation}",
    }
    if signed:
        request = AWSRequest("POST", f"{server.url}/", data=body, headers=headers)
        SigV4Auth(Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY), "cognito-idp", clients.REGION).add_auth(request)
        headers = dict(request.headers.items())
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST / HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Meter:
    """The CPU time of a running installation: of the web workers, or other processes, and of its backends."""

    def __init__(self, server: Server, pids: list[int] | None = None) -> None:
        self._pids = [worker.pid for worker in processes.web_workers(server)] if pids is None else pids
        self._connection = _connect(server)
        self._web, self._backends = 0.0, dict[int, float]()
        self.lap()

    def lap(self) -> tuple[float, float]:
        """Seconds since the last lap, of the processes and of the database."""
        web = sum(processes.cpu_seconds(pid) for pid in self._pids)
        rows = self._connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name <> %s", [_OURS]
        ).fetchall()
        backends = {pid: processes.cpu_seconds(pid) for (pid,) in rows}
        spent = web - self._web, sum(backends[pid] - self._backends.get(pid, 0.0) for pid in backends)
        self._web, self._backends = web, backends
        return spent


@contextmanager
def authenticator_codes_work_again(server: Server) -> Iterator[None]:
    """A code of an authenticator app works once, and the next one comes in half a minute: have them forgotten."""
    is_over = Event()

    def forget() -> None:
        with _connect(server) as connection:
            while not is_over.wait(_CODES_WORK_AGAIN_SECONDS):
                connection.execute("UPDATE pools_softwaretoken SET last_step = 0")

    thread = Thread(target=forget)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _connect(server: Server) -> psycopg.Connection:
    return psycopg.connect(server.environment["DATABASE_URL"], autocommit=True, application_name=_OURS)
