"""MFA_SETUP: a pool requires a second factor and its user has none.

An authenticator app is set up by AssociateSoftwareToken and VerifySoftwareToken on this challenge's Session
(`signin.enrolment`); an e-mail address is said here and proven by a code. So is a phone number on the pages; to the API
it is for an administrator.
Source: guide, "Adding MFA to a user pool"; RespondToAuthChallenge in the API reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import orjson

from identity.errors import InvalidParameter, NotAuthorized
from pools.config import mfa
from pools.config.mfa import MfaSettings
from pools.config.schema import is_email, is_phone_number
from pools.models import Attempt
from pools.signin import proofs
from pools.signin.challenges.base import Proof


class MfaSetup:
    name: ClassVar[str] = "MFA_SETUP"
    unasked: ClassVar[tuple[str, ...]] = ()

    def offer(self, attempt: Attempt) -> dict[str, str]:
        offered = MfaSettings.of(attempt.user.pool).offered
        return {"MFAS_CAN_SETUP": orjson.dumps(offered).decode(), "USER_ID_FOR_SRP": attempt.user.username}

    def check(self, attempt: Attempt, answers: Mapping[str, str]) -> Proof:
        """Raises: NotAuthorized (nothing has been set up), InvalidParameter (address)."""
        if attempt.data.get("is_enrolled") and attempt.user.has_software_token:
            return Proof(proofs.SOFTWARE_TOKEN)
        number = answers.get("PHONE_NUMBER")
        if number and attempt.channel == Attempt.Channel.HOSTED:
            return self._number(attempt, number)
        address = answers.get("EMAIL") or answers.get("email")
        if not address:
            raise NotAuthorized("No second factor has been set up in this session.")
        if mfa.EMAIL_OTP not in MfaSettings.of(attempt.user.pool).offered:
            raise InvalidParameter("Email MFA is not enabled for the user pool.")
        if not is_email(address):
            raise InvalidParameter("Invalid email address format.")
        return Proof(proofs.CHOICE, data={"second": mfa.EMAIL_OTP, "address": address})

    def _number(self, attempt: Attempt, number: str) -> Proof:
        """Raises: InvalidParameter."""
        if mfa.SMS_MFA not in MfaSettings.of(attempt.user.pool).offered:
            raise InvalidParameter("SMS MFA is not enabled for the user pool.")
        if not is_phone_number(number):
            raise InvalidParameter("Invalid phone number format.")
        return Proof(proofs.CHOICE, data={"second": mfa.SMS_MFA, "address": number})
