"""What a user can prove who they are by. Source: API reference, GetUserAuthFactors; guide, "Authentication flows"."""

from __future__ import annotations

from pools.accounts import passwords
from pools.config.mfa import SOFTWARE_TOKEN_MFA, MfaSettings
from pools.config.sign_in import SignInSettings
from pools.models import User


def configured(user: User) -> list[str]:
    """The factors that the user has what it takes for and the pool lets in: the first ones by its sign-in policy.

    A software token is a second factor alone; the API lists it among these.
    """
    allowed = SignInSettings.of(user.pool).first_factors
    is_there = {
        "PASSWORD": "PASSWORD" in allowed and passwords.is_set(user),
        "EMAIL_OTP": "EMAIL_OTP" in allowed and bool(user.attributes.get("email")),
        "SMS_OTP": "SMS_OTP" in allowed and bool(user.attributes.get("phone_number")),
        "SOFTWARE_TOKEN": user.has_software_token and SOFTWARE_TOKEN_MFA in MfaSettings.of(user.pool).offered,
    }
    return [name for name, there in is_there.items() if there]
