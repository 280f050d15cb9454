"""Invoking by the Lambda API, with targets that end in each way: what is answered, and what the record keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from identity.errors import InternalError, ResourceNotFound, ServiceError, TooManyRequests
from pools.models import Function
from pools.models.invocation import Invocation as Record
from pools.triggers import deliver
from pools.triggers.invoke import Invoked, invoke
from pools.triggers.targets import by_arn
from pools.triggers.targets.base import Answer, Busy, Invocation, NotInvoked, TimedOut

FUNCTION = Function(region="us-east-1", name="f", timeout_seconds=7)

pytestmark = pytest.mark.django_db


class Target:
    """Ends as it is told; keeps what it was asked."""

    def __init__(self) -> None:
        self.end: Answer | Exception = Answer(b"null")
        self.asked: list[Invocation] = []

    def __call__(self, invocation: Invocation) -> Answer:
        self.asked.append(invocation)
        if isinstance(self.end, Exception):
            raise self.end
        return self.end


@pytest.fixture
def target() -> Iterator[Target]:
    made = Target()
    deliver.leave_to(made)
    yield made
    deliver.leave_to(by_arn.invoke)


def asked() -> Invoked:
    return invoke(FUNCTION, b'{"key": "value"}', request_id="r-1")


def row() -> Record:
    return Record.objects.get(target=FUNCTION.arn)


def test_a_function_has_its_own_time_and_no_pool(target: Target) -> None:
    assert asked() == Invoked(b"null", "")
    (invocation,) = target.asked
    assert (invocation.arn, invocation.pool_id, invocation.pool_arn) == (FUNCTION.arn, "", "")
    assert (invocation.event, invocation.seconds) == (b'{"key": "value"}', 7.0)


def test_an_answer_is_handed_on_with_its_log(target: Target) -> None:
    target.end = Answer(b'{"a":1}', log="said\n")
    assert asked() == Invoked(b'{"a":1}', "said\n")
    kept = row()
    assert (kept.source, kept.outcome, kept.log, kept.pool_id) == ("Invoke", "answered", "said\n", None)


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (b'{"errorMessage":"no","errorType":"ValueError"}', {"errorMessage": "no", "errorType": "ValueError"}),
        (b"", {"errorMessage": "no", "errorType": "Error"}),
    ],
)
def test_an_error_of_the_function_is_an_answer(target: Target, payload: bytes, told: dict[str, Any]) -> None:
    target.end = Answer(payload, error="no", log="Traceback")
    invoked = asked()
    assert invoked.is_error
    assert json.loads(invoked.payload) == told
    assert (row().outcome, row().detail, row().log) == ("error", "no", "Traceback")


def test_a_function_that_takes_too_long_is_an_answer_too(target: Target) -> None:
    target.end = TimedOut("so far")
    invoked = asked()
    assert (invoked.is_error, invoked.log) == (True, "so far")
    assert json.loads(invoked.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: r-1 Error: Task timed out after 7.00 seconds",
    }
    assert row().outcome == "timed out"


@pytest.mark.parametrize(
    ("end", "refusal", "outcome"),
    [
        (Busy(), TooManyRequests, "throttled"),
        (NotInvoked("TooManyRequestsException"), TooManyRequests, "throttled"),
        (NotInvoked("ResourceNotFoundException"), ResourceNotFound, "not invoked"),
        (NotInvoked("ServiceException"), InternalError, "not invoked"),
    ],
)
def test_what_cannot_be_invoked_is_refused(
    target: Target, end: Exception, refusal: type[ServiceError], outcome: str
) -> None:
    target.end = end
    with pytest.raises(refusal):
        asked()
    assert row().outcome == outcome
    assert len(target.asked) == 1
