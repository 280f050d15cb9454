"""Rows that are users, and what is wrong with the others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pools.accounts import hashes
from pools.accounts.imports import layout, rows
from pools.accounts.imports.rows import NewUser, RowFailed
from pools.config import pool as pool_settings
from pools.models import Pool

BCRYPT = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
EMAIL, PHONE = "ada@example.com", "+4915112349934"
SMS_MFA = {"SmsMfaConfiguration": {"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"}}}
ADA = {
    "cognito:username": "ada",
    "email": EMAIL,
    "email_verified": "TRUE",
    "cognito:mfa_enabled": "FALSE",
}


def _pool(**members: Any) -> Pool:
    schema = [
        {"Name": "role", "AttributeDataType": "String", "StringAttributeConstraints": {"MaxLength": "5"}},
        {"Name": "member", "AttributeDataType": "Boolean"},
        {"Name": "age", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MinValue": "18"}},
        {"Name": "since", "AttributeDataType": "DateTime"},
    ]
    settings = pool_settings.created({"AutoVerifiedAttributes": ["email"], "Schema": schema} | members)
    return Pool(id="us-east-1_AbCdEf123", settings=settings)


def read(pool: Pool, values: dict[str, str], algorithm: str = "") -> NewUser:
    names = layout.header(pool, with_hash=bool(algorithm))
    found = layout.check_header(pool, layout.join(names), with_hash=bool(algorithm))
    return rows.read(pool, found, layout.join(values.get(name, "") for name in names) + "\r\n", algorithm)


def failure(pool: Pool, values: dict[str, str], algorithm: str = "") -> str:
    with pytest.raises(RowFailed) as failed:
        read(pool, values, algorithm)
    assert str(failed.value) == failed.value.reason
    assert "\n" not in failed.value.reason
    return failed.value.reason


def test_user_without_a_hash_has_to_reset() -> None:
    user = read(_pool(), ADA)
    assert user == NewUser("ada", {"email": EMAIL, "email_verified": "true"}, "", user.status)
    assert user.status == "RESET_REQUIRED"
    assert read(_pool(), ADA, "BCRYPT").status == "RESET_REQUIRED"


def test_user_with_a_hash_is_confirmed() -> None:
    user = read(_pool(), {**ADA, "password_hash": BCRYPT}, "BCRYPT")
    assert (user.password_hash, user.status) == (BCRYPT, "CONFIRMED")
    assert "password_hash" not in user.attributes


def test_values_are_kept_as_the_api_keeps_them() -> None:
    given_values = {
        "cognito:mfa_enabled": "false",
        "email_verified": "True",
        "name": "  Ada, Countess of Lovelace\t",
        "nickname": '=HYPERLINK("https://example.com")',
        "family_name": "@SUM(1+1)*cmd|' /C calc'!A0",
        "birthdate": "12/10/1815",
        "updated_at": "1700000000",
        "phone_number": PHONE,
        "phone_number_verified": "FALSE",
        "address": "12 St James's Square\nLondon",
        "custom:role": "admin",
        "custom:member": "TRUE",
        "custom:age": "36",
        "custom:since": "2024-02-29T12:00:00",
    }
    expected = {name: value.strip() for name, value in given_values.items() if name != "cognito:mfa_enabled"}
    expected |= {"email": EMAIL, "email_verified": "true", "phone_number_verified": "false", "custom:member": "true"}
    assert read(_pool(), {**ADA, **given_values}).attributes == expected


def test_columns_in_another_order_are_read_by_their_names() -> None:
    pool = _pool()
    names = layout.header(pool, with_hash=False)[::-1]
    found = layout.check_header(pool, ",".join(names), with_hash=False)
    assert rows.read(pool, found, layout.join(ADA.get(name, "") for name in names), "").attributes["email"] == EMAIL


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"cognito:username": ""}, "cognito:username: The value is required."),
        (
            {"cognito:username": "ada lovelace"},
            "cognito:username: There must be no white space or control characters in a user name.",
        ),
        (
            {"cognito:username": "ada\u2003lovelace"},
            "cognito:username: There must be no white space or control characters in a user name.",
        ),
        (
            {"cognito:username": "ada\x07"},
            "cognito:username: There must be no white space or control characters in a user name.",
        ),
        ({"cognito:username": "a" * 129}, "cognito:username: String must be less than 128 characters long"),
        ({"email_verified": "FALSE"}, rows.NOTHING_VERIFIED),
        ({"email_verified": ""}, rows.NOTHING_VERIFIED),
        ({"email": "", "email_verified": ""}, rows.NOTHING_VERIFIED),
        ({"phone_number": PHONE, "phone_number_verified": "TRUE", "email_verified": "FALSE"}, rows.NOTHING_VERIFIED),
        ({"email": ""}, "email is required to set email_verified to true."),
        ({"phone_number_verified": "TRUE"}, "phone_number is required to set phone_number_verified to true."),
        ({"email_verified": "yes"}, "Attributes did not conform to the schema: email_verified: Invalid boolean value"),
        ({"email": "ada"}, "Invalid email address format."),
        ({"phone_number": "0151"}, "Invalid phone number format."),
        ({"cognito:mfa_enabled": ""}, "cognito:mfa_enabled: The value must be TRUE or FALSE."),
        ({"cognito:mfa_enabled": "1"}, "cognito:mfa_enabled: The value must be TRUE or FALSE."),
        ({"cognito:mfa_enabled": "TRUE"}, "cognito:mfa_enabled: A user with MFA needs a phone_number."),
        (
            {"cognito:mfa_enabled": "true", "phone_number": PHONE},
            "cognito:mfa_enabled: The value must be FALSE, since SMS MFA is off in the user pool.",
        ),
        (
            {"birthdate": "1815"},
            "Attributes did not conform to the schema: birthdate: String must be at least 10 characters long",
        ),
        ({"updated_at": "today"}, "Attributes did not conform to the schema: updated_at: Invalid number value"),
        (
            {"custom:age": "17", "custom:role": "emperor"},
            "Attributes did not conform to the schema: custom:role: String must be less than 5 characters long; "
            "custom:age: Number must be at least 18",
        ),
        ({"name": "x" * 2049}, "name: String must be less than 2048 characters long"),
        ({"updated_at": "1" * 2049}, "updated_at: String must be less than 2048 characters long"),
        ({"name": "a\0b"}, "The row holds a NUL character."),
        ({name: "x" * 2048 for name in layout.STANDARD}, "The row is longer than 16000 characters."),
    ],
)
def test_row_that_breaks_a_rule_says_which(values: dict[str, str], reason: str) -> None:
    assert failure(_pool(), {**ADA, **values}) == reason


def _pool_with(mode: str, **factors: Any) -> Pool:
    pool = _pool()
    pool.settings = pool_settings.with_mfa(pool.settings, {"MfaConfiguration": mode, **factors})
    return pool


@pytest.mark.parametrize("mode", ["OPTIONAL", "ON"])
def test_sms_mfa_is_on_for_whom_the_row_says_so(mode: str) -> None:
    pool = _pool_with(mode, **SMS_MFA)
    assert read(pool, {**ADA, "phone_number": PHONE, "cognito:mfa_enabled": "TRUE"}).has_sms_mfa
    hashed = {**ADA, "phone_number": PHONE, "cognito:mfa_enabled": "true", "password_hash": BCRYPT}
    assert read(pool, hashed, "BCRYPT").has_sms_mfa
    assert not read(pool, {**ADA, "phone_number": PHONE}).has_sms_mfa
    assert not read(pool, ADA).has_sms_mfa, "a pool that requires MFA asks at sign-in"
    reason = "cognito:mfa_enabled: A user with MFA needs a phone_number."
    assert failure(pool, {**ADA, "cognito:mfa_enabled": "TRUE"}) == reason


@pytest.mark.parametrize(
    "settings",
    [("ON", {"SoftwareTokenMfaConfiguration": {"Enabled": True}}), ("OFF", SMS_MFA)],
    ids=["other factors", "off"],
)
def test_row_cannot_have_sms_mfa_that_the_pool_does_not_offer(settings: tuple[str, dict[str, Any]]) -> None:
    pool = _pool_with(settings[0], **settings[1])
    reason = "cognito:mfa_enabled: The value must be FALSE, since SMS MFA is off in the user pool."
    assert failure(pool, {**ADA, "phone_number": PHONE, "cognito:mfa_enabled": "TRUE"}) == reason
    assert not read(pool, {**ADA, "phone_number": PHONE}).has_sms_mfa


def test_required_attribute_must_be_filled() -> None:
    pool = _pool(Schema=[{"Name": "name", "Required": True}, {"Name": "gender", "Required": True}])
    reason = (
        "Attributes did not conform to the schema: name: The attribute is required; gender: The attribute is required"
    )
    assert failure(pool, ADA) == reason
    assert read(pool, {**ADA, "name": "Ada", "gender": "f"}).username == "ada"


@pytest.mark.parametrize(
    ("line", "count"), [("", 1), ("ada", 1), ("," * 23, 24), ("," * 25, 26), ("," * 15_000, 15_001)]
)
def test_row_has_as_many_columns_as_the_header(line: str, count: int) -> None:
    pool = _pool()
    found = layout.check_header(pool, ",".join(layout.header(pool, with_hash=False)), with_hash=False)
    with pytest.raises(RowFailed, match=f"^The row has {count} columns, the header has 25.$"):
        rows.read(pool, found, line, "")


@pytest.mark.parametrize(
    ("algorithm", "text", "reason"),
    [
        ("BCRYPT", "secret", "password_hash: The value is not a hash of BCRYPT."),
        ("SCRYPT", BCRYPT, "password_hash: The value is not a hash of SCRYPT."),
        ("BCRYPT", BCRYPT.replace("$05$", "$13$"), "password_hash: The cost of a hash of BCRYPT must be at most 12."),
    ],
)
def test_hash_is_of_the_jobs_algorithm_and_affordable(algorithm: str, text: str, reason: str) -> None:
    assert failure(_pool(), {**ADA, "password_hash": text}, algorithm) == reason


@pytest.mark.parametrize(
    ("members", "values", "attributes"),
    [
        ({"UsernameAttributes": ["email"]}, {"cognito:username": EMAIL}, {"email": EMAIL}),
        ({"UsernameAttributes": ["email"]}, {"cognito:username": EMAIL, "email": ""}, {"email": EMAIL}),
        (
            {"UsernameAttributes": ["email", "phone_number"]},
            {"cognito:username": PHONE},
            {"email": EMAIL, "phone_number": PHONE},
        ),
    ],
)
def test_address_is_the_user_name_where_the_pool_says_so(
    members: dict[str, Any], values: dict[str, str], attributes: dict[str, str]
) -> None:
    assert read(_pool(**members), {**ADA, **values}).attributes == {**attributes, "email_verified": "true"}


@pytest.mark.parametrize(
    ("members", "values", "reason"),
    [
        ({"UsernameAttributes": ["email"]}, {}, "Username should be an email."),
        ({"UsernameAttributes": ["phone_number"]}, {}, "Username should be a phone number."),
        (
            {"UsernameAttributes": ["email"]},
            {"cognito:username": "other@example.com"},
            "The user name and the email attribute must be the same.",
        ),
        (
            {"AliasAttributes": ["email"]},
            {"cognito:username": EMAIL},
            "Username cannot be of email format, since user pool is configured for email alias.",
        ),
    ],
)
def test_user_name_has_the_pools_form(members: dict[str, Any], values: dict[str, str], reason: str) -> None:
    assert failure(_pool(**members), {**ADA, **values}) == reason


@pytest.mark.parametrize("username", ["Ada", "Ада", "ada\u0301", "日本", "=1+1", "a\\b", "a,b", "🦆", "<script>"])
def test_user_name_is_what_the_api_takes(username: str) -> None:
    assert read(_pool(), {**ADA, "cognito:username": username}).username == username


@given(
    st.dictionaries(st.sampled_from(layout.header(_pool(), with_hash=True)), st.text(max_size=50), max_size=6),
    st.sampled_from(hashes.ALGORITHMS),
)
def test_any_row_is_a_user_or_fails(values: dict[str, str], algorithm: str) -> None:
    try:
        user = read(_pool(), {**ADA, **values}, algorithm)
    except RowFailed as failed:
        assert failed.reason
        assert "\n" not in failed.reason
    else:
        assert user.attributes["email_verified"] == "true"
        assert all(user.attributes.values())
