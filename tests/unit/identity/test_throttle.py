"""Attempt limits and lock-outs, counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from identity import clock, throttle
from identity.errors import LimitExceeded
from identity.models import AttemptWindow, Backoff
from identity.throttle import Guard, Locked

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def real_time() -> Iterator[None]:
    yield
    clock.reset()


def is_allowed(key: str = "key", limit: int = 3) -> bool:
    try:
        throttle.reserve(key, limit=limit)
    except LimitExceeded:
        return False
    return True


def guess(*, right: bool = False, key: str = "key") -> str:
    try:
        guard = Guard(key)
    except Locked:
        return "locked"
    if right:
        guard.passed()
        return "right"
    guard.failed()
    return "wrong"


# Limits


def test_a_window_holds_as_many_tries_as_its_limit() -> None:
    assert [is_allowed() for _ in range(5)] == [True, True, True, False, False]
    assert AttemptWindow.objects.get().count == 3


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_the_limit_is_exact(limit: int) -> None:
    assert [is_allowed(limit=limit) for _ in range(limit + 1)] == [True] * limit + [False]


def test_a_window_opens_again_after_its_hour_and_not_before() -> None:
    assert [is_allowed() for _ in range(4)][-1] is False
    clock.advance(3600 - 30)
    assert not is_allowed()
    clock.advance(30)
    assert [is_allowed() for _ in range(4)] == [True, True, True, False]


def test_tries_do_not_extend_the_window() -> None:
    for _ in range(4):
        is_allowed()
        clock.advance(900)
    assert is_allowed()


def test_a_window_can_be_of_another_length() -> None:
    throttle.reserve("key", limit=1, window=timedelta(minutes=1))
    with pytest.raises(LimitExceeded):
        throttle.reserve("key", limit=1, window=timedelta(minutes=1))
    clock.advance(60)
    throttle.reserve("key", limit=1, window=timedelta(minutes=1))


def test_keys_are_counted_apart() -> None:
    assert [is_allowed("one", 1), is_allowed("two", 1), is_allowed("one", 1)] == [True, True, False]


def test_a_try_that_was_right_is_given_back() -> None:
    for _ in range(10):
        assert is_allowed()
        throttle.give_back("key")
    assert [is_allowed() for _ in range(4)] == [True, True, True, False]


def test_giving_back_what_was_not_taken_allows_no_more() -> None:
    for _ in range(5):
        throttle.give_back("key")
    assert is_allowed()
    for _ in range(5):
        throttle.give_back("key")
    assert [is_allowed() for _ in range(4)] == [True, True, True, False]


# Lock-outs


def test_the_fifth_failure_in_a_row_locks() -> None:
    assert [guess() for _ in range(6)] == ["wrong"] * 5 + ["locked"]
    assert guess(right=True) == "locked"


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(5, 1), (6, 2), (7, 4), (8, 8), (9, 16), (10, 32), (11, 64), (12, 128), (13, 256), (14, 512), (15, 900)],
)
def test_the_lock_doubles_up_to_fifteen_minutes(failures: int, seconds: int) -> None:
    fail(failures)
    row = Backoff.objects.get()
    assert row.locked_until is not None
    assert row.failures == failures
    assert row.locked_until - row.failed_at == timedelta(seconds=seconds)


def fail(times: int) -> None:
    """Failures in a row, each as soon as the lock before it is over."""
    for failure in range(1, times + 1):
        assert guess() == "wrong", f"failure {failure}"
        if throttle.FREE_FAILURES <= failure < times:
            clock.advance(min(2 ** (failure - throttle.FREE_FAILURES), 900))


@pytest.mark.parametrize("failures", [1, 2, 3, 4])
def test_fewer_failures_lock_nothing(failures: int) -> None:
    fail(failures)
    row = Backoff.objects.get()
    assert (row.failures, row.locked_until) == (failures, None)
    assert guess(right=True) == "right"


def test_a_try_while_locked_counts_for_nothing() -> None:
    fail(8)
    before = Backoff.objects.values().get()
    assert [guess(), guess(right=True), guess()] == ["locked"] * 3
    assert Backoff.objects.values().get() == before


def test_a_success_after_the_lock_forgets_the_failures() -> None:
    fail(8)
    clock.advance(8)
    assert guess(right=True) == "right"
    assert not Backoff.objects.exists()
    assert [guess() for _ in range(5)] == ["wrong"] * 5


def test_a_success_without_failures_writes_nothing() -> None:
    assert guess(right=True) == "right"
    assert not Backoff.objects.exists()


@pytest.mark.parametrize(("idle_seconds", "failures"), [(900, 1), (870, 5)])
def test_fifteen_idle_minutes_forget_the_failures(idle_seconds: int, failures: int) -> None:
    fail(4)
    clock.advance(idle_seconds)
    assert guess() == "wrong"
    assert Backoff.objects.get().failures == failures


def test_subjects_are_counted_apart() -> None:
    fail(8)
    assert guess() == "locked"
    assert guess(key="other") == "wrong"


def test_tries_under_way_together_are_all_counted() -> None:
    """Below the limit several may look at a password at once; each failure counts."""
    guards = [Guard("key") for _ in range(7)]
    for guard in guards:
        guard.failed()
    row = Backoff.objects.get()
    assert row.failures == 7
    assert guess() == "locked"


def test_at_the_limit_a_try_is_paid_for_before_it_is_made() -> None:
    """A second one finds the lock, whatever becomes of the first; even one that is never told how it ended."""
    fail(4)
    first = Guard("key")
    assert guess(right=True) == "locked"
    assert Backoff.objects.get().failures == 5
    first.failed()
    assert Backoff.objects.get().failures == 5, "counted once"


def test_a_try_that_was_paid_for_and_right_is_refunded() -> None:
    fail(4)
    Guard("key").passed()
    assert not Backoff.objects.exists()


def test_a_try_that_is_taken_back_leaves_what_was_there() -> None:
    Guard("key", is_strict=True).take_back()
    assert not Backoff.objects.exists()
    fail(5)
    clock.advance(1)
    Guard("key", is_strict=True).take_back()
    row = Backoff.objects.get()
    assert (row.failures, row.locked_until) == (5, None)
    assert [guess(), guess()] == ["wrong", "locked"]


def test_a_try_that_is_taken_back_takes_nothing_from_others() -> None:
    first = Guard("key", is_strict=True)
    Guard("key", is_strict=True).failed()
    first.take_back()
    assert Backoff.objects.get().failures == 2


def test_a_try_that_was_not_counted_has_nothing_to_take_back() -> None:
    fail(2)
    Guard("key").take_back()
    assert Backoff.objects.get().failures == 2


# What another process does between two statements


@contextmanager
def meanwhile(after: str, act: Callable[[], object]) -> Iterator[None]:
    """Let another process act once, right after the first statement of this kind."""
    acted = False

    def interpose(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal acted
        result = execute(sql, params, many, context)
        if sql.startswith(after) and not acted:
            acted = True
            act()
        return result

    with connection.execute_wrapper(interpose):
        yield
    assert acted


def test_a_window_that_another_try_has_just_opened_is_not_full() -> None:
    def open_window() -> None:
        now = clock.now()
        AttemptWindow.objects.create(key="key", opened_at=now, expires_at=now + throttle.HOUR, count=1)

    with meanwhile("UPDATE", open_window):
        throttle.reserve("key", limit=2)
    assert AttemptWindow.objects.get().count == 2
    assert not is_allowed(limit=2)


def test_a_window_that_others_have_just_filled_is_full() -> None:
    def fill_window() -> None:
        now = clock.now()
        AttemptWindow.objects.create(key="key", opened_at=now, expires_at=now + throttle.HOUR, count=2)

    with meanwhile("UPDATE", fill_window), pytest.raises(LimitExceeded):
        throttle.reserve("key", limit=2)


def test_a_window_that_opens_between_looking_and_opening_is_joined() -> None:
    def open_window() -> None:
        now = clock.now()
        AttemptWindow.objects.create(key="key", opened_at=now, expires_at=now + throttle.HOUR, count=1)

    with meanwhile("DELETE", open_window):
        throttle.reserve("key", limit=2)
    assert AttemptWindow.objects.get().count == 2


def test_of_two_tries_at_the_limit_one_is_locked_out() -> None:
    """Both have read four failures; the other one has paid first."""
    fail(4)
    with meanwhile("SELECT", lambda: Guard("key")), pytest.raises(Locked):
        Guard("key")
    assert Backoff.objects.get().failures == 5


def test_a_failure_told_while_another_is_being_told_is_not_lost() -> None:
    fail(1)
    guard = Guard("key")
    with meanwhile("SELECT", lambda: Backoff.objects.update(failures=2)):
        guard.failed()
    assert Backoff.objects.get().failures == 3


def test_the_first_two_failures_at_once_are_both_counted() -> None:
    guard = Guard("key")
    with meanwhile("SELECT", lambda: Backoff.objects.create(key="key", failures=1, failed_at=clock.now())):
        guard.failed()
    assert Backoff.objects.get().failures == 2
