"""Second factors of a pool: whether they are asked for, and which it offers.

Source: GetUserPoolMfaConfig and SetUserPoolMfaConfig in the API reference; guide, "Adding MFA to a user pool".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from pools.config.view import View

SMS_MFA = "SMS_MFA"
SOFTWARE_TOKEN_MFA = "SOFTWARE_TOKEN_MFA"  # noqa: S105  # the name of a factor
EMAIL_OTP = "EMAIL_OTP"
FACTORS = (SMS_MFA, SOFTWARE_TOKEN_MFA, EMAIL_OTP)
ATTRIBUTES: Mapping[str, str] = {SMS_MFA: "phone_number", EMAIL_OTP: "email"}
"""Where the code of a factor goes."""


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
            SMS_MFA: "SmsMfaConfiguration" in settings,
            SOFTWARE_TOKEN_MFA: settings.get("SoftwareTokenMfaConfiguration", {}).get("Enabled", False),
            EMAIL_OTP: "EmailMfaConfiguration" in settings,
        }
        return cls(mode, () if mode is Mode.OFF else tuple(factor for factor in FACTORS if is_on[factor]))
