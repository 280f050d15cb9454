"""The grammar of identity policies: what is refused, and with which sentence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.policies import document
from identity.policies.document import Effect, MalformedPolicy

POOL = "arn:aws:cognito-idp:eu-west-1:000000000000:userpool/eu-west-1_abcdefghi"
STATEMENT: dict[str, object] = {"Effect": "Allow", "Action": "cognito-idp:*", "Resource": "*"}


def policy(**changes: object) -> dict[str, object]:
    """A policy of one statement, with elements of that statement changed, or left out where the value is `...`."""
    statement = {name: value for name, value in (STATEMENT | changes).items() if value is not ...}
    return {"Version": "2012-10-17", "Statement": [statement]}


def refusal_of(source: str | dict[str, object]) -> str:
    with pytest.raises(MalformedPolicy) as refusal:
        document.parse(source)
    return str(refusal.value)


def test_text_and_object_read_the_same() -> None:
    assert document.parse(json.dumps(policy())) == document.parse(policy())


def test_one_statement_and_single_values_stand_for_lists_of_one() -> None:
    single = {"Version": "2012-10-17", "Statement": STATEMENT}
    listed = policy(Action=["cognito-idp:*"], Resource=["*"])
    assert document.parse(single) == document.parse(listed)


def test_a_statement_is_read_whole() -> None:
    parsed = document.parse(policy(Sid="Readers1", Effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}))
    (statement,) = parsed.statements
    assert parsed.version == "2012-10-17"
    assert (statement.sid, statement.effect, statement.has_condition) == ("Readers1", Effect.DENY, True)
    assert statement.actions is not None
    assert statement.resources is not None
    assert (statement.not_actions, statement.not_resources) == (None, None)


def test_not_action_and_not_resource_are_kept_apart() -> None:
    source = {"Statement": {"Effect": "Deny", "NotAction": "a:B", "NotResource": POOL}}
    (statement,) = document.parse(source).statements
    assert (statement.actions, statement.resources) == (None, None)
    assert statement.not_actions is not None
    assert statement.not_resources is not None


def test_without_version_the_older_one_holds() -> None:
    assert document.parse({"Id": "x", "Statement": STATEMENT}).version == "2008-10-17"


def test_an_empty_condition_is_none() -> None:
    assert not document.parse(policy(Condition={})).statements[0].has_condition


@pytest.mark.parametrize("text", ["", "{", "null,", "{'Version': 1}", "[" * 100_000, "9" * 5000])
def test_text_that_is_not_json_is_refused(text: str) -> None:
    assert refusal_of(text).startswith("The policy document ")


def test_an_element_named_twice_is_refused() -> None:
    text = '{"Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}}'
    assert "twice" in refusal_of(text)


@pytest.mark.parametrize("text", ["null", "[]", "1", '"Allow"'])
def test_a_document_that_is_not_an_object_is_refused(text: str) -> None:
    assert refusal_of(text) == "The policy document must be a JSON object."


@pytest.mark.parametrize("version", ["2012-10-18", "", 2012, None, ["2012-10-17"]])
def test_another_version_is_refused(version: object) -> None:
    assert refusal_of(policy() | {"Version": version}).startswith("Version must be 2012-10-17 or 2008-10-17")


@pytest.mark.parametrize("statement", [None, [], "Allow", [[]], [STATEMENT, 1]])
def test_statements_of_another_type_are_refused(statement: object) -> None:
    assert "tatement" in refusal_of({"Version": "2012-10-17", "Statement": statement})


def test_a_policy_without_statement_is_refused() -> None:
    assert "must contain Statement" in refusal_of({"Version": "2012-10-17"})


def test_unknown_elements_are_refused_by_name() -> None:
    assert "'Statements'" in refusal_of({"Statements": [], "Statement": STATEMENT})
    assert "Statement 1 has the unknown element 'effect'" in refusal_of(policy(effect="Allow"))


def test_the_faulty_statement_is_told_by_its_place() -> None:
    assert refusal_of({"Statement": [STATEMENT, {**STATEMENT, "Foo": 1}]}).startswith("Statement 2 ")


@pytest.mark.parametrize("element", ["Principal", "NotPrincipal"])
def test_a_principal_is_refused(element: str) -> None:
    assert refusal_of(policy(**{element: "*"})) == "Statement 1: policy document should not specify a principal."


@pytest.mark.parametrize("effect", ["allow", "Permit", "", None, True, ["Allow"]])
def test_another_effect_is_refused(effect: object) -> None:
    assert refusal_of(policy(Effect=effect)) == "Statement 1 must contain Effect: Allow or Deny."


@pytest.mark.parametrize("element", ["Effect", "Action", "Resource"])
def test_a_statement_without_an_element_it_needs_is_refused(element: str) -> None:
    assert f"must contain {element}" in refusal_of(policy(**{element: ...}))


@pytest.mark.parametrize("element", ["Action", "Resource"])
def test_an_element_beside_its_negation_is_refused(element: str) -> None:
    assert f"both {element} and Not{element}" in refusal_of(policy(**{f"Not{element}": "*"}))


@pytest.mark.parametrize("element", ["Action", "NotAction", "Resource", "NotResource"])
@pytest.mark.parametrize("value", [None, 1, {}, [], [1], ["*", None], [["*"]]])
def test_actions_and_resources_of_another_type_are_refused(element: str, value: object) -> None:
    source = policy(**{element.removeprefix("Not"): ..., element: value})
    assert f"{element} must be a string or a list" in refusal_of(source)


@pytest.mark.parametrize("action", ["", "AdminGetUser", "cognito-idp", "cognito-idp:", ":B", "a:b:c", "a:b c", "ä:B"])
def test_an_action_of_another_form_is_refused(action: str) -> None:
    assert f"'{action}' must be * or a service and an operation" in refusal_of(policy(Action=action))


@pytest.mark.parametrize(
    "resource",
    ["", "**", "userpool/x", "arn:aws:cognito-idp:eu-west-1:0", "arn:*", "urn:aws:a:b:c:d", "ARN:aws:a:b:c:d", "${a}"],
)
def test_a_resource_that_is_no_arn_is_refused(resource: str) -> None:
    assert 'must be in ARN format or "*"' in refusal_of(policy(Resource=["*", resource]))


@pytest.mark.parametrize("resource", ["*", POOL, "arn:*:*:*:*:*", "arn:aws:s3:::b?cket/*", "arn:aws:sns:r:0:a:b:c"])
def test_stars_and_arns_are_resources(resource: str) -> None:
    document.parse(policy(Resource=resource))


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:a:${aws:RequestedRegion}:0:x",
        "arn:aws:a:r:${aws:PrincipalAccount}:x",
        "arn:aws:a:r:0:${x",
        "arn:aws:a:r:0:${}",
    ],
)
def test_a_variable_cut_short_or_before_the_fifth_colon_is_refused(resource: str) -> None:
    assert "a variable must be whole and after the fifth colon" in refusal_of(policy(Resource=resource))


def test_the_older_version_has_no_variables_to_refuse() -> None:
    document.parse(policy(Resource="arn:aws:a:r:0:${x") | {"Version": "2008-10-17"})


@pytest.mark.parametrize("sid", ["with space", "ünicode", "a-b", 1, None])
def test_a_sid_that_is_not_alphanumeric_is_refused(sid: object) -> None:
    assert "Statement IDs (SID) must be alphanumeric" in refusal_of(policy(Sid=sid))


def test_a_sid_used_twice_is_refused() -> None:
    twice = [{**STATEMENT, "Sid": "A"}, {**STATEMENT, "Sid": "A"}]
    assert refusal_of({"Statement": twice}) == "Statement IDs (SID) in a single policy must be unique."
    document.parse({"Statement": [{**STATEMENT, "Sid": ""}, {**STATEMENT, "Sid": ""}]})


def test_an_id_that_is_no_string_is_refused() -> None:
    assert refusal_of(policy() | {"Id": 1}) == "Id must be a string."


@pytest.mark.parametrize(
    "operator",
    [
        "StringLike",
        "ForAllValues:StringNotEqualsIgnoreCase",
        "ForAnyValue:ArnNotLikeIfExists",
        "NumericLessThanEquals",
        "DateNotEquals",
        "BinaryEquals",
        "NotIpAddress",
        "Null",
    ],
)
def test_the_operators_of_aws_are_accepted(operator: str) -> None:
    values: list[object] = ["a", 1, True]
    assert document.parse(policy(Condition={operator: {"aws:a": values, "aws:b": "x"}})).statements[0].has_condition


@pytest.mark.parametrize(
    "operator", ["", "stringEquals", "StringLikeIgnoreCase", "NullIfExists", "ForAll:StringLike", "NumericLike", "*"]
)
def test_an_unknown_operator_is_refused(operator: str) -> None:
    assert f"unknown operator '{operator}'" in refusal_of(policy(Condition={operator: {"a": "b"}}))


@pytest.mark.parametrize(
    "condition", [None, [], "x", {"Bool": "x"}, {"Bool": {"a": None}}, {"Bool": {"a": {}}}, {"Bool": {"a": [[]]}}]
)
def test_a_condition_of_another_type_is_refused(condition: object) -> None:
    assert "Condition" in refusal_of(policy(Condition=condition))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
patterns = st.text("arn:*?${}ab/", max_size=30)
statements = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"])},
    optional={
        "Sid": json_values,
        "Action": json_values | patterns,
        "NotAction": json_values | patterns,
        "Resource": json_values | patterns | patterns.map(lambda tail: f"arn:aws:a:b:c:{tail}"),
        "NotResource": json_values | patterns,
        "Condition": json_values,
    },
)


def parse_or_refuse(source: str | dict[str, object]) -> None:
    try:
        document.parse(source)
    except MalformedPolicy as refusal:
        assert str(refusal).endswith(".")


@given(st.dictionaries(st.sampled_from(["Version", "Statement", "Id"]) | st.text(), json_values | statements))
def test_any_object_is_read_or_refused(source: dict[str, object]) -> None:
    parse_or_refuse(source)


@given(json_values.map(json.dumps) | st.text())
def test_any_text_is_read_or_refused(source: str) -> None:
    parse_or_refuse(source)


def test_a_refused_value_of_any_length_makes_a_short_sentence() -> None:
    assert len(refusal_of(policy(Action="x" * 100_000))) < 400
