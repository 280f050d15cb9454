"""Live servers: `manage.py serve` as a user starts it, each with a folder and a database of its own."""

from __future__ import annotations

import fcntl
import hashlib
import os
import random
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

import psycopg

from tests.support.environment import CHEAP_HASHING

ROOT = Path(__file__).parents[2]
START_SECONDS = 120
SQLITE_FILE = "gatehouse.sqlite3"
ACCESS_KEY_ID = "AKIATESTOPERATOR0001"
SECRET_ACCESS_KEY = "test/secret+access/key+of+the+operator01"


@dataclass
class Server:
    """A running installation. `stop()` ends it as Ctrl-C does; `start()` brings it back with its data."""

    environment: dict[str, str]
    port: int
    arguments: list[str]
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"{'https' if self.has_tls else 'http'}://localhost:{self.port}"

    @property
    def has_tls(self) -> bool:
        return bool({"--tls", "--tls-certificate"} & set(self.arguments))

    @property
    def authority(self) -> Path:
        """The certificate that a server with `--dev --tls` asks its users to trust."""
        return self.data / "tls" / "ca.pem"

    @property
    def data(self) -> Path:
        return Path(self.environment["GATEHOUSE_DATA"])

    @property
    def log(self) -> str:
        return (self.data / "log").read_text(errors="replace")

    def manage(self, *arguments: str) -> str:
        """Run a management command on this installation; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**self.environment, **({"GATEHOUSE_DEV": "1"} if "--dev" in self.arguments else {})},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> Server:
        with open(self.data / "log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", str(self.port), *self.arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended: {self.log}")
            if self._is_ready():
                return self
            time.sleep(0.05)
        self.process.kill()
        raise AssertionError(f"the server did not start: {self.log}")

    def _is_ready(self) -> bool:
        try:
            scheme = "https" if self.has_tls else "http"
            unchecked = ssl._create_unverified_context()
            with urlopen(f"{scheme}://127.0.0.1:{self.port}/readyz", timeout=2, context=unchecked) as response:
                return bool(response.status == 200)
        except (URLError, OSError):
            return False

    def stop(self, with_signal: int = signal.SIGINT) -> float:
        """Ask it to end and wait; returns the seconds it took."""
        assert self.process is not None
        begun = time.monotonic()
        self.process.send_signal(with_signal)
        self.process.wait(30)
        return time.monotonic() - begun


def free_port() -> int:
    """Below the range that outgoing connections use, so that a server finds its port again at a restart."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def new_server(*arguments: str, database_url: str | None = None, **environment: str) -> Server:
    """A server that is not started yet. Without `database_url`: SQLite, or a new database on DATABASE_URL's server."""
    port = free_port()
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GATEHOUSE_") and name not in {"DATABASE_URL", "REDIS_URL"}
    }
    data = tempfile.mkdtemp(prefix="gatehouse-server-")
    if database_url is None and os.environ.get("DATABASE_URL"):
        database_url = new_database(is_migrated=True)
    elif database_url is None:
        shutil.copy(_migrated(), data)
    return Server(
        {
            **inherited,
            **CHEAP_HASHING,
            "GATEHOUSE_DATA": data,
            "GATEHOUSE_URL": f"{'https' if '--tls' in arguments else 'http'}://localhost:{port}",
            "GATEHOUSE_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "GATEHOUSE_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "GATEHOUSE_WEB_WORKERS": "1",
            # Each holds a connection, and servers of several test processes share PostgreSQL's hundred.
            "GATEHOUSE_WEB_THREADS": "6",
            "GATEHOUSE_SIGNING_KEY_STOCK": "2",
            "GATEHOUSE_OUTBOUND_NETWORKS": "127.0.0.0/8,::1/128",
            **({"DATABASE_URL": database_url} if database_url else {}),
            **environment,
        },
        port,
        list(arguments),
    )


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[Server]:
    """A server as `new_server` makes it, started; afterwards its database is gone, and its log has no traceback."""
    server = new_server(*arguments, **environment).start()
    try:
        yield server
    finally:
        server.stop()
        if "DATABASE_URL" in server.environment:
            drop_database(server.environment["DATABASE_URL"])
    assert "Traceback" not in server.log, server.log


def _migrated() -> Path:
    """An SQLite file with all tables and nothing in them: to make them anew would be half of a server's start."""
    version = _version_of_migrations()
    folder = Path(tempfile.gettempdir(), f"gatehouse-migrated-{version}")
    folder.mkdir(exist_ok=True)
    database = folder / SQLITE_FILE
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one test process makes it, the others wait
        if not database.exists():
            with tempfile.TemporaryDirectory() as made:
                _migrate(made)
                with sqlite3.connect(Path(made, SQLITE_FILE)) as connection:
                    connection.execute("PRAGMA journal_mode=DELETE")  # nothing of it is left in a second file
                connection.close()
                shutil.copy(Path(made, SQLITE_FILE), folder / "partial")
                (folder / "partial").rename(database)
    return database


def _version_of_migrations() -> str:
    migrations = sorted(path for path in ROOT.glob("*/migrations/*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in migrations)).hexdigest()[:16]


def _migrate(data: str, **more: str) -> None:
    environment = {**os.environ, "GATEHOUSE_DEV": "1", "GATEHOUSE_DATA": data, **more}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def new_database(*, is_migrated: bool = False) -> str:
    """The URL of a new database on the PostgreSQL server that DATABASE_URL names; empty, or with all tables."""
    template = _template() if is_migrated else "template1"
    name = f"gatehouse_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')  # type: ignore[arg-type]
    return _database_url(name)


def _database_url(name: str) -> str:
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def _template() -> str:
    """The name of a database with all tables and nothing in them; one test process makes it, the others wait."""
    name = f"gatehouse_migrated_{_version_of_migrations()}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(41)")  # until the connection is closed
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return name
        partial = f"{name}_{uuid.uuid4().hex[:6]}"
        connection.execute(f'CREATE DATABASE "{partial}"')  # type: ignore[arg-type]
        with tempfile.TemporaryDirectory() as made:
            _migrate(made, DATABASE_URL=_database_url(partial))
        connection.execute(f'ALTER DATABASE "{partial}" RENAME TO "{name}"')  # type: ignore[arg-type]
    return name


def drop_database(url: str) -> None:
    name = urlsplit(url).path.lstrip("/")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]
