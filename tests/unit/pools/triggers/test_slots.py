"""Slots: who may wait for a function, who waits for a slot, and who is refused at once."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event

import pytest

from pools.triggers.slots import PATIENCE_SECONDS, NoSlot, Slots

FAST = "fast"
HANGING = "hanging"


class Calls:
    """Calls in threads of their own."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.end = Event()
        self._threads = ThreadPoolExecutor(64)

    def hang(self, target: str, count: int = 1) -> list[Future[float]]:
        """Calls that last until `end`; each is the seconds it waited for its slot."""
        futures = [self._threads.submit(self._call, target, None) for _ in range(count)]
        time.sleep(0.03)
        return futures

    def last(self, target: str, seconds: float, count: int = 1) -> list[Future[float]]:
        return [self._threads.submit(self._call, target, seconds) for _ in range(count)]

    def _call(self, target: str, seconds: float | None) -> float:
        begun = time.monotonic()
        with self.slots.taken(target):
            waited = time.monotonic() - begun
            self.end.wait(10) if seconds is None else time.sleep(seconds)
        return waited

    def refused(self, target: str) -> float:
        """The seconds after which a call was refused."""
        begun = time.monotonic()
        with pytest.raises(NoSlot), self.slots.taken(target):
            pass
        return time.monotonic() - begun


@pytest.fixture
def calls() -> Calls:
    return Calls(Slots(8))


@pytest.fixture(autouse=True)
def _end(calls: Calls) -> object:
    yield
    calls.end.set()


def test_target_that_hangs_has_four_slots_and_the_others_go_on(calls: Calls) -> None:
    calls.hang(HANGING, 4)
    time.sleep(PATIENCE_SECONDS)
    assert all(calls.refused(HANGING) < 0.1 for _ in range(20)), "at once"
    assert [future.result() < 0.1 for future in calls.last(FAST, 0.01, 4)] == [True] * 4


def test_who_comes_while_it_is_not_known_yet_waits_until_it_is(calls: Calls) -> None:
    calls.hang(HANGING, 4)
    assert 0.1 < calls.refused(HANGING) < PATIENCE_SECONDS + 0.1


def test_burst_of_quick_calls_is_let_through(calls: Calls) -> None:
    waited = [future.result() for future in calls.last(FAST, 0.01, 40)]
    assert max(waited) > 0.01, "there were more than slots"


def test_burst_is_served_in_the_order_of_coming() -> None:
    calls = Calls(Slots(2))
    calls.hang(FAST)
    order: list[int] = []

    def take(number: int) -> None:
        with calls.slots.taken(FAST):
            order.append(number)
            time.sleep(0.005)

    with ThreadPoolExecutor(8) as threads:
        futures = []
        for number in range(4):
            futures.append(threads.submit(take, number))
            while len(calls.slots._waiting) <= number:
                time.sleep(0.001)
        calls.end.set()
        wait(futures)
    assert [future.exception() for future in futures] == [None] * 4
    assert order == sorted(order)
    assert len(order) == 4


def test_nobody_waits_longer_for_a_slow_target(calls: Calls) -> None:
    """Its calls end, one after the other, but not soon enough for everyone."""
    outcomes = calls.last(FAST, 0.2, 24)
    wait(outcomes)
    waited = [future.result() for future in outcomes if future.exception() is None]
    assert 4 < len(waited) < 24
    assert max(waited) < PATIENCE_SECONDS + 0.1
    assert all(isinstance(error, NoSlot) for error in (future.exception() for future in outcomes) if error)


def test_altogether_there_are_so_many(calls: Calls) -> None:
    calls.hang("one", 4)
    calls.hang("two", 4)
    time.sleep(PATIENCE_SECONDS)
    assert calls.refused(FAST) < 0.1


def test_while_some_move_others_wait_for_them(calls: Calls) -> None:
    """All slots are taken, by a target that hangs and by one that does not."""
    calls.hang(HANGING, 4)
    time.sleep(PATIENCE_SECONDS)
    busy = calls.last("busy", 0.1, 4)
    time.sleep(0.02)
    assert 0.01 < calls.last(FAST, 0.01)[0].result() < PATIENCE_SECONDS
    wait(busy)


def test_slots_are_given_back_when_calls_fail(calls: Calls) -> None:
    for _ in range(20):
        with pytest.raises(ValueError, match="it failed"), calls.slots.taken(FAST):
            raise ValueError("it failed")


@pytest.mark.parametrize(("most", "per_target"), [(1, 1), (2, 1), (3, 2), (4, 3), (8, 4), (32, 4)])
def test_one_target_never_has_the_last_of_several(most: int, per_target: int) -> None:
    calls = Calls(Slots(most))
    calls.hang(HANGING, per_target)
    time.sleep(PATIENCE_SECONDS)
    calls.refused(HANGING)
    if most > 1:
        calls.last(FAST, 0)[0].result()
    calls.end.set()


def test_without_patience_nobody_waits(calls: Calls) -> None:
    calls.hang(FAST, 4)
    begun = time.monotonic()
    with pytest.raises(NoSlot), calls.slots.taken(FAST, patience_seconds=0):
        pass
    assert time.monotonic() - begun < 0.1
