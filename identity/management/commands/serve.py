"""`serve`: web server, background worker and the runner of functions under one supervisor."""

from __future__ import annotations

import base64
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core import checks
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from identity import processes
from identity.certificates import Files
from identity.config import config
from identity.management import listener
from identity.management.commands.bootstrap import Bootstrapped, bootstrap, check_canary
from identity.management.listener import Listener
from identity.models import Canary
from pools.triggers.runner import client, place

STOP_SECONDS = 8
"""How long everything has to end after the first signal; accepted requests have two seconds less."""

_MAX_CONNECTIONS = 8192
"""Of one web worker, idle ones included. Granian's own limit falls with the number of workers."""


_TRUST = ("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Where the AWS CLI and boto3, and Node.js, are told of an authority."""
_RUNNER = "runner of functions"
_RUNNER_PAUSE_SECONDS = 1.0


class Command(BaseCommand):
    help = "Run Gatehouse: web workers and background worker. With --dev it prepares everything it needs first."
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dev", action="store_true", help="SQLite, generated keys, outbox, settable clock")
        listener.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        at, dev = Listener.of(options), options["dev"]
        _restart_with_environment(dev, at)
        if config.dev and not dev:
            raise CommandError("GATEHOUSE_DEV is set, which opens the outbox to everyone: unset it, or use --dev.")
        self._refuse_what_is_wrong()
        at.check(STOP_SECONDS + 1)
        done = None
        try:
            if dev:
                done = self._prepare()
            else:
                _check_prepared()
            self._note(checks.run_checks(tags=[checks.Tags.database], databases=[DEFAULT_DB_ALIAS]))
            tls = at.files()
        except OperationalError as error:
            raise CommandError(f"The database cannot be used; look at DATABASE_URL. It says: {error}") from None
        connections.close_all()
        self._supervise(at, tls, done)

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

    def _supervise(self, at: Listener, tls: Files | None, done: Bootstrapped | None) -> None:
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
            children["web"] = _start(_web(at, tls), environment)
            children["worker"] = _start(_worker(), environment)
            self._watch(children, received, path, at, lambda: self._announce(done, tls))
        finally:
            _stop(children.values())
            if not config.functions_socket:
                place.remove(path)

    def _watch(
        self,
        children: dict[str, subprocess.Popen[bytes]],
        received: list[int],
        runner: Path,
        at: Listener,
        announce: Callable[[], None],
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
            if not announced and at.answers():
                announce()
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

    def _announce(self, done: Bootstrapped | None, tls: Files | None) -> None:
        lines = [f"Gatehouse is running at {config.url}"]
        trust = [f"  export {name}={tls.authority.absolute()}" for name in _TRUST] if tls and tls.authority else []
        if done is not None:
            lines += [
                "",
                "Paste this to use it with the AWS CLI or any AWS SDK:",
                f"  export AWS_ENDPOINT_URL={config.url}",
                f"  export AWS_ACCESS_KEY_ID={done.access_key.access_key_id}",
                f"  export AWS_SECRET_ACCESS_KEY={done.access_key.secret}",
                "  export AWS_DEFAULT_REGION=us-east-1",
                *trust,
                "",
                "and then, for example:",
                "  aws cognito-idp create-user-pool --pool-name my-user-pool --auto-verified-attributes email",
                "",
                f"Messages to users appear at {config.url}/_dev/outbox",
            ]
            if trust:
                lines += ["Browsers trust its certificate once that file is imported as an authority for web sites."]
            if done.password is not None:
                lines.append(f"Operator: {done.operator}, password (shown once): {done.password}")
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def _restart_with_environment(dev: bool, at: Listener) -> None:
    """The settings are read before the options are: put what the options mean into the environment and begin again."""
    wanted: dict[str, str] = {}
    if dev and not config.dev:
        wanted["GATEHOUSE_DEV"] = "1"
    if not os.environ.get("GATEHOUSE_URL"):
        wanted["GATEHOUSE_URL"] = at.default_url
    if dev and not config.ring:
        config.data.mkdir(parents=True, exist_ok=True)
        key = base64.b64encode(secrets.token_bytes(32))
        with open(os.open(config.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key + b"\n")
        wanted["GATEHOUSE_DEV"] = "1"
    if wanted:
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **wanted})  # noqa: S606


def _check_prepared() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError(
            "The database is not up to date: run `python manage.py migrate` and `python manage.py bootstrap` first."
        )
    check_canary()
    if not Canary.objects.exists():
        raise CommandError("The database has no operator yet: run `python manage.py bootstrap` first.")


def _web(at: Listener, tls: Files | None) -> list[str]:
    secured: list[str] = []
    if tls:
        secured = ["--ssl-certificate", str(tls.certificate), "--ssl-keyfile", str(tls.key)]
        secured += ["--ssl-protocol-min", "tls1.2"]
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", at.host, "--port", str(at.port)),
        *secured,
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
