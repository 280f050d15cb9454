"""Calling what a trigger names: the time it has, retries, AWS's errors, and the record.

Source: guide, "Important considerations" of Lambda triggers.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.db import connection

from identity.errors import InvalidLambdaResponse, UnexpectedLambda, UserLambdaValidation
from pools.config.triggers import TriggerSettings
from pools.models import Pool
from pools.models.invocation import Invocation as Record
from pools.triggers import event, record
from pools.triggers.origin import Origin
from pools.triggers.targets import aws_lambda, functions, webhook
from pools.triggers.targets.base import Answer, Invocation, NotInvoked, Target, TimedOut

ATTEMPTS = 3
"""Of one call altogether, where it times out or fails in passing."""

Outcome = Record.Outcome

log = logging.getLogger(__name__)


def call(
    pool: Pool,
    trigger: str,
    source: str,
    username: str | None,
    request: Mapping[str, Any],
    response: Mapping[str, Any],
    origin: Origin,
    *,
    version: str = "1",
    secrets: Sequence[str] = (),
) -> Mapping[str, Any] | None:
    """The response that a pool's function gives, or None where the pool has no such trigger.

    `trigger` is its name in errors and in LambdaConfig, `source` the event's triggerSource, `response` what the event
    holds before. `secrets` are the texts in `request` that records and logs must not keep.
    Raises: UserLambdaValidation (the function raised an error), UnexpectedLambda (it cannot be invoked, or is late),
    InvalidLambdaResponse, TooManyRequests.
    """
    arn = TriggerSettings.of(pool).arns.get(trigger)
    if arn is None:
        return None
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise RuntimeError("A trigger must not be waited for inside a transaction.")
    said = event.envelope(pool, source, username, request, response, origin, version)
    invocation = Invocation(arn, pool.id, pool.arn, orjson.dumps(said), secrets)
    answer = _invoke(trigger, source, username, invocation)
    return _response(answer)


def _invoke(trigger: str, source: str, username: str | None, invocation: Invocation) -> Answer:
    for attempt in range(1, ATTEMPTS + 1):
        begun = time.monotonic()
        outcome, detail, answer = _try(invocation)
        record.write(invocation, source, username, attempt, outcome, detail, answer, time.monotonic() - begun)
        if outcome is Outcome.ANSWERED and answer is not None:
            return answer
        if outcome is Outcome.ERROR:
            raise UserLambdaValidation(f"{trigger} failed with error {detail}.")
        if outcome is Outcome.NOT_INVOKED and detail != _IN_PASSING:
            raise UnexpectedLambda(f"{trigger} invocation failed due to error {detail}.")
    if outcome is Outcome.TIMED_OUT:
        raise UnexpectedLambda(f"{trigger} failed with error Socket timeout while invoking Lambda function.")
    raise UnexpectedLambda(f"{trigger} invocation failed due to error {detail}.")


_IN_PASSING = "ServiceException"


def _try(invocation: Invocation) -> tuple[Outcome, str, Answer | None]:
    try:
        answer = _target(invocation.arn)(invocation)
    except TimedOut:
        return Outcome.TIMED_OUT, "", None
    except NotInvoked as error:
        return Outcome.NOT_INVOKED, error.reason, None
    if answer.error is not None:
        return Outcome.ERROR, answer.error, answer
    return Outcome.ANSWERED, "", answer


def _target(arn: str) -> Target:
    service = arn.split(":")[2]
    if service == "gatehouse":
        return webhook.invoke
    return functions.invoke if service == "lambda" else aws_lambda.invoke


def _response(answer: Answer) -> Mapping[str, Any]:
    """Raises: InvalidLambdaResponse."""
    try:
        said = orjson.loads(answer.payload)
    except orjson.JSONDecodeError:
        raise InvalidLambdaResponse() from None
    if not isinstance(said, Mapping) or "version" not in said:
        raise InvalidLambdaResponse()
    response = said.get("response")
    if response is None:
        return {}
    if not isinstance(response, Mapping):
        raise InvalidLambdaResponse()
    return response
