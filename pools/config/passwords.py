"""The password policy. Source: developer guide, "Adding user pool password requirements"."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from identity.errors import InvalidPassword
from pools.config.view import View

SYMBOLS = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-"
DEFAULT_TEMPORARY_DAYS = 7
LONGEST = 256

_DEFAULTS = {
    "MinimumLength": 8,
    "RequireUppercase": True,
    "RequireLowercase": True,
    "RequireNumbers": True,
    "RequireSymbols": True,
}
# A policy object that is given but leaves members out (assumed, as the reference has it).
_WHEN_GIVEN = {
    "MinimumLength": 6,
    "RequireUppercase": False,
    "RequireLowercase": False,
    "RequireNumbers": False,
    "RequireSymbols": False,
}


def stored_policy(given: Mapping[str, Any] | None, unused_account_days: int | None) -> dict[str, Any]:
    """The PasswordPolicy to keep for what a request gave, with defaults filled in."""
    policy = dict(_DEFAULTS) if given is None else {**_WHEN_GIVEN, **given}
    policy["TemporaryPasswordValidityDays"] = (
        policy.get("TemporaryPasswordValidityDays") or unused_account_days or DEFAULT_TEMPORARY_DAYS
    )
    if not policy.get("PasswordHistorySize"):  # 0 is the same as none, and not described
        policy.pop("PasswordHistorySize", None)
    return policy


@dataclass(frozen=True, slots=True)
class PasswordPolicy(View):
    """What a new password must satisfy, and how long a temporary one lasts.

    A new one must differ from the `history_size` newest passwords, the current one among them.
    """

    minimum_length: int
    require_uppercase: bool
    require_lowercase: bool
    require_numbers: bool
    require_symbols: bool
    temporary_lifetime: timedelta
    history_size: int

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self:
        policy = settings["Policies"]["PasswordPolicy"]
        return cls(
            minimum_length=policy["MinimumLength"],
            require_uppercase=policy["RequireUppercase"],
            require_lowercase=policy["RequireLowercase"],
            require_numbers=policy["RequireNumbers"],
            require_symbols=policy["RequireSymbols"],
            temporary_lifetime=timedelta(days=policy["TemporaryPasswordValidityDays"]),
            history_size=policy.get("PasswordHistorySize", 0),
        )

    def check(self, password: str) -> None:
        """Raises: InvalidPassword naming the first rule that fails."""
        for holds, text in (
            (len(password) >= self.minimum_length, "Password not long enough"),
            (not self.require_uppercase or _any_of(password, string.ascii_uppercase), _must_have("uppercase")),
            (not self.require_lowercase or _any_of(password, string.ascii_lowercase), _must_have("lowercase")),
            (not self.require_numbers or _any_of(password, string.digits), _must_have("numeric")),
            (not self.require_symbols or _has_symbol(password), _must_have("symbol")),
            # Requests with a password member are held to these by the model; a challenge's answer is free text.
            (len(password) <= LONGEST, "Password too long"),
            (password == password.strip(string.whitespace), "Password must not begin or end with white space"),
        ):
            if not holds:
                raise InvalidPassword(f"Password did not conform with policy: {text}", field="password")

    def generate(self) -> str:
        """A random password that satisfies the policy, without characters that are easily confused."""
        alphabets = ["ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnopqrstuvwxyz", "23456789", "!@#%*+=_?"]
        characters = [secrets.choice(alphabet) for alphabet in alphabets]
        characters += [secrets.choice("".join(alphabets[:3])) for _ in range(max(self.minimum_length, 12) - 4)]
        secrets.SystemRandom().shuffle(characters)
        return "".join(characters)


def _must_have(what: str) -> str:
    return f"Password must have {what} characters"


def _any_of(password: str, characters: str) -> bool:
    return any(character in characters for character in password)


def _has_symbol(password: str) -> bool:
    return _any_of(password, SYMBOLS) or " " in password[1:-1]
