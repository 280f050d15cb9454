"""Request rates: windows of a second, categories and what is special about some, and a Redis that comes and goes."""

from __future__ import annotations

import logging
import os
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from identity import clock
from identity.access import rates
from identity.access.rate_categories import CAPPED_PER_POOL, CATEGORY_OF
from identity.access.rates import OwnCounter, Rates, SharedCounter
from identity.config import AWS_REQUEST_RATES
from identity.errors import TooManyRequests
from identity.wire.services import cognito_idp

Wait = Callable[[float], None]


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wait]:
    """Time that stands still unless it is asked to pass."""
    present = [datetime(2030, 1, 1, tzinfo=UTC)]
    monkeypatch.setattr(clock, "now", lambda: present[0])

    def pass_by(seconds: float) -> None:
        present[0] += timedelta(seconds=seconds)

    yield pass_by


def passed(asked: Rates, operation: str, times: int, *, region: str | None = "r-1", resource: str = "*") -> int:
    """How many of so many requests within one moment are let through."""
    count = 0
    for _ in range(times):
        try:
            asked.check(operation, region, resource)
        except TooManyRequests:
            continue
        count += 1
    return count


# Windows


def test_a_window_takes_as_many_as_the_rate_and_the_next_one_again(wait: Wait) -> None:
    asked = Rates({"UserList": 3}, OwnCounter(1))
    assert passed(asked, "ListUsers", 5) == 3
    wait(0.9)
    assert passed(asked, "ListUsers", 5) == 0
    wait(0.1)
    assert passed(asked, "ListUsers", 5) == 3


def test_one_of_several_processes_takes_its_share_and_never_nothing(wait: Wait) -> None:
    assert passed(Rates({"UserList": 30}, OwnCounter(4)), "ListUsers", 40) == 7
    assert passed(Rates({"UserList": 2}, OwnCounter(4)), "ListUsers", 40) == 1


def test_the_refusal_is_aws_s(wait: Wait) -> None:
    asked = Rates({"UserList": 1}, OwnCounter(1))
    asked.check("ListUsers", "r-1", "*")
    with pytest.raises(TooManyRequests) as caught:
        asked.check("ListUsers", "r-1", "*")
    assert (caught.value.code, caught.value.status) == ("TooManyRequestsException", 400)
    assert caught.value.message == "Rate exceeded"


# Categories


def test_every_operation_has_a_category_and_every_category_a_rate() -> None:
    assert set(CATEGORY_OF) == set(cognito_idp.model.operation_names)
    # Sign-in by another identity provider is no operation of this wire.
    assert set(CATEGORY_OF.values()) == set(AWS_REQUEST_RATES) - {"UserFederation", "PerUserPool"}
    assert set(AWS_REQUEST_RATES) > CAPPED_PER_POOL


def test_operations_of_a_category_count_together_and_others_do_not(wait: Wait) -> None:
    asked = Rates({"UserList": 3, "UserRead": 2}, OwnCounter(1))
    assert passed(asked, "ListUsers", 2) == 2
    assert passed(asked, "ListUsersInGroup", 2) == 1
    assert passed(asked, "AdminGetUser", 3) == 2
    assert passed(asked, "SignUp", 100) == 100


def test_each_region_has_its_own_rate_and_requests_without_one_count_together(wait: Wait) -> None:
    asked = Rates({"UserCreation": 1}, OwnCounter(1))
    assert passed(asked, "AdminCreateUser", 2, region="r-1") == 1
    assert passed(asked, "AdminCreateUser", 2, region="r-2") == 1
    assert passed(asked, "SignUp", 2, region=None) == 1


def test_one_operation_on_one_pool_has_a_rate_of_its_own(wait: Wait) -> None:
    asked = Rates({"UserPoolResourceRead": 20, "PerUserPool": 5}, OwnCounter(1))
    assert passed(asked, "ListGroups", 9, resource="pool-1") == 5
    assert passed(asked, "GetGroup", 9, resource="pool-1") == 5
    assert passed(asked, "ListGroups", 9, resource="pool-2") == 5
    assert passed(asked, "ListGroups", 9, resource="pool-3") == 5
    assert passed(asked, "ListGroups", 9, resource="pool-4") == 0
    assert passed(asked, "ListUsers", 9, resource="pool-1") == 9


def test_answers_to_challenges_have_three_times_the_rate_before_they_count_to_it(wait: Wait) -> None:
    asked = Rates({"UserAuthentication": 2}, OwnCounter(1))
    assert passed(asked, "RespondToAuthChallenge", 7) == 7
    assert passed(asked, "InitiateAuth", 3) == 1
    assert passed(asked, "RespondToAuthChallenge", 3) == 0


def test_a_new_password_counts_as_recovery(wait: Wait) -> None:
    asked = Rates({"UserAuthentication": 1, "UserAccountRecovery": 1}, OwnCounter(1))
    asked.check("RespondToAuthChallenge", None, "*", "NEW_PASSWORD_REQUIRED")
    with pytest.raises(TooManyRequests):
        asked.check("RespondToAuthChallenge", None, "*", "NEW_PASSWORD_REQUIRED")
    with pytest.raises(TooManyRequests):
        asked.check("ForgotPassword", None, "*")
    assert passed(asked, "RespondToAuthChallenge", 9, region=None) == 4


@pytest.mark.parametrize("challenge", [None, 5, [], {}, "\x00"])
def test_whatever_stands_where_the_challenge_should_is_another_challenge(wait: Wait, challenge: object) -> None:
    Rates({"UserAuthentication": 1, "UserAccountRecovery": 1}, OwnCounter(1)).check(
        "RespondToAuthChallenge", None, "*", challenge
    )


# Redis


@pytest.mark.skipif(not os.environ.get("REDIS_URL"), reason="REDIS_URL names no Redis to count in")
def test_processes_with_redis_count_together(wait: Wait) -> None:
    one, other = (Rates({"UserList": 4}, SharedCounter(os.environ["REDIS_URL"])) for _ in range(2))
    region = uuid.uuid4().hex
    assert passed(one, "ListUsers", 3, region=region) == 3
    assert passed(other, "ListUsers", 3, region=region) == 1
    wait(1)
    assert passed(other, "ListUsers", 6, region=region) == 4


def test_while_redis_is_away_everything_passes_and_the_log_says_so_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "REST_SECONDS", 0.0)
    counter = SharedCounter("redis://user:secret@127.0.0.1:1/0")
    with caplog.at_level(logging.WARNING):
        assert passed(Rates({"UserList": 1}, counter), "ListUsers", 5) == 5
    (line,) = caplog.messages
    assert re.fullmatch(r"Request rates are not kept: Redis cannot be used \(\w+\)\.", line)


@pytest.mark.skipif(not os.environ.get("REDIS_URL"), reason="REDIS_URL names no Redis to count in")
def test_when_redis_is_back_rates_are_kept_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, wait: Wait
) -> None:
    monkeypatch.setattr(rates, "REST_SECONDS", 0.0)
    counter = SharedCounter("redis://127.0.0.1:1/0")
    asked = Rates({"UserList": 1}, counter)
    assert passed(asked, "ListUsers", 2) == 2
    counter._redis = SharedCounter(os.environ["REDIS_URL"])._redis
    with caplog.at_level(logging.WARNING):
        assert passed(asked, "ListUsers", 3, region=uuid.uuid4().hex) == 1
    assert caplog.messages[-1] == "Request rates are kept again."


def test_without_the_setting_there_is_nothing_to_ask() -> None:
    assert rates.configured is None
