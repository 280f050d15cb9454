"""The claims of ID and access tokens. Source: guide, "Understanding user pool JSON web tokens"."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pools.config.lifetimes import Lifetimes
from pools.config.schema import VERIFIED_FLAGS
from pools.models import Client, Pool, User
from pools.tokens import scopes
from pools.tokens.groups import Groups

USER_ADMIN = "aws.cognito.signin.user.admin"
_LARGEST_EXACT = 2**53


@dataclass(frozen=True, slots=True)
class Grant:
    """What tokens are issued for: a user at a client, since when, under which family.

    `origin_jti` is None for a client without token revocation. `is_oauth`: at the authorization endpoint, which may
    have bound the access token to a `resource`.
    """

    pool: Pool
    client: Client
    user: User
    authenticated_at: datetime
    scope: str
    origin_jti: str | None
    groups: Groups = field(default_factory=Groups)
    is_oauth: bool = False
    resource: str = ""


def access_token(grant: Grant, now: datetime, event_id: str) -> dict[str, Any]:
    """Claims of the access token; `username` comes without prefix, and `aud` only says what it is bound to."""
    bound: dict[str, Any] = {"aud": grant.resource} if grant.resource else {}
    return {
        "sub": grant.user.sub,
        **grant.groups.in_access_token(),
        "iss": grant.pool.issuer,
        **({"version": 2} if grant.is_oauth else {}),
        "client_id": grant.client.client_id,
        **bound,
        **_family(grant),
        "event_id": event_id,
        "token_use": "access",
        "scope": grant.scope,
        "auth_time": int(grant.authenticated_at.timestamp()),
        "exp": int((now + Lifetimes.of(grant.client).access_token).timestamp()),
        "iat": int(now.timestamp()),
        "username": grant.user.username,
    }


def id_token(grant: Grant, now: datetime, event_id: str) -> dict[str, Any]:
    """Claims of the ID token: the attributes that the client may read, and who the token is for."""
    return {
        **_profile(grant),
        "sub": grant.user.sub,
        **grant.groups.in_id_token(),
        "iss": grant.pool.issuer,
        "cognito:username": grant.user.username,
        "aud": grant.client.client_id,
        **_family(grant),
        "event_id": event_id,
        "token_use": "id",
        "auth_time": int(grant.authenticated_at.timestamp()),
        "exp": int((now + Lifetimes.of(grant.client).id_token).timestamp()),
        "iat": int(now.timestamp()),
    }


def machine_access_token(client: Client, scope: str, now: datetime) -> dict[str, Any]:
    """Claims of the access token of a client that is its own principal. Source: guide, "Scopes, M2M, and APIs"."""
    return {
        "sub": client.client_id,
        "token_use": "access",
        "scope": scope,
        "auth_time": int(now.timestamp()),
        "iss": client.pool.issuer,
        "exp": int((now + Lifetimes.of(client).access_token).timestamp()),
        "iat": int(now.timestamp()),
        "version": 2,
        "jti": str(uuid.uuid4()),
        "client_id": client.client_id,
    }


def _family(grant: Grant) -> dict[str, str]:
    if grant.origin_jti is None:
        return {}
    return {"origin_jti": grant.origin_jti, "jti": str(uuid.uuid4())}


def _profile(grant: Grant) -> dict[str, Any]:
    """What the client may read and, of what the authorization endpoint granted, the scopes show."""
    shown = scopes.visible_attributes(grant.user, grant.client, grant.scope)
    return {name: typed(name, value) for name, value in shown.items()}


def typed(name: str, value: str) -> Any:
    """Standard claims carry their OpenID Connect types; custom attributes are strings always."""
    if name in VERIFIED_FLAGS.values():
        return value.lower() == "true"
    if name == "address":
        return {"formatted": value}
    if name == "updated_at":
        return _number(value)
    return value


def _number(value: str) -> int | float | str:
    """A number as JSON can carry it exactly; the schema allows larger ones, and functions say anything: both stay the
    text they are.
    """
    try:
        number = float(value)
    except ValueError:
        return value
    if not abs(number) <= _LARGEST_EXACT:
        return value
    return int(number) if number.is_integer() else number
