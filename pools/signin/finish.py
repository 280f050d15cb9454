"""The end of a sign-in."""

from __future__ import annotations

from dataclasses import dataclass

from identity.access.actor import Actor
from identity.errors import NotAuthorized
from pools.models import Attempt, Client, User
from pools.signin import decoy


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Nothing is missing: who, and at which client. `by` is whose audit row is still to be written, with the tokens'
    session, where one request did everything."""

    user: User
    client: Client
    by: Actor | None = None


def finish(attempt: Attempt, by: Actor | None) -> SignedIn:
    """Raises: NotAuthorized; no proof is right for a decoy, and none would make it a user."""
    if decoy.is_decoy(attempt.user):
        raise NotAuthorized()
    return SignedIn(attempt.user, attempt.client, by)
