"""LambdaConfig: what a pool may call, how it is described, and what is refused when it is set."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from tests.support import factories
from tests.support.clients import REGION, refused
from tests.support.hooks import Hooks
from tests.support.server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"
OTHER = "arn:aws:lambda:us-east-1:000000000000:function:g"
KEY = "arn:aws:kms:us-east-1:000000000000:key/3f2c1b1e-6d0e-4b52-8f6e-0d9f2c3a4b5c"
PLAIN = [
    *("PreSignUp", "CustomMessage", "PostConfirmation", "PreAuthentication", "PostAuthentication"),
    *("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse", "UserMigration"),
]
CLI = os.environ.get("AWS_CLI") or shutil.which("aws")


def versioned(version: str = "V1_0", arn: str = FUNCTION) -> dict[str, str]:
    return {"LambdaVersion": version, "LambdaArn": arn}


@pytest.fixture(scope="module")
def shared(idp: Any) -> dict[str, Any]:
    """A pool for what is refused, and for what the next update replaces."""
    return factories.make_pool(idp)


def described(idp: Any, pool: dict[str, Any]) -> Any:
    return idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]["LambdaConfig"]


def updated(idp: Any, pool: dict[str, Any], **members: Any) -> Any:
    idp.update_user_pool(UserPoolId=pool["Id"], **members)
    return described(idp, pool)


def test_every_trigger_is_described_as_it_was_set(idp: Any) -> None:
    config = {name: FUNCTION for name in PLAIN}
    pool = factories.make_pool(idp, LambdaConfig=config)
    assert pool["LambdaConfig"] == described(idp, pool) == config


def test_pools_are_listed_with_their_triggers(server: Server, idp: Any) -> None:
    pool = factories.make_pool(idp, LambdaConfig={"PreSignUp": FUNCTION})
    pages = idp.get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": 60})
    listed = {entry["Id"]: entry["LambdaConfig"] for page in pages for entry in page["UserPools"]}
    assert listed[pool["Id"]] == {"PreSignUp": FUNCTION}


def test_update_without_triggers_takes_them_away(idp: Any, shared: dict[str, Any]) -> None:
    assert updated(idp, shared, LambdaConfig={"PreSignUp": FUNCTION, "UserMigration": OTHER})
    assert updated(idp, shared, LambdaConfig={"PreSignUp": OTHER}) == {"PreSignUp": OTHER}
    assert updated(idp, shared, DeletionProtection="INACTIVE") == {}
    assert updated(idp, shared, LambdaConfig={}) == {}


# Before tokens


@pytest.mark.parametrize("version", ["V1_0", "V2_0", "V3_0"])
def test_versioned_form_is_told_in_both_forms(idp: Any, shared: dict[str, Any], version: str) -> None:
    both = {"PreTokenGeneration": FUNCTION, "PreTokenGenerationConfig": versioned(version)}
    assert updated(idp, shared, LambdaConfig={"PreTokenGenerationConfig": versioned(version)}) == both
    assert updated(idp, shared, LambdaConfig=both) == both


def test_older_form_is_the_first_version(idp: Any, shared: dict[str, Any]) -> None:
    both = {"PreTokenGeneration": FUNCTION, "PreTokenGenerationConfig": versioned()}
    assert updated(idp, shared, LambdaConfig={"PreTokenGeneration": FUNCTION}) == both


def test_both_forms_name_one_function(idp: Any, shared: dict[str, Any]) -> None:
    config = {"PreTokenGeneration": OTHER, "PreTokenGenerationConfig": versioned("V2_0")}
    with refused("InvalidParameterException"):
        idp.update_user_pool(UserPoolId=shared["Id"], LambdaConfig=config)


@pytest.mark.parametrize("version", ["V2_0", "V3_0"])
def test_lite_pool_has_the_first_version_alone(idp: Any, shared: dict[str, Any], version: str) -> None:
    config = {"PreTokenGenerationConfig": versioned(version)}
    with refused("FeatureUnavailableInTierException"):
        factories.make_pool(idp, UserPoolTier="LITE", LambdaConfig=config)
    with refused("FeatureUnavailableInTierException"):
        idp.update_user_pool(UserPoolId=shared["Id"], UserPoolTier="LITE", LambdaConfig=config)
    updated(idp, shared, LambdaConfig=config)
    assert updated(idp, shared, UserPoolTier="LITE", LambdaConfig={"PreTokenGeneration": FUNCTION})
    assert updated(idp, shared, UserPoolTier="PLUS", LambdaConfig=config)["PreTokenGenerationConfig"] == versioned(
        version
    )


@pytest.mark.parametrize(
    "config",
    [
        {"PreTokenGenerationConfig": versioned("V4_0")},
        {"PreTokenGenerationConfig": versioned("")},
        {"PreTokenGenerationConfig": {"LambdaArn": FUNCTION}},
        {"PreTokenGenerationConfig": {"LambdaVersion": "V2_0"}},
        {"PreTokenGenerationConfig": {}},
        {"CustomEmailSender": versioned("V2_0"), "KMSKeyID": KEY},
    ],
)
def test_version_and_function_are_given_together(idp: Any, shared: dict[str, Any], config: dict[str, Any]) -> None:
    with refused("InvalidParameterException"):
        idp.update_user_pool(UserPoolId=shared["Id"], LambdaConfig=config)


# Senders


@pytest.mark.parametrize("sender", ["CustomEmailSender", "CustomSMSSender"])
def test_sender_needs_a_key(idp: Any, shared: dict[str, Any], sender: str) -> None:
    with refused("InvalidParameterException"):
        idp.update_user_pool(UserPoolId=shared["Id"], LambdaConfig={sender: versioned()})


# What it leads to


@pytest.mark.parametrize(
    "arn",
    [
        FUNCTION,
        f"{FUNCTION}:7",
        f"{FUNCTION}:live",
        "arn:aws:lambda:eu-west-1:123456789012:function:f",
        "arn:aws-cn:lambda:cn-north-1:123456789012:function:f",
        "arn:aws:gatehouse::000000000000:webhook:nobody-has-made-it",
    ],
)
def test_function_is_looked_for_when_it_is_called(idp: Any, shared: dict[str, Any], arn: str) -> None:
    assert updated(idp, shared, LambdaConfig={"PreSignUp": arn}) == {"PreSignUp": arn}


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:sns:us-east-1:000000000000:topic",
        "arn:aws:states:us-east-1:000000000000:stateMachine:f",
        "arn:aws:lambda:us-east-1:000000000000:layer:f",
        "arn:aws:lambda:us-east-1:000000000000:webhook:f",
        "arn:aws:gatehouse::000000000000:function:f",
        "arn:aws:gatehouse::123456789012:webhook:somebody-elses",
        "arn:aws:lambda:us-east-1:000000000000:function",
        "https://hooks.example/f",
        "f",
    ],
)
def test_what_is_no_function_is_refused(idp: Any, shared: dict[str, Any], arn: str) -> None:
    for config in (
        {"PreSignUp": arn},
        {"PreTokenGenerationConfig": versioned("V2_0", arn)},
        {"CustomEmailSender": versioned("V1_0", arn), "KMSKeyID": KEY},
    ):
        with refused("InvalidParameterException"):
            idp.update_user_pool(UserPoolId=shared["Id"], LambdaConfig=config)


def test_change_of_triggers_is_seen_by_the_next_request(idp: Any, public: Any, hooks: Hooks) -> None:
    pool = factories.make_pool(idp)
    client, user = factories.make_client(idp, pool), factories.make_user(idp, pool)
    calls = hooks.on(pool)
    factories.sign_in(public, client, user)
    assert calls == []
    idp.update_user_pool(UserPoolId=pool["Id"], LambdaConfig={"PreTokenGeneration": hooks.arn})
    factories.sign_in(public, client, user)
    assert len(calls) == 1
    idp.update_user_pool(UserPoolId=pool["Id"])
    factories.sign_in(public, client, user)
    assert len(calls) == 1


@pytest.mark.skipif(CLI is None, reason="there is no AWS CLI: set AWS_CLI to its path")
def test_aws_cli_takes_its_shorthand(server: Server, hooks: Hooks) -> None:
    config = f"PreSignUp={hooks.arn},PreTokenGenerationConfig={{LambdaVersion=V2_0,LambdaArn={FUNCTION}}}"
    done = subprocess.run(
        [str(CLI), "cognito-idp", "create-user-pool", "--pool-name", "shorthand", "--lambda-config", config],
        env={
            **os.environ,
            "AWS_ENDPOINT_URL": server.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_PAGER": "",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout)["UserPool"]["LambdaConfig"] == {
        "PreSignUp": hooks.arn,
        "PreTokenGeneration": FUNCTION,
        "PreTokenGenerationConfig": versioned("V2_0"),
    }
