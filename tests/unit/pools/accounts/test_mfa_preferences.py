"""Which second factors a user can switch on, by the pool's settings and what the user has."""

from __future__ import annotations

from typing import Any

import pytest

from identity import ids
from pools.accounts import second_factors
from pools.config import pool as pool_config
from pools.config.mfa import EMAIL_OTP, SMS_MFA, SOFTWARE_TOKEN_MFA
from pools.models import Pool, User

pytestmark = pytest.mark.django_db

BOTH = {"email": "ada@example.com", "phone_number": "+4915112349934"}
OFFERING_ALL: dict[str, Any] = {
    "MfaConfiguration": "OPTIONAL",
    "SmsMfaConfiguration": {},
    "SoftwareTokenMfaConfiguration": {"Enabled": True},
    "EmailMfaConfiguration": {},
}


def make_user(settings: dict[str, Any], attributes: dict[str, str], *, software_token: bool) -> User:
    stored = {**pool_config.created({}), **settings}
    pool = Pool.objects.create(id=ids.pool_id("us-east-1"), name="pool", region="us-east-1", settings=stored)
    return User(pool=pool, username="ada", status="CONFIRMED", attributes=attributes, has_software_token=software_token)


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
    found = {name for name in (SMS_MFA, SOFTWARE_TOKEN_MFA, EMAIL_OTP) if second_factors.is_possible(user, name)}
    assert found == possible
