"""Which names follow from a user's attributes, and what a new user may be called."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.errors import InvalidParameter, NotAuthorized
from pools.accounts import attributes
from pools.config import client as client_settings
from pools.config import pool as pool_settings
from pools.config.schema import STANDARD, Schema
from pools.models import Client, Pool, User

EMAIL, PHONE = "ada@example.com", "+4915112349934"
PLAIN: dict[str, Any] = {}
ALIASES = {"AliasAttributes": ["email", "phone_number", "preferred_username"]}
ADDRESSES = {"UsernameAttributes": ["email", "phone_number"]}
FOLDING = {"UsernameConfiguration": {"CaseSensitive": False}}


def _pool(**members: Any) -> Pool:
    return Pool(id="us-east-1_AbCdEf123", settings=pool_settings.created(members))


def _client(pool: Pool, **members: Any) -> Client:
    schema = Schema.of(pool)
    settings = client_settings.stored(members, pool_id=pool.id, schema=schema, tier="ESSENTIALS", has_secret=False)
    return Client(pool=pool, settings=settings)


@pytest.mark.parametrize(
    ("members", "held", "names"),
    [
        (PLAIN, {"email": EMAIL, "email_verified": "true", "preferred_username": "ada"}, {}),
        (ALIASES, {"email": EMAIL}, {}),
        (ALIASES, {"email": EMAIL, "email_verified": "false"}, {}),
        (ALIASES, {"email": EMAIL, "email_verified": "true"}, {"email": EMAIL}),
        (ALIASES, {"phone_number": PHONE, "email_verified": "true"}, {}),
        (ALIASES, {"email_verified": "true"}, {}),
        (ALIASES, {"preferred_username": "ada"}, {"preferred_username": "ada"}),
        (ADDRESSES, {"email": EMAIL, "phone_number": PHONE}, {"email": EMAIL, "phone_number": PHONE}),
        (ADDRESSES, {"email": EMAIL, "preferred_username": "ada"}, {"email": EMAIL}),
        ({"UsernameAttributes": ["email"]}, {"email": EMAIL, "phone_number": PHONE}, {"email": EMAIL}),
    ],
)
def test_sign_in_names_follow_from_pool_and_attributes(
    members: dict[str, Any], held: dict[str, str], names: dict[str, str]
) -> None:
    assert attributes.sign_in_names(_pool(**members), "someone", held) == {"username": "someone", **names}


def test_names_are_claimed_in_one_order() -> None:
    """Or two users who want the same two addresses could wait for each other."""
    held = {"phone_number": PHONE, "email": EMAIL}
    names = list(attributes.sign_in_names(_pool(**ADDRESSES), "someone", held))
    assert names[1:] == sorted(names[1:])


@pytest.mark.parametrize(
    ("members", "username", "given_attributes", "expected"),
    [
        (PLAIN, "ada", {"email": EMAIL, "name": ""}, {"email": EMAIL}),
        (PLAIN, EMAIL, {}, {}),
        (ADDRESSES, EMAIL, {"name": "Ada"}, {"email": EMAIL, "name": "Ada"}),
        (ADDRESSES, PHONE, {}, {"phone_number": PHONE}),
        (ADDRESSES, EMAIL, {"email": EMAIL}, {"email": EMAIL}),
        (ADDRESSES, EMAIL, {"email": ""}, {"email": EMAIL}),
        ({**ADDRESSES, **FOLDING}, EMAIL, {"email": EMAIL.upper()}, {"email": EMAIL.upper()}),
        (PLAIN, "ada", {"email": EMAIL, "email_verified": "True"}, {"email": EMAIL, "email_verified": "true"}),
    ],
)
def test_new_user_has_the_address_that_is_the_name(
    members: dict[str, Any], username: str, given_attributes: dict[str, str], expected: dict[str, str]
) -> None:
    assert attributes.name_new_user(_pool(**members), username, given_attributes) == expected


@pytest.mark.parametrize(
    ("members", "username", "given_attributes"),
    [
        (ADDRESSES, "ada", {}),
        (ADDRESSES, EMAIL, {"email": "other@example.com"}),
        (ADDRESSES, EMAIL, {"email": EMAIL.upper()}),
        ({"UsernameAttributes": ["email"]}, PHONE, {}),
        ({"UsernameAttributes": ["phone_number"]}, EMAIL, {}),
        (ALIASES, EMAIL, {}),
        (ALIASES, PHONE, {}),
    ],
)
def test_new_user_cannot_be_named_against_the_pools_form(
    members: dict[str, Any], username: str, given_attributes: dict[str, str]
) -> None:
    with pytest.raises(InvalidParameter):
        attributes.name_new_user(_pool(**members), username, given_attributes)


@pytest.mark.parametrize(
    ("members", "held", "shown"),
    [
        (PLAIN, {"email": EMAIL}, "sub"),
        (ALIASES, {"email": EMAIL, "email_verified": "true"}, "sub"),
        (ADDRESSES, {"email": EMAIL, "phone_number": PHONE}, EMAIL),
        (ADDRESSES, {"phone_number": PHONE}, PHONE),
        ({"UsernameAttributes": ["phone_number"]}, {"email": EMAIL, "phone_number": PHONE}, PHONE),
    ],
)
def test_people_know_a_user_by_the_name_they_chose(members: dict[str, Any], held: dict[str, str], shown: str) -> None:
    user = User(pool=_pool(**members), username="sub", attributes=held)
    assert attributes.known_as(user) == shown


@pytest.mark.parametrize("flag", ["email_verified", "phone_number_verified"])
def test_flag_needs_its_address(flag: str) -> None:
    address = {flag.removesuffix("_verified"): "x"}
    with pytest.raises(InvalidParameter):
        attributes.check_verified_flags({flag: "true"})
    attributes.check_verified_flags({flag: "true", **address})
    attributes.check_verified_flags({flag: "false"})


@pytest.mark.parametrize(
    ("members", "given_attributes", "is_allowed"),
    [
        ({}, {"nickname": "x", "custom:role": "x", "custom:company": "x"}, True),
        ({}, {"email_verified": "true"}, False),
        ({}, {"phone_number_verified": "false"}, False),
        ({}, {"dev:custom:score": "x"}, False),
        ({"WriteAttributes": ["nickname"]}, {"nickname": "x"}, True),
        ({"WriteAttributes": ["nickname"]}, {"custom:role": "x"}, False),
        ({"WriteAttributes": ["nickname", "custom:company"]}, {"custom:company": "x"}, True),
        ({"WriteAttributes": ["nickname"]}, {"name": ""}, False),
    ],
)
def test_client_decides_what_its_users_write(
    members: dict[str, Any], given_attributes: dict[str, str], is_allowed: bool
) -> None:
    schema = [
        {"Name": "role", "AttributeDataType": "String"},
        {"Name": "company", "AttributeDataType": "String", "Mutable": False},
        {"Name": "score", "AttributeDataType": "String", "DeveloperOnlyAttribute": True},
    ]
    client = _client(_pool(Schema=schema), **members)
    if is_allowed:
        attributes.check_writable(client, given_attributes)
    else:
        with pytest.raises(NotAuthorized):
            attributes.check_writable(client, given_attributes)


@given(st.dictionaries(st.sampled_from(sorted(STANDARD)) | st.text(max_size=32), st.text(max_size=2048), max_size=5))
def test_any_attributes_conform_or_are_refused(values: dict[str, str]) -> None:
    try:
        attributes.check_values(_pool(), values)
    except InvalidParameter as refusal:
        assert refusal.message
