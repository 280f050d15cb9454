"""What every target takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

LIMIT_SECONDS = 5.0
"""How long a trigger's function may take. Source: guide, "Important considerations" of Lambda triggers."""

NOT_FOUND = "ResourceNotFoundException"
FAILED = "ServiceException"


@dataclass(frozen=True, slots=True)
class Invocation:
    """One try. `event` is JSON; `secrets` are texts in it that no log may keep; `key_arn` is the pool's KMSKeyID."""

    arn: str
    pool_id: str
    pool_arn: str
    event: bytes
    secrets: Sequence[str] = ()
    seconds: float = LIMIT_SECONDS
    key_arn: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """`payload` is JSON, or what a function took for it; `error` is the message of one that raised an error."""

    payload: bytes = b""
    error: str | None = None
    log: str = ""


class NotInvoked(Exception):
    """It cannot be invoked; `reason` is an AWS error code. `is_transient`: another try may do better.

    `log` tells operators more.
    """

    def __init__(self, reason: str, *, is_transient: bool = False, log: str = "") -> None:
        self.reason = reason
        self.is_transient = is_transient
        self.log = log
        super().__init__(reason)


class TimedOut(Exception):
    """No answer in time. `log` is what the function wrote until then."""

    def __init__(self, log: str = "") -> None:
        self.log = log
        super().__init__()


class Busy(Exception):
    """So many wait for it already that this call was not tried."""


Target = Callable[[Invocation], Answer]


def error_message(payload: bytes) -> str | None:
    """What a function that raised an error says: the `errorMessage` of the object that Lambda makes of it, or none."""
    try:
        said = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(said, dict) or "errorMessage" not in said:
        return None
    message = said["errorMessage"]
    return message if isinstance(message, str) else orjson.dumps(message).decode()
