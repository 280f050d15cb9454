"""How many threads of a process may wait for functions, so that those that hang leave the others their threads.

At most half of the threads wait, and at most four for one target. Functions call back into Gatehouse while their
caller waits: the other half answers them, and as nobody waits for a slot longer than `PATIENCE_SECONDS`, a circle of
calls comes to its end. A burst of quick calls is let through: who finds no slot waits a moment while the calls ahead
are young, and is refused at once when they hang.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock

from identity.config import config

PATIENCE_SECONDS = 0.25
PER_TARGET = 4


class NoSlot(Exception):
    """As many as may are waiting for this target, or for targets altogether."""


class _Call:
    """One that has a slot, or waits for it."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.begun_at = 0.0
        self.begun = Event()


class Slots:
    """`most` altogether; where there are several, one target never gets the last."""

    def __init__(self, most: int, per_target: int = PER_TARGET) -> None:
        self.most = most
        self.per_target = max(1, min(per_target, most - 1))
        self._lock = Lock()
        self._running: dict[str, list[_Call]] = {}
        self._count = 0
        self._waiting: deque[_Call] = deque()

    @contextmanager
    def taken(self, target: str, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
        """Hold a slot. Raises: NoSlot."""
        call = _Call(target)
        with self._lock:
            # Where there is room nobody waits for it: it was given away when it came.
            is_begun = self._has_room(target)
            if is_begun:
                self._begin(call)
            else:
                self._waiting.append(call)
        if not is_begun:
            self._wait(call, time.monotonic() + patience_seconds)
        try:
            yield
        finally:
            self._end(call)

    def _wait(self, call: _Call, until: float) -> None:
        """Raises: NoSlot."""
        while True:
            with self._lock:
                if call.begun.is_set():
                    return
                seconds = min(until, self._young_until(call.target)) - time.monotonic()
                if seconds <= 0:
                    self._waiting.remove(call)
                    raise NoSlot(call.target)
            call.begun.wait(seconds)

    def _young_until(self, target: str) -> float:
        """When those ahead will have taken so long that waiting for them is no use.

        One that hangs speaks for its target. All slots are taken by several: there the latest shows that some move.
        """
        own = [call.begun_at for call in self._running.get(target, ())]
        if len(own) >= self.per_target:
            return min(own) + PATIENCE_SECONDS
        return max(call.begun_at for calls in self._running.values() for call in calls) + PATIENCE_SECONDS

    def _has_room(self, target: str) -> bool:
        return self._count < self.most and len(self._running.get(target, ())) < self.per_target

    def _begin(self, call: _Call) -> None:
        call.begun_at = time.monotonic()
        self._running.setdefault(call.target, []).append(call)
        self._count += 1

    def _end(self, call: _Call) -> None:
        with self._lock:
            self._count -= 1
            running = self._running[call.target]
            running.remove(call)
            if not running:
                del self._running[call.target]
            for waiting in list(self._waiting):
                if self._has_room(waiting.target):
                    self._waiting.remove(waiting)
                    self._begin(waiting)
                    waiting.begun.set()


_slots = Slots(max(1, config.web_threads // 2))


def of_process() -> Slots:
    return _slots


def resize(most: int, per_target: int = PER_TARGET) -> None:
    """Say how many of this process's threads may wait for functions; a web process needs not."""
    global _slots  # noqa: PLW0603
    _slots = Slots(most, per_target)
