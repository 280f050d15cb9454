"""Asking the runner, from any process and thread of Gatehouse; and where it listens.

`serve` starts the runner and tells its children the socket; a worker that was started by hand has one of its own.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from identity.config import config
from pools.triggers.runner import frames
from pools.triggers.runner.status import Status

_GRACE_SECONDS = 5.0
"""The runner ends what is late itself; this is for a runner that does not."""
_START_SECONDS = 2.0
_ERROR_TYPES = {
    Status.TIMED_OUT: "Sandbox.Timedout",
    Status.EXITED: "Runtime.ExitError",
    Status.OUT_OF_MEMORY: "Runtime.OutOfMemory",
}


class RunnerAway(Exception):
    """The runner cannot be reached, or ended meanwhile."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose code runs: instances serve one revision for one scope, which is a pool with its key ("" for nobody's).

    `concurrency` is the function's reserved one, of the whole machine.
    """

    function_arn: str
    revision_id: str
    scope: str = ""
    concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class Specification:
    """What a cold start needs. `seconds` is the function's time limit, `environment` its own variables.

    `secrets` are texts in the environment that no log may keep; after `expires_at`, a Unix time, no event goes to an
    instance that began with this.
    """

    runtime: str
    handler: str
    seconds: float
    memory_mib: int
    environment: Mapping[str, str]
    code_sha256: str
    read_code: Callable[[], bytes]
    expires_at: float
    secrets: Sequence[str] = ()

    def told(self) -> dict[str, Any]:
        return {
            "runtime": self.runtime,
            "handler": self.handler,
            "seconds": self.seconds,
            "memory_mib": self.memory_mib,
            "environment": dict(self.environment),
            "code_sha256": self.code_sha256,
            "expires_at": self.expires_at,
            "secrets": list(self.secrets),
        }


@dataclass(frozen=True, slots=True)
class Ran:
    """How an invocation ended. `payload` is the answer, or Lambda's JSON of an error.

    `text` says why there is neither; `log` has Lambda's own lines. `init_ms` is there after a cold start.
    """

    status: Status
    payload: bytes
    text: str
    log: str
    duration_ms: float
    init_ms: float | None
    memory_mib: int

    @property
    def error_message(self) -> str | None:
        """What the function said of its failure; None where it answered."""
        if self.status is Status.ANSWERED:
            return None
        try:
            said = json.loads(self.payload)["errorMessage"]
        except (ValueError, KeyError, TypeError):
            return self.text
        return said if isinstance(said, str) else json.dumps(said)


def run(
    wanted: Wanted,
    event: bytes,
    *,
    load: Callable[[], Specification],
    seconds: float,
    request_id: str,
    secrets: Sequence[str] = (),
) -> Ran:
    """Run a function and wait for its answer, `seconds` at most. `load` is called only for what the runner lacks.

    Raises: RunnerAway.
    """
    connection = _connection(min(seconds, _START_SECONDS))
    connection.limit(seconds + _GRACE_SECONDS)
    try:
        return _run(connection, wanted, event, load, seconds, request_id, secrets)
    except (OSError, frames.BadFrame) as error:
        raise RunnerAway() from error
    finally:
        connection.check()


def _run(
    connection: _Connection,
    wanted: Wanted,
    event: bytes,
    load: Callable[[], Specification],
    seconds: float,
    request_id: str,
    secrets: Sequence[str],
) -> Ran:
    header = {
        "function_arn": wanted.function_arn,
        "revision_id": wanted.revision_id,
        "scope": wanted.scope,
        "concurrency": wanted.concurrency,
        "seconds": seconds,
        "request_id": request_id,
        "secrets": list(secrets),
    }
    answer, payload = connection.ask(header, event)
    if answer.get("need") == "specification":
        specification = load()
        answer, payload = connection.ask(specification.told())
        if answer.get("need") == "code":
            answer, payload = connection.ask({}, specification.read_code())
    return _ran(answer, payload)


def _ran(answer: Mapping[str, Any], payload: bytes) -> Ran:
    status = Status(answer["status"])
    if status in _ERROR_TYPES:
        payload = json.dumps({"errorType": _ERROR_TYPES[status], "errorMessage": answer["text"]}).encode()
    return Ran(
        status,
        payload,
        answer["text"],
        answer["log"],
        answer.get("duration_ms", 0.0),
        answer["init_ms"],
        answer.get("memory_mib", 0),
    )


class _Connection:
    """Of one thread. It is whole only between questions, so one that broke off is closed."""

    def __init__(self, path: str) -> None:
        self.process = os.getpid()
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._decoder = frames.Decoder()
        self._is_whole = True
        try:
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise

    def limit(self, seconds: float) -> None:
        self._socket.settimeout(seconds)

    def ask(self, header: frames.Header, body: bytes = b"") -> tuple[dict[str, Any], bytes]:
        """Raises: OSError, BadFrame."""
        self._is_whole = False
        self._socket.sendall(frames.encode(header, body))
        while True:
            data = self._socket.recv(1 << 18)
            if not data:
                raise ConnectionResetError()
            for message in self._decoder.feed(data):
                self._is_whole = "need" not in message[0]
                return message

    def is_usable(self) -> bool:
        """Whether the other end is still there, as far as one can know without asking."""
        if not self._is_whole or self.process != os.getpid() or self.path != socket_path():
            return False
        return not select.select([self._socket], [], [], 0)[0]

    def check(self) -> None:
        if not self._is_whole:
            self.close()

    def close(self) -> None:
        self._is_whole = False
        self._socket.close()

    def __del__(self) -> None:
        """Threads end without a word."""
        self._socket.close()


class _Thread(threading.local):
    connection: _Connection | None = None


_thread = _Thread()
_own_socket = ""


def _connection(seconds: float) -> _Connection:
    """This thread's; a runner that is just starting is waited for. Raises: RunnerAway."""
    found = _thread.connection
    if found is not None:
        if found.is_usable():
            return found
        found.close()
    deadline = time.monotonic() + seconds
    while True:
        try:
            _thread.connection = _Connection(socket_path())
            return _thread.connection
        except OSError as error:
            if time.monotonic() > deadline or not socket_path():
                raise RunnerAway() from error
            time.sleep(0.02)


def socket_path() -> str:
    """Where this process's runner listens; empty where there is none."""
    return config.functions_socket or _own_socket


def use_own(path: str) -> None:
    """Use a runner that this process starts. Called before it forks."""
    global _own_socket  # noqa: PLW0603  # of the process, as the settings are
    _own_socket = path
    if _thread.connection is not None:
        _thread.connection.close()


def command(path: str, parent: int | None) -> list[str]:
    """The command of a runner that listens there, and ends with `parent` where one is given."""
    database = config.database.removeprefix("sqlite:///") if config.database.startswith("sqlite:") else ""
    return [
        *(sys.executable, "-m", "pools.triggers.runner", "--socket", path),
        *(("--ends-with", str(parent)) if parent else ()),
        *("--first-uid", str(config.functions_uid), "--instances", str(config.functions_instances)),
        *(("--unisolated",) if config.functions_unisolated else ()),
        *("--private", str(config.data.absolute())),
        *(("--private", database) if database else ()),
    ]


def environment() -> dict[str, str]:
    """Of a runner: where programs are, and nothing that functions must not learn."""
    return {"PATH": os.pathsep.join(os.get_exec_path()), "MALLOC_ARENA_MAX": "2"}
