"""The policy of a function: statements are added, told, counted and removed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.clients import at_once, refused

POOL = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_AbCdEf123"
COGNITO = {"Action": "lambda:InvokeFunction", "Principal": "cognito-idp.amazonaws.com"}


def test_a_statement_is_answered_and_stands_in_the_policy(api: Any, function: dict[str, Any]) -> None:
    named = {"FunctionName": function["FunctionName"]}
    added = api.add_permission(**named, **COGNITO, StatementId="cognito", SourceArn=POOL, SourceAccount="000000000000")
    assert added["ResponseMetadata"]["HTTPStatusCode"] == 201
    statement = {
        "Sid": "cognito",
        "Effect": "Allow",
        "Principal": {"Service": "cognito-idp.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": function["FunctionArn"],
        "Condition": {"StringEquals": {"AWS:SourceAccount": "000000000000"}, "ArnLike": {"AWS:SourceArn": POOL}},
    }
    assert json.loads(added["Statement"]) == statement
    told = json.loads(api.get_policy(**named)["Policy"])
    assert told == {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}


@pytest.mark.parametrize(
    ("principal", "told"),
    [
        ("*", "*"),
        ("events.amazonaws.com", {"Service": "events.amazonaws.com"}),
        ("111122223333", {"AWS": "arn:aws:iam::111122223333:root"}),
        ("arn:aws:iam::111122223333:role/caller", {"AWS": "arn:aws:iam::111122223333:role/caller"}),
    ],
)
def test_every_kind_of_principal_is_kept_as_aws_writes_it(
    api: Any, function: dict[str, Any], principal: str, told: object
) -> None:
    named = {"FunctionName": function["FunctionName"]}
    api.add_permission(**named, StatementId="s", Action="lambda:InvokeFunction", Principal=principal)
    (statement,) = json.loads(api.get_policy(**named)["Policy"])["Statement"]
    assert statement["Principal"] == told
    assert "Condition" not in statement


def test_a_statement_id_is_taken_once(api: Any, function: dict[str, Any]) -> None:
    named = {"FunctionName": function["FunctionName"]}
    calls = [lambda: api.add_permission(**named, **COGNITO, StatementId="s")] * 4
    assert sorted(at_once(*calls)) == ["ResourceConflictException"] * 3 + ["ok"]
    expected = (
        "The statement id (s) provided already exists. Please provide a new statement id, or remove the existing "
        "statement."
    )
    with refused("ResourceConflictException", expected) as refusal:
        api.add_permission(**named, **COGNITO, StatementId="s")
    assert refusal.status == 409


def test_statements_that_are_added_at_once_all_stay(api: Any, function: dict[str, Any]) -> None:
    named = {"FunctionName": function["FunctionName"]}
    ids = [f"s{number}" for number in range(6)]
    calls = [lambda sid=sid: api.add_permission(**named, **COGNITO, StatementId=sid) for sid in ids]
    assert at_once(*calls) == ["ok"] * 6
    statements = json.loads(api.get_policy(**named)["Policy"])["Statement"]
    assert sorted(statement["Sid"] for statement in statements) == ids


def test_a_removed_statement_is_gone(api: Any, function: dict[str, Any]) -> None:
    named = {"FunctionName": function["FunctionName"]}
    api.add_permission(**named, **COGNITO, StatementId="s")
    with refused("ResourceNotFoundException", "Statement t is not found in resource policy."):
        api.remove_permission(**named, StatementId="t")
    answer = api.remove_permission(**named, StatementId="s")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("ResourceNotFoundException", "The resource you requested does not exist.") as refusal:
        api.get_policy(**named)
    assert refusal.status == 404


def test_the_policy_changes_only_from_the_revision_that_is_named(api: Any, function: dict[str, Any]) -> None:
    named = {"FunctionName": function["FunctionName"]}
    api.add_permission(**named, **COGNITO, StatementId="a")
    revision = api.get_policy(**named)["RevisionId"]
    api.add_permission(**named, **COGNITO, StatementId="b", RevisionId=revision)
    with refused("PreconditionFailedException"):
        api.add_permission(**named, **COGNITO, StatementId="c", RevisionId=revision)
    with refused("PreconditionFailedException"):
        api.remove_permission(**named, StatementId="a", RevisionId=revision)
    api.remove_permission(**named, StatementId="a", RevisionId=api.get_policy(**named)["RevisionId"])


def test_a_permission_does_not_make_a_revision_of_the_function(api: Any, function: dict[str, Any]) -> None:
    named = {"FunctionName": function["FunctionName"]}
    api.add_permission(**named, **COGNITO, StatementId="a")
    assert api.get_function_configuration(**named)["RevisionId"] == function["RevisionId"]


def test_a_policy_has_a_longest_size(api: Any, function: dict[str, Any]) -> None:
    named = {"FunctionName": function["FunctionName"]}
    long = f"{POOL}{'x' * 9000}"
    for statement_id in ("a", "b"):
        api.add_permission(**named, **COGNITO, StatementId=statement_id, SourceArn=long)
    with refused("PolicyLengthExceededException") as refusal:
        api.add_permission(**named, **COGNITO, StatementId="c", SourceArn=long)
    assert refusal.message.endswith("is bigger than the limit (20480).")


@pytest.mark.parametrize(
    "members",
    [
        {"Principal": "nobody"},
        {"Principal": "cognito-idp.example.com"},
        {"Qualifier": "$LATEST"},
        {"EventSourceToken": "token"},
        {"PrincipalOrgID": "o-0000000000"},
        {"FunctionUrlAuthType": "NONE"},
    ],
)
def test_what_would_have_no_effect_is_refused(api: Any, function: dict[str, Any], members: dict[str, Any]) -> None:
    with refused("InvalidParameterValueException"):
        api.add_permission(**{"FunctionName": function["FunctionName"], "StatementId": "s", **COGNITO, **members})
    with refused("ResourceNotFoundException"):
        api.get_policy(FunctionName=function["FunctionName"])
