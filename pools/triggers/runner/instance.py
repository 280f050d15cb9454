"""One sandboxed process of a function: an invocation at a time, its time limit, and what it wrote."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from pools.triggers.runner import frames
from pools.triggers.runner.frames import Header
from pools.triggers.runner.log import Log
from pools.triggers.runner.sandbox import Program, Sandbox
from pools.triggers.runner.status import Status
from pools.triggers.runner.watchdog import Watched

MOST_RESPONSE = 6291556
"""Bytes. Source: Lambda guide, quotas, "Invocation payload"."""
INIT_SECONDS = 10.0
"""Source: Lambda guide, "Init phase"."""
_PIECE = 64 << 10
_PAUSE_SECONDS = 0.01
"""After a full piece of log, so that a function that prints without end leaves time for others."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked: `until` is on the event loop's clock, `seconds` the function's own limit."""

    request_id: str
    event: bytes
    until: float
    seconds: float
    asked_seconds: float
    secrets: Sequence[str] = ()


@dataclass(slots=True)
class Outcome:
    """`text` tells of what ended without an answer."""

    status: Status
    payload: bytes = b""
    text: str = ""
    init_seconds: float | None = None
    begun: float = field(default=0.0)


class Instance(asyncio.Protocol):
    """`on_end` is called once everything of the process is gone."""

    def __init__(
        self, sandbox: Sandbox, slot: int, program: Program, secrets: Sequence[str], on_end: Callable[[Instance], None]
    ) -> None:
        self.slot = slot
        self.program = program
        self.has_ended = False
        self.is_ending = False
        self.idle_since = 0.0
        self.memory_bytes = 0
        self.measured_at = 0.0
        self.cpu_at_rest = 0.0
        self._sandbox = sandbox
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._log = Log()
        self._secrets = deque(secrets, maxlen=256)
        self._decoder = frames.Decoder(4096, MOST_RESPONSE)
        self._call: Call | None = None
        self._outcome: asyncio.Future[Outcome] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._started = self._loop.time()
        self._init_seconds: float | None = None
        self._is_ready = False
        self._ready_at = 0.0
        self._why = Status.EXITED
        self._begin()

    def _begin(self) -> None:
        """Raises: NotAvailable, OSError."""
        greeting = self._sandbox.greeting(self.slot, self.program)
        self._socket, theirs = socket.socketpair()
        self._output, writing = os.pipe()
        try:
            self._process = self._sandbox.start(self.slot, self.program, theirs, writing)
        except BaseException:
            self._socket.close()
            os.close(self._output)
            raise
        finally:
            theirs.close()
            os.close(writing)
        self._socket.setblocking(False)
        os.set_blocking(self._output, False)
        self._pid_fd = os.pidfd_open(self._process.pid)
        uid = self._sandbox.uid(self.slot)
        self.watched = Watched(self._process.pid, uid, has_namespace=self._sandbox.has_namespace)
        self._loop.add_reader(self._pid_fd, self._exited)
        self._loop.add_reader(self._output, self._read_log)
        self._writing: list[bytes] = [greeting]
        self._transport: asyncio.Transport | None = None
        self._connecting = self._loop.create_task(self._connect())

    async def _connect(self) -> None:
        await self._loop.create_unix_connection(lambda: self, sock=self._socket)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        for data in self._writing:
            self._transport.write(data)
        self._writing.clear()

    async def invoke(self, call: Call) -> Outcome:
        """Never raises: whatever becomes of the process is an outcome."""
        begun = self._loop.time()
        if self.is_ending:
            return Outcome(Status.EXITED, text="Runtime exited without providing a reason", begun=begun)
        self._call, self._outcome = call, self._loop.create_future()
        self._secrets.extend(call.secrets)
        self._set_limit(call, begun)
        header = {
            "request_id": call.request_id,
            "arn": self.program.function_arn,
            "deadline_ms": int((time.time() + min(call.seconds, call.until - begun)) * 1000),
        }
        self._send(frames.encode(header, call.event))
        outcome = await self._outcome
        outcome.begun = max(begun, self._ready_at)
        if self._timer is not None:
            self._timer.cancel()
        self._call = self._outcome = None
        self._drain()
        return outcome

    def log(self) -> str:
        """What it wrote since this was last asked."""
        return self._log.take(self._secrets)

    def data_received(self, data: bytes) -> None:
        try:
            for header, body in self._decoder.feed(data):
                self._take(header, body)
        except frames.TooLarge as error:
            text = (
                f"Response payload size ({error.size} bytes) exceeded maximum allowed payload size "
                f"({MOST_RESPONSE} bytes)."
            )
            self._settle(Outcome(Status.ERROR, _error("Function.ResponseSizeTooLarge", text)))
            self.end()
        except frames.BadFrame:
            self.end()

    def _take(self, header: Header, body: bytes) -> None:
        kind = header.get("kind")
        if kind == "ready" and not self._is_ready:
            self._is_ready = True
            self._ready_at = self._loop.time()
            self._init_seconds = self._ready_at - self._started
            if self._call is not None:
                self._set_limit(self._call, self._ready_at)
        elif kind == "init_error" and not self._is_ready:
            self._settle(Outcome(Status.ERROR, body))
            self.end()
        elif kind in {"result", "error"} and self._call and header.get("request_id") == self._call.request_id:
            status = Status.ANSWERED if kind == "result" else Status.ERROR
            self._settle(Outcome(status, body, init_seconds=self._init_seconds))
            self._init_seconds = None
        else:  # nothing was asked; what speaks is not the bootstrap, or not any more
            self.end()

    def end(self, why: Status = Status.EXITED) -> None:
        """Kill it. Whoever waits for an answer is told `why`, once nothing is left."""
        if self.is_ending:
            return
        self.is_ending = True
        self._why = why
        self._sandbox.end(self.slot, self._process)

    def _set_limit(self, call: Call, now: float) -> None:
        """The function's own limit begins once it is loaded; that of who asks is for everything."""
        if self._timer is not None:
            self._timer.cancel()
        limit = min(call.seconds if self._is_ready else INIT_SECONDS, call.until - now)
        self._timer = self._loop.call_later(max(0.0, limit), self.end, Status.TIMED_OUT)

    def _send(self, data: bytes) -> None:
        if self._transport is None:
            self._writing.append(data)
        else:
            self._transport.write(data)

    def _settle(self, outcome: Outcome) -> None:
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_result(outcome)

    def connection_lost(self, exc: Exception | None) -> None:
        """It closed its end, or is just ending, in which case its status tells more."""
        if not self.is_ending:
            self._loop.call_later(0.05, self.end)

    def _exited(self) -> None:
        self._loop.remove_reader(self._pid_fd)
        os.close(self._pid_fd)
        status = self._process.wait()
        was_ending, self.is_ending = self.is_ending, True
        if not was_ending or self._why is Status.EXITED:
            self._sandbox.end(self.slot, self._process)  # what it left behind
        self._drain()
        self._loop.remove_reader(self._output)
        os.close(self._output)
        self._output = -1
        if self._transport is not None:
            self._transport.abort()
        self.watched.close()
        self.has_ended = True
        self._settle(self._last(status, was_killed=was_ending))
        self._on_end(self)

    def _last(self, status: int, *, was_killed: bool) -> Outcome:
        if self._why is Status.TIMED_OUT and self._call is not None:
            seconds = min(self._call.seconds, self._call.asked_seconds)
            return Outcome(Status.TIMED_OUT, text=f"Task timed out after {seconds:.2f} seconds")
        if self._why is Status.OUT_OF_MEMORY:
            return Outcome(Status.OUT_OF_MEMORY, text="Runtime exited with error: signal: killed")
        if was_killed or status == 0:
            return Outcome(Status.EXITED, text="Runtime exited without providing a reason")
        number = -status if status < 0 else status - 128
        if number > 0:
            return Outcome(Status.EXITED, text=f"Runtime exited with error: signal: {_signal(number)}")
        return Outcome(Status.EXITED, text=f"Runtime exited with error: exit status {status}")

    def _read_log(self) -> None:
        try:
            data = os.read(self._output, _PIECE)
        except BlockingIOError:
            return
        self._log.append(data)
        if len(data) in {0, _PIECE}:
            self._loop.remove_reader(self._output)
        if len(data) == _PIECE:
            self._loop.call_later(_PAUSE_SECONDS, self._read_on)

    def _read_on(self) -> None:
        if self._output >= 0:
            self._loop.add_reader(self._output, self._read_log)

    def _drain(self) -> None:
        """Take what it wrote before it answered, at most what a pipe holds and as much again."""
        for _ in range(32):
            with suppress(BlockingIOError):
                if self._output >= 0 and (data := os.read(self._output, _PIECE)):
                    self._log.append(data)
                    continue
            return


_SIGNALS = {6: "aborted", 9: "killed", 11: "segmentation fault", 15: "terminated", 25: "file size limit exceeded"}


def _signal(number: int) -> str:
    return _SIGNALS.get(number, str(number))


def _error(kind: str, text: str) -> bytes:
    return json.dumps({"errorMessage": text, "errorType": kind}).encode()
