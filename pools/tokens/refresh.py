"""Exchanging a refresh token. One statement reads token, session and user; without rotation nothing is written.

With rotation a token is spent by its first exchange, which gives a successor; the chain ends when the session does.
Spending is one insert or one conditional update, so of many exchanges at once exactly one is the first, and each
other one is answered as if it had come later:

- within the client's grace period it works too and gives a successor of its own, and all successors stay usable:
  tabs that refresh in parallel, and retries whose first answer was lost;
- after it, or without one, RefreshTokenReuse: somebody else holds the token, and nobody can tell who is the thief, so
  the whole family is revoked, the tokens that the first exchange has just given included.

Rotation that is switched off later gives no successors; tokens that are not spent go on working, spent ones do not.
Source: RFC 9700, section 4.14.2; guide, "Refresh token rotation". That reuse revokes the family is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Subquery

from identity import clock, ids
from identity.errors import (
    REFRESH_TOKEN_EXPIRED,
    REFRESH_TOKEN_INVALID,
    REFRESH_TOKEN_REVOKED,
    USER_DISABLED,
    NotAuthorized,
    PasswordResetRequired,
    RefreshTokenReuse,
)
from identity.statement import Statement
from pools.config.client import ClientSettings
from pools.models import Client, RefreshToken, Session, User
from pools.models.user import UserStatus
from pools.tokens import issue, revoke
from pools.tokens.issue import Tokens, digest
from pools.triggers.origin import Origin
from pools.triggers.token_generation import REFRESH

_SESSION = (
    *("id", "origin_jti", "client_id", "scope", "is_oauth", "resource", "is_revocable"),
    *("authenticated_at", "expires_at", "revoked_at"),
)

_find_first = Statement(
    lambda given: (
        Session.objects.filter(refresh_digest=given)
        .annotate(spent_at=Subquery(RefreshToken.objects.filter(digest=OuterRef("refresh_digest")).values("spent_at")))
        .values_list("spent_at", *_SESSION, *(f"user__{name}" for name in issue.USER))
    ),
    bytes,
)
_find_rotated = Statement(
    lambda given: RefreshToken.objects.filter(digest=given).values_list(
        "spent_at", *(f"session__{name}" for name in _SESSION), *(f"session__user__{name}" for name in issue.USER)
    ),
    bytes,
)


@dataclass(frozen=True, slots=True)
class _Found:
    """A refresh token as the rows know it; `is_first` is the one that came with the sign-in."""

    digest: bytes
    is_first: bool
    spent_at: datetime | None
    session: Session
    user: User


def open_session(client: Client, refresh_token: str) -> tuple[Session, User]:
    """The session of a refresh token that this client may use now, and its user; the token is not spent.

    Raises: NotAuthorized (unknown, foreign, expired, revoked; user disabled), PasswordResetRequired,
    RefreshTokenReuse (the family is revoked).
    """
    found = _usable(client, refresh_token)
    return found.session, found.user


def find_usable(client: Client, refresh_token: str) -> tuple[Session, User] | None:
    """As `open_session`, for who only asks: None in place of every refusal, and nothing is revoked."""
    found = _find(digest(refresh_token))
    if found is None or found.session.client_id != client.pk or _is_spent(client, found):
        return None
    try:
        _check(found)
    except (NotAuthorized, PasswordResetRequired):
        return None
    return found.session, found.user


def renew(client: Client, refresh_token: str, origin: Origin) -> Tokens:
    """New tokens for a refresh token; for a client with rotation it is spent, and a successor comes with them.

    While the pool's function is waited for nothing is spent, and what held before may not hold any more.
    Raises: as `open_session`; what the function raises.
    """
    found = _usable(client, refresh_token)
    prepared = issue.prepare(client.pool, client, found.user, found.session, origin, REFRESH)
    if prepared.has_waited:
        found = _usable(client, refresh_token)
    return issue.sign(prepared, _successor(client, refresh_token, found))


def _successor(client: Client, refresh_token: str, found: _Found) -> str | None:
    """Spend a token of a client with rotation; the one that follows it.

    Raises: as `open_session`.
    """
    if not ClientSettings.of(client).rotates:
        return None
    successor = ids.token(64)
    if found.spent_at is None and not _spend(found, successor):
        found = _usable(client, refresh_token)  # somebody was faster
    if found.spent_at is not None:
        _add(found, successor)
    return successor


def _usable(client: Client, refresh_token: str) -> _Found:
    """A token of this client that works now, for the first time or within its grace period."""
    found = _find(digest(refresh_token))
    if found is None or found.session.client_id != client.pk:
        raise NotAuthorized(REFRESH_TOKEN_INVALID)
    if _is_spent(client, found):
        revoke.family(found.session)
        raise RefreshTokenReuse()
    _check(found)
    return found


def _check(found: _Found) -> None:
    """Raises: NotAuthorized (revoked, expired; user disabled), PasswordResetRequired."""
    if found.session.revoked_at is not None:
        raise NotAuthorized(REFRESH_TOKEN_REVOKED)
    if found.session.expires_at <= clock.now():
        raise NotAuthorized(REFRESH_TOKEN_EXPIRED)
    if not found.user.enabled:
        raise NotAuthorized(USER_DISABLED)
    if found.user.status == UserStatus.RESET_REQUIRED:
        raise PasswordResetRequired()


def _find(given: bytes) -> _Found | None:
    is_first = True
    row = _find_first.first(given)
    if row is None:
        is_first = False
        row = _find_rotated.first(given)
    if row is None:
        return None
    session = Session(**dict(zip(_SESSION, row[1:], strict=False)))
    user = User(**dict(zip(issue.USER, row[1 + len(_SESSION) :], strict=True)))
    return _Found(given, is_first, row[0], session, user)


def _is_spent(client: Client, found: _Found) -> bool:
    """And works no more. No grace period is none at all, whatever the clocks of two machines say."""
    grace = ClientSettings.of(client).retry_grace
    return found.spent_at is not None and not (grace and clock.now() < found.spent_at + grace)


def _spend(found: _Found, successor: str) -> bool:
    """Mark a token as spent and keep its successor, both or neither; False when it has been spent, or is gone.

    The first token of a session is on the session's row: that it is spent is told by a row of its own.
    """
    now = clock.now()
    following = RefreshToken(digest=digest(successor), session=found.session)
    try:
        with transaction.atomic():
            _hold(found.user)
            if found.is_first:
                spent = RefreshToken(digest=found.digest, session=found.session, spent_at=now)
                RefreshToken.objects.bulk_create([spent, following])
            elif RefreshToken.objects.filter(digest=found.digest, spent_at=None).update(spent_at=now):
                following.save(force_insert=True)
            else:
                return False
    except IntegrityError:
        return False
    return True


def _add(found: _Found, successor: str) -> None:
    try:
        with transaction.atomic():
            _hold(found.user)
            RefreshToken(digest=digest(successor), session=found.session).save(force_insert=True)
    except IntegrityError:  # the session has gone with its client
        raise NotAuthorized(REFRESH_TOKEN_INVALID) from None


def _hold(user: User) -> None:
    """Keep the user from being deleted until the transaction ends: a token must not be born behind the deletion.

    Raises: NotAuthorized, when it was deleted before.
    """
    if not User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("pk"):
        raise NotAuthorized(REFRESH_TOKEN_INVALID)
