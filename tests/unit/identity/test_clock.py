"""The clock: real time, moved in development for every process alike."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from identity import clock
from identity.config import config, load


@pytest.fixture(autouse=True)
def reset_clock() -> Iterator[None]:
    clock.reset()
    yield
    clock.reset()


def near(moment: datetime, expected: datetime) -> bool:
    return abs(moment - expected) < timedelta(seconds=5)


def test_now_is_the_real_time_in_utc() -> None:
    assert near(clock.now(), datetime.now(UTC))
    assert clock.now().tzinfo is UTC


def test_moves_add_up_until_the_reset() -> None:
    assert clock.advance(3600) == timedelta(hours=1)
    assert clock.advance(1.5) == timedelta(hours=1, seconds=1.5)
    assert clock.advance(-60) == timedelta(minutes=59, seconds=1.5)
    assert near(clock.now(), datetime.now(UTC) + timedelta(minutes=59))
    clock.reset()
    assert clock.offset() == timedelta()
    assert near(clock.now(), datetime.now(UTC))


def test_the_wall_does_not_move() -> None:
    clock.advance(86400)
    assert near(clock.wall(), datetime.now(UTC))
    assert clock.wall().tzinfo is UTC


def test_another_process_sees_the_move() -> None:
    clock.advance(1_000_000)
    program = "from identity import clock; print(clock.offset().total_seconds())"
    seen = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(seen.stdout) == 1_000_000


@pytest.mark.parametrize("seconds", [1e13, -1e12, 1e300, float("inf"), float("nan")])
def test_a_time_that_no_calendar_has_is_refused_and_the_clock_goes_on(seconds: float) -> None:
    clock.advance(60)
    with pytest.raises((OverflowError, ValueError)):
        clock.advance(seconds)
    assert clock.offset() == timedelta(minutes=1)
    assert near(clock.now(), datetime.now(UTC) + timedelta(minutes=1))


@pytest.mark.parametrize("content", ["", "nonsense", "nan"])
def test_a_spoiled_file_is_no_move(content: str) -> None:
    (config.data / "clock").write_text(content)
    assert clock.offset() == timedelta()


def test_outside_development_a_file_does_not_move_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clock.advance(86400)
    monkeypatch.setattr(clock, "config", load({"GATEHOUSE_DATA": str(config.data)}))
    assert near(clock.now(), datetime.now(UTC))
