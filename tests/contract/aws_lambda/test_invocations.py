"""Invoke with functions that run: answers, errors, logs, limits, and code that changes under them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.support.clients import refused
from tests.support.lambda_api import make, zipped

PYTHON = """
import os
import time

def lambda_handler(event, context):
    print("event with", sorted(event))
    if "fail" in event:
        raise ValueError(event["fail"])
    time.sleep(event.get("sleep", 0))
    return {"got": event, "stage": os.environ.get("STAGE"), "name": context.function_name,
            "arn": context.invoked_function_arn, "version": context.function_version,
            "memory": context.memory_limit_in_mb}
"""
NODE = "exports.handler = (event, context, callback) => callback(null, { got: event, node: process.version });"


@pytest.fixture(scope="module")
def python(api: Any) -> dict[str, Any]:
    return make(
        api,
        Code={"ZipFile": zipped({"index.py": PYTHON})},
        Environment={"Variables": {"STAGE": "test"}},
        MemorySize=256,
    )


def invoked(api: Any, function: dict[str, Any], event: object = None, **members: Any) -> dict[str, Any]:
    payload = {} if event is None else {"Payload": json.dumps(event).encode()}
    answer: dict[str, Any] = api.invoke(FunctionName=function["FunctionName"], **payload, **members)
    return {**answer, "Payload": json.loads(answer["Payload"].read())}


def test_a_function_answers_what_it_returns(api: Any, python: dict[str, Any]) -> None:
    answer = invoked(api, python, {"key": "vålue"})
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in answer
    assert "LogResult" not in answer
    assert answer["Payload"] == {
        "got": {"key": "vålue"},
        "stage": "test",
        "name": python["FunctionName"],
        "arn": python["FunctionArn"],
        "version": "$LATEST",
        "memory": "256",
    }


def test_without_a_payload_the_event_is_empty(api: Any, python: dict[str, Any]) -> None:
    assert invoked(api, python)["Payload"]["got"] == {}


def test_the_tail_of_the_log_comes_along_when_it_is_asked_for(api: Any, python: dict[str, Any]) -> None:
    answer = invoked(api, python, {"key": 1}, LogType="Tail")
    assert "event with ['key']" in base64.b64decode(answer["LogResult"]).decode()


def test_an_error_of_the_function_is_told_as_one(api: Any, python: dict[str, Any]) -> None:
    answer = invoked(api, python, {"fail": "no such user"})
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert (answer["Payload"]["errorType"], answer["Payload"]["errorMessage"]) == ("ValueError", "no such user")


def test_a_function_that_takes_longer_than_its_time_is_ended(api: Any) -> None:
    function = make(api, Code={"ZipFile": zipped({"index.py": PYTHON})}, Timeout=1)
    answer = invoked(api, function, {"sleep": 30})
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorMessage"].endswith("Task timed out after 1.00 seconds")


def test_a_function_may_take_longer_than_a_trigger(api: Any) -> None:
    function = make(api, Code={"ZipFile": zipped({"index.py": PYTHON})}, Timeout=8)
    assert invoked(api, function, {"sleep": 5.5})["Payload"]["got"] == {"sleep": 5.5}


def test_new_code_and_settings_count_from_the_next_invocation_on(api: Any) -> None:
    function = make(api, Code={"ZipFile": zipped({"index.py": PYTHON})})
    named = {"FunctionName": function["FunctionName"]}
    assert invoked(api, function)["Payload"]["stage"] is None
    api.update_function_configuration(**named, Environment={"Variables": {"STAGE": "new"}})
    assert invoked(api, function)["Payload"]["stage"] == "new"
    api.update_function_code(**named, ZipFile=zipped({"index.py": "def lambda_handler(event, context): return 2"}))
    assert invoked(api, function)["Payload"] == 2
    api.update_function_configuration(**named, Runtime="nodejs20.x", Handler="index.handler")
    api.update_function_code(**named, ZipFile=zipped({"index.js": NODE}))
    assert invoked(api, function, [1])["Payload"]["node"].startswith("v20.")
    api.delete_function(**named)
    with refused("ResourceNotFoundException"):
        api.invoke(**named)


def test_a_function_without_reserved_concurrency_is_not_invoked(api: Any) -> None:
    function = make(api, Code={"ZipFile": zipped({"index.py": PYTHON})})
    named = {"FunctionName": function["FunctionName"]}
    api.put_function_concurrency(**named, ReservedConcurrentExecutions=0)
    with refused("TooManyRequestsException") as refusal:
        api.invoke(**named)
    assert refusal.status == 429
    api.delete_function_concurrency(**named)
    assert invoked(api, function)["StatusCode"] == 200


def test_a_handler_that_is_not_there_is_an_error_of_the_function(api: Any) -> None:
    function = make(api, Handler="nothing.handler")
    answer = invoked(api, function)
    assert answer["FunctionError"] == "Unhandled"
    assert "nothing" in answer["Payload"]["errorMessage"]
