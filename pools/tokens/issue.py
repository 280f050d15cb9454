"""The only maker of tokens: sign-in, refresh and every later surface pass through here."""

from __future__ import annotations

import hashlib
import uuid
from contextlib import nullcontext
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from identity import clock, ids
from identity.access import audit
from identity.access.actor import Actor, Kind
from identity.errors import NotAuthorized
from identity.keys import signing
from identity.models import SigningKey
from identity.statement import Insertion
from pools.config.client import ClientSettings
from pools.config.lifetimes import Lifetimes
from pools.models import Client, Pool, Session, User
from pools.tokens import claims
from pools.tokens.claims import USER_ADMIN, Grant
from pools.tokens.groups import Groups

_sessions = Insertion(Session)


@dataclass(frozen=True, slots=True)
class Tokens:
    """`expires_in` is the access token's life in seconds; a refresh without rotation has no refresh token."""

    access_token: str
    id_token: str
    expires_in: int
    refresh_token: str | None = None


def digest(refresh_token: str) -> bytes:
    """How a refresh token is stored: it is random enough for one plain hash."""
    return hashlib.sha256(refresh_token.encode()).digest()


def start_session(pool: Pool, client: Client, user: User, *, scope: str = USER_ADMIN, by: Actor | None) -> Tokens:
    """Tokens of a new sign-in, and the session they belong to.

    `by` is None where the operator's audit row has been written with the last proof.
    Raises: NotAuthorized, when the user has been deleted since the password was right.
    """
    now = clock.now()
    refresh_token = ids.token(64)
    settings = ClientSettings.of(client)
    session = Session(
        origin_jti=uuid.uuid4(),
        pool=pool,
        user=user,
        client=client,
        scope=scope,
        is_revocable=settings.revokes_tokens or settings.rotates,
        refresh_digest=digest(refresh_token),
        authenticated_at=now,
        expires_at=now + Lifetimes.of(client).refresh_token,
    )
    try:
        with transaction.atomic() if by is not None and by.kind is Kind.OPERATOR else nullcontext():
            _sessions.insert(session)
            if by is not None:
                audit.record(by, pool.arn, sub=user.sub, client_id=client.client_id)
    except IntegrityError:
        raise NotAuthorized() from None
    return for_session(pool, client, user, session, refresh_token)


def for_session(pool: Pool, client: Client, user: User, session: Session, refresh_token: str | None = None) -> Tokens:
    """ID and access token of a session, with the user and their groups as they are now."""
    grant = Grant(
        pool=pool,
        client=client,
        user=user,
        authenticated_at=session.authenticated_at,
        scope=session.scope,
        origin_jti=str(session.origin_jti) if session.is_revocable else None,
        groups=Groups.of(user),
    )
    now = clock.now()
    # A token without `origin_jti` must still tell its session, or a global sign-out would not reach it.
    event_id = str(uuid.uuid4() if session.is_revocable else session.origin_jti)
    signers = signing.keys_of(pool.id, pool.revision).signers
    return Tokens(
        access_token=signers[SigningKey.Use.ACCESS].sign(claims.access_token(grant, now, event_id)),
        id_token=signers[SigningKey.Use.ID].sign(claims.id_token(grant, now, event_id)),
        expires_in=int(Lifetimes.of(client).access_token.total_seconds()),
        refresh_token=refresh_token,
    )
