"""Calls that nobody waits for: made in a thread of their own, as many as come while one is under way become one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread

log = logging.getLogger(__name__)


class Nudge:
    """Wraps a call that may be slow, and may fail: whoever makes it goes on at once."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._wanted = Event()
        self._lock = Lock()
        self._thread: Thread | None = None

    def __call__(self) -> None:
        self._wanted.set()
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = Thread(target=self._run, name="nudge", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while self._wanted.wait():
            self._wanted.clear()
            try:
                self._call()
            except Exception:  # of a broker, say, in a way of its own; the next call may do better
                log.exception("a call failed")
