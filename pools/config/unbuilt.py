"""Settings whose behaviour does not exist yet. They are refused aloud: accepting one would promise what it says.

Each later feature takes its line out of this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from identity.errors import InvalidParameter
from pools.config.sign_in import FIRST_FACTORS

_Asks = Callable[[Any], bool]

_POOL: Mapping[str, _Asks] = {
    "LambdaConfig.InboundFederation": bool,
    "DeviceConfiguration": lambda value: True,
    "UserPoolAddOns.AdvancedSecurityMode": lambda value: value != "OFF",
    "Policies.SignInPolicy.AllowedFirstAuthFactors": lambda value: not set(value) <= set(FIRST_FACTORS),
    "VerificationMessageTemplate.DefaultEmailOption": lambda value: value == "CONFIRM_WITH_LINK",
    "DcrConfiguration": lambda value: value.get("EnableStatus", "Enabled") == "Enabled",
    "KeyConfiguration.KeyType": lambda value: value != "AWS_OWNED_KEY",
    "KeyConfiguration.KmsKeyArn": bool,
    "IssuerConfiguration.Type": lambda value: value != "ORIGINAL",
}
_MFA: Mapping[str, _Asks] = {"WebAuthnConfiguration": lambda value: True}
_CLIENT: Mapping[str, _Asks] = {
    "AnalyticsConfiguration": bool,
    "EnablePropagateAdditionalUserContextData": bool,
}


def refuse_for_pool(members: Mapping[str, Any]) -> None:
    """Raises: InvalidParameter."""
    _refuse(members, _POOL)


def refuse_for_mfa(members: Mapping[str, Any]) -> None:
    """Raises: InvalidParameter."""
    _refuse(members, _MFA)


def refuse_for_client(members: Mapping[str, Any]) -> None:
    """Raises: InvalidParameter."""
    _refuse(members, _CLIENT)


def _refuse(members: Mapping[str, Any], table: Mapping[str, _Asks]) -> None:
    for path, asks in table.items():
        value: Any = members
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is not None and asks(value):
            raise InvalidParameter(f"{path}: this value is not available in this version of Gatehouse.", field=path)
