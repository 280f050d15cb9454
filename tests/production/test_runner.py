"""The runner of functions under `serve`: begun again when it is killed, and gone with the rest."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import Any

from tests.support import processes
from tests.support.functions import Functions
from tests.support.server import Server, running


def test_a_runner_that_is_killed_begins_again_and_all_end_together() -> None:
    with running("--dev") as server:
        functions = Functions(server)
        arn = functions.deploy("idle.py")
        assert answer_of(functions.api, arn, {"a": 1}) == {"a": 1}
        first = runner_of(server)
        os.kill(first, signal.SIGKILL)
        time.sleep(0.3)
        assert answer_of(functions.api, arn, {"a": 2}) == {"a": 2}
        assert runner_of(server) != first
    assert processes.gone(server, within_seconds=5)
    assert not list(server.data.glob("functions-*"))


def answer_of(api: Any, arn: str, event: dict[str, int]) -> Any:
    answer = api.invoke(FunctionName=arn, Payload=json.dumps(event).encode())
    payload = answer["Payload"].read()
    assert "FunctionError" not in answer, payload
    return json.loads(payload)


def runner_of(running: Server) -> int:
    return next(found.pid for found in processes.of(running) if "pools.triggers.runner" in found.command)
