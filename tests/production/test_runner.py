"""The runner of functions beside the other processes: begun again, ended with them, one for a worker alone."""

from __future__ import annotations

import os
import signal
import time

import pytest

from pools.triggers.runner import isolation
from tests.support import processes
from tests.support.functions import Functions, invoked
from tests.support.server import new_server

pytestmark = pytest.mark.skipif(isolation.level() is None, reason="nothing isolates here")


def test_a_runner_that_is_killed_begins_again_and_all_end_together() -> None:
    running = new_server("--dev").start()
    try:
        functions = Functions(running)
        arn = functions.deploy("idle.py")
        assert invoked(functions.api, arn, {"a": 1}) == {"a": 1}
        first = runner_of(running)
        os.kill(first, signal.SIGKILL)
        time.sleep(0.3)
        assert invoked(functions.api, arn, {"a": 2}) == {"a": 2}
        assert runner_of(running) != first
    finally:
        running.stop()
    assert processes.gone(running, within_seconds=5)
    assert not list(running.data.glob("functions-*"))


def runner_of(running: object) -> int:
    return next(found.pid for found in processes.of(running) if "pools.triggers.runner" in found.command)  # type: ignore[arg-type]
