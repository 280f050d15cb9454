"""The one source of time. With --dev it can be moved, for every process of the installation at once.

Everything that reads the time for a decision (tokens, codes, sessions, schedules) calls `now()`.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from identity.config import config

_file: Path = config.data / "clock"


def offset() -> timedelta:
    """How far the clock has been moved."""
    try:
        return timedelta(seconds=float(_file.read_text()))
    except (FileNotFoundError, ValueError):
        return timedelta()


def now() -> datetime:
    """The present moment, UTC, with time zone."""
    moment = datetime.now(UTC)
    return moment + offset() if config.dev else moment


def wall() -> datetime:
    """The real time, UTC. For comparing with clocks outside, such as the one a request was signed by."""
    return datetime.now(UTC)


def advance(seconds: float) -> timedelta:
    """Move the clock of every process forward (development only); returns the whole offset.

    Raises: OverflowError for a time that no calendar has, ValueError.
    """
    moved = offset() + timedelta(seconds=seconds)
    _ = datetime.now(UTC) + moved
    _write(str(moved.total_seconds()))
    return moved


def reset() -> None:
    """Back to real time (development only)."""
    _write("0")


def _write(text: str) -> None:
    partial = _file.with_suffix(f".{os.getpid()}")
    partial.write_text(text)
    partial.replace(_file)
