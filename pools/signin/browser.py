"""Browsers that are signed in to a pool's pages: for an hour, at every client of the pool.

Source: guide, "Managed login session cookies".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from identity import clock, ids
from identity.errors import NotAuthorized, PasswordResetRequired
from identity.statement import Statement
from pools import lookup
from pools.models import HostedSession, Pool, User
from pools.signin import standing

LIFETIME = timedelta(hours=1)

_find = Statement(
    lambda digest, pool_id: HostedSession.objects.filter(digest=digest, pool_id=pool_id).values_list(
        "expires_at", "authenticated_at", *(f"user__{name}" for name in lookup.USER_COLUMNS)
    ),
    bytes,
    str,
)


@dataclass(frozen=True, slots=True)
class Browser:
    """Who is signed in, and when they last proved it."""

    user: User
    authenticated_at: datetime


def open(user: User) -> str:
    """A new session of a user who has just proved who they are; the value of the browser's cookie."""
    cookie = ids.token(48)
    now = clock.now()
    HostedSession.objects.create(
        digest=_digest(cookie), pool_id=user.pool_id, user=user, authenticated_at=now, expires_at=now + LIFETIME
    )
    return cookie


def find(pool: Pool, cookie: str | None) -> Browser | None:
    """Who the cookie's browser is signed in as; None for who may not, or no longer."""
    if not cookie:
        return None
    row = _find.first(_digest(cookie), pool.id)
    if row is None or row[0] <= clock.now():
        return None
    user = lookup.user_of_row(row[2:], pool)
    try:
        standing.check(user)
    except (NotAuthorized, PasswordResetRequired):
        return None
    return Browser(user, authenticated_at=row[1])


def close(pool: Pool, cookie: str | None) -> None:
    if cookie:
        HostedSession.objects.filter(digest=_digest(cookie), pool=pool).delete()


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()
