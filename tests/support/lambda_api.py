"""The Lambda API against a live server, and code to deploy by it."""

from __future__ import annotations

import io
import uuid
import zipfile
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tests.support.clients import REGION, UNLISTED
from tests.support.server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server

ROLE = "arn:aws:iam::000000000000:role/any"
ACCOUNT = "000000000000"

PYTHON = """
def lambda_handler(event, context):
    print("hello from the function")
    return {"got": event}
"""


def client(
    server: Server,
    *,
    region: str = REGION,
    access_key_id: str = ACCESS_KEY_ID,
    secret: str = SECRET_ACCESS_KEY,
    signed: bool = True,
) -> Any:
    """A Lambda client; an error that the model does not list for the operation fails the test."""
    made = boto3.client(
        "lambda",
        endpoint_url=server.url,
        region_name=region,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret,
        config=Config(
            retries={"total_max_attempts": 1},
            parameter_validation=False,
            **({} if signed else {"signature_version": UNSIGNED}),
        ),
    )
    made.meta.events.register("after-call.lambda", _check_error_is_listed)
    return made


def _check_error_is_listed(parsed: dict[str, Any], model: Any, **kwargs: Any) -> None:
    code = parsed.get("Error", {}).get("Code")
    listed = {shape.name for shape in model.error_shapes}
    if code is not None and code not in listed | UNLISTED | {"ValidationException"}:
        pytest.fail(f"{model.name} answered {code}, which its model does not list: {parsed['Error']}")


def zipped(files: dict[str, str | bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def name() -> str:
    return f"f-{uuid.uuid4().hex[:10]}"


def arn(function_name: str, region: str = REGION) -> str:
    return f"arn:aws:lambda:{region}:{ACCOUNT}:function:{function_name}"


def members(**changes: Any) -> dict[str, Any]:
    """Of a CreateFunction that is accepted; None takes a member out."""
    given = {
        "FunctionName": name(),
        "Runtime": "python3.11",
        "Role": ROLE,
        "Handler": "index.lambda_handler",
        "Code": {"ZipFile": zipped({"index.py": PYTHON})},
        **changes,
    }
    return {key: value for key, value in given.items() if value is not None}


def make(api: Any, **changes: Any) -> dict[str, Any]:
    """A deployed function, as CreateFunction answers it."""
    made: dict[str, Any] = api.create_function(**members(**changes))
    return made
