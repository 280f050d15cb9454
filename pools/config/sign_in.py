"""How users of a pool are named and who may create them. Source: guide, "Customizing sign-in attributes"."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from identity.errors import FeatureUnavailableInTier, InvalidParameter
from pools.config.view import View

FIRST_FACTORS = ("PASSWORD", "EMAIL_OTP", "SMS_OTP")
ONE_TIME_CODES: Mapping[str, str] = {"EMAIL_OTP": "email", "SMS_OTP": "phone_number"}
"""First factors that need no password, and the attributes that their codes go to."""

_LONGEST_INDEXED = 1024
"""In bytes. User names are shorter; an alias may be longer than what a row of PostgreSQL's indexes holds."""


def check(settings: Mapping[str, Any]) -> None:
    """Raises: InvalidParameter, FeatureUnavailableInTier."""
    factors = set(settings["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"])
    if "PASSWORD" not in factors:
        raise InvalidParameter("AllowedFirstAuthFactors must contain PASSWORD.", field="policies")
    if factors != {"PASSWORD"} and settings["UserPoolTier"] == "LITE":
        raise FeatureUnavailableInTier("Sign-in without a password is not available in the LITE tier.")


@dataclass(frozen=True, slots=True)
class SignInSettings(View):
    """`username_attributes`: an e-mail or phone number is the user name; `alias_attributes`: it is another name.

    An address in `verified_before_update` keeps its old value until the new one is verified. `first_factors` are what
    USER_AUTH may begin with, in AWS names.
    """

    username_attributes: frozenset[str]
    alias_attributes: frozenset[str]
    auto_verified_attributes: frozenset[str]
    verified_before_update: frozenset[str]
    is_case_sensitive: bool
    is_sign_up_closed: bool
    first_factors: frozenset[str]

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self:
        return cls(
            username_attributes=frozenset(settings.get("UsernameAttributes", ())),
            alias_attributes=frozenset(settings.get("AliasAttributes", ())),
            auto_verified_attributes=frozenset(settings.get("AutoVerifiedAttributes", ())),
            verified_before_update=frozenset(
                settings["UserAttributeUpdateSettings"]["AttributesRequireVerificationBeforeUpdate"]
            ),
            is_case_sensitive=settings.get("UsernameConfiguration", {}).get("CaseSensitive", True),
            is_sign_up_closed=settings["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"],
            first_factors=frozenset(settings["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"]),
        )

    def fold(self, name: str) -> bytes:
        """The form in which sign-in names are compared and stored; a digest of those that are too long to index."""
        folded = (name if self.is_case_sensitive else name.lower()).encode()
        return folded if len(folded) <= _LONGEST_INDEXED else hashlib.sha256(folded).digest()

    @property
    def code_attributes(self) -> frozenset[str]:
        """Attributes that get codes which sign in without a password."""
        return frozenset(name for factor, name in ONE_TIME_CODES.items() if factor in self.first_factors)

    @property
    def contact_names(self) -> frozenset[str]:
        """Attributes whose value can sign a user in: user name or alias attributes."""
        return self.username_attributes | self.alias_attributes
