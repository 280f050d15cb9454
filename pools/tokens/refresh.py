"""Exchanging a refresh token. One statement reads token, session and user; without rotation nothing is written."""

from __future__ import annotations

from identity import clock
from identity.errors import (
    REFRESH_TOKEN_EXPIRED,
    REFRESH_TOKEN_INVALID,
    REFRESH_TOKEN_REVOKED,
    USER_DISABLED,
    NotAuthorized,
    PasswordResetRequired,
)
from identity.statement import Statement
from pools.models import Client, Session, User
from pools.models.user import UserStatus
from pools.tokens.issue import digest

_SESSION = ("origin_jti", "client_id", "scope", "is_revocable", "authenticated_at", "expires_at", "revoked_at")
_USER = ("id", "pool_id", "sub", "username", "attributes", "status", "enabled", "may_be_in_groups")

_find = Statement(
    lambda given: Session.objects.filter(refresh_digest=given).values_list(
        *_SESSION, *(f"user__{name}" for name in _USER)
    ),
    bytes,
)


def open_session(client: Client, refresh_token: str) -> tuple[Session, User]:
    """The session of a refresh token that this client may use now, and its user.

    Raises: NotAuthorized (unknown, foreign, expired, revoked; user disabled), PasswordResetRequired.
    """
    row = _find.first(digest(refresh_token))
    if row is None:
        raise NotAuthorized(REFRESH_TOKEN_INVALID)
    session = Session(**dict(zip(_SESSION, row, strict=False)))
    user = User(**dict(zip(_USER, row[len(_SESSION) :], strict=True)))
    if session.client_id != client.pk:
        raise NotAuthorized(REFRESH_TOKEN_INVALID)
    if session.revoked_at is not None:
        raise NotAuthorized(REFRESH_TOKEN_REVOKED)
    if session.expires_at <= clock.now():
        raise NotAuthorized(REFRESH_TOKEN_EXPIRED)
    if not user.enabled:
        raise NotAuthorized(USER_DISABLED)
    if user.status == UserStatus.RESET_REQUIRED:
        raise PasswordResetRequired()
    return session, user
