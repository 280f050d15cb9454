"""Authorization codes: written at the authorization endpoint, exchanged once at the token endpoint.

A code is used by the insertion of its session, whose `origin_jti` it has chosen: of several exchanges at once, one gets
through. Each other one that is right in everything else, redirect URI and verifier included, tells that somebody has
the code who should not, whoever came first: the session is revoked, and with it the tokens that the first has been
given. An exchange that is wrong in something neither uses the code nor ends anything: who only has the code could
else take it, or the session, from who holds the verifier.
Source: RFC 6749, sections 4.1.2 and 10.5; RFC 9700, section 4.5. What a wrong exchange does is *assumed*.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import timedelta

from identity import clock
from identity.errors import USER_DISABLED, NotAuthorized, PasswordResetRequired, UserNotConfirmed
from identity.statement import Insertion, Statement
from pools.models import Client, Grant, Session, User
from pools.models.user import UserStatus
from pools.tokens import issue, revoke
from pools.tokens.issue import Authorized, Tokens
from pools.triggers.origin import Origin
from pools.triggers.token_generation import HOSTED

LIFETIME = timedelta(minutes=5)
INVALID = "Invalid authorization code"
S256 = "S256"

_grants = Insertion(Grant)
_GRANT = (
    *("application_id", "expires", "redirect_uri", "scope", "code_challenge", "nonce", "resource", "origin_jti"),
    "authenticated_at",
)
_find = Statement(
    lambda code: Grant.objects.filter(code=code).values_list(*_GRANT, *(f"user__{name}" for name in issue.USER)), str
)


@dataclass(frozen=True, slots=True)
class Found:
    """A code as its row knows it, whether or not it still works."""

    grant: Grant
    user: User


def open(
    client: Client, user: User, authorized: Authorized, *, redirect_uri: str, code_challenge: str | None = None
) -> str:
    """A code for what was granted to a user at a client. `code_challenge` is one of S256.

    Raises: IntegrityError, when user or client have been deleted meanwhile.
    """
    code = str(uuid.uuid4())
    now = clock.now()
    _grants.insert(
        Grant(
            user=user,
            code=_digest(code),
            application=client,
            expires=now + LIFETIME,
            redirect_uri=redirect_uri,
            scope=authorized.scope,
            created=now,
            updated=now,
            code_challenge=code_challenge or "",
            code_challenge_method=S256 if code_challenge else "",
            nonce=authorized.nonce,
            resource=[authorized.resource] if authorized.resource else [],
            origin_jti=authorized.origin_jti,
            authenticated_at=authorized.authenticated_at,
        )
    )
    return code


def find(client: Client, code: str) -> Found | None:
    """The code of a client; None for one that nobody has, or another client."""
    row = _find.first(_digest(code))
    if row is None or row[0] != client.pk:
        return None
    grant = Grant(**dict(zip(_GRANT, row, strict=False)))
    user = User(**dict(zip(issue.USER, row[len(_GRANT) :], strict=True)))
    user.pool = client.pool
    return Found(grant, user)


def redeem(client: Client, found: Found, origin: Origin) -> Tokens:
    """The tokens of a code for whom everything else was right.

    Raises: NotAuthorized (expired, or used, and then its session is revoked; user disabled), PasswordResetRequired,
    UserNotConfirmed; what the pool's function raises.
    """
    grant = found.grant
    if grant.expires <= clock.now():
        _end(grant.origin_jti)
        raise NotAuthorized(INVALID)
    _check(found.user)
    authorized = Authorized(
        scope=grant.scope,
        authenticated_at=grant.authenticated_at,
        origin_jti=grant.origin_jti,
        nonce=grant.nonce,
        resource=next(iter(grant.resource), ""),
    )
    try:
        return issue.start_session(
            client.pool, client, found.user, by=None, origin=origin, source=HOSTED, authorized=authorized
        )
    except NotAuthorized:
        _end(grant.origin_jti)
        raise


def _check(user: User) -> None:
    """Raises: NotAuthorized, PasswordResetRequired, UserNotConfirmed."""
    if not user.enabled:
        raise NotAuthorized(USER_DISABLED)
    if user.status == UserStatus.RESET_REQUIRED:
        raise PasswordResetRequired()
    if user.status == UserStatus.UNCONFIRMED:
        raise UserNotConfirmed()


def _end(origin_jti: uuid.UUID) -> None:
    """Revoke the session that the code has been used for, if it has."""
    session = Session.objects.filter(origin_jti=origin_jti).first()
    if session is not None:
        revoke.family(session)


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
