"""Functions that are kept here, called by pools: who may, what they may do, and what is told of them."""

from __future__ import annotations

import base64
import io
import json
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import factories
from tests.support.clients import refused
from tests.support.factories import PASSWORD, unique
from tests.support.functions import Functions
from tests.support.server import Server


@pytest.fixture(scope="module")
def functions(server: Server) -> Iterator[Functions]:
    deployed = Functions(server)
    yield deployed
    deployed.remove()


def kept(functions: Functions, body: str, **members: Any) -> str:
    """The ARN of a Python function with that body."""
    made = functions.api.create_function(
        FunctionName=unique("function"),
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/service/gate",
        Handler="index.handler",
        Code={"ZipFile": code(body)},
        **{"Timeout": 5, **members},
    )
    functions._names.append(made["FunctionName"])
    return str(made["FunctionArn"])


def code(body: str) -> bytes:
    content = io.BytesIO()
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", f"import boto3, json, os, time\ndef handler(event, context):\n{lines}\n")
    return content.getvalue()


def sign_up(public: Any, client: dict[str, Any], email: str = "") -> dict[str, Any]:
    name = unique("user")
    attributes = [{"Name": "email", "Value": email or f"{name}@example.com"}]
    answer = public.sign_up(ClientId=client["ClientId"], Username=name, Password=PASSWORD, UserAttributes=attributes)
    return {**answer, "Username": name}


def test_code_in_both_languages_takes_part_in_a_sign_up(idp: Any, public: Any, functions: Functions) -> None:
    gate, join = functions.deploy("company_sign_up.js"), functions.deploy("join_group.py", Timeout=20)
    pool = factories.make_pool(idp, LambdaConfig={"PreSignUp": gate, "PostConfirmation": join})
    functions.permit(pool, gate, join)
    client = factories.make_client(idp, pool)
    idp.create_group(UserPoolId=pool["Id"], GroupName="members")
    signed_up = sign_up(public, client)
    assert signed_up["UserConfirmed"] is True
    members = idp.list_users_in_group(UserPoolId=pool["Id"], GroupName="members")["Users"]
    assert [user["Username"] for user in members] == [signed_up["Username"]]
    with refused("UserLambdaValidationException") as refusal:
        sign_up(public, client, "eve@elsewhere.test")
    assert refusal.message == "PreSignUp failed with error Only company addresses are allowed."


def test_a_function_that_gave_no_permission_is_not_invoked(idp: Any, public: Any, functions: Functions) -> None:
    arn = kept(functions, "return event")
    pool = factories.make_pool(idp, LambdaConfig={"PreSignUp": arn})
    client = factories.make_client(idp, pool)
    with refused("UnexpectedLambdaException") as refusal:
        sign_up(public, client)
    assert refusal.message == "PreSignUp invocation failed due to error AccessDeniedException."


def test_a_function_may_do_everything_in_the_pool_that_called_it_and_nothing_elsewhere(
    idp: Any, public: Any, functions: Functions
) -> None:
    arn = kept(
        functions,
        """
client = boto3.client("cognito-idp")
told = {"own": client.describe_user_pool(UserPoolId=event["userPoolId"])["UserPool"]["Id"]}
who = boto3.client("sts").meta.region_name
for other in os.environ["OTHER"].split(","):
    try: client.describe_user_pool(UserPoolId=other)
    except Exception as error: told[other] = error.response["Error"]["Code"]
try: client.list_user_pools(MaxResults=1)
except Exception as error: told["list"] = error.response["Error"]["Code"]
raise Exception(json.dumps(told))
""",
        Environment={"Variables": {"OTHER": (other := factories.make_pool(idp)["Id"])}},
        Timeout=20,
    )
    pool = factories.make_pool(idp, LambdaConfig={"PreSignUp": arn})
    functions.permit(pool, arn)
    client = factories.make_client(idp, pool)
    with refused("UserLambdaValidationException") as refusal:
        sign_up(public, client)
    told = json.loads(refusal.message.removeprefix("PreSignUp failed with error ").removesuffix("."))
    assert told == {"own": pool["Id"], other: "AccessDeniedException", "list": "AccessDeniedException"}


def test_two_pools_never_share_a_process(idp: Any, public: Any, functions: Functions) -> None:
    arn = kept(
        functions,
        "seen = globals().setdefault('seen', [])\nseen.append(event['userPoolId'])\nraise Exception(','.join(seen))",
    )
    seen = []
    for _ in range(2):
        pool = factories.make_pool(idp, LambdaConfig={"PreSignUp": arn})
        functions.permit(pool, arn)
        client = factories.make_client(idp, pool)
        for count in (1, 2):
            with refused("UserLambdaValidationException") as refusal:
                sign_up(public, client)
            assert refusal.message.endswith(f"{','.join([pool['Id']] * count)}.")
        seen.append(pool["Id"])
    assert len(set(seen)) == 2


def test_an_update_counts_from_the_next_invocation_on(functions: Functions) -> None:
    arn = kept(functions, "return 'before'")
    assert invoked(functions, arn) == "before"
    functions.api.update_function_code(FunctionName=arn, ZipFile=code("return os.environ.get('STAGE', 'after')"))
    assert invoked(functions, arn) == "after"
    functions.api.update_function_configuration(FunctionName=arn, Environment={"Variables": {"STAGE": "set"}})
    assert invoked(functions, arn) == "set"


def test_an_invocation_tells_its_log_and_its_errors(functions: Functions) -> None:
    arn = kept(functions, "print('hello', event)\nraise ValueError('no')")
    answer = functions.api.invoke(FunctionName=arn, LogType="Tail", Payload=b'{"a": 1}')
    log = base64.b64decode(answer["LogResult"]).decode()
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorMessage"] == "no"
    assert "hello {'a': 1}\n" in log and log.startswith("START RequestId: ") and "\nREPORT RequestId: " in log


def test_reserved_concurrency_of_none_refuses(functions: Functions) -> None:
    arn = kept(functions, "return 1")
    functions.api.put_function_concurrency(FunctionName=arn, ReservedConcurrentExecutions=0)
    with refused("TooManyRequestsException"):
        functions.api.invoke(FunctionName=arn)


def test_a_limit_of_the_function_ends_it(functions: Functions) -> None:
    arn = kept(functions, "time.sleep(30)", Timeout=1)
    began = time.monotonic()
    answer = functions.api.invoke(FunctionName=arn)
    assert "Task timed out after 1.00 seconds" in json.loads(answer["Payload"].read())["errorMessage"]
    assert time.monotonic() - began < 10


def invoked(functions: Functions, arn: str) -> Any:
    answer = functions.api.invoke(FunctionName=arn)
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return payload
