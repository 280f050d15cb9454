"""A function's changes to a token as a table: what counts, and what stays whatever is asked for."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.errors import InvalidLambdaResponse
from pools.tokens import overrides
from pools.triggers import token_generation
from pools.triggers.token_generation import Changes, Reply

SHARED = {
    "sub": "sub",
    "iss": "https://id.example/us-east-1_a",
    "jti": "jti",
    "origin_jti": "family",
    "event_id": "event",
    "auth_time": 1,
    "exp": 3,
    "iat": 2,
    "cognito:groups": ["a"],
}
ID = {
    **SHARED,
    "token_use": "id",
    "aud": "app",
    "cognito:username": "bob",
    "cognito:roles": ["arn:aws:iam::000000000000:role/a"],
    "cognito:preferred_role": "arn:aws:iam::000000000000:role/a",
    "email": "bob@example.com",
    "email_verified": True,
    "identities": [],
    "nonce": "n",
    "at_hash": "h",
}
ACCESS = {**SHARED, "token_use": "access", "client_id": "app", "username": "bob", "scope": "one two", "version": 2}
NEVER_CHANGED = [
    *("acr", "amr", "at_hash", "aud", "auth_time", "azp", "client_id", "cognito:anything", "cognito:username"),
    *("cognito:roles", "cognito:preferred_role", "device_key", "event_id", "exp", "iat", "identities", "iss", "jti"),
    *("nbf", "nonce", "origin_jti", "sub", "token_use", "username", "version"),
]
VALUES = st.one_of(st.text(), st.integers(), st.booleans(), st.lists(st.text()), st.dictionaries(st.text(), st.text()))


def changes(added: dict[str, Any] | None = None, *suppressed: str, **scopes: Any) -> Changes:
    return Changes(added or {}, frozenset(suppressed), **scopes)


@pytest.mark.parametrize("name", NEVER_CHANGED)
@pytest.mark.parametrize(("apply", "claims"), [(overrides.in_id_token, ID), (overrides.in_access_token, ACCESS)])
def test_claim_that_is_never_changed_is_neither_added_nor_replaced_nor_taken(
    name: str, apply: Any, claims: dict[str, Any]
) -> None:
    assert apply(claims, changes({name: "forged"})) == claims
    assert apply(claims, changes({}, name)) == claims
    assert apply(claims, changes({name: "forged"}, name)) == claims


@given(
    st.dictionaries(st.sampled_from([*NEVER_CHANGED, "cognito:groups", "scope", "x"]), VALUES),
    st.sets(st.sampled_from([*NEVER_CHANGED, "scope", "x"])),
    st.lists(st.text(min_size=1)),
)
def test_whatever_a_function_says_a_token_is_the_same_users_at_the_same_client(
    added: dict[str, Any], suppressed: set[str], scopes: list[str]
) -> None:
    asked = Changes(added, frozenset(suppressed), [scope for scope in scopes if scope.split() == [scope]])
    in_access = overrides.in_access_token(ACCESS, asked)
    assert {name: in_access.get(name) for name in ACCESS} == {**ACCESS, "scope": in_access["scope"]}
    assert in_access["scope"].split()[:2] == ["one", "two"]
    assert in_access.keys() <= ACCESS.keys() | {"x", "aud"}
    assert in_access.get("aud", "app") == "app"
    in_id = overrides.in_id_token(ID, asked)
    assert {name: value for name, value in in_id.items() if name in ID} == ID
    assert in_id.keys() <= ID.keys() | {"x", "scope"}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (changes({"plan": "gold"}), {**ID, "plan": "gold"}),
        (changes({"email": "else@example.com"}), {**ID, "email": "else@example.com"}),
        (changes({"custom:x": "1", "https://a.example/b": "2"}), {**ID, "custom:x": "1", "https://a.example/b": "2"}),
        (changes({}, "email", "absent"), {name: value for name, value in ID.items() if name != "email"}),
        (changes({"email": "x"}, "email"), {name: value for name, value in ID.items() if name != "email"}),
        (changes({"new": "x"}, "new"), ID),
        (changes({"dev:x": "1"}), ID),
        (changes({"email_verified": "false"}), {**ID, "email_verified": False}),
        (changes({"phone_number_verified": "TRUE"}), {**ID, "phone_number_verified": True}),
        (changes({"address": "1 Main Street"}), {**ID, "address": {"formatted": "1 Main Street"}}),
        (changes({"updated_at": "1700000000"}), {**ID, "updated_at": 1700000000}),
        (changes({"updated_at": "yesterday"}), {**ID, "updated_at": "yesterday"}),
        (changes({"updated_at": "nan"}), {**ID, "updated_at": "nan"}),
        (changes({"updated_at": "-inf"}), {**ID, "updated_at": "-inf"}),
    ],
)
def test_id_token_obeys(asked: Changes, expected: dict[str, Any]) -> None:
    assert overrides.in_id_token(ID, asked) == expected


@pytest.mark.parametrize(("apply", "claims"), [(overrides.in_id_token, ID), (overrides.in_access_token, ACCESS)])
def test_roles_go_with_the_groups_and_not_without(apply: Any, claims: dict[str, Any]) -> None:
    assert apply(claims, changes({}, "cognito:roles", "cognito:preferred_role")) == claims
    found = apply(claims, changes({"cognito:groups": ["forged"]}, "cognito:groups"))
    gone = {"cognito:groups", "cognito:roles", "cognito:preferred_role"}
    assert found == {name: value for name, value in claims.items() if name not in gone}


def test_attribute_that_developers_alone_see_can_be_taken_away() -> None:
    assert overrides.in_id_token({**ID, "dev:x": "1"}, changes({}, "dev:x")) == ID


@pytest.mark.parametrize(
    ("asked", "scope"),
    [
        (changes(added_scopes=["three"]), "one two three"),
        (changes(added_scopes=["two", "three", "three"]), "one two three"),
        (changes(added_scopes=["openid", "https://api.example/a.read"]), "one two openid https://api.example/a.read"),
        (changes(suppressed_scopes=frozenset({"one"})), "two"),
        (changes(added_scopes=["three"], suppressed_scopes=frozenset({"three", "one", "four"})), "two"),
        (changes(suppressed_scopes=frozenset({"one", "two"})), ""),
        (changes(added_scopes=["aws.cognito.signin.user.admin", "aws.cognito.else"]), "one two"),
        (changes({"scope": "forged"}, "scope"), "one two"),
    ],
)
def test_scopes_are_changed_as_scopes_alone(asked: Changes, scope: str) -> None:
    assert overrides.in_access_token(ACCESS, asked) == {**ACCESS, "scope": scope}


def test_audience_of_an_access_token_is_the_client_or_nothing() -> None:
    assert overrides.in_access_token(ACCESS, changes({"aud": "app"})) == {**ACCESS, "aud": "app"}
    assert overrides.in_access_token(ACCESS, changes({"aud": "else"})) == ACCESS
    assert overrides.in_access_token(ACCESS, changes({"aud": ["app"]})) == ACCESS
    assert overrides.in_access_token(ACCESS, changes({"aud": "app"}, "aud")) == ACCESS
    bound = {**ACCESS, "aud": "https://api.example"}
    assert overrides.in_access_token(bound, changes({"aud": "app"})) == bound
    assert overrides.in_access_token(bound, changes({}, "aud")) == bound


def test_what_is_read_can_be_written() -> None:
    """A response may be nested deeper than JSON is written here."""

    def read(details: dict[str, Any]) -> Reply:
        return token_generation._later_reply({"claimsAndScopeOverrideDetails": details})

    deep: Any = "bottom"
    for _ in range(300):
        deep = [deep]
    for part in ("idTokenGeneration", "accessTokenGeneration"):
        with pytest.raises(InvalidLambdaResponse):
            read({part: {"claimsToAddOrOverride": {"deep": deep}}})
    shallow = {"deep": [[["bottom"]]], "large": 9223372036854775807, "exponent": 1.7976931348623157e308}
    reply = read({"accessTokenGeneration": {"claimsToAddOrOverride": shallow}})
    assert orjson.loads(orjson.dumps(overrides.in_access_token(ACCESS, reply.access_token))) == {**ACCESS, **shallow}
