"""The end of a sign-in."""

from __future__ import annotations

from dataclasses import dataclass

from identity.errors import USER_DISABLED, NotAuthorized
from pools.models import Attempt, Client, User


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Nothing is missing: who, and at which client."""

    user: User
    client: Client


def finish(attempt: Attempt) -> SignedIn:
    return SignedIn(attempt.user, attempt.client)


def check_still_allowed(user: User) -> None:
    """A user may have been disabled while a challenge waited.

    Raises: NotAuthorized.
    """
    if not user.enabled:
        raise NotAuthorized(USER_DISABLED)


def names(user: User) -> list[str]:
    """The names a client may know the user by."""
    contacts = (user.attributes.get(name) for name in ("email", "phone_number", "preferred_username"))
    return [user.username, user.sub, *(name for name in contacts if name)]
