"""The runner: answers over a Unix socket, and runs what it is told to.

A request names a function's revision and pool. What the runner does not have yet it asks for: first the specification,
then the code. It reads no settings and no database, and its environment holds nothing.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pools.triggers.runner import fleet, frames, isolation, users
from pools.triggers.runner import log as logs
from pools.triggers.runner.fleet import Fleet, Key, Specification
from pools.triggers.runner.instance import Call, Instance, Outcome
from pools.triggers.runner.runtimes import NotAvailable
from pools.triggers.runner.status import Status
from pools.triggers.runner.unpack import BadCode

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """`private` is what other users must not read, where user ids are what isolates.

    `isolation` forces one, for tests; otherwise it is the best there is.
    """

    socket: Path
    first_uid: int
    instances: int
    is_unisolated: bool
    private: Sequence[Path] = ()
    isolation: str = ""


class _Gone(Exception):
    """The client closed its connection."""


class Connection(asyncio.Protocol):
    """One client, which asks one thing at a time. Without a fleet it is told `why`."""

    def __init__(self, runs: Fleet | None, why: str) -> None:
        self._fleet = runs
        self._why = why
        self._decoder = frames.Decoder()
        self._received: asyncio.Queue[tuple[dict[str, Any], bytes] | None] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._serving = asyncio.get_running_loop().create_task(self._serve())

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._decoder.feed(data):
                self._received.put_nowait(message)
        except frames.BadFrame:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._received.put_nowait(None)

    async def _next(self) -> tuple[dict[str, Any], bytes]:
        message = await self._received.get()
        if message is None:
            raise _Gone()
        return message

    async def _serve(self) -> None:
        with suppress(_Gone):
            while True:
                header, body = await self._next()
                if self._fleet is None:
                    self._refuse(self._why)
                else:
                    await self._run(self._fleet, header, body)

    def _send(self, header: Mapping[str, Any], body: bytes = b"") -> None:
        self._transport.write(frames.encode(header, body))

    def _refuse(self, text: str) -> None:
        self._send({"status": Status.NOT_AVAILABLE, "text": text, "log": "", "init_ms": None})

    async def _run(self, runs: Fleet, header: Mapping[str, Any], event: bytes) -> None:
        call = Call(
            request_id=header["request_id"],
            event=event,
            until=asyncio.get_running_loop().time() + header["seconds"],
            seconds=header["seconds"],
            asked_seconds=header["seconds"],
            secrets=header["secrets"],
        )
        key = Key(header["function_arn"], header["revision_id"], header["scope"])
        try:
            if not runs.knows(key):
                async with runs.learning(key):  # many ask for a new function at once; one tells
                    if not runs.knows(key):
                        await self._learn(runs, key)
        except BadCode as error:
            self._refuse(str(error))
            return
        outcome, instance = await runs.run(key, call, header["concurrency"])
        self._answer(call, outcome, instance)
        if instance is not None:
            runs.release(instance)

    async def _learn(self, runs: Fleet, key: Key) -> None:
        """Raises: BadCode."""
        self._send({"need": "specification"})
        specification = Specification.read((await self._next())[0])
        if not runs.has_code(specification.code_sha256):
            self._send({"need": "code"})
            await runs.add_code(specification.code_sha256, (await self._next())[1])
        runs.adopt(key, specification)

    def _answer(self, call: Call, outcome: Outcome, instance: Instance | None) -> None:
        duration_ms = (asyncio.get_running_loop().time() - outcome.begun) * 1000
        init_ms = None if outcome.init_seconds is None else outcome.init_seconds * 1000
        memory_mib = math.ceil(instance.memory_bytes / (1 << 20)) if instance else 0
        header = {
            "status": outcome.status,
            "text": _text(call, outcome),
            "log": _log(call, outcome, instance, duration_ms, init_ms, memory_mib) if instance else "",
            "duration_ms": duration_ms,
            "init_ms": init_ms,
            "memory_mib": memory_mib,
        }
        self._send(header, outcome.payload)


def _text(call: Call, outcome: Outcome) -> str:
    """Lambda's own texts of what ended without an answer."""
    if outcome.status is Status.TIMED_OUT:
        return f"{_timestamp()} {call.request_id} {outcome.text}"
    if outcome.status in {Status.EXITED, Status.OUT_OF_MEMORY}:
        return f"RequestId: {call.request_id} Error: {outcome.text}"
    return outcome.text


def _log(
    call: Call, outcome: Outcome, instance: Instance, duration_ms: float, init_ms: float | None, memory_mib: int
) -> str:
    report = (
        f"REPORT RequestId: {call.request_id}\tDuration: {duration_ms:.2f} ms\t"
        f"Billed Duration: {math.ceil(duration_ms)} ms\tMemory Size: {instance.program.memory_mib} MB\t"
        f"Max Memory Used: {memory_mib} MB\t"
    )
    if init_ms is not None:
        report += f"Init Duration: {init_ms:.2f} ms\t"
    body = instance.log()
    if outcome.text:
        body += ("" if not body or body.endswith("\n") else "\n") + _text(call, outcome) + "\n"
    return logs.frame(call.request_id, body, report=report)


def _timestamp() -> str:
    now = time.time()
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now * 1000) % 1000:03d}Z"


async def serve(settings: Settings) -> None:
    """Until a signal asks to end."""
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    level = settings.isolation or isolation.level() or (isolation.NOTHING if settings.is_unisolated else None)
    folder = _new_folder(settings.socket.parent, level)
    runs, why = _new_fleet(settings, level, folder)
    watching = loop.create_task(runs.watch()) if runs else None
    with suppress(FileNotFoundError):
        settings.socket.unlink()
    server = await loop.create_unix_server(lambda: Connection(runs, why), str(settings.socket), backlog=1024)
    os.chmod(settings.socket, 0o600)
    await ending.wait()
    server.close()
    if runs is not None and watching is not None:
        watching.cancel()
        runs.end()
        await asyncio.sleep(0.05)
    with suppress(FileNotFoundError):
        settings.socket.unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _new_fleet(settings: Settings, level: str | None, folder: Path) -> tuple[Fleet | None, str]:
    """What runs functions, or why nothing does."""
    if level is None:
        return None, "Nothing on this machine isolates functions; see GATEHOUSE_FUNCTIONS_UNISOLATED."
    if level == isolation.UID:
        _keep_private(settings.private)
    try:
        has_users = level in {isolation.UID, isolation.BUBBLEWRAP_AND_UID}
        first_uid = users.claim(settings.first_uid, settings.instances) if has_users else 0
        return fleet.new(level, folder, first_uid, settings.instances), ""
    except (NotAvailable, users.NoUsers, OSError) as error:
        log.error("functions cannot be run: %s", error)
        return None, f"Functions cannot be run on this machine: {error}"


def _keep_private(paths: Sequence[Path]) -> None:
    for path in paths:
        if path.exists():
            path.chmod(path.stat().st_mode & 0o700)


def _new_folder(beside: Path, level: str | None) -> Path:
    """For programs and code: where namespaces show them to functions, within the private folder; else in a public one
    that cannot be listed."""
    for former in beside.glob("runner-*"):
        shutil.rmtree(former, ignore_errors=True)
    if level in {isolation.BUBBLEWRAP, isolation.BUBBLEWRAP_AND_UID, None}:
        return Path(tempfile.mkdtemp(prefix="runner-", dir=beside))
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-functions-", dir="/var/tmp"))
    folder.chmod(0o711)
    return folder
