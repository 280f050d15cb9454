"""What a user may begin a choice-based sign-in with. Source: guide, "Authentication flows", choice-based sign-in."""

from __future__ import annotations

from pools.accounts import passwords
from pools.config.mfa import MfaSettings, Mode
from pools.config.sign_in import ONE_TIME_CODES, SignInSettings
from pools.models import User
from pools.models.user import UserStatus

PASSWORD = "PASSWORD"  # noqa: S105
PASSWORD_SRP = "PASSWORD_SRP"  # noqa: S105
EMAIL_OTP = "EMAIL_OTP"
SMS_OTP = "SMS_OTP"
ALL = (EMAIL_OTP, SMS_OTP, PASSWORD_SRP, PASSWORD)
KNOWN = frozenset({*ALL, "WEB_AUTHN"})
"""Passkeys have a name that clients may prefer, and no user has one yet."""
_MAY_USE_CODES = frozenset({UserStatus.CONFIRMED, UserStatus.UNCONFIRMED})


def available(user: User) -> list[str]:
    """In AWS names. A code alone is no sign-in for a user who has to show, or has chosen, a second factor."""
    has_password = passwords.is_set(user) or user.is_decoy  # a decoy is looked up all the same, for the time
    return [factor for factor in ALL if (may_use_code(user, factor) if factor in ONE_TIME_CODES else has_password)]


def may_use_code(user: User, factor: str) -> bool:
    """Whether EMAIL_OTP or SMS_OTP is a first factor of this user."""
    mfa = MfaSettings.of(user.pool)
    return (
        factor in SignInSettings.of(user.pool).first_factors
        and bool(user.attributes.get(ONE_TIME_CODES[factor]))
        and user.status in _MAY_USE_CODES
        and mfa.mode is not Mode.ON
        and not set(mfa.offered) & set(user.mfa_factors)
    )
