"""Second factors of a pool: whether they are asked for, and which it offers.

Source: GetUserPoolMfaConfig and SetUserPoolMfaConfig in the API reference; guide, "Adding MFA to a user pool".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from identity.errors import (
    EMAIL_MFA_FROM_DEFAULT_ACCOUNT,
    EMAIL_MFA_WITH_EMAIL_RECOVERY,
    FIRST_FACTOR_WITH_MFA,
    MFA_OFF_WITH_FACTOR,
    MFA_WITHOUT_FACTOR,
    FeatureUnavailableInTier,
    InvalidParameter,
    TierChangeNotAllowed,
)
from pools.config import sign_in, unbuilt
from pools.config.recovery import RecoverySettings
from pools.config.view import View

Members = Mapping[str, Any]

SMS_MFA = "SMS_MFA"
SOFTWARE_TOKEN_MFA = "SOFTWARE_TOKEN_MFA"  # noqa: S105  # the name of a factor
EMAIL_OTP = "EMAIL_OTP"
FACTORS = (SMS_MFA, SOFTWARE_TOKEN_MFA, EMAIL_OTP)
ATTRIBUTES: Mapping[str, str] = {SMS_MFA: "phone_number", EMAIL_OTP: "email"}
"""Where the code of a factor goes."""

_SMS, _SOFTWARE_TOKEN, _EMAIL = "SmsMfaConfiguration", "SoftwareTokenMfaConfiguration", "EmailMfaConfiguration"
FACTOR_MEMBERS = (_SMS, _SOFTWARE_TOKEN, _EMAIL)
"""One for each factor that is on; that of SMS is empty, as its sender and text are the pool's own."""

_LONGEST_SUBJECT = 140


class Mode(StrEnum):
    OFF = "OFF"
    OPTIONAL = "OPTIONAL"
    ON = "ON"


@dataclass(frozen=True, slots=True)
class MfaSettings(View):
    """`offered` are the second factors that users of the pool can have, in AWS names; none while the mode is OFF."""

    mode: Mode
    offered: tuple[str, ...]

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self:
        mode = Mode(settings["MfaConfiguration"])
        is_on = {
            SMS_MFA: _SMS in settings,
            SOFTWARE_TOKEN_MFA: settings.get(_SOFTWARE_TOKEN, {}).get("Enabled", False),
            EMAIL_OTP: _EMAIL in settings,
        }
        return cls(mode, () if mode is Mode.OFF else tuple(factor for factor in FACTORS if is_on[factor]))


def updated(current: Members, members: Members) -> dict[str, Any]:
    """The MFA settings after UpdateUserPool, or of a new pool, where `current` is empty.

    The mode is what is given. Factors that only SetUserPoolMfaConfig can give stay; that of SMS goes with its sender,
    and comes with it when MFA is turned on.
    Raises: TierChangeNotAllowed.
    """
    mode = Mode(members.get("MfaConfiguration", Mode.OFF))
    factors = {name: current[name] for name in (_SOFTWARE_TOKEN, _EMAIL) if name in current}
    is_turned_on = mode is not Mode.OFF and current.get("MfaConfiguration", Mode.OFF) == Mode.OFF
    if members.get("SmsConfiguration") and (is_turned_on or _SMS in current):
        factors[_SMS] = {}
    is_downgrade = members.get("UserPoolTier") == "LITE" and current.get("UserPoolTier") != "LITE"
    if is_downgrade and mode is not Mode.OFF and _EMAIL in factors:
        raise TierChangeNotAllowed("E-mail MFA is not available in the requested tier.")
    return {"MfaConfiguration": mode.value, **factors}


def replaced(current: Members, members: Members) -> dict[str, Any]:
    """All settings of a pool after SetUserPoolMfaConfig: a factor that is left out is off.

    Raises: InvalidParameter.
    """
    unbuilt.refuse_for_mfa(members)
    mode = Mode(members.get("MfaConfiguration", Mode.OFF))
    settings = {name: value for name, value in current.items() if name not in FACTOR_MEMBERS}
    settings["MfaConfiguration"] = mode.value
    if members.get(_SOFTWARE_TOKEN, {}).get("Enabled", False):
        settings[_SOFTWARE_TOKEN] = {"Enabled": True}
    if _EMAIL in members:
        settings[_EMAIL] = members[_EMAIL]
    if mode is Mode.OFF and not settings.keys().isdisjoint(FACTOR_MEMBERS):
        raise InvalidParameter(MFA_OFF_WITH_FACTOR, field="mfa_configuration")
    return _with_sms(settings, members[_SMS]) if _SMS in members else settings


def _with_sms(settings: dict[str, Any], given: Members) -> dict[str, Any]:
    """The text is replaced with the factor. The sender is not: codes that verify a number need it as well.

    While MFA is off, this is a way to give the pool its sender. Raises: InvalidParameter.
    """
    sender = given.get("SmsConfiguration") or settings.get("SmsConfiguration")
    if not sender:
        raise InvalidParameter("SmsConfiguration is required to turn on SMS MFA.", field="sms_mfa_configuration")
    with_sms = {**settings, "SmsConfiguration": sender, _SMS: {}}
    with_sms.pop("SmsAuthenticationMessage", None)
    if "SmsAuthenticationMessage" in given:
        with_sms["SmsAuthenticationMessage"] = given["SmsAuthenticationMessage"]
    return with_sms


def check(settings: Members) -> None:
    """Whether a pool's settings, wherever they come from, go together; nothing is asked of factors while MFA is off.

    Raises: InvalidParameter, FeatureUnavailableInTier.
    """
    mfa = MfaSettings.read(settings)
    if mfa.mode is Mode.OFF:
        return
    if not mfa.offered:
        raise InvalidParameter(MFA_WITHOUT_FACTOR, field="mfa_configuration")
    first_factors = settings["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"]
    if mfa.mode is Mode.ON and not sign_in.ONE_TIME_CODES.keys().isdisjoint(first_factors):
        raise InvalidParameter(FIRST_FACTOR_WITH_MFA, field="mfa_configuration")
    if EMAIL_OTP in mfa.offered:
        _check_email(settings)


def _check_email(settings: Members) -> None:
    """Raises: InvalidParameter, FeatureUnavailableInTier."""
    if settings["UserPoolTier"] == "LITE":
        raise FeatureUnavailableInTier("E-mail MFA is not available in the LITE tier.")
    if settings["EmailConfiguration"]["EmailSendingAccount"] != "DEVELOPER":
        raise InvalidParameter(EMAIL_MFA_FROM_DEFAULT_ACCOUNT, field="email_mfa_configuration")
    if RecoverySettings.read(settings).attributes == ("email",):
        raise InvalidParameter(EMAIL_MFA_WITH_EMAIL_RECOVERY, field="email_mfa_configuration")
    if len(settings[_EMAIL].get("Subject", "")) > _LONGEST_SUBJECT:
        raise InvalidParameter(
            f"The subject of EmailMfaConfiguration can have {_LONGEST_SUBJECT} characters.",
            field="email_mfa_configuration",
        )


def described(settings: Members) -> dict[str, Any]:
    """What GetUserPoolMfaConfig answers; while MFA is off, so are its factors."""
    mode = settings["MfaConfiguration"]
    if mode == Mode.OFF:
        return {"MfaConfiguration": mode}
    answer = {name: settings[name] for name in (_SOFTWARE_TOKEN, _EMAIL) if name in settings}
    if _SMS in settings:
        own = ("SmsAuthenticationMessage", "SmsConfiguration")
        answer[_SMS] = {name: settings[name] for name in own if name in settings}
    return {"MfaConfiguration": mode, **answer}
