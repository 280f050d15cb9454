"""Background work: the Celery app, its broker, and what is repeated.

Without REDIS_URL the broker is a folder below GATEHOUSE_DATA, so that one machine needs no other service.
"""

from __future__ import annotations

import fcntl
import logging
import os
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from datetime import timedelta
from io import StringIO
from pathlib import Path
from queue import Empty
from threading import BoundedSemaphore, Thread
from typing import Any

from celery import Celery, Task
from celery.beat import Scheduler, Service
from celery.bootsteps import StartStopStep
from celery.worker import state
from django.core.management import call_command
from django.db import close_old_connections
from kombu.exceptions import OperationalError
from kombu.transport import filesystem
from kombu.utils import json

from identity.config import config
from pools.triggers import slots
from pools.triggers.runner import client, place

log = logging.getLogger(__name__)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "identity.settings")

_POLL_SECONDS = 0.2
_LEFT_OVER_SECONDS = 3600
_IMPORT_SECONDS = 10.0
_MESSAGES_SECONDS = 3.0
_MOST_SENDERS = 2
"""Of the worker's four threads: a mail server that is silent keeps imports and purges from nothing."""
_THREADS = 4
"""For everything but the triggers of web processes."""
TRIGGER_THREADS = 16
"""For those, at most."""
_MESSAGE_CALLS = 8
"""Of functions, at once, by those that send: `queue` has the number for each."""
_BROKER_SECONDS = 2.0
"""For connecting to Redis: somebody waits."""

_QUEUE = "gatehouse"
TRIGGERS = "triggers"
"""The queue of the triggers that web processes leave to workers, where there is a Redis to carry them."""


class FolderChannel(filesystem.Channel):
    """Files get their names once they are whole, and what cannot be read is passed over.

    kombu's own reader would take a file that a killed process left half written, and end the worker: at every start.
    """

    # kombu's own classes disagree on the name of the second parameter.
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        _write(Path(self.data_folder_out, f"{time.time_ns()}_{uuid.uuid4()}.{queue}.msg"), payload)

    def _get(self, queue: str, timeout: Any = None) -> Any:
        """The oldest message of a queue. Raises: Empty."""
        folder = Path(self.data_folder_in)
        for name in sorted(os.listdir(folder)):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = Path(self.processed_folder, name)
            with suppress(FileNotFoundError, ValueError):  # another worker was faster; it is no message
                (folder / name).rename(taken)
                try:
                    return json.loads(taken.read_text())  # type: ignore[no-untyped-call]
                finally:
                    taken.unlink()
        raise Empty

    def get_table(self, exchange: str) -> list[Any]:
        """The queues that are bound to an exchange; none when the file is not there or not readable."""
        try:
            rows = json.loads(self._table(exchange).read_text())  # type: ignore[no-untyped-call]
            return [filesystem.exchange_queue_t(*row) for row in rows]
        except (FileNotFoundError, ValueError, TypeError):
            return []

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with open(self.control_folder / "lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # until the file is closed, however this process ends
            known = self.get_table(exchange)
            if bound not in known:
                _write(self._table(exchange), [bound, *known])

    def _table(self, exchange: str) -> Path:
        return Path(self.control_folder, f"{exchange}.exchange")


def _write(file: Path, content: Any) -> None:
    partial = file.with_name(f"{file.name}.{uuid.uuid4().hex}.partial")
    partial.write_text(json.dumps(content))  # type: ignore[no-untyped-call]
    partial.rename(file)


class FolderTransport(filesystem.Transport):
    """kombu's broker in a folder, looking often: for messages, and for the wish to stop (kombu's looks after 2 s)."""

    Channel = FolderChannel
    polling_interval = _POLL_SECONDS

    def drain_events(self, connection: Any, timeout: Any = None, **kwargs: Any) -> None:
        super().drain_events(connection, timeout=_POLL_SECONDS)  # type: ignore[no-untyped-call]


def _broker() -> dict[str, Any]:
    if config.redis_url:
        return {
            "broker_url": config.redis_url,
            "broker_transport_options": {"socket_connect_timeout": _BROKER_SECONDS},
            "result_backend": config.redis_url,
            "redis_socket_connect_timeout": _BROKER_SECONDS,
            "redis_socket_timeout": 10.0,  # longer than a trigger is waited for
            "redis_socket_keepalive": True,
            "task_queues": {name: {"exchange": name, "routing_key": name} for name in (_QUEUE, TRIGGERS)},
            "imports": ["identity.relay"],
            # A connection to the database for each trigger would cost as much as all the rest.
            "CELERY_DB_REUSE_MAX": sys.maxsize,
        }
    queue = config.data / "queue"
    folders = {name: str(queue / name) for name in ("messages", "processed", "control")}
    for folder in folders.values():
        os.makedirs(folder, exist_ok=True)
        _clear_out(Path(folder))
    return {
        "broker_url": "filesystem://localhost//",
        "broker_transport": "identity.celery:FolderTransport",
        "broker_transport_options": {
            "data_folder_in": folders["messages"],
            "data_folder_out": folders["messages"],
            "processed_folder": folders["processed"],
            "control_folder": folders["control"],
        },
        # Its mailboxes would be files that nobody deletes.
        "worker_enable_remote_control": False,
    }


def _clear_out(folder: Path) -> None:
    """Delete what processes that were killed left half done, long after anybody could still be at it."""
    for file in folder.iterdir():
        if file.suffix == ".partial" or folder.name == "processed":
            with suppress(FileNotFoundError):
                if file.stat().st_mtime < time.time() - _LEFT_OVER_SECONDS:
                    file.unlink()


class Schedule(Scheduler):
    """Kept in memory, and everything is due at the start: restarts postpone nothing, and no file can break."""

    def setup_schedule(self) -> None:
        super().setup_schedule()
        for entry in self.schedule.values():
            entry.last_run_at -= timedelta(days=1)


class Beat(StartStopStep):
    """The schedule as a thread of each worker.

    `celery worker --beat` makes a process of it, which takes seconds to end and outlives a worker that is killed.
    What is repeated may run twice at once, so several workers with a schedule each do no harm.
    """

    requires = ("celery.worker.components:Pool",)

    def start(self, worker: Any) -> None:
        beat = Service(worker.app, scheduler_cls=Schedule)
        Thread(target=beat.start, name="beat", daemon=True).start()


class Triggers(StartStopStep):
    """Triggers are called within a worker, and leave it threads for all else.

    Without Redis only messages call them, in threads of their own.
    """

    def start(self, worker: Any) -> None:
        if config.redis_url:
            slots.resize(TRIGGER_THREADS + _MESSAGE_CALLS, TRIGGER_THREADS // 2)
        else:
            slots.resize(_MESSAGE_CALLS)


class FunctionsRunner(StartStopStep):
    """A worker that was started by hand has a runner of functions of its own; what `serve` starts shares one."""

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self._path: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        if not config.functions_socket:
            self._path = place.new(config.data)
            client.use_own(str(self._path))

    def start(self, parent: Any) -> None:
        if self._path is not None:
            command = client.command(str(self._path), os.getpid())
            self._process = subprocess.Popen(command, env=client.environment(), process_group=0)  # noqa: S603

    def stop(self, parent: Any) -> None:
        if self._path is not None and self._process is not None:
            self._process.terminate()
            self._process.wait()
            place.remove(self._path)

    terminate = stop


_senders = BoundedSemaphore(_MOST_SENDERS)


class DatabaseTask(Task):
    """Connections that are kept from task to task are given up when they are broken, as in web processes."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        close_old_connections()
        return super().__call__(*args, **kwargs)


app = Celery("identity", task_cls=DatabaseTask)
app.steps["worker"].add(Beat)
app.steps["worker"].add(FunctionsRunner)
app.steps["worker"].add(Triggers)
app.conf.update(
    **_broker(),
    task_default_queue=_QUEUE,
    task_ignore_result=True,
    worker_pool="threads",
    worker_concurrency=_THREADS + (TRIGGER_THREADS if config.redis_url else 0),
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    # A broker that is away, however long, must not end the worker and so the web.
    broker_connection_max_retries=None,
    beat_schedule={
        "purge-expired": {"task": "identity.celery.purge_expired", "schedule": 300.0},
        "resume-imports": {"task": "identity.celery.run_imports", "schedule": _IMPORT_SECONDS},
        "send-messages": {"task": "identity.celery.send_messages", "schedule": _MESSAGES_SECONDS},
        "stock-signing-keys": {"task": "identity.celery.stock_signing_keys", "schedule": 60.0},
    },
)


@app.task(expires=300)
def purge_expired() -> None:
    """Delete what has expired."""
    call_command("purge_expired", stdout=StringIO())


@app.task(expires=60)
def stock_signing_keys() -> None:
    """Make RSA key pairs ahead."""
    call_command("rotate_keys", stock=True)


@app.task(expires=_IMPORT_SECONDS)
def run_imports() -> None:
    """Run the import jobs that wait, and go on with those whose worker was killed."""
    call_command("run_imports", is_ending=_is_ending)


@app.task(expires=_MESSAGES_SECONDS)
def send_messages() -> None:
    """Send the messages that wait, unless enough threads are at it."""
    if _senders.acquire(blocking=False):
        try:
            call_command("send_messages", is_ending=_is_ending)
        finally:
            _senders.release()


def _is_ending() -> bool:
    """Whether this worker was asked to stop, which should not wait for half a million rows.

    Celery keeps the exit code there, which may be 0.
    """
    return any(asked is not None and asked is not False for asked in (state.should_stop, state.should_terminate))


def call_for_imports() -> None:
    """Have a worker look for import jobs now. A broker that is away only makes the job wait for the schedule."""
    try:
        run_imports.apply_async(retry=False)
    except OperationalError as error:
        log.warning("an import job waits for the schedule, as the broker is away: %s", error)


def call_for_messages() -> None:
    """Have a worker look for messages now. A broker that is away only makes them wait for the schedule."""
    try:
        send_messages.apply_async(retry=False)
    except OperationalError as error:
        log.warning("messages wait for the schedule, as the broker is away: %s", error)
