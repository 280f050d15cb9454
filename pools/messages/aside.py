"""Threads beside the one that sends: what may be slow for one pool's own reasons keeps nobody else's messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from types import TracebackType
from typing import Self

from django.db import connection


class Aside:
    """At most `total` at once, and `per_key` for one key. Leaving it waits for all."""

    def __init__(self, total: int, per_key: int) -> None:
        self._total, self._per_key = total, per_key
        self._threads = ThreadPoolExecutor(total, thread_name_prefix="sender")
        self._running: dict[Future[None], str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._threads.shutdown()

    def has_room(self, key: str) -> bool:
        self._forget_done()
        return len(self._running) < self._total and Counter(self._running.values())[key] < self._per_key

    def start(self, key: str, work: Callable[[], None]) -> None:
        """Begin with `work`; call where there is room."""
        self._running[self._threads.submit(_run, work)] = key

    def wait(self, seconds: float) -> bool:
        """Wait until something of it is done, if anything runs; whether anything did."""
        self._forget_done()
        if not self._running:
            return False
        wait(self._running, seconds, FIRST_COMPLETED)
        return True

    def _forget_done(self) -> None:
        for done in [future for future in self._running if future.done()]:
            del self._running[done]
            done.result()


def _run(work: Callable[[], None]) -> None:
    with closing(connection):
        work()
