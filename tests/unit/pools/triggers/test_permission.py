"""Whose pools a function's policy lets in."""

from __future__ import annotations

import time
from typing import Any

import pytest

from pools.models import Function
from pools.triggers.permission import allows

POOL = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_AbCdEf123"


def statement(**changes: Any) -> dict[str, Any]:
    return {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"Service": "cognito-idp.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f",
        **changes,
    }


def source(arn: str) -> dict[str, Any]:
    return {"Condition": {"ArnLike": {"AWS:SourceArn": arn}}}


ACCOUNT = {"StringEquals": {"AWS:SourceAccount": "000000000000"}}
OTHER_ACCOUNT = {"StringEquals": {"AWS:SourceAccount": "111122223333"}}


@pytest.mark.parametrize(
    "held",
    [
        statement(),
        statement(Principal="*"),
        statement(Action="lambda:*"),
        statement(Action="*"),
        statement(Action="lambda:invokefunction"),
        statement(Condition=ACCOUNT),
        statement(**source(POOL)),
        statement(**source("arn:aws:cognito-idp:us-east-1:000000000000:userpool/*")),
        statement(**source("arn:aws:cognito-idp:*:000000000000:userpool/us-east-1_?????????")),
        statement(Condition={**ACCOUNT, **source(POOL)["Condition"]}),
    ],
)
def test_a_statement_for_cognito_and_this_pool_allows(held: dict[str, Any]) -> None:
    assert allows(Function(permissions=[held]), POOL)
    assert allows(Function(permissions=[statement(Action="lambda:GetFunction"), held]), POOL)


@pytest.mark.parametrize(
    "held",
    [
        statement(Effect="Deny"),
        statement(Principal={"Service": "events.amazonaws.com"}),
        statement(Principal={"AWS": "arn:aws:iam::000000000000:root"}),
        statement(Action="lambda:GetFunction"),
        statement(Action="lambda:InvokeFunctionUrl"),
        statement(Condition=OTHER_ACCOUNT),
        statement(**source(POOL[:-1])),
        statement(**source(f"{POOL}0")),
        statement(**source(POOL.lower())),
        statement(**source("arn:aws:cognito-idp:eu-west-1:000000000000:userpool/*")),
        # a wildcard reaches over no colon but in the last part
        statement(**source("arn:aws:*:userpool/*")),
        statement(**source("nonsense")),
        statement(Condition={**OTHER_ACCOUNT, **source(POOL)["Condition"]}),
        statement(Condition={**ACCOUNT, **source("arn:aws:s3:::bucket")["Condition"]}),
        statement(Condition={"StringEquals": {"AWS:SourceAccount": "000000000000", "aws:PrincipalOrgID": "o-1"}}),
        statement(Condition={"StringLike": {"AWS:SourceAccount": "*"}}),
    ],
)
def test_any_other_statement_does_not(held: dict[str, Any]) -> None:
    assert not allows(Function(permissions=[held]), POOL)


def test_without_a_statement_nothing_is_allowed() -> None:
    assert not allows(Function(permissions=[]), POOL)


def test_a_hostile_pattern_takes_no_time() -> None:
    held = statement(**source(f"arn:aws:cognito-idp:us-east-1:000000000000:{'*a' * 3000}"))
    begun = time.monotonic()
    assert not allows(Function(permissions=[held]), POOL)
    assert time.monotonic() - begun < 1
