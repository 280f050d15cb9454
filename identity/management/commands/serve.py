"""`serve`: web server, background worker and the runner of functions under one supervisor."""

from __future__ import annotations

import base64
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from django.core import checks
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from identity import processes
from identity.config import config
from identity.management.commands.bootstrap import Bootstrapped, bootstrap, check_canary
from identity.models import Canary
from pools.triggers.runner import client, place

STOP_SECONDS = 8
"""How long everything has to end after the first signal; accepted requests have two seconds less."""

_MAX_CONNECTIONS = 8192
"""Of one web worker, idle ones included. Granian's own limit falls with the number of workers."""


_RUNNER = "runner of functions"
_RUNNER_PAUSE_SECONDS = 1.0


class Command(BaseCommand):
    help = "Run Gatehouse: web workers and background worker. With --dev it prepares everything it needs first."
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dev", action="store_true", help="SQLite, generated keys, outbox, settable clock")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: 8000)")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port, dev = options["host"], options["port"], options["dev"]
        _restart_with_environment(dev, port)
        if config.dev and not dev:
            raise CommandError("GATEHOUSE_DEV is set, which opens the outbox to everyone: unset it, or use --dev.")
        self._refuse_what_is_wrong()
        _check_address(host, port)
        done = None
        try:
            if dev:
                done = self._prepare()
            else:
                _check_prepared()
            self._note(checks.run_checks(tags=[checks.Tags.database], databases=[DEFAULT_DB_ALIAS]))
        except OperationalError as error:
            raise CommandError(f"The database cannot be used; look at DATABASE_URL. It says: {error}") from None
        connections.close_all()
        self._supervise(host, port, done)

    def _refuse_what_is_wrong(self) -> None:
        """Raises: CommandError with every sentence that says what to set."""
        messages = checks.run_checks()
        self._note(messages)
        serious = [message.msg for message in messages if message.is_serious() and not message.is_silenced()]
        if serious:
            raise CommandError("Gatehouse does not start:\n" + "\n".join(f"- {text}" for text in serious))

    def _note(self, messages: Iterable[checks.CheckMessage]) -> None:
        for message in messages:
            if not message.is_serious() and not message.is_silenced():
                self.stderr.write(f"Note: {message.msg}")

    def _prepare(self) -> Bootstrapped:
        call_command("migrate", verbosity=0)
        return bootstrap()

    def _supervise(self, host: str, port: int, done: Bootstrapped | None) -> None:
        received: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda signum, frame: received.append(signum))
        children: dict[str, subprocess.Popen[bytes]] = {}
        path = Path(config.functions_socket) if config.functions_socket else place.new(config.data)
        try:
            if not config.functions_socket:
                children[_RUNNER] = self._start_runner(path)
            # glibc would keep, for each thread apart, the memory that a password hash once took: 19 MiB times 16.
            environment = {"MALLOC_ARENA_MAX": "2", **os.environ, "GATEHOUSE_FUNCTIONS_SOCKET": str(path)}
            children["web"] = _start(_web(host, port), environment)
            children["worker"] = _start(_worker(), environment)
            self._watch(children, received, path, host, port, done)
        finally:
            _stop(children.values())
            if not config.functions_socket:
                place.remove(path)

    def _watch(
        self,
        children: dict[str, subprocess.Popen[bytes]],
        received: list[int],
        runner: Path,
        host: str,
        port: int,
        done: Bootstrapped | None,
    ) -> None:
        """Until a signal comes, which is how it should end, or a child dies. Without its runner Gatehouse goes on."""
        announced = False
        while not received:
            if _RUNNER in children and children[_RUNNER].poll() is not None:
                self._replace_runner(children, runner)
            died = next(
                (name for name, child in children.items() if name != _RUNNER and child.poll() is not None), None
            )
            if died is not None and not received:
                raise CommandError(f"The {died} process ended unexpectedly; Gatehouse stops.")
            if not announced and _answers(host, port):
                self._announce(done)
                announced = True
            time.sleep(0.1)
        self.stdout.write("Stopping: finishing what was accepted.")

    def _replace_runner(self, children: dict[str, subprocess.Popen[bytes]], path: Path) -> None:
        """One that ends at once is not begun again at once."""
        if time.monotonic() - self._runner_began > _RUNNER_PAUSE_SECONDS:
            self.stderr.write("The runner of functions ended unexpectedly; another one begins.")
            children[_RUNNER] = self._start_runner(path)

    def _start_runner(self, path: Path) -> subprocess.Popen[bytes]:
        self._runner_began = time.monotonic()
        return _start(client.command(str(path), os.getpid()), client.environment())

    def _announce(self, done: Bootstrapped | None) -> None:
        lines = [f"Gatehouse is running at {config.url}"]
        if done is not None:
            lines += [
                "",
                "Paste this to use it with the AWS CLI or any AWS SDK:",
                f"  export AWS_ENDPOINT_URL={config.url}",
                f"  export AWS_ACCESS_KEY_ID={done.access_key.access_key_id}",
                f"  export AWS_SECRET_ACCESS_KEY={done.access_key.secret}",
                "  export AWS_DEFAULT_REGION=us-east-1",
                "",
                "and then, for example:",
                "  aws cognito-idp create-user-pool --pool-name my-user-pool --auto-verified-attributes email",
                "",
                f"Messages to users appear at {config.url}/_dev/outbox",
            ]
            if done.password is not None:
                lines.append(f"Operator: {done.operator}, password (shown once): {done.password}")
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def _restart_with_environment(dev: bool, port: int) -> None:
    """The settings are read before the options are: put what the options mean into the environment and begin again."""
    wanted: dict[str, str] = {}
    if dev and not config.dev:
        wanted["GATEHOUSE_DEV"] = "1"
    if not os.environ.get("GATEHOUSE_URL"):
        wanted["GATEHOUSE_URL"] = f"http://localhost:{port}"
    if dev and not config.ring:
        config.data.mkdir(parents=True, exist_ok=True)
        key = base64.b64encode(secrets.token_bytes(32))
        with open(os.open(config.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key + b"\n")
        wanted["GATEHOUSE_DEV"] = "1"
    if wanted:
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **wanted})  # noqa: S606


def _check_address(host: str, port: int) -> None:
    """Refuse a port that is taken, after giving a predecessor that was killed the time its children have to end.

    Granian shares its port with whoever asks for it, so a second start would quietly take half of the requests.
    """
    deadline = time.monotonic() + STOP_SECONDS + 1
    while (reason := _why_not(host, port)) is not None:
        if time.monotonic() > deadline:
            raise CommandError(f"Cannot listen on port {port} of {host}: {reason}. Choose another one.")
        time.sleep(0.2)


def _why_not(host: str, port: int) -> str | None:
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
    except OSError as error:
        return error.strerror or type(error).__name__
    return None


def _check_prepared() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError(
            "The database is not up to date: run `python manage.py migrate` and `python manage.py bootstrap` first."
        )
    check_canary()
    if not Canary.objects.exists():
        raise CommandError("The database has no operator yet: run `python manage.py bootstrap` first.")


def _web(host: str, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", str(config.web_workers), "--blocking-threads", str(config.web_threads)),
        *("--workers-kill-timeout", str(STOP_SECONDS - 2), "--respawn-failed-workers", "--no-ws"),
        *("--backlog", "2048", "--backpressure", str(_MAX_CONNECTIONS), "--log-level", "error"),
        "identity.wsgi:application",
    ]


def _worker() -> list[str]:
    return [
        *(sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "--quiet", "-A", "identity"),
        *("worker", "--loglevel", "warning", "--without-gossip"),
        *("--without-mingle", "--without-heartbeat", "--hostname", f"gatehouse-{os.getpid()}@%h"),
    ]


def _start(command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A child in a process group of its own, so that Ctrl-C reaches the supervisor alone, and that ends with it."""
    supervisor = os.getpid()
    config.data.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(  # noqa: S603
        command,
        env=environment,
        process_group=0,
        preexec_fn=lambda: processes.end_with(supervisor),  # noqa: PLW1509  # there are no threads here
    )


def _stop(children: Collection[subprocess.Popen[bytes]]) -> None:
    """Ask everything to end, wait, and kill what is left, grandchildren included."""
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
        else:  # it died and may have left children
            _signal_group(child, signal.SIGTERM)
    while time.monotonic() < deadline and any(child.poll() is None or _signal_group(child, 0) for child in children):
        time.sleep(0.02)
    for child in children:
        _signal_group(child, signal.SIGKILL)
        child.wait()


def _signal_group(child: subprocess.Popen[bytes], number: int) -> bool:
    """Whether anything was there to get it; signal 0 only asks."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, number)
        return True
    return False


def _answers(host: str, port: int) -> bool:
    address = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104
    shown = f"[{address}]" if ":" in address else address
    try:
        with urlopen(f"http://{shown}:{port}/healthz", timeout=1) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False
