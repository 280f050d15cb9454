"""Users and the second factors they hold."""

from __future__ import annotations

import time
from typing import Any

from tests.support import factories, second_factors, totp
from tests.support.factories import attributes_of
from tests.support.mailbox import Mailbox
from tests.support.second_factors import EMAIL, ON, PREFERRED, SMS
from tests.support.second_factors import TOTP as APP
from tests.support.walk import contacts, make_client

FACTORS = [SMS, APP, EMAIL]
ANSWERS = {SMS: "SMS_MFA_CODE", APP: "SOFTWARE_TOKEN_MFA_CODE", EMAIL: "EMAIL_OTP_CODE"}
STEP = 30
"""Seconds that an app shows a code."""


class Holder:
    """A user and what they hold: a phone, a mailbox, an app; `code` is what they read off when asked."""

    def __init__(self, idp: Any, public: Any, pool: dict[str, Any], mailbox: Mailbox, **attributes: str) -> None:
        self.idp, self.public, self.pool, self.mailbox = idp, public, pool, mailbox
        self.attributes = attributes or contacts()
        self.username = factories.make_user(idp, pool, **self.attributes)
        self.named = {"UserPoolId": pool["Id"], "Username": self.username}
        self.secret = ""
        self.read = 0

    def switch_on(self, *factors: str, preferred: str = "") -> Holder:
        """While the pool asks for nothing yet, so that an app can be set up."""
        for factor in factors:
            if factor == APP:
                token = factories.sign_in(self.public, make_client(self.idp, self.pool), self.username)["AccessToken"]
                self.secret = second_factors.register(self.public, token, "the phone")
        settings = {factor: PREFERRED if factor == preferred else ON for factor in factors}
        members = {SMS: "SMSMfaSettings", APP: "SoftwareTokenMfaSettings", EMAIL: "EmailMfaSettings"}
        self.idp.admin_set_user_mfa_preference(
            **self.named, **{members[factor]: setting for factor, setting in settings.items()}
        )
        return self

    def code(self, factor: str) -> str:
        """The app's next one each time: its first was used up when the app was set up."""
        if factor == APP:
            self.read += 1
            return totp.code(self.secret, time.time() + STEP * self.read)
        return self.mailbox.code(self.attributes["phone_number" if factor == SMS else "email"])

    def wrong(self, factor: str) -> str:
        if factor == APP:
            return totp.wrong(self.secret, time.time())
        return f"{(int(self.code(factor)) + 1) % 10**6:06d}"

    @property
    def shown(self) -> dict[str, str]:
        return attributes_of(self.idp.admin_get_user(**self.named))
