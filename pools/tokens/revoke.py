"""Ending sessions. Source: RFC 7009; guide, "Ending user sessions with token revocation"."""

from __future__ import annotations

from identity import clock
from identity.errors import Unauthorized, UnsupportedOperation, UnsupportedTokenType
from identity.keys import jws
from pools.config.client import ClientSettings
from pools.models import Client, RefreshToken, Session, User
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
    found = RefreshToken.objects.filter(digest=digest(token)).values_list("session_id", "session__client_id").first()
    if found is None:
        return
    session_id, client_pk = found
    if client_pk != client.pk:
        raise Unauthorized("Token was not issued to this client.")
    Session.objects.filter(pk=session_id, revoked_at=None).update(revoked_at=clock.now())


def every_session(user: User) -> None:
    """Revoke all tokens of a user, at every client."""
    Session.objects.filter(user=user, revoked_at=None).update(revoked_at=clock.now())


def _is_jwt(token: str) -> bool:
    try:
        jws.parse(token)
    except jws.Malformed:
        return False
    return True
