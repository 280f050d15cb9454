"""Calling what a trigger names: the time it has, retries, AWS's errors, and the record.

Source: guide, "Important considerations" of Lambda triggers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import orjson
from django.db import connection

from identity.errors import InvalidLambdaResponse, TooManyRequests, UnexpectedLambda, UserLambdaValidation
from pools.config.triggers import TriggerSettings
from pools.models import Pool
from pools.models.invocation import Invocation as Record
from pools.triggers import event, record, slots
from pools.triggers.origin import Origin
from pools.triggers.targets import by_arn
from pools.triggers.targets.base import Answer, Busy, Invocation, NotInvoked, Target, TimedOut

ATTEMPTS = 3
"""Of one call altogether, where it times out or fails in passing."""

Outcome = Record.Outcome
Reply = TypeVar("Reply")

_target: Target = by_arn.invoke


def leave_to(target: Target) -> None:
    """Have another process invoke what triggers name. It may raise Busy beside what targets raise."""
    global _target  # noqa: PLW0603
    _target = target


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
    read: Callable[[Mapping[str, Any]], Reply],
) -> Reply | None:
    """What `read` makes of the response that a pool's function gives, or None where the pool has no such trigger.

    `trigger` is its name in errors and in LambdaConfig, `source` the event's triggerSource, `response` what the event
    holds before. `secrets` are the texts in `request` that records and logs must not keep. Where `read`
    raises InvalidLambdaResponse, the record says so.
    Raises: UserLambdaValidation (the function raised an error), UnexpectedLambda (it cannot be invoked, or is late),
    InvalidLambdaResponse, TooManyRequests.
    """
    arn = TriggerSettings.of(pool).arns.get(trigger)
    if arn is None:
        return None
    said = event.envelope(pool, source, username, request, response, origin, version)
    invocation = _invocation(pool, arn, said, secrets)
    return _Call(trigger, source, username, invocation, lambda payload: read(event.response_in(payload))).perform()


def invoke(invocation: Invocation) -> Answer:
    """One try, for who asks by the Lambda API. Raises: Busy, NotInvoked, TimedOut."""
    try:
        with slots.of_process().taken(invocation.arn):
            return _target(invocation)
    except slots.NoSlot:
        raise Busy() from None


def tell(
    pool: Pool,
    trigger: str,
    source: str,
    username: str,
    request: Mapping[str, Any],
    origin: Origin,
    *,
    secrets: Sequence[str] = (),
) -> None:
    """As `call`, of a function whose answer nobody reads. One try is made: who tells it tries again.

    Raises: UserLambdaValidation, UnexpectedLambda, TooManyRequests.
    """
    said = event.envelope(pool, source, username, request, {}, origin)
    arn = TriggerSettings.of(pool).arns[trigger]
    _Call(trigger, source, username, _invocation(pool, arn, said, secrets), lambda payload: None, attempts=1).perform()


def _invocation(pool: Pool, arn: str, said: Mapping[str, Any], secrets: Sequence[str]) -> Invocation:
    key_arn = TriggerSettings.of(pool).encryption_key
    return Invocation(arn, pool.id, pool.arn, orjson.dumps(said), secrets, key_arn=key_arn)


class _Call(Generic[Reply]):
    """Up to `attempts` tries of one invocation, each of which leaves its row."""

    def __init__(
        self,
        trigger: str,
        source: str,
        username: str | None,
        invocation: Invocation,
        parse: Callable[[bytes], Reply],
        *,
        attempts: int = ATTEMPTS,
    ) -> None:
        if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
            raise RuntimeError("A trigger must not be waited for inside a transaction.")
        self._trigger, self._source, self._username = trigger, source, username
        self._invocation, self._parse, self._attempts = invocation, parse, attempts
        self._attempt = 1
        self._begun = time.monotonic()
        self._rows: list[tuple[int, Record.Outcome, str, Answer | None, float]] = []

    def perform(self) -> Reply:
        try:
            return self._perform()
        finally:  # after the slot is free: a database that is busy makes nobody wait for the function
            for row in self._rows:
                record.write(self._invocation, self._source, self._username, *row)

    def _perform(self) -> Reply:
        try:
            with slots.of_process().taken(self._invocation.arn):
                while True:
                    answer = self._try()
                    if answer is not None:
                        return self._reply(answer)
                    self._attempt += 1
        except (slots.NoSlot, Busy):
            self._record(Outcome.THROTTLED)
            raise TooManyRequests() from None

    def _try(self) -> Answer | None:
        """None where another try may do better. Raises: UnexpectedLambda, Busy."""
        self._begun = time.monotonic()
        is_last = self._attempt == self._attempts
        try:
            return _target(self._invocation)
        except TimedOut as error:
            self._record(Outcome.TIMED_OUT, answer=Answer(log=error.log))
            if is_last:
                text = f"{self._trigger} failed with error Socket timeout while invoking Lambda function."
                raise UnexpectedLambda(text) from error
        except NotInvoked as error:
            self._record(Outcome.NOT_INVOKED, error.reason, Answer(log=error.log))
            if is_last or not error.is_transient:
                text = f"{self._trigger} invocation failed due to error {error.reason}."
                raise UnexpectedLambda(text) from error
        return None

    def _reply(self, answer: Answer) -> Reply:
        """Raises: UserLambdaValidation, InvalidLambdaResponse."""
        if answer.error is not None:
            self._record(Outcome.ERROR, answer.error, answer)
            raise UserLambdaValidation(f"{self._trigger} failed with error {answer.error}.")
        try:
            reply = self._parse(answer.payload)
        except InvalidLambdaResponse as error:
            self._record(Outcome.MALFORMED, error.message, answer)
            raise
        self._record(Outcome.ANSWERED, answer=answer)
        return reply

    def _record(self, outcome: Record.Outcome, detail: str = "", answer: Answer | None = None) -> None:
        self._rows.append((self._attempt, outcome, detail, answer, time.monotonic() - self._begun))
