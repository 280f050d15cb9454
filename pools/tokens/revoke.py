"""Ending sessions. Source: RFC 7009; guide, "Ending user sessions with token revocation"."""

from __future__ import annotations

from django.db import transaction

from identity import clock
from identity.errors import Unauthorized, UnsupportedOperation, UnsupportedTokenType
from identity.keys import jws
from pools.config.client import ClientSettings
from pools.models import Client, Grant, HostedSession, Session, User
from pools.tokens.issue import digest


def refresh_token(client: Client, token: str) -> None:
    """Revoke a refresh token and every token of its family; unknown and ended ones are accepted in silence.

    Raises: UnsupportedOperation (revocation is off), UnsupportedTokenType (an ID or access token),
    Unauthorized (another client's token).
    """
    if not ClientSettings.of(client).revokes_tokens:
        raise UnsupportedOperation("Token revocation is not enabled for this client.")
    if _is_jwt(token):
        raise UnsupportedTokenType()
    session = _session_of(token)
    if session is None:
        return
    if session.client_id != client.pk:
        raise Unauthorized("Token was not issued to this client.")
    family(session)


def family(session: Session) -> None:
    """Revoke every token of a session, for good whatever the caller raises next: never inside a transaction."""
    with transaction.atomic(durable=True):
        Session.objects.filter(pk=session.pk, revoked_at=None).update(revoked_at=clock.now())


def every_session(user: User) -> None:
    """Revoke all tokens of a user, at every client, with the codes and browsers that would give new ones."""
    Grant.objects.filter(user=user).delete()
    HostedSession.objects.filter(user=user).delete()
    Session.objects.filter(user=user, revoked_at=None).update(revoked_at=clock.now())


def _session_of(token: str) -> Session | None:
    """By its first refresh token or by one that rotation has made of it, spent or not."""
    given = digest(token)
    sessions = Session.objects
    return sessions.filter(refresh_digest=given).first() or sessions.filter(refresh_tokens__digest=given).first()


def _is_jwt(token: str) -> bool:
    try:
        jws.parse(token)
    except jws.Malformed:
        return False
    return True
