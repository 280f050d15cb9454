"""What an update makes of a profile: attributes, flags, where codes go, and what waits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.errors import InvalidParameter
from pools.accounts import attributes, profile
from pools.config import pool as pool_settings
from pools.models import Pool, User

OLD, NEW = "old@example.com", "new@example.com"
PHONE, OTHER_PHONE = "+4915112349934", "+4915112349935"
ADDRESSES = ["email", "phone_number"]
PLAIN: dict[str, Any] = {}
AUTO = {"AutoVerifiedAttributes": ADDRESSES}
CAREFUL = {**AUTO, "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ADDRESSES}}
CAREFUL_OF_EMAIL = {**AUTO, "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]}}

VERIFIED = {"email": OLD, "email_verified": "true"}
UNVERIFIED = {"email": OLD, "email_verified": "false"}
UNFLAGGED = {"email": OLD}


def _user(members: dict[str, Any], held: dict[str, str]) -> User:
    return User(
        pool=Pool(id="us-east-1_AbCdEf123", settings=pool_settings.created(members)), username="ada", attributes=held
    )


def _changed(members: dict[str, Any], held: dict[str, str], given: dict[str, str]) -> profile._Change:
    return profile._change(_user(members, held), given)


@pytest.mark.parametrize(
    ("members", "held", "given", "after", "sends_to", "waiting"),
    [
        # Names and values of any kind
        (PLAIN, {"name": "Ada"}, {"nickname": "A"}, {"name": "Ada", "nickname": "A"}, {}, set()),
        (PLAIN, {"name": "Ada"}, {"name": "", "nickname": ""}, {}, {}, set()),
        (PLAIN, {"name": "Ada"}, {}, {"name": "Ada"}, {}, set()),
        # A new address, not verified by the pool
        (PLAIN, VERIFIED, {"email": NEW}, {"email": NEW, "email_verified": "false"}, {}, set()),
        (PLAIN, UNFLAGGED, {"email": NEW}, {"email": NEW, "email_verified": "false"}, {}, set()),
        (PLAIN, {}, {"email": NEW}, {"email": NEW, "email_verified": "false"}, {}, set()),
        (
            PLAIN,
            VERIFIED,
            {"email": NEW, "email_verified": "true"},
            {"email": NEW, "email_verified": "true"},
            {},
            set(),
        ),
        (PLAIN, VERIFIED, {"email": NEW, "email_verified": ""}, {"email": NEW, "email_verified": "false"}, {}, set()),
        # A new address, verified by the pool
        (AUTO, VERIFIED, {"email": NEW}, {"email": NEW, "email_verified": "false"}, {"email": NEW}, set()),
        (AUTO, {}, {"email": NEW}, {"email": NEW, "email_verified": "false"}, {"email": NEW}, set()),
        (AUTO, VERIFIED, {"email": NEW, "email_verified": "true"}, {"email": NEW, "email_verified": "true"}, {}, set()),
        (
            AUTO,
            VERIFIED,
            {"email": NEW, "email_verified": "false"},
            {"email": NEW, "email_verified": "false"},
            {"email": NEW},
            set(),
        ),
        # A new address, verified by the pool before it is used
        (CAREFUL, VERIFIED, {"email": NEW}, VERIFIED, {"email": NEW}, {"email"}),
        (CAREFUL, UNVERIFIED, {"email": NEW}, UNVERIFIED, {"email": NEW}, {"email"}),
        (CAREFUL, UNFLAGGED, {"email": NEW}, UNFLAGGED, {"email": NEW}, {"email"}),
        (CAREFUL, VERIFIED, {"email": NEW, "email_verified": "false"}, VERIFIED, {"email": NEW}, {"email"}),
        (CAREFUL, UNFLAGGED, {"email": NEW, "email_verified": "false"}, UNFLAGGED, {"email": NEW}, {"email"}),
        (CAREFUL, VERIFIED, {"email": NEW, "email_verified": ""}, VERIFIED, {"email": NEW}, {"email"}),
        (
            CAREFUL,
            VERIFIED,
            {"email": NEW, "email_verified": "true"},
            {"email": NEW, "email_verified": "true"},
            {},
            set(),
        ),
        (CAREFUL, {}, {"email": NEW}, {"email": NEW, "email_verified": "false"}, {"email": NEW}, set()),
        (
            CAREFUL,
            {**VERIFIED, "name": "Ada"},
            {"email": NEW, "name": "A"},
            {**VERIFIED, "name": "A"},
            {"email": NEW},
            {"email"},
        ),
        # The same address
        *((members, VERIFIED, {"email": OLD}, VERIFIED, {}, set()) for members in (PLAIN, AUTO, CAREFUL)),
        *((members, UNFLAGGED, {"email": OLD}, UNFLAGGED, {}, set()) for members in (PLAIN, AUTO, CAREFUL)),
        (AUTO, VERIFIED, {"email": OLD, "email_verified": "false"}, UNVERIFIED, {}, set()),
        (CAREFUL, UNVERIFIED, {"email": OLD, "email_verified": "true"}, VERIFIED, {}, set()),
        # A flag alone
        *(
            (members, VERIFIED, {"email_verified": "false"}, UNVERIFIED, {}, set())
            for members in (PLAIN, AUTO, CAREFUL)
        ),
        *((members, UNVERIFIED, {"email_verified": "true"}, VERIFIED, {}, set()) for members in (PLAIN, AUTO, CAREFUL)),
        (PLAIN, VERIFIED, {"email_verified": ""}, UNFLAGGED, {}, set()),
        (PLAIN, {}, {"email_verified": "false"}, {}, {}, set()),
        # No address any more
        *((members, VERIFIED, {"email": ""}, {}, {}, set()) for members in (PLAIN, AUTO, CAREFUL)),
        (CAREFUL, VERIFIED, {"email": "", "email_verified": "false"}, {}, {}, set()),
        # Both addresses
        (
            AUTO,
            {},
            {"email": NEW, "phone_number": PHONE},
            {"email": NEW, "email_verified": "false", "phone_number": PHONE, "phone_number_verified": "false"},
            {"email": NEW, "phone_number": PHONE},
            set(),
        ),
        (
            CAREFUL_OF_EMAIL,
            {**VERIFIED, "phone_number": PHONE, "phone_number_verified": "true"},
            {"email": NEW, "phone_number": OTHER_PHONE},
            {**VERIFIED, "phone_number": OTHER_PHONE, "phone_number_verified": "false"},
            {"email": NEW, "phone_number": OTHER_PHONE},
            {"email"},
        ),
        (
            CAREFUL,
            {**VERIFIED, "phone_number": PHONE},
            {"email": NEW, "phone_number": ""},
            VERIFIED,
            {"email": NEW},
            {"email"},
        ),
    ],
)
def test_change_of_a_profile(
    members: dict[str, Any],
    held: dict[str, str],
    given: dict[str, str],
    after: dict[str, str],
    sends_to: dict[str, str],
    waiting: set[str],
) -> None:
    change = _changed(members, held, given)
    assert change == profile._Change(after, sends_to, frozenset(waiting))


@pytest.mark.parametrize("given", [{"email_verified": "true"}, {"email": "", "email_verified": "true"}])
def test_flag_without_an_address_is_left_for_the_check_to_refuse(given: dict[str, str]) -> None:
    change = _changed(PLAIN, {"email": OLD} if "email" in given else {}, given)
    assert change.attributes == {"email_verified": "true"}
    with pytest.raises(InvalidParameter, match="email is required to set email_verified to true"):
        attributes.check_verified_flags(change.attributes)


_values = st.fixed_dictionaries(
    {},
    optional={
        "email": st.sampled_from(["", OLD, NEW]),
        "email_verified": st.sampled_from(["", "true", "false"]),
        "phone_number": st.sampled_from(["", PHONE, OTHER_PHONE]),
        "phone_number_verified": st.sampled_from(["", "true", "false"]),
        "name": st.sampled_from(["", "Ada"]),
    },
)


@given(st.sampled_from([PLAIN, AUTO, CAREFUL, CAREFUL_OF_EMAIL]), _values, _values)
def test_address_is_verified_only_if_it_was_or_an_administrator_says_so(
    members: dict[str, Any], held: dict[str, str], given: dict[str, str]
) -> None:
    held = {name: value for name, value in held.items() if value}
    change = _changed(members, held, given)
    assert "" not in change.attributes.values()
    assert change.waiting <= change.sends_to.keys()
    for name in ADDRESSES:
        flag = f"{name}_verified"
        is_same = change.attributes.get(name) == held.get(name)
        if change.attributes.get(flag) == "true":
            assert given.get(flag) == "true" or (is_same and held.get(flag) == "true")
        if name in change.waiting:
            assert is_same
            assert change.attributes.get(flag) == held.get(flag)
            assert change.sends_to[name] == given[name] != held[name]


@pytest.mark.parametrize(
    ("forms", "before", "after", "lost"),
    [
        (["email"], {"email": OLD}, {"email": NEW}, ""),
        (["email"], {"email": OLD}, {}, "email"),
        (["email", "phone_number"], {"email": OLD}, {}, "email"),
        (["email", "phone_number"], {"email": OLD}, {"phone_number": PHONE}, "email"),
        (["email", "phone_number"], {"phone_number": PHONE}, {"email": NEW}, "phone_number"),
        (["email", "phone_number"], {"email": OLD}, {"email": NEW, "phone_number": PHONE}, ""),
        (["email", "phone_number"], {"email": OLD, "phone_number": PHONE}, {"phone_number": PHONE}, ""),
        (["email", "phone_number"], {"email": OLD, "phone_number": PHONE}, {"email": NEW}, ""),
        (["email"], {"email": OLD, "phone_number": PHONE}, {"email": OLD}, ""),
        (["email"], {"email": OLD, "phone_number": PHONE}, {"phone_number": PHONE}, "email"),
        ([], {"email": OLD}, {}, ""),
    ],
)
def test_user_keeps_an_address_to_sign_in_with(
    forms: list[str], before: dict[str, str], after: dict[str, str], lost: str
) -> None:
    pool = Pool(id="us-east-1_AbCdEf123", settings=pool_settings.created({"UsernameAttributes": forms}))
    if not lost:
        attributes.check_lost(pool, before, after)
        return
    with pytest.raises(InvalidParameter, match=f"{lost}: The attribute is required"):
        attributes.check_lost(pool, before, after)
