"""The runner of functions under `serve`: begun again when it is killed, and gone with the rest."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import Any

from tests.support import processes
from tests.support.functions import Functions
from tests.support.server import Server, drop_database, new_server


def test_a_runner_that_is_killed_begins_again_and_all_end_together() -> None:
    running = new_server("--dev").start()
    try:
        functions = Functions(running)
        arn = functions.deploy("idle.py")
        assert answer_of(functions.api, arn, {"a": 1}) == {"a": 1}
        first = runner_of(running)
        os.kill(first, signal.SIGKILL)
        time.sleep(0.3)
        assert answer_of(functions.api, arn, {"a": 2}) == {"a": 2}
        assert runner_of(running) != first
    finally:
        running.stop()
        if "DATABASE_URL" in running.environment:
            drop_database(running.environment["DATABASE_URL"])
    assert processes.gone(running, within_seconds=5)
    assert not list(running.data.glob("functions-*"))


def answer_of(api: Any, arn: str, event: dict[str, int]) -> Any:
    answer = api.invoke(FunctionName=arn, Payload=json.dumps(event).encode())
    payload = answer["Payload"].read()
    assert "FunctionError" not in answer, payload
    return json.loads(payload)


def runner_of(running: Server) -> int:
    return next(found.pid for found in processes.of(running) if "pools.triggers.runner" in found.command)
