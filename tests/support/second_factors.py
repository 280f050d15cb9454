"""Pools with second factors, and users who have set one up, through the API."""

from __future__ import annotations

import time
from typing import Any

from tests.support import factories, totp

SMS, TOTP, EMAIL = "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"
SMS_SENDER = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "external"}
EMAIL_SENDER = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/acme.example",
}
_MEMBERS: dict[str, dict[str, Any]] = {
    SMS: {"SmsMfaConfiguration": {"SmsConfiguration": SMS_SENDER}},
    TOTP: {"SoftwareTokenMfaConfiguration": {"Enabled": True}},
    EMAIL: {"EmailMfaConfiguration": {"Message": "Your code is {####}", "Subject": "Your code"}},
}


def make_pool(idp: Any, *factors: str, mode: str = "OPTIONAL", **members: Any) -> dict[str, Any]:
    """A new pool that offers these second factors."""
    pool = factories.make_pool(idp, **{"EmailConfiguration": EMAIL_SENDER, **members})
    set_mfa(idp, pool, *factors, mode=mode)
    return pool


def set_mfa(idp: Any, pool: dict[str, Any], *factors: str, mode: str = "OPTIONAL") -> None:
    """Let a pool offer these second factors and no others."""
    wanted = {name: value for factor in factors for name, value in _MEMBERS[factor].items()}
    idp.set_user_pool_mfa_config(UserPoolId=pool["Id"], MfaConfiguration=mode, **wanted)


def register(public: Any, access_token: str, name: str = "") -> str:
    """Set an authenticator app up; returns its secret. The code of the present is used up by it."""
    secret: str = public.associate_software_token(AccessToken=access_token)["SecretCode"]
    code = totp.code(secret, time.time())
    public.verify_software_token(AccessToken=access_token, UserCode=code, FriendlyDeviceName=name)
    return secret
