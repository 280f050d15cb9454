"""Which factors of a user count, by the pool's settings and what the user has."""

from __future__ import annotations

from typing import Any

import pytest

from identity import ids
from pools.accounts import factors, mfa_preferences
from pools.config import pool as pool_config
from pools.config.mfa import EMAIL_OTP, SMS_MFA, SOFTWARE_TOKEN_MFA
from pools.models import Credential, Pool, User

pytestmark = pytest.mark.django_db

BOTH = {"email": "ada@example.com", "phone_number": "+4915112349934"}
FIRST = ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]
OFFERING_ALL: dict[str, Any] = {
    "MfaConfiguration": "OPTIONAL",
    "SmsMfaConfiguration": {},
    "SoftwareTokenMfaConfiguration": {"Enabled": True},
    "EmailMfaConfiguration": {},
}


def make_user(
    settings: dict[str, Any],
    attributes: dict[str, str],
    *,
    first: list[str] | None = None,
    password: bool = True,
    software_token: bool = False,
) -> User:
    stored = pool_config.created({})
    stored["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"] = first or ["PASSWORD"]
    pool = Pool.objects.create(
        id=ids.pool_id("us-east-1"), name="pool", region="us-east-1", settings={**stored, **settings}
    )
    user = User.objects.create(
        pool=pool,
        sub=ids.sub(),
        username="ada",
        status="CONFIRMED",
        attributes=attributes,
        has_software_token=software_token,
    )
    if password:
        Credential.objects.create(user=user, password_hash="hash")
    return user


@pytest.mark.parametrize(
    ("first", "attributes", "password", "expected"),
    [
        (["PASSWORD"], BOTH, True, ["PASSWORD"]),
        (["PASSWORD"], BOTH, False, []),
        (FIRST, BOTH, True, FIRST),
        (FIRST, BOTH, False, ["EMAIL_OTP", "SMS_OTP"]),
        (FIRST, {"email": BOTH["email"]}, True, ["PASSWORD", "EMAIL_OTP"]),
        (FIRST, {"phone_number": BOTH["phone_number"]}, False, ["SMS_OTP"]),
        (FIRST, {}, False, []),
    ],
)
def test_first_factors_are_those_the_pool_lets_in_and_the_user_has(
    first: list[str], attributes: dict[str, str], password: bool, expected: list[str]
) -> None:
    assert factors.configured(make_user({}, attributes, first=first, password=password)) == expected


def test_a_software_token_counts_while_the_pool_offers_it() -> None:
    assert factors.configured(make_user(OFFERING_ALL, {}, software_token=True)) == ["PASSWORD", "SOFTWARE_TOKEN"]
    assert factors.configured(make_user(OFFERING_ALL, {})) == ["PASSWORD"]
    assert factors.configured(make_user({}, {}, software_token=True)) == ["PASSWORD"]


@pytest.mark.parametrize(
    ("settings", "attributes", "software_token", "possible"),
    [
        (OFFERING_ALL, BOTH, True, {SMS_MFA, SOFTWARE_TOKEN_MFA, EMAIL_OTP}),
        (OFFERING_ALL, BOTH, False, {SMS_MFA, EMAIL_OTP}),
        (OFFERING_ALL, {"email": ""}, False, set()),
        ({**OFFERING_ALL, "MfaConfiguration": "ON"}, {}, True, {SOFTWARE_TOKEN_MFA}),
        ({**OFFERING_ALL, "MfaConfiguration": "OFF"}, BOTH, True, set()),
        ({"MfaConfiguration": "OPTIONAL", "SmsMfaConfiguration": {}}, BOTH, True, {SMS_MFA}),
    ],
)
def test_a_second_factor_is_possible_where_pool_and_user_have_what_it_takes(
    settings: dict[str, Any], attributes: dict[str, str], software_token: bool, possible: set[str]
) -> None:
    user = make_user(settings, attributes, software_token=software_token)
    found = {name for name in (SMS_MFA, SOFTWARE_TOKEN_MFA, EMAIL_OTP) if mfa_preferences.is_possible(user, name)}
    assert found == possible
