"""The end of a sign-in."""

from __future__ import annotations

from dataclasses import dataclass, field

from identity.access.actor import Actor
from identity.errors import NotAuthorized
from pools.models import Attempt, Client, User
from pools.triggers.origin import Origin
from pools.triggers.token_generation import AUTHENTICATION


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Nothing is missing: who, and at which client. `by` is whose audit row is still to be written, with the tokens'
    session, where one request did everything.

    `source` and `origin` are what the function is told that has a say in the tokens: which kind of sign-in it was, and
    the request that ended it.
    """

    user: User
    client: Client
    by: Actor | None = None
    origin: Origin = field(default_factory=Origin)
    source: str = AUTHENTICATION


def finish(attempt: Attempt, by: Actor | None) -> SignedIn:
    """Raises: NotAuthorized; no proof is right for a decoy, and none would make it a user."""
    if attempt.user.is_decoy:
        raise NotAuthorized()
    return SignedIn(attempt.user, attempt.client, by)
