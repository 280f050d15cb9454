"""Which address gets a code, how an address is masked, and deliveries that are only told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pools.accounts import verification
from pools.config import pool as pool_settings
from pools.config.schema import is_email, is_phone_number
from pools.models import Pool

EMAIL, PHONE = "ada@example.com", "+4915112349934"


def _pool(*verified: str, **members: Any) -> Pool:
    return Pool(
        id="us-east-1_AbCdEf123", settings=pool_settings.created({"AutoVerifiedAttributes": [*verified], **members})
    )


@pytest.mark.parametrize(
    ("verified", "attributes", "target"),
    [
        ((), {"email": EMAIL, "phone_number": PHONE}, None),
        (("email",), {}, None),
        (("email",), {"phone_number": PHONE}, None),
        (("email",), {"email": EMAIL, "phone_number": PHONE}, "email"),
        (("phone_number",), {"email": EMAIL, "phone_number": PHONE}, "phone_number"),
        (("email", "phone_number"), {"email": EMAIL, "phone_number": PHONE}, "phone_number"),
        (("phone_number", "email"), {"email": EMAIL}, "email"),
        (("email",), {"email": ""}, None),
    ],
)
def test_code_goes_to_a_verified_address_and_to_the_phone_first(
    verified: tuple[str, ...], attributes: dict[str, str], target: str | None
) -> None:
    assert verification.target(_pool(*verified), attributes) == target


@pytest.mark.parametrize(
    ("attribute", "value", "masked"),
    [
        ("email", "jane@example.com", "j***@e***"),
        ("email", "j@e.x", "j***@e***"),
        ("phone_number", PHONE, "+*********9934"),
        ("phone_number", "+12345", "+*2345"),
        ("phone_number", "+1234", "+1234"),
        ("phone_number", "+12", "+12"),
    ],
)
def test_masked_address(attribute: str, value: str, masked: str) -> None:
    assert verification.mask(attribute, value) == masked


@given(st.emails())
def test_mask_of_an_address_has_one_length_and_two_letters_of_it(address: str) -> None:
    local, domain = address.rsplit("@", 1)
    assert verification.mask("email", address) == f"{local[0]}***@{domain[0]}***"


@given(st.from_regex(r"\+[1-9][0-9]{4,14}", fullmatch=True))
def test_mask_of_a_number_keeps_its_length_and_last_four_digits(number: str) -> None:
    masked = verification.mask("phone_number", number)
    assert len(masked) == len(number)
    assert (masked[0], masked[-4:], set(masked[1:-4])) == ("+", number[-4:], {"*"})


@given(st.text(min_size=1, max_size=128).filter(str.isprintable))
def test_simulated_delivery_is_stable_and_looks_like_one(name: str) -> None:
    pool = _pool("email")
    delivery = verification.simulated_delivery(pool, name, ["email"])
    assert delivery == verification.simulated_delivery(pool, name, ["email"])
    assert (delivery.attribute, delivery.channel) == ("email", "EMAIL")
    before, _, after = delivery.destination.partition("***@")
    assert len(before) <= 1
    assert after.endswith("***")


@pytest.mark.parametrize("name", ["ada", EMAIL, PHONE])
@pytest.mark.parametrize("verified", [("email",), ("phone_number",), ("phone_number", "email")])
def test_simulated_delivery_goes_only_where_the_pool_verifies(verified: tuple[str, ...], name: str) -> None:
    delivery = verification.simulated_delivery(_pool(), name, verified)
    assert delivery.attribute in verified
    if len(verified) == 2:
        assert delivery.attribute == ("email" if is_email(name) else "phone_number")
    if delivery.attribute == "phone_number" and is_phone_number(name):
        assert delivery.destination == verification.mask("phone_number", name)


def test_simulated_delivery_differs_between_pools() -> None:
    names = [f"user-{number}" for number in range(20)]
    one, other = _pool("email"), _pool("email")
    other.id = "us-east-1_Another99"
    assert [verification.simulated_delivery(one, name, ["email"]) for name in names] != [
        verification.simulated_delivery(other, name, ["email"]) for name in names
    ]


def test_simulated_delivery_folds_case_as_the_pool_does() -> None:
    def destinations(is_case_sensitive: bool) -> int:
        pool = _pool("email", UsernameConfiguration={"CaseSensitive": is_case_sensitive})
        return sum(
            verification.simulated_delivery(pool, name, ["email"])
            == verification.simulated_delivery(pool, name.upper(), ["email"])
            for name in (f"user-{number}" for number in range(50))
        )

    assert destinations(False) == 50
    assert destinations(True) < 50
