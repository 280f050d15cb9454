"""How users who forgot their password get a new one. Source: guide, "Password recovery"; AccountRecoverySettingType."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, Self

from identity.errors import InvalidParameter
from pools.config.schema import VERIFIED_FLAGS
from pools.config.view import View

_ATTRIBUTES = {"verified_email": "email", "verified_phone_number": "phone_number"}
_LEGACY = ("phone_number", "email")
"""Where a pool says nothing: a text message is preferred."""


def check(given: Mapping[str, Any]) -> None:
    """Raises: InvalidParameter for options that contradict each other."""
    mechanisms = given.get("RecoveryMechanisms", ())
    names = [mechanism["Name"] for mechanism in mechanisms]
    if "admin_only" in names and len(names) > 1:
        raise InvalidParameter(
            "admin_only can not be combined with other recovery mechanisms.", field="account_recovery_setting"
        )
    priorities = {mechanism["Priority"] for mechanism in mechanisms}
    if len(set(names)) < len(names) or len(priorities) < len(names):
        raise InvalidParameter(
            "Recovery mechanisms must have different names and priorities.", field="account_recovery_setting"
        )


@dataclass(frozen=True, slots=True)
class RecoverySettings(View):
    """`attributes` are those that codes go to, the preferred one first; none where only an administrator helps."""

    attributes: tuple[str, ...]
    is_by_administrator_only: bool

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self:
        mechanisms = settings.get("AccountRecoverySetting", {}).get("RecoveryMechanisms", ())
        names = [mechanism["Name"] for mechanism in sorted(mechanisms, key=lambda found: found["Priority"])]
        if "admin_only" in names:
            return cls((), True)
        return cls(tuple(_ATTRIBUTES[name] for name in names) or _LEGACY, False)

    def target(self, attributes: Mapping[str, str], used_for_mfa: Container[str]) -> str | None:
        """The attribute with the verified address that a user's recovery code goes to.

        An address that gets second factors gets none: whoever holds it alone would hold the account.
        """
        for name in self.attributes:
            if name not in used_for_mfa and attributes.get(name) and attributes.get(VERIFIED_FLAGS[name]) == "true":
                return name
        return None
