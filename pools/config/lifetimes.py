"""How long a client's tokens and sign-in sessions last. Source: guide, "Using tokens"; CreateUserPoolClient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from identity.errors import InvalidParameter
from pools.config.view import View

_DEFAULTS = {"AccessToken": (1, "hours"), "IdToken": (1, "hours"), "RefreshToken": (30, "days")}
_RANGES = {
    "AccessToken": (timedelta(minutes=5), timedelta(days=1)),
    "IdToken": (timedelta(minutes=5), timedelta(days=1)),
    "RefreshToken": (timedelta(minutes=60), timedelta(days=3650)),
}
SIGN_UP_CODE = timedelta(hours=24)
ATTRIBUTE_CODE = timedelta(hours=24)
PASSWORD_CODE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Lifetimes(View):
    """A client's token lifetimes, and how long a challenge waits for its answer."""

    access_token: timedelta
    id_token: timedelta
    refresh_token: timedelta
    auth_session: timedelta

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self:
        return cls(
            access_token=_validity(settings, "AccessToken"),
            id_token=_validity(settings, "IdToken"),
            refresh_token=_validity(settings, "RefreshToken"),
            auth_session=timedelta(minutes=settings["AuthSessionValidity"]),
        )


def _validity(settings: Mapping[str, Any], token: str) -> timedelta:
    default, default_unit = _DEFAULTS[token]
    number = settings.get(f"{token}Validity")
    if number is None:  # a unit alone says nothing
        return timedelta(**{default_unit: default})
    unit = settings.get("TokenValidityUnits", {}).get(token, default_unit)
    return timedelta(**{unit: number})


def check(settings: Mapping[str, Any]) -> None:
    """Raises: InvalidParameter for a lifetime outside its range, or one that outlives the refresh token."""
    found = {}
    for token, (low, high) in _RANGES.items():
        try:
            found[token] = _validity(settings, token)
        except OverflowError:
            found[token] = timedelta.max
        if not low <= found[token] <= high:
            raise InvalidParameter(f"Invalid range for token validity: {token}.", field="token_validity")
    if max(found["AccessToken"], found["IdToken"]) > found["RefreshToken"]:
        raise InvalidParameter(
            "Refresh token validity must be longer than access and ID token validity.", field="token_validity"
        )
