"""Claims as a table: attributes to their types, settings to what is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pools.config import client as client_config
from pools.config import pool as pool_config
from pools.config.schema import STANDARD, Schema
from pools.models import Client, Pool, User
from pools.models.user import UserStatus
from pools.tokens import claims
from pools.tokens.claims import Grant

NOW = datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=UTC)
SIGNED_IN = NOW - timedelta(days=3)
POOL = Pool(id="us-east-1_abcdefghi", region="us-east-1", settings=pool_config.created({}))
REGISTERED = {
    *("sub", "iss", "aud", "cognito:username", "token_use", "auth_time", "exp", "iat", "event_id", "jti", "origin_jti")
}


def grant(attributes: dict[str, str] | None = None, origin_jti: str | None = "family", **members: Any) -> Grant:
    settings = client_config.stored(
        members, pool_id=POOL.id, schema=Schema.of(POOL), tier="ESSENTIALS", has_secret=False
    )
    user = User(pool=POOL, sub="sub", username="bob", attributes=attributes or {}, status=UserStatus.CONFIRMED)
    client = Client(pool=POOL, client_id="app", settings=settings)
    return Grant(POOL, client, user, SIGNED_IN, "one two", origin_jti)


def profile(attributes: dict[str, str], **members: Any) -> dict[str, Any]:
    """The attributes among an ID token's claims."""
    found = claims.id_token(grant(attributes, **members), NOW, "event")
    return {name: value for name, value in found.items() if name not in REGISTERED}


@pytest.mark.parametrize(
    ("name", "value", "claim"),
    [
        ("email", "bob@example.com", "bob@example.com"),
        ("email_verified", "true", True),
        ("email_verified", "false", False),
        ("email_verified", "TRUE", True),
        ("phone_number_verified", "true", True),
        ("phone_number_verified", "False", False),
        ("phone_number", "+15550001111", "+15550001111"),
        ("address", "1 Main Street", {"formatted": "1 Main Street"}),
        ("address", '{"formatted": "x"}', {"formatted": '{"formatted": "x"}'}),
        ("updated_at", "1700000000", 1700000000),
        ("updated_at", "+7", 7),
        ("updated_at", "007", 7),
        ("updated_at", "1.25", 1.25),
        ("updated_at", str(2**53), 2**53),
        ("updated_at", "9" * 20, "9" * 20),
        ("birthdate", "1990-01-02", "1990-01-02"),
        ("zoneinfo", "7", "7"),
        ("given_name", "true", "true"),
        ("custom:number", "7", "7"),
        ("custom:flag", "true", "true"),
        ("custom:json", '{"a": 1}', '{"a": 1}'),
        ("custom:email_verified", "true", "true"),
        ("custom:address", "x", "x"),
    ],
)
def test_an_attribute_becomes_a_claim_of_its_type(name: str, value: str, claim: object) -> None:
    found = profile({name: value})
    assert found == {name: claim}
    assert type(found[name]) is type(claim)


@pytest.mark.parametrize("name", ["dev:custom:internal", "dev:anything"])
def test_developer_attributes_are_no_claims(name: str) -> None:
    assert profile({name: "x"}) == {}


@given(
    st.dictionaries(
        st.sampled_from([*STANDARD.keys() - {"sub"}, "custom:x"]), st.from_regex(r"[0-9]{1,500}", fullmatch=True)
    )
)
def test_whatever_the_attributes_hold_the_token_can_be_written(attributes: dict[str, str]) -> None:
    orjson.dumps(claims.id_token(grant(attributes), NOW, "event"))


def test_no_attribute_replaces_what_the_token_says_of_itself() -> None:
    """The schema does not allow these names; were one there, it would not count."""
    forged = dict.fromkeys(REGISTERED, "forged")
    found = claims.id_token(grant(forged), NOW, "event")
    assert "forged" not in found.values()


def test_only_readable_attributes_are_claims() -> None:
    attributes = {"email": "x@example.com", "email_verified": "true", "given_name": "Bob", "custom:x": "1"}
    assert profile(attributes, ReadAttributes=["given_name"]) == {"given_name": "Bob"}
    assert profile(attributes, ReadAttributes=["email"]) == {"email": "x@example.com"}
    assert profile(attributes).keys() == attributes.keys()


def test_times_are_whole_seconds_and_lives_are_exact() -> None:
    settings = {"AccessTokenValidity": 2, "IdTokenValidity": 3}
    of_access = claims.access_token(grant(**settings), NOW, "event")
    of_id = claims.id_token(grant(**settings), NOW, "event")
    for found, hours in ((of_access, 2), (of_id, 3)):
        assert found["iat"] == int(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp())
        assert found["exp"] - found["iat"] == hours * 3600
        assert found["auth_time"] == found["iat"] - 3 * 86400
        assert {type(found[name]) for name in ("iat", "exp", "auth_time")} == {int}


def test_the_access_token_names_client_scope_and_user() -> None:
    found = claims.access_token(grant({"email": "x@example.com"}), NOW, "event")
    assert {name: found[name] for name in ("client_id", "scope", "username", "token_use", "event_id")} == {
        "client_id": "app",
        "scope": "one two",
        "username": "bob",
        "token_use": "access",
        "event_id": "event",
    }
    assert not found.keys() & {"aud", "email", "cognito:username", "version"}


def test_a_family_is_in_both_tokens_or_in_none() -> None:
    for make in (claims.access_token, claims.id_token):
        assert make(grant(), NOW, "event")["origin_jti"] == "family"
        assert not make(grant(origin_jti=None), NOW, "event").keys() & {"jti", "origin_jti"}
        assert make(grant(), NOW, "event")["jti"] != make(grant(), NOW, "event")["jti"]
