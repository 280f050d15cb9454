"""The end of a sign-in."""

from __future__ import annotations

from dataclasses import dataclass

from identity.access.actor import Actor
from identity.errors import NotAuthorized
from pools.models import Attempt, Client, User


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Nothing is missing: who, and at which client. `by` is whose audit row is still to be written, with the tokens'
    session, where one request did everything."""

    user: User
    client: Client
    by: Actor | None = None


def finish(attempt: Attempt, by: Actor | None) -> SignedIn:
    """Raises: NotAuthorized; no proof is right for a decoy, and none would make it a user."""
    if attempt.user.is_decoy:
        raise NotAuthorized()
    return SignedIn(attempt.user, attempt.client, by)
