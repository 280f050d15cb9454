"""Checking a user's access token: form, signature, issuer, use, expiry, scope. Whether it was revoked needs the rows.

Source: guide, "Verifying JSON web tokens".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from identity import clock
from identity.config import config
from identity.errors import (
    ACCESS_TOKEN_EXPIRED,
    ACCESS_TOKEN_SCOPE,
    ACCESS_TOKEN_SIGNATURE,
    INVALID_ACCESS_TOKEN,
    NotAuthorized,
)
from identity.keys import jws, signing

_POOL_ID = re.compile(r"[\w-]+_[0-9a-zA-Z]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a valid access token says. `key_revision` is the pool revision of the keys that verified it.

    `session` is the family's id: `origin_jti`, or `event_id` in tokens of a client without token revocation.
    """

    pool_id: str
    client_id: str
    sub: str
    session: str
    key_revision: int


def access_token(token: str, *, scope: str, revision: int | None = None) -> AccessToken:
    """What a user's access token says, verified with cached keys or, given one, with those of a pool revision.

    Raises: NotAuthorized in AWS's words for each way a token can be wrong.
    """
    pool_id = _issuing_pool(token)
    try:
        claims, key_revision = signing.verify(pool_id, token, revision)
    except signing.BadSignature:
        raise NotAuthorized(ACCESS_TOKEN_SIGNATURE) from None
    except signing.InvalidToken:
        raise NotAuthorized(INVALID_ACCESS_TOKEN) from None
    if claims.get("token_use") != "access" or "username" not in claims:
        raise NotAuthorized(INVALID_ACCESS_TOKEN)
    if claims["exp"] <= clock.now().timestamp():
        raise NotAuthorized(ACCESS_TOKEN_EXPIRED)
    if scope not in claims["scope"].split():
        raise NotAuthorized(ACCESS_TOKEN_SCOPE)
    session = claims.get("origin_jti") or claims["event_id"]
    return AccessToken(pool_id, claims["client_id"], claims["sub"], session, key_revision)


def _issuing_pool(token: str) -> str:
    """The pool that an unverified token names as its issuer; its keys decide whether that is true."""
    try:
        base, _, pool_id = str(jws.parse(token).claims.get("iss")).rpartition("/")
    except jws.Malformed:
        raise NotAuthorized(INVALID_ACCESS_TOKEN) from None
    if base != config.url or not _POOL_ID.fullmatch(pool_id):
        raise NotAuthorized(INVALID_ACCESS_TOKEN)
    return pool_id
