"""Invoking a function that is kept here for somebody who asks by the Lambda API, with the time that the function has.

Source: Lambda API reference, Invoke; developer guide, "Understanding retry behavior" (errors of functions).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import orjson

from identity.errors import InternalError, ResourceNotFound, TooManyRequests
from pools.models import Function
from pools.models.invocation import Invocation as Record
from pools.triggers import deliver, record
from pools.triggers.targets.base import NOT_FOUND, Answer, Busy, Invocation, NotInvoked, TimedOut

_SOURCE = "Invoke"
_THROTTLED = "TooManyRequestsException"

Outcome = Record.Outcome


@dataclass(frozen=True, slots=True)
class Invoked:
    """`payload` is what the function answered, or the JSON of its error when `is_error`."""

    payload: bytes
    log: str
    is_error: bool = False


def invoke(function: Function, event: bytes, *, request_id: str) -> Invoked:
    """Raises: ResourceNotFound, TooManyRequests, InternalError (it cannot be invoked)."""
    # The caller's own permission has decided: no pool asks, so the function's policy has nothing to say.
    invocation = Invocation(function.arn, "", "", event, seconds=float(function.timeout_seconds))
    call = _Call(invocation)
    try:
        answer = deliver.invoke(invocation)
    except Busy:
        call.keep(Outcome.THROTTLED)
        raise TooManyRequests() from None
    except TimedOut as error:
        text = f"RequestId: {request_id} Error: Task timed out after {function.timeout_seconds:.2f} seconds"
        call.keep(Outcome.TIMED_OUT, answer=Answer(log=error.log))
        return Invoked(_error("Sandbox.Timedout", text), error.log, is_error=True)
    except NotInvoked as error:
        outcome = Outcome.THROTTLED if error.reason == _THROTTLED else Outcome.NOT_INVOKED
        call.keep(outcome, error.reason, Answer(log=error.log))
        raise _refusal(function, error) from error
    call.keep(Outcome.ANSWERED if answer.error is None else Outcome.ERROR, answer.error or "", answer)
    if answer.error is None:
        return Invoked(answer.payload, answer.log)
    return Invoked(answer.payload or _error("Error", answer.error), answer.log, is_error=True)


def _refusal(function: Function, error: NotInvoked) -> ResourceNotFound | TooManyRequests | InternalError:
    if error.reason == NOT_FOUND:  # it was deleted meanwhile
        return ResourceNotFound(f"Function not found: {function.arn}")
    return TooManyRequests() if error.reason == _THROTTLED else InternalError()


def _error(kind: str, text: str) -> bytes:
    """As Lambda answers for a function that could not."""
    return orjson.dumps({"errorType": kind, "errorMessage": text})


class _Call:
    """One invocation, whose row tells how long it took."""

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation
        self._begun = time.monotonic()

    def keep(self, outcome: Record.Outcome, detail: str = "", answer: Answer | None = None) -> None:
        seconds = time.monotonic() - self._begun
        record.write(self._invocation, _SOURCE, None, 1, outcome, detail, answer, seconds)
