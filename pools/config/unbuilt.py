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
# TLS ends at a proxy or at `serve`, which say what it takes; one installation has no second region.
_DOMAIN: Mapping[str, _Asks] = {"CustomDomainConfig.SecurityPolicy": bool, "Routing.Failover": lambda value: True}


def refuse_for_pool(members: Mapping[str, Any]) -> None:
    """Raises: InvalidParameter."""
    _refuse(members, _POOL)


def refuse_for_mfa(members: Mapping[str, Any]) -> None:
    """Raises: InvalidParameter."""
    _refuse(members, _MFA)


def refuse_for_client(members: Mapping[str, Any]) -> None:
    """Raises: InvalidParameter."""
    _refuse(members, _CLIENT)


def refuse_for_domain(members: Mapping[str, Any]) -> None:
    """Raises: InvalidParameter."""
    _refuse(members, _DOMAIN)


def _refuse(members: Mapping[str, Any], table: Mapping[str, _Asks]) -> None:
    for path, asks in table.items():
        value: Any = members
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is not None and asks(value):
            raise InvalidParameter(f"{path}: this value is not available in this version of Gatehouse.", field=path)
