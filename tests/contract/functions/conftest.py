"""Functions deployed to the shared server, by the AWS CLI as a team does it and by boto3, and apps that meet them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.support import functions, javascript
from tests.support.aws_cli import Aws
from tests.support.factories import unique
from tests.support.functions import HANDLERS, RUNTIMES, Functions
from tests.support.javascript import App, StartApp
from tests.support.lambda_api import ROLE
from tests.support.postman import Postman, opened
from tests.support.server import Server

Deploy = Callable[..., str]


@pytest.fixture
def aws(server: Server, tmp_path: Path) -> Aws:
    return Aws(server, tmp_path)


@pytest.fixture
def deploy(aws: Aws) -> Deploy:
    """Deploys a function by the AWS CLI, for a pool, with files beside it; returns the ARN."""
    functions.need_isolation()

    def make(pool: dict[str, Any], file: str, *, environment: Mapping[str, str] | None = None, **more: Any) -> str:
        suffix = Path(file).suffix
        (aws.folder / "function.zip").write_bytes(functions.zipped(file, **more))
        variables = ("--environment", json.dumps({"Variables": environment})) if environment else ()
        made = aws(
            *("lambda", "create-function", "--function-name", unique(Path(file).stem), "--role", ROLE),
            *("--runtime", RUNTIMES[suffix], "--handler", HANDLERS[suffix], "--zip-file", "fileb://function.zip"),
            *variables,
        )
        assert isinstance(made, dict), made
        permitted = aws(
            *("lambda", "add-permission", "--function-name", made["FunctionName"], "--statement-id", "cognito"),
            *("--action", "lambda:InvokeFunction", "--principal", functions.COGNITO, "--source-arn", pool["Arn"]),
        )
        assert isinstance(permitted, dict), permitted
        return str(made["FunctionArn"])

    return make


@pytest.fixture(scope="module")
def kept(server: Server) -> Iterator[Functions]:
    """Deploys functions by boto3."""
    made = Functions(server)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def postman() -> Iterator[Postman]:
    """A mail server that functions send by."""
    with opened() as running:
        yield running


@pytest.fixture
def start_app(server: Server) -> Iterator[StartApp]:
    """Starts an app that uses amazon-cognito-identity-js."""
    javascript.install()
    with ExitStack() as started:

        def start(client: dict[str, Any]) -> App:
            configuration = {"UserPoolId": client["UserPoolId"], "ClientId": client["ClientId"], "endpoint": server.url}
            return started.enter_context(closing(App("amazon-cognito-identity-js", configuration)))

        yield start
