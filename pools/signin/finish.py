"""The end of a sign-in."""

from __future__ import annotations

from dataclasses import dataclass

from identity.access.actor import Actor
from identity.errors import NotAuthorized
from pools.models import Attempt, Client, User
from pools.signin import permission, proofs
from pools.triggers.origin import NOBODY, Origin
from pools.triggers.token_generation import AUTHENTICATION, NEW_PASSWORD


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
    origin: Origin = NOBODY
    source: str = AUTHENTICATION


def finish(attempt: Attempt, by: Actor | None) -> SignedIn:
    """Nobody signs in whom the pool's function refuses. What the answers brought stays.

    Raises: NotAuthorized, as no proof is right for a decoy, and none would make it a user; and what
    `permission.to_finish` raises.
    """
    if attempt.user.is_decoy:
        raise NotAuthorized()
    permission.to_finish(attempt)
    source = NEW_PASSWORD if proofs.NEW_PASSWORD in attempt.proofs else AUTHENTICATION
    return SignedIn(attempt.user, attempt.client, by, attempt.origin, source)
