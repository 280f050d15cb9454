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
from pools.triggers import record
from pools.triggers.targets import functions
from pools.triggers.targets.base import Answer, Invocation, NotInvoked, TimedOut

_SOURCE = "Invoke"
_REFUSALS = {"ResourceNotFoundException": ResourceNotFound, "TooManyRequestsException": TooManyRequests}

Outcome = Record.Outcome


@dataclass(frozen=True, slots=True)
class Invoked:
    """`payload` is what the function answered, or the JSON of its error when `is_error`."""

    payload: bytes
    log: str
    is_error: bool = False


def invoke(function: Function, event: bytes, *, request_id: str) -> Invoked:
    """Raises: ResourceNotFound, TooManyRequests, InternalError (it cannot be invoked)."""
    # Whose own permission decided already: no pool asks, so the function's policy has nothing to say.
    invocation = Invocation(function.arn, "", "", event, seconds=float(function.timeout_seconds))
    begun = time.monotonic()
    try:
        answer = functions.invoke(invocation)
    except TimedOut as late:
        text = f"RequestId: {request_id} Error: Task timed out after {function.timeout_seconds:.2f} seconds"
        answer = Answer(_error("Sandbox.Timedout", text), error=text, log=late.log)
        _keep(invocation, Outcome.TIMED_OUT, answer, begun)
        return Invoked(answer.payload, answer.log, is_error=True)
    except NotInvoked as error:
        is_throttled = error.reason == "TooManyRequestsException"
        record_as = Outcome.THROTTLED if is_throttled else Outcome.NOT_INVOKED
        record.write(invocation, _SOURCE, None, 1, record_as, error.reason, None, time.monotonic() - begun)
        raise _REFUSALS.get(error.reason, InternalError)() from error
    if answer.error is None:
        _keep(invocation, Outcome.ANSWERED, answer, begun)
        return Invoked(answer.payload, answer.log)
    _keep(invocation, Outcome.ERROR, answer, begun)
    return Invoked(answer.payload or _error("Error", answer.error), answer.log, is_error=True)


def _error(kind: str, text: str) -> bytes:
    return orjson.dumps({"errorType": kind, "errorMessage": text})


def _keep(invocation: Invocation, outcome: Record.Outcome, answer: Answer, begun: float) -> None:
    record.write(invocation, _SOURCE, None, 1, outcome, answer.error or "", answer, time.monotonic() - begun)
