"""Waiting for what comes a moment later."""

from __future__ import annotations

import time
from collections.abc import Callable

MOST_SECONDS = 30


def until(is_there: Callable[[], object]) -> None:
    """Ask again and again, until the answer is true."""
    deadline = time.monotonic() + MOST_SECONDS
    while not is_there():
        assert time.monotonic() < deadline, "it has not come"
        time.sleep(0.02)
