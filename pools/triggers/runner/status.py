"""How an invocation of a function can end."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    ANSWERED = "answered"
    ERROR = "error"
    TIMED_OUT = "timed out"
    EXITED = "exited"
    OUT_OF_MEMORY = "out of memory"
    THROTTLED = "throttled"
    NOT_AVAILABLE = "not available"
