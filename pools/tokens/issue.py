"""The only maker of tokens: sign-in, refresh and every later surface pass through here.

The pool's function is asked before anything is written or spent: where it fails there is no session, and the refresh
token that was brought is as good as before.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from identity import clock, ids
from identity.access import audit
from identity.access.actor import Actor, Kind
from identity.errors import USER_DISABLED, NotAuthorized
from identity.keys import signing
from identity.models import SigningKey
from identity.statement import Insertion
from pools.config.client import ClientSettings
from pools.config.lifetimes import Lifetimes
from pools.config.triggers import TriggerSettings
from pools.models import Client, Pool, Session, User
from pools.tokens import claims, overrides, scopes
from pools.tokens.claims import USER_ADMIN, Grant
from pools.tokens.groups import Groups
from pools.triggers import token_generation
from pools.triggers.origin import Origin

_sessions = Insertion(Session)


@dataclass(frozen=True, slots=True)
class Tokens:
    """`expires_in` is the access token's life in seconds; a refresh without rotation has no refresh token.

    There is no ID token where the authorization endpoint has not granted `openid`.
    """

    access_token: str
    id_token: str | None
    expires_in: int
    refresh_token: str | None = None


@dataclass(frozen=True, slots=True)
class ClientToken:
    """The access token of a client that is its own principal; `expires_in` is its life in seconds."""

    access_token: str
    expires_in: int


USER = ("id", "pool_id", "sub", "username", "attributes", "status", "enabled", "may_be_in_groups")
"""The columns of a user that tokens are made of."""


@dataclass(frozen=True, slots=True)
class Authorized:
    """What the authorization endpoint granted to somebody who proved who they are at `authenticated_at`.

    `origin_jti` becomes the session's, which is unique: what was granted once is taken once.
    """

    scope: str
    authenticated_at: datetime
    origin_jti: uuid.UUID
    nonce: str = ""
    resource: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that tokens of a session say, to be signed. `has_waited`: for the pool's function.

    `is_bound`: the ID token tells which access token it came with.
    """

    pool: Pool
    client: Client
    in_access_token: dict[str, Any]
    in_id_token: dict[str, Any] | None
    has_waited: bool
    is_bound: bool = False


def digest(refresh_token: str) -> bytes:
    """How a refresh token is stored: it is random enough for one plain hash."""
    return hashlib.sha256(refresh_token.encode()).digest()


def start_session(
    pool: Pool,
    client: Client,
    user: User,
    *,
    by: Actor | None,
    origin: Origin,
    source: str,
    authorized: Authorized | None = None,
) -> Tokens:
    """Tokens of a new sign-in, and the session they belong to. `origin` and `source` are what the function is told.

    `by` is None where the operator's audit row has been written with the last proof. `authorized` is None for a sign-in
    through the API.
    Raises: NotAuthorized, when the user has been deleted since the password was right, or disabled while functions
    were waited for, or what was granted has been taken already; what the function raises.
    """
    now = clock.now()
    refresh_token = ids.token(64)
    settings = ClientSettings.of(client)
    session = Session(
        origin_jti=authorized.origin_jti if authorized else uuid.uuid4(),
        pool=pool,
        user=user,
        client=client,
        scope=authorized.scope if authorized else USER_ADMIN,
        is_oauth=authorized is not None,
        resource=authorized.resource if authorized else "",
        is_revocable=settings.revokes_tokens or settings.rotates,
        refresh_digest=digest(refresh_token),
        authenticated_at=authorized.authenticated_at if authorized else now,
        expires_at=now + Lifetimes.of(client).refresh_token,
    )
    prepared = prepare(pool, client, user, session, origin, source, authorized)
    may_have_waited = bool(TriggerSettings.of(pool).arns)
    is_audited = by is not None and by.kind is Kind.OPERATOR
    try:
        with transaction.atomic() if is_audited or may_have_waited else nullcontext():
            if may_have_waited:
                _hold(user)
            _sessions.insert(session)
            if by is not None:
                audit.record(by, pool.arn, sub=user.sub, client_id=client.client_id)
    except IntegrityError:
        raise NotAuthorized() from None
    return sign(prepared, refresh_token)


def _hold(user: User) -> None:
    """Keep the user as they are until the transaction ends. Raises: NotAuthorized."""
    enabled = User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("enabled", flat=True).first()
    if enabled is None:
        raise NotAuthorized()
    if not enabled:
        raise NotAuthorized(USER_DISABLED)


def for_session(pool: Pool, client: Client, user: User, session: Session, *, origin: Origin, source: str) -> Tokens:
    """ID and access token of a session, with the user and their groups as they are now.

    Raises: what the function raises.
    """
    return sign(prepare(pool, client, user, session, origin, source))


def prepare(
    pool: Pool,
    client: Client,
    user: User,
    session: Session,
    origin: Origin,
    source: str,
    authorized: Authorized | None = None,
) -> Prepared:
    """Read what tokens of a session say, and let the pool's function change it.

    With `authorized` they are the first, which answer an authorization request.
    Raises: what the function raises.
    """
    groups = Groups.of(user)
    scope = scopes.active(pool, session.scope)
    changes = token_generation.call(user, pool, groups.configuration, scope, source, origin)
    grant = Grant(
        pool=pool,
        client=client,
        user=user,
        authenticated_at=session.authenticated_at,
        scope=scope,
        origin_jti=str(session.origin_jti) if session.is_revocable else None,
        groups=groups if changes is None or changes.groups is None else Groups(*changes.groups),
        is_oauth=session.is_oauth,
        resource=session.resource,
    )
    now = clock.now()
    # A token without `origin_jti` must still tell its session, or a global sign-out would not reach it.
    event_id = str(uuid.uuid4() if session.is_revocable else session.origin_jti)
    in_access_token = claims.access_token(grant, now, event_id)
    if changes is not None:
        in_access_token = overrides.in_access_token(in_access_token, changes.access_token)
    in_id_token = None
    if not session.is_oauth or scopes.OPENID in session.scope.split():
        in_id_token = claims.id_token(grant, now, event_id)
        if changes is not None:
            in_id_token = overrides.in_id_token(in_id_token, changes.id_token)
        if authorized is not None and authorized.nonce:
            in_id_token["nonce"] = authorized.nonce
    has_waited = changes is not None
    return Prepared(pool, client, in_access_token, in_id_token, has_waited, is_bound=authorized is not None)


def sign(prepared: Prepared, refresh_token: str | None = None) -> Tokens:
    signers = signing.keys_of(prepared.pool.id, prepared.pool.revision).signers
    access_token = signers[SigningKey.Use.ACCESS].sign(prepared.in_access_token)
    in_id_token = prepared.in_id_token
    if in_id_token is not None and prepared.is_bound:
        in_id_token = {**in_id_token, "at_hash": _half_digest(access_token)}
    return Tokens(
        access_token=access_token,
        id_token=None if in_id_token is None else signers[SigningKey.Use.ID].sign(in_id_token),
        expires_in=int(Lifetimes.of(prepared.client).access_token.total_seconds()),
        refresh_token=refresh_token,
    )


def for_client(client: Client, scope: str, origin: Origin) -> ClientToken:
    """The access token of a client that is its own principal, with `scope` already granted.

    Raises: what the function raises.
    """
    scope = scopes.active(client.pool, scope)
    changes = token_generation.call_for_client(client, scope, origin)
    in_access_token = claims.machine_access_token(client, scope, clock.now())
    if changes is not None:
        in_access_token = overrides.in_access_token(in_access_token, changes.access_token)
    signers = signing.keys_of(client.pool.id, client.pool.revision).signers
    return ClientToken(
        access_token=signers[SigningKey.Use.ACCESS].sign(in_access_token),
        expires_in=int(Lifetimes.of(client).access_token.total_seconds()),
    )


def _half_digest(access_token: str) -> str:
    """`at_hash`. Source: OpenID Connect Core, section 3.1.3.6."""
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()
