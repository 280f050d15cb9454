"""What an export writes of each user, and what it keeps to itself."""

from __future__ import annotations

from typing import Any

import pytest

from pools.accounts import hashes
from pools.accounts.imports import export, layout, rows
from pools.accounts.imports.export import Tally
from pools.accounts.imports.rows import NewUser
from pools.config import pool as pool_settings
from pools.models import Credential, Pool, User
from pools.models.user import UserStatus

pytestmark = pytest.mark.django_db

BCRYPT = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
ARGON2 = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
EMAIL, PHONE = "ada@example.com", "+4915112349934"
VERIFIED = {"email": EMAIL, "email_verified": "true"}


def make_pool(**members: Any) -> Pool:
    schema = [
        {"Name": "role", "AttributeDataType": "String"},
        {"Name": "member", "AttributeDataType": "Boolean"},
        {"Name": "secret", "AttributeDataType": "String", "DeveloperOnlyAttribute": True},
    ]
    settings = pool_settings.created({"AutoVerifiedAttributes": ["email"], "Schema": schema} | members)
    return Pool.objects.create(id="us-east-1_AbCdEf123", name="p", region="us-east-1", settings=settings)


def make_user(pool: Pool, username: str, password_hash: str = "", **columns: Any) -> User:
    defaults: dict[str, Any] = {"attributes": VERIFIED, "status": UserStatus.CONFIRMED}
    user = User.objects.create(pool=pool, sub=f"sub of {username}", username=username, **{**defaults, **columns})
    if password_hash:
        Credential.objects.create(user=user, password_hash=password_hash)
    return user


def exported(pool: Pool, algorithm: str | None = None) -> tuple[list[str], Tally]:
    tally = Tally()
    text = "".join(export.lines(pool, algorithm, tally))
    assert text.endswith("\n")
    return text[:-1].split("\n"), tally


def imported(pool: Pool, lines: list[str], algorithm: str) -> list[NewUser]:
    found = layout.check_header(pool, lines[0], with_hash=True)
    return [rows.read(pool, found, line, algorithm) for line in lines[1:]]


def test_what_is_exported_can_be_imported_and_is_the_same() -> None:
    pool = make_pool()
    held = {
        **VERIFIED,
        "name": "Ada, Countess\\of Lovelace",
        "address": "12 St James's Square\r\nLondon",
        "nickname": '=HYPERLINK("x")',
        "birthdate": "1815-12-10",
        "custom:role": "analyst",
        "custom:member": "false",
    }
    make_user(pool, "ada,\\n", BCRYPT, attributes={**held, "dev:custom:secret": "x"})
    lines, _ = exported(pool)
    assert lines[0] == layout.join(layout.header(pool, with_hash=True))
    assert imported(pool, lines, "BCRYPT") == [NewUser("ada,\\n", held, BCRYPT, UserStatus.CONFIRMED)]


@pytest.mark.parametrize(
    ("mode", "factors", "held", "is_on"),
    [
        ("OPTIONAL", ["SMS_MFA"], {**VERIFIED, "phone_number": PHONE}, True),
        ("ON", ["SOFTWARE_TOKEN_MFA", "SMS_MFA"], {**VERIFIED, "phone_number": PHONE}, True),
        ("ON", ["SOFTWARE_TOKEN_MFA", "EMAIL_OTP"], {**VERIFIED, "phone_number": PHONE}, False),
        ("ON", [], {**VERIFIED, "phone_number": PHONE}, False),
        ("ON", ["SMS_MFA"], VERIFIED, False),
        ("OFF", ["SMS_MFA"], {**VERIFIED, "phone_number": PHONE}, False),
    ],
)
def test_sms_mfa_comes_along_where_an_import_takes_it(
    mode: str, factors: list[str], held: dict[str, str], is_on: bool
) -> None:
    pool = make_pool(MfaConfiguration=mode, SmsConfiguration={"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"})
    make_user(pool, "ada", BCRYPT, attributes=held, mfa_factors=factors)
    lines, _ = exported(pool)
    assert imported(pool, lines, "BCRYPT") == [NewUser("ada", held, BCRYPT, UserStatus.CONFIRMED, is_on)]


def test_empty_pool_gives_the_header() -> None:
    lines, tally = exported(make_pool())
    assert len(lines) == 1
    assert tally == Tally()


@pytest.mark.parametrize(
    ("names", "held", "exported_name"),
    [
        (["email"], VERIFIED, EMAIL),
        (["email", "phone_number"], {**VERIFIED, "phone_number": PHONE}, EMAIL),
        (["phone_number"], {**VERIFIED, "phone_number": PHONE}, PHONE),
        (["email", "phone_number"], {"phone_number": PHONE}, PHONE),
    ],
)
def test_address_that_is_the_user_name_is_exported_as_such(
    names: list[str], held: dict[str, str], exported_name: str
) -> None:
    pool = make_pool(UsernameAttributes=names)
    make_user(pool, "the-sub", BCRYPT, attributes=held)
    lines, _ = exported(pool)
    assert layout.split(lines[1])[0] == exported_name


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"status": UserStatus.UNCONFIRMED}, "UNCONFIRMED"),
        ({"status": UserStatus.FORCE_CHANGE_PASSWORD}, "FORCE_CHANGE_PASSWORD"),
        ({"status": UserStatus.RESET_REQUIRED}, "RESET_REQUIRED"),
        ({"enabled": False}, "disabled"),
    ],
)
def test_password_that_signs_nobody_in_does_not_come_along(columns: dict[str, Any], reason: str) -> None:
    pool = make_pool()
    make_user(pool, "ada", BCRYPT, **columns)
    lines, tally = exported(pool)
    assert imported(pool, lines, "BCRYPT") == [NewUser("ada", VERIFIED, "", UserStatus.RESET_REQUIRED)]
    assert tally.withheld == {reason: 1}
    assert tally.algorithms == {hashes.NONE: 1}


def test_profiles_of_other_providers_stay() -> None:
    pool = make_pool()
    make_user(pool, "Google_1", status=UserStatus.EXTERNAL_PROVIDER)
    lines, tally = exported(pool)
    assert len(lines) == 1
    assert (tally.written, tally.external) == (0, 1)


def test_kinds_of_hashes_can_be_taken_apart() -> None:
    pool = make_pool()
    for name, text in {"b": BCRYPT, "a": ARGON2, "n": "", "b2": BCRYPT}.items():
        make_user(pool, name, text)
    make_user(pool, "f", ARGON2, status=UserStatus.FORCE_CHANGE_PASSWORD)

    def names(algorithm: str | None) -> list[str]:
        lines, tally = exported(pool, algorithm)
        assert tally.algorithms == {"BCRYPT": 2, "ARGON2ID": 1, "NONE": 2}
        assert tally.written == len(lines) - 1
        assert ("password_hash" in lines[0]) == (algorithm != "NONE")
        return [layout.split(line)[0] for line in lines[1:]]

    assert names(None) == ["b", "a", "n", "b2", "f"]
    assert names("BCRYPT") == ["b", "b2"]
    assert names("ARGON2ID") == ["a"]
    assert names("SCRYPT") == []
    assert names("NONE") == ["n", "f"]


def test_rows_that_will_fail_are_counted() -> None:
    pool = make_pool()
    make_user(pool, "unverified", BCRYPT, attributes={"email": EMAIL})
    make_user(
        pool, "long", BCRYPT, attributes={**VERIFIED, **{name: "x" * 2048 for name in list(layout.STANDARD)[1:9]}}
    )
    _, tally = exported(pool)
    assert (tally.written, tally.unverified, tally.too_long) == (2, 1, 1)


def test_batches_miss_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_BATCH", 3)
    pool = make_pool()
    for number in range(7):
        make_user(pool, f"user-{number}")
    lines, _ = exported(pool)
    assert [layout.split(line)[0] for line in lines[1:]] == [f"user-{number}" for number in range(7)]
