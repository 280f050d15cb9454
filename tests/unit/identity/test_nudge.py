"""A call that nobody waits for."""

from __future__ import annotations

from threading import Event

from identity.nudge import Nudge

SECONDS = 10


def test_who_calls_goes_on_and_calls_meanwhile_become_one() -> None:
    begun, may_end, ended_twice = Event(), Event(), Event()
    calls = []

    def slow() -> None:
        calls.append(None)
        begun.set()
        assert may_end.wait(SECONDS)
        if len(calls) == 2:
            ended_twice.set()

    nudge = Nudge(slow)
    nudge()
    assert begun.wait(SECONDS)
    for _ in range(100):
        nudge()
    assert len(calls) == 1
    may_end.set()
    assert ended_twice.wait(SECONDS)
    assert not nudge._wanted.is_set()


def test_a_call_that_fails_ends_no_other() -> None:
    failed, done = Event(), Event()

    def failing() -> None:
        if not failed.is_set():
            failed.set()
            raise RuntimeError("the broker has its own ways")
        done.set()

    nudge = Nudge(failing)
    nudge()
    assert failed.wait(SECONDS)
    nudge()
    assert done.wait(SECONDS)
