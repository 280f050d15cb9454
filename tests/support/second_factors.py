"""Pools with second factors, and users who have set one up, through the API."""

from __future__ import annotations

import time
from typing import Any

from tests.support import factories, totp

Settings = dict[str, Any]

PHONE, ADDRESS = "+4915112349934", "ada@example.com"
ON, OFF = {"Enabled": True}, {"Enabled": False}
PREFERRED = {"Enabled": True, "PreferredMfa": True}
SMS, TOTP, EMAIL = "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"
SMS_SENDER = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "external"}
EMAIL_SENDER = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/acme.example",
}
_PREFERENCES = {SMS: "SMSMfaSettings", TOTP: "SoftwareTokenMfaSettings", EMAIL: "EmailMfaSettings"}
MEMBERS: dict[str, dict[str, Any]] = {
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
    wanted = {name: value for factor in factors for name, value in MEMBERS[factor].items()}
    idp.set_user_pool_mfa_config(UserPoolId=pool["Id"], MfaConfiguration=mode, **wanted)


def register(public: Any, access_token: str, name: str = "") -> str:
    """Set an authenticator app up; returns its secret. The code of the present is used up by it."""
    secret: str = public.associate_software_token(AccessToken=access_token)["SecretCode"]
    code = totp.code(secret, time.time())
    public.verify_software_token(AccessToken=access_token, UserCode=code, FriendlyDeviceName=name)
    return secret


class Person:
    """A signed-in user with every factor at hand; settings are given in the names of the factors."""

    def __init__(self, idp: Any, public: Any, pool: dict[str, Any], **attributes: str) -> None:
        self.idp, self.public, self.pool = idp, public, pool
        attributes = attributes or {"phone_number": PHONE, "email": ADDRESS}
        self.username = factories.make_user(idp, pool, **attributes)
        client = factories.make_client(idp, pool)
        self.token = {"AccessToken": factories.sign_in(public, client, self.username)["AccessToken"]}
        self.named = {"UserPoolId": pool["Id"], "Username": self.username}

    def register(self) -> None:
        register(self.public, self.token["AccessToken"])

    def set(self, **settings: Settings) -> None:
        self.public.set_user_mfa_preference(
            **self.token, **{_PREFERENCES[name]: setting for name, setting in settings.items()}
        )

    def set_by_administrator(self, **settings: Settings) -> None:
        self.idp.admin_set_user_mfa_preference(
            **self.named, **{_PREFERENCES[name]: setting for name, setting in settings.items()}
        )

    @property
    def shown(self) -> tuple[list[str], str]:
        """The factors that are on and the preferred one, as four operations agree to tell them."""
        answers = (
            self.public.get_user(**self.token),
            self.idp.admin_get_user(**self.named),
            self.public.get_user_auth_factors(**self.token),
            self.idp.admin_get_user_auth_factors(**self.named),
        )
        told = {
            (tuple(each.get("UserMFASettingList", ["absent"])), each.get("PreferredMfaSetting", "")) for each in answers
        }
        assert len(told) == 1
        factors, preferred = told.pop()
        return [] if factors == ("absent",) else list(factors), preferred

    @property
    def options(self) -> list[list[dict[str, str]] | None]:
        """MFAOptions as three operations tell them."""
        listed = self.idp.list_users(UserPoolId=self.pool["Id"], Filter=f'username = "{self.username}"')["Users"][0]
        answers = (self.public.get_user(**self.token), self.idp.admin_get_user(**self.named), listed)
        return [each.get("MFAOptions") for each in answers]
