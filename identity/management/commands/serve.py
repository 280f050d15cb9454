"""`serve`: web server and background worker under one supervisor."""

from __future__ import annotations

import base64
import ctypes
import os
import secrets
import signal
import subprocess
import sys
import time
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from django.core import checks
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from identity.config import config
from identity.management.commands.bootstrap import Bootstrapped, bootstrap, check_canary

STOP_SECONDS = 8
"""How long accepted requests have to finish after the first signal."""

_PR_SET_PDEATHSIG = 1


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
        self._refuse_what_is_wrong()
        done = None
        if dev:
            done = self._prepare()
        else:
            _check_migrated()
            check_canary()
        connections.close_all()
        self._supervise(host, port, done)

    def _refuse_what_is_wrong(self) -> None:
        """Raises: CommandError with every sentence that says what to set."""
        messages = checks.run_checks()
        for message in messages:
            if not message.is_serious() and not message.is_silenced():
                self.stderr.write(f"Note: {message.msg}")
        serious = [message.msg for message in messages if message.is_serious() and not message.is_silenced()]
        if serious:
            raise CommandError("Gatehouse does not start:\n" + "\n".join(f"- {text}" for text in serious))

    def _prepare(self) -> Bootstrapped:
        call_command("migrate", verbosity=0)
        return bootstrap()

    def _supervise(self, host: str, port: int, done: Bootstrapped | None) -> None:
        children = {"web": _start(_web(host, port)), "worker": _start(_worker())}
        stopping = False

        def stop(signum: int, frame: object) -> None:
            nonlocal stopping
            stopping = True

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        announced = False
        while not stopping:
            died = next((name for name, child in children.items() if child.poll() is not None), None)
            if died is not None:
                _stop(children.values())
                raise CommandError(f"The {died} process ended unexpectedly; Gatehouse stops.")
            if not announced and _answers(host, port):
                self._announce(done)
                announced = True
            time.sleep(0.1)
        self.stdout.write("Stopping: finishing what was accepted.")
        _stop(children.values())

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


def _check_migrated() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError(
            "The database is not up to date: run `python manage.py migrate` and `python manage.py bootstrap` first."
        )


def _web(host: str, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", str(config.web_workers), "--blocking-threads", str(config.web_threads)),
        *("--workers-kill-timeout", str(STOP_SECONDS - 2), "--respawn-failed-workers", "--no-ws"),
        *("--backlog", "2048", "--log-level", "error", "identity.wsgi:application"),
    ]


def _worker() -> list[str]:
    return [
        *(
            sys.executable,
            "-W",
            "ignore:You're running the worker",
            "-m",
            "celery",
            "--quiet",
            "-A",
            "identity",
            "worker",
            "--beat",
        ),
        *("--pool", "threads", "--concurrency", "4", "--loglevel", "warning", "--without-gossip", "--without-mingle"),
        *("--schedule", str(config.data / "celerybeat-schedule"), "--hostname", f"gatehouse-{os.getpid()}@%h"),
    ]


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    """A child that stays in this process group and dies with its supervisor, even when that is killed."""
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def die_with_parent() -> None:
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    config.data.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(command, preexec_fn=die_with_parent)  # noqa: S603, PLW1509


def _stop(children: Any) -> None:
    """Ask everything to end, wait, and kill what is left."""
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _answers(host: str, port: int) -> bool:
    address = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104
    shown = f"[{address}]" if ":" in address else address
    try:
        with urlopen(f"http://{shown}:{port}/healthz", timeout=1) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False
