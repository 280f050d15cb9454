"""The processes of functions on this machine: which are warm, how many may be, and who waits for one."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from pools.triggers.runner import sandbox, watchdog
from pools.triggers.runner.instance import Call, Instance, Outcome
from pools.triggers.runner.runtimes import NotAvailable
from pools.triggers.runner.sandbox import Program, Sandbox
from pools.triggers.runner.status import Status
from pools.triggers.runner.unpack import BadCode, Codes

log = logging.getLogger(__name__)

IDLE_SECONDS = 300.0
_WATCH_SECONDS = 0.1
_LOOK_AT_FILES_EVERY = 10
_MEASURED_SECONDS = 1.0
"""How old the memory that a log tells may be: looking costs a tenth of a millisecond, beside a call's half."""
_CPU_AT_REST_SECONDS = 1.0
"""What an instance may use after its answer. AWS freezes it at once; work of its own may end here, but not go on."""
_LONGEST_WAIT = 0.5
"""Of the time that is asked for: how much of it may be spent on waiting for a free instance."""


class Key(NamedTuple):
    """Whose instances may take an event: never those of another pool, or of former code."""

    function_arn: str
    revision_id: str
    scope: str


@dataclass(frozen=True, slots=True)
class Specification:
    """What a cold start needs. `expires_at` is the end of the credentials in `environment`, a Unix time."""

    runtime: str
    handler: str
    seconds: float
    memory_mib: int
    environment: Mapping[str, str]
    code_sha256: str
    secrets: tuple[str, ...]
    expires_at: float

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Specification:
        return cls(**{**told, "secrets": tuple(told["secrets"])})


class Busy(Exception):
    """No instance became free in time."""


class Fleet:
    """At most `most` instances at once; a function without a limit of its own gets a quarter of them."""

    def __init__(self, box: Sandbox, codes: Codes, most: int) -> None:
        self._sandbox = box
        self._codes = codes
        self._most = most
        self._free_slots = list(range(most))
        self._specifications: dict[Key, Specification] = {}
        self._learning: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()
        self._instances: dict[Instance, tuple[Key, Specification]] = {}
        self._idle: list[Instance] = []
        """The longest idle first."""
        self._waiting: list[asyncio.Future[None]] = []
        self._ticks = 0

    def knows(self, key: Key) -> bool:
        found = self._specifications.get(key)
        return found is not None and found.expires_at > time.time()

    def learning(self, key: Key) -> asyncio.Lock:
        """Held by who tells the specification of a key; kept for as long as anybody waits for it."""
        return self._learning.setdefault(key, asyncio.Lock())

    def has_code(self, sha256: str) -> bool:
        return self._codes.find(sha256) is not None

    async def add_code(self, sha256: str, content: bytes) -> None:
        """Raises: BadCode."""
        if not self.has_code(sha256):
            await asyncio.get_running_loop().run_in_executor(None, self._codes.add, sha256, content)
            self._codes.prune({specification.code_sha256 for specification in self._specifications.values()})

    def adopt(self, key: Key, specification: Specification) -> None:
        """Begin with a revision, or with new credentials; instances of what was before end once they are idle."""
        for other in [other for other in self._specifications if other.function_arn == key.function_arn]:
            if other.revision_id != key.revision_id or other == key:
                del self._specifications[other]
        self._specifications[key] = specification
        self._end_outdated()

    def _end_outdated(self) -> None:
        for instance in list(self._idle):
            if not self._is_current(instance):
                self._end_idle(instance)

    def _is_current(self, instance: Instance) -> bool:
        key, specification = self._instances[instance]
        return self._specifications.get(key) is specification

    async def run(self, key: Key, call: Call, concurrency: int | None) -> tuple[Outcome, Instance | None]:
        """Call.until bounds all of it."""
        begun = asyncio.get_running_loop().time()
        try:
            instance = await self._acquire(key, concurrency, begun + (call.until - begun) * _LONGEST_WAIT)
        except Busy:
            return Outcome(Status.THROTTLED, text="Rate Exceeded.", begun=begun), None
        except (NotAvailable, BadCode, OSError) as error:
            log.error("%s cannot be run: %s", key.function_arn, error)
            return Outcome(Status.NOT_AVAILABLE, text=str(error), begun=begun), None
        specification = self._instances[instance][1]
        outcome = await instance.invoke(replace(call, seconds=specification.seconds))
        if not instance.is_ending and asyncio.get_running_loop().time() - instance.measured_at > _MEASURED_SECONDS:
            self._measure(instance)
        return outcome, instance

    def release(self, instance: Instance) -> None:
        """After what it wrote was taken."""
        if not instance.is_ending:
            instance.idle_since = asyncio.get_running_loop().time()
            self._idle.append(instance)
            if not self._is_current(instance):
                self._end_idle(instance)
        self._call_waiting()

    async def _acquire(self, key: Key, concurrency: int | None, until: float) -> Instance:
        """Raises: Busy, NotAvailable, OSError."""
        loop = asyncio.get_running_loop()
        while (instance := self._take(key, concurrency)) is None:
            if loop.time() >= until or concurrency == 0:
                raise Busy()
            turn: asyncio.Future[None] = loop.create_future()
            self._waiting.append(turn)
            with suppress(TimeoutError):
                await asyncio.wait_for(turn, until - loop.time())
            if turn in self._waiting:
                self._waiting.remove(turn)
        return instance

    def _take(self, key: Key, concurrency: int | None) -> Instance | None:
        most = max(1, self._most // 4) if concurrency is None else min(concurrency, max(1, self._most * 3 // 4))
        of_function = [one for one, (other, _) in self._instances.items() if other.function_arn == key.function_arn]
        if sum(one not in self._idle for one in of_function) >= most:
            return None
        for instance in reversed(self._idle):
            if self._instances[instance][0] == key:
                self._idle.remove(instance)
                return instance
        if self._free_slots:
            return self._begin(key)
        if self._idle and not any(one.is_ending for one in self._instances):
            self._end_idle(self._idle[0])
        return None

    def _begin(self, key: Key) -> Instance:
        """Raises: NotAvailable, BadCode, OSError."""
        specification = self._specifications.get(key)
        if specification is None:
            raise NotAvailable("The function was changed meanwhile.")
        code = self._codes.find(specification.code_sha256)
        if code is None:
            raise BadCode("The code is not here.")
        program = Program(
            *(key.function_arn, specification.runtime, specification.handler, specification.memory_mib),
            *(specification.environment, code),
        )
        slot = self._free_slots[0]
        instance = Instance(self._sandbox, slot, program, specification.secrets, self._ended)
        self._free_slots.remove(slot)
        self._instances[instance] = (key, specification)
        return instance

    def _end_idle(self, instance: Instance) -> None:
        self._idle.remove(instance)
        instance.end()

    def _ended(self, instance: Instance) -> None:
        del self._instances[instance]
        if instance in self._idle:
            self._idle.remove(instance)
        self._free_slots.append(instance.slot)
        self._call_waiting()

    def _call_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)

    async def watch(self) -> None:
        """For ever: end what uses too much, and what was idle for long."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            self._ticks += 1
            for instance in list(self._instances):
                try:
                    self._look_at(instance)
                except Exception:  # of one process; the others are watched on
                    log.exception("a process of %s cannot be watched and is ended", instance.program.function_arn)
                    instance.end()

    def _look_at(self, instance: Instance) -> None:
        is_idle = instance in self._idle
        if instance.is_ending or (is_idle and self._ticks % _LOOK_AT_FILES_EVERY):
            return
        self._measure(instance, looks_at_files=not self._ticks % _LOOK_AT_FILES_EVERY)
        if instance in self._idle and asyncio.get_running_loop().time() - instance.idle_since > IDLE_SECONDS:
            self._end_idle(instance)

    def _measure(self, instance: Instance, *, looks_at_files: bool = False) -> None:
        use = instance.watched.use()
        instance.measured_at = asyncio.get_running_loop().time()
        instance.memory_bytes = max(instance.memory_bytes, use.memory_bytes)
        is_idle = instance in self._idle
        if not is_idle:
            instance.cpu_at_rest = use.cpu_seconds
        is_full = looks_at_files and self._is_full(instance)
        if use.memory_bytes > instance.program.memory_mib << 20 or use.processes > sandbox.PROCESSES or is_full:
            log.warning("a process of %s used too much and is ended", instance.program.function_arn)
            instance.end(Status.OUT_OF_MEMORY)
        elif is_idle and use.cpu_seconds - instance.cpu_at_rest > _CPU_AT_REST_SECONDS:
            instance.end()
        if instance.is_ending and is_idle:
            self._idle.remove(instance)

    def _is_full(self, instance: Instance) -> bool:
        """Where there are users but no namespaces, and so no folders of a limited size."""
        uid = self._sandbox.uid(instance.slot)
        if self._sandbox.has_namespace or uid is None:
            return False
        return watchdog.written_by(uid, [self._sandbox.home(instance.slot)]) > sandbox.TMP_BYTES

    def end(self) -> None:
        for instance in list(self._instances):
            instance.end()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def new(level: str, folder: Path, first_uid: int, most: int) -> Fleet:
    """`folder` is emptied and filled. Raises: NotAvailable."""
    box = Sandbox(level, folder, first_uid)
    for slot in range(most):
        box.sweep(slot)
    return Fleet(box, Codes(folder), most)
