"""Authenticator apps: which codes are right, which were used, what becomes of the secrets."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from identity import clock, ids
from identity.errors import (
    CodeMismatch,
    EnableSoftwareTokenMFA,
    ExpiredCode,
    InvalidParameter,
    ServiceError,
    TooManyRequests,
    UserNotFound,
)
from pools.accounts import software_tokens
from pools.config import pool as pool_config
from pools.models import Pool, SoftwareToken, User
from tests.support import totp

pytestmark = pytest.mark.django_db

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
# RFC 6238, appendix B, SHA1; of its eight digits the last six.
RFC_CODES = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


class _Time:
    """The time as these tests set it."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Time]:
    set_time = _Time()
    monkeypatch.setattr(clock, "now", set_time.now)
    yield set_time


@pytest.fixture
def user() -> User:
    pool = Pool.objects.create(
        id=ids.pool_id("us-east-1"), name="pool", region="us-east-1", settings=pool_config.created({})
    )
    return User.objects.create(pool=pool, sub=ids.sub(), username="ada", status="CONFIRMED")


def activate(user: User, time: _Time, name: str = "") -> str:
    """A secret that signs in; the step of its first code is over."""
    secret = software_tokens.associate(user)
    software_tokens.verify(user, totp.code(secret, time.seconds), name=name)
    time.seconds += 90
    return secret


def accept(user: User, code: str) -> str:
    try:
        with transaction.atomic():
            software_tokens.consume(software_tokens.step_of(user, code))
    except ServiceError as error:
        return f"{error.code}: {error.message}"
    return "accepted"


USED = "ExpiredCodeException: Your software token has already been used once."
WRONG = "CodeMismatchException: Invalid code received for user"


@pytest.mark.parametrize("at", RFC_CODES)
def test_codes_are_those_of_the_rfc(user: User, time: _Time, at: int) -> None:
    SoftwareToken.objects.create(user=user, confirmed=True, secret=RFC_SECRET)
    time.seconds = at
    assert software_tokens.step_of(user, RFC_CODES[at]).step == at // 30
    assert totp.code(RFC_SECRET, at) == RFC_CODES[at]


def test_a_secret_is_what_authenticator_apps_take_and_never_the_same(user: User) -> None:
    made = [software_tokens.associate(user) for _ in range(3)]
    assert all(re.fullmatch("[A-Z2-7]{52}", secret) for secret in made)
    assert len(set(made)) == 3


def test_the_database_never_sees_a_secret(user: User) -> None:
    secret = software_tokens.associate(user)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM pools_softwaretoken")
        stored = bytes(cursor.fetchone()[0])
    assert secret.encode() not in stored and base64.b32decode(secret + "====") not in stored


@pytest.mark.parametrize(("steps", "is_right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
@pytest.mark.parametrize("within", [0, 29])
def test_one_step_before_and_after_the_present_is_tolerated(
    user: User, time: _Time, steps: int, within: int, is_right: bool
) -> None:
    SoftwareToken.objects.create(user=user, confirmed=True, secret=RFC_SECRET)
    time.seconds += within
    code = totp.code(RFC_SECRET, time.seconds // 30 * 30 + 30 * steps)
    assert accept(user, code) == ("accepted" if is_right else WRONG)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345", " 12345", "1e5"])  # noqa: RUF001
def test_what_is_no_code_is_a_wrong_one(user: User, time: _Time, code: str) -> None:
    activate(user, time)
    assert accept(user, code) == WRONG


def test_a_code_works_once(user: User, time: _Time) -> None:
    code = totp.code(activate(user, time), time.seconds)
    assert [accept(user, code) for _ in range(3)] == ["accepted", USED, USED]


def test_a_later_code_ends_the_earlier_ones(user: User, time: _Time) -> None:
    secret = activate(user, time)
    assert accept(user, totp.code(secret, time.seconds + 30)) == "accepted"
    assert accept(user, totp.code(secret, time.seconds)) == USED
    time.seconds += 60
    assert accept(user, totp.code(secret, time.seconds)) == "accepted"


def test_of_two_who_checked_the_same_code_one_uses_it(user: User, time: _Time) -> None:
    matched = software_tokens.step_of(user, totp.code(activate(user, time), time.seconds))
    software_tokens.consume(matched)
    with pytest.raises(ExpiredCode):
        software_tokens.consume(matched)


def test_the_code_that_verified_does_not_sign_in(user: User, time: _Time) -> None:
    secret = software_tokens.associate(user)
    code = totp.code(secret, time.seconds)
    software_tokens.verify(user, code)
    assert accept(user, code) == USED


def test_a_code_of_a_token_that_was_deleted_meanwhile_is_not_accepted(user: User, time: _Time) -> None:
    matched = software_tokens.step_of(user, totp.code(activate(user, time), time.seconds))
    with transaction.atomic():
        software_tokens.delete(user)
    with pytest.raises(ExpiredCode):
        software_tokens.consume(matched)


def test_a_waiting_secret_does_not_sign_in(user: User, time: _Time) -> None:
    assert accept(user, totp.code(software_tokens.associate(user), time.seconds)) == WRONG


def test_verifying_activates_the_secret_and_switches_nothing_on(user: User, time: _Time) -> None:
    activate(user, time, "Ada's phone")
    user.refresh_from_db()
    assert (user.has_software_token, user.mfa_factors, user.preferred_mfa) == (True, [], "")
    assert software_tokens.name_of(user) == "Ada's phone"


def test_an_active_secret_stays_until_a_new_one_is_verified(user: User, time: _Time) -> None:
    first = activate(user, time)
    second = software_tokens.associate(user)
    assert accept(user, totp.code(first, time.seconds)) == "accepted"
    with pytest.raises(EnableSoftwareTokenMFA):
        software_tokens.verify(user, totp.wrong(second, time.seconds))
    time.seconds += 60
    assert accept(user, totp.code(first, time.seconds)) == "accepted"
    software_tokens.verify(user, totp.code(second, time.seconds))
    time.seconds += 60
    assert accept(user, totp.code(first, time.seconds)) == WRONG
    assert accept(user, totp.code(second, time.seconds)) == "accepted"
    assert SoftwareToken.objects.filter(user=user).count() == 1


def test_a_second_secret_replaces_the_waiting_one(user: User, time: _Time) -> None:
    first, second = software_tokens.associate(user), software_tokens.associate(user)
    with pytest.raises(EnableSoftwareTokenMFA, match=r"^Code mismatch$"):
        software_tokens.verify(user, totp.code(first, time.seconds))
    software_tokens.verify(user, totp.code(second, time.seconds))


def test_a_code_of_a_secret_that_was_replaced_meanwhile_activates_nothing(user: User, time: _Time) -> None:
    matched = software_tokens.step_of_waiting(user, totp.code(software_tokens.associate(user), time.seconds))
    software_tokens.associate(user)
    with transaction.atomic(), pytest.raises(InvalidParameter):
        software_tokens.activate(user, matched)
    assert not SoftwareToken.objects.filter(user=user, confirmed=True).exists()


def test_nothing_to_verify_is_refused(user: User, time: _Time) -> None:
    with pytest.raises(InvalidParameter):
        software_tokens.verify(user, "123456")
    activate(user, time)
    with pytest.raises(InvalidParameter):
        software_tokens.verify(user, "123456")


def test_wrong_first_codes_lock_out_even_the_right_one_for_a_while(user: User, time: _Time) -> None:
    secret = software_tokens.associate(user)
    for _ in range(5):
        with pytest.raises(EnableSoftwareTokenMFA):
            software_tokens.verify(user, totp.wrong(secret, time.seconds))
    with pytest.raises(TooManyRequests, match="Attempt limit exceeded"):
        software_tokens.verify(user, totp.code(secret, time.seconds))
    secret = software_tokens.associate(user)  # another secret does not start the count anew
    with pytest.raises(TooManyRequests):
        software_tokens.verify(user, totp.code(secret, time.seconds))
    time.seconds += 2
    software_tokens.verify(user, totp.code(secret, time.seconds))


def test_of_a_long_name_the_beginning_is_kept(user: User, time: _Time) -> None:
    activate(user, time, "n" * 65)
    assert software_tokens.name_of(user) == "n" * 64


def test_deleting_takes_both_secrets_and_the_factor_and_leaves_the_others(user: User, time: _Time) -> None:
    activate(user, time)
    software_tokens.associate(user)
    User.objects.update(mfa_factors=["SMS_MFA", "SOFTWARE_TOKEN_MFA"], preferred_mfa="SOFTWARE_TOKEN_MFA")
    with transaction.atomic():
        software_tokens.delete(user)
    user.refresh_from_db()
    assert (user.has_software_token, user.mfa_factors, user.preferred_mfa) == (False, ["SMS_MFA"], "")
    assert not SoftwareToken.objects.exists()


def test_deleting_leaves_another_preference_alone(user: User, time: _Time) -> None:
    User.objects.update(mfa_factors=["EMAIL_OTP", "SOFTWARE_TOKEN_MFA"], preferred_mfa="EMAIL_OTP")
    with transaction.atomic():
        software_tokens.delete(user)
    user.refresh_from_db()
    assert (user.mfa_factors, user.preferred_mfa) == (["EMAIL_OTP"], "EMAIL_OTP")


def test_a_user_who_is_gone_gets_no_secret(user: User) -> None:
    User.objects.all().delete()
    with pytest.raises(UserNotFound):
        software_tokens.associate(user)


def test_secrets_go_with_their_user(user: User, time: _Time) -> None:
    activate(user, time)
    software_tokens.associate(user)
    User.objects.all().delete()
    assert not SoftwareToken.objects.exists()
    with pytest.raises(CodeMismatch):
        software_tokens.step_of(user, "123456")
