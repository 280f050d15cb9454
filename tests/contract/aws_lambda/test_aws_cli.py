"""The README's lines about functions with the real AWS CLI, which lives in an environment of its own: AWS_CLI."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support import aws_cli, lambda_api
from tests.support.lambda_api import ROLE, arn, zipped
from tests.support.server import Server

pytestmark = aws_cli.is_needed

Aws = Callable[..., Any]
"""Runs an operation of lambda in a folder with `hooks.zip`; returns its JSON, or the error text when it fails."""


@pytest.fixture
def aws(server: Server, tmp_path: Path) -> Aws:
    (tmp_path / "hooks.zip").write_bytes(zipped({"index.py": lambda_api.PYTHON}))
    return partial(aws_cli.Aws(server, tmp_path), "lambda")


def test_a_function_is_deployed_changed_and_deleted_on_the_command_line(aws: Aws, tmp_path: Path) -> None:
    name = lambda_api.name()
    named = ("--function-name", name)
    made = aws(
        "create-function",
        *(*named, "--runtime", "python3.11", "--handler", "index.lambda_handler", "--role", ROLE),
        *("--zip-file", "fileb://hooks.zip", "--environment", "Variables={TABLE=users}", "--timeout", "5"),
    )
    assert (made["FunctionArn"], made["State"]) == (arn(name), "Active")
    assert aws("create-function", *named, "--role", ROLE, "--zip-file", "fileb://hooks.zip").endswith(
        "Runtime and Handler are mandatory parameters for functions created with deployment packages."
    )

    changed = aws("update-function-code", *named, "--zip-file", "fileb://hooks.zip")
    assert (changed["CodeSha256"], changed["LastUpdateStatus"]) == (made["CodeSha256"], "Successful")
    changed = aws("update-function-configuration", *named, "--memory-size", "256")
    assert (changed["MemorySize"], changed["Environment"]) == (256, {"Variables": {"TABLE": "users"}})
    # The CLI waits for these states after a deployment, when it is told to.
    for state in ("function-active-v2", "function-updated-v2"):
        assert aws("wait", state, *named) is None

    told = aws("get-function", "--function-name", made["FunctionArn"])
    assert told["Configuration"]["RevisionId"] == changed["RevisionId"]
    assert name in {each["FunctionName"] for each in aws("list-functions")["Functions"]}

    permission = ("--statement-id", "cognito", "--action", "lambda:InvokeFunction")
    principal = ("--principal", "cognito-idp.amazonaws.com", "--source-account", "000000000000")
    added = aws("add-permission", *named, *permission, *principal)
    assert json.loads(added["Statement"])["Sid"] == "cognito"
    assert json.loads(aws("get-policy", *named)["Policy"])["Statement"] == [json.loads(added["Statement"])]
    assert aws("remove-permission", *named, "--statement-id", "cognito") is None

    tried = aws("invoke", *named, "--invocation-type", "DryRun", "answer.json")
    assert tried["StatusCode"] == 204

    assert not (aws("delete-function", *named) or {}).get("FunctionError")
    assert "(ResourceNotFoundException)" in aws("get-function", *named)


def test_refusals_are_told_in_the_words_of_aws(aws: Aws) -> None:
    name = lambda_api.name()
    create = (
        *("create-function", "--function-name", name, "--runtime", "python3.11", "--handler", "index.handler"),
        *("--role", ROLE, "--zip-file", "fileb://hooks.zip"),
    )
    assert aws(*create)["FunctionName"] == name
    refused = aws(*create)
    assert "(ResourceConflictException)" in refused
    assert refused.endswith(f"Function already exist: {name}")
    refused = aws("update-function-configuration", "--function-name", name, "--timeout", "901")
    assert "(ValidationException)" in refused
    refused = aws("invoke", "--function-name", "nobody", "answer.json")
    assert refused.endswith(f"Function not found: {arn('nobody')}")


def test_a_function_is_invoked_into_a_file(aws: Aws, tmp_path: Path) -> None:
    named = ("--function-name", lambda_api.name())
    aws(
        "create-function",
        *(*named, "--runtime", "python3.11", "--handler", "index.lambda_handler", "--role", ROLE),
        *("--zip-file", "fileb://hooks.zip"),
    )
    (tmp_path / "event.json").write_text('{"key": 1}')
    answer = aws("invoke", *named, "--payload", "fileb://event.json", "--log-type", "Tail", "answer.json")
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert json.loads((tmp_path / "answer.json").read_text()) == {"got": {"key": 1}}
    assert "hello from the function" in base64.b64decode(answer["LogResult"]).decode()
