"""Checking an access token: form, signature, issuer, use, expiry, scope. Whether it was revoked needs the rows.

Source: guide, "Verifying JSON web tokens".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

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
    """What a valid access token of a user says. `key_revision` is the pool revision of the keys that verified it.

    `session` is the family's id: `origin_jti`, or `event_id` in tokens of a client without token revocation.
    """

    pool_id: str
    client_id: str
    sub: str
    scope: str
    session: str
    key_revision: int


def access_token(token: str, *, scope: str | None, revision: int | None = None) -> AccessToken:
    """What a user's access token says, verified with cached keys or, given one, with those of a pool revision.

    It must hold `scope`, if one is named.
    Raises: NotAuthorized in AWS's words for each way a token can be wrong.
    """
    said, pool_id, key_revision = claims(token, revision)
    if "username" not in said:
        raise NotAuthorized(INVALID_ACCESS_TOKEN)
    if scope is not None and scope not in said["scope"].split():
        raise NotAuthorized(ACCESS_TOKEN_SCOPE)
    session = said.get("origin_jti") or said["event_id"]
    return AccessToken(pool_id, said["client_id"], said["sub"], said["scope"], session, key_revision)


def claims(token: str, revision: int | None = None) -> tuple[dict[str, Any], str, int]:
    """What an access token says, a user's or a client's own; its pool; the pool revision of the keys that verified it.

    Raises: as `access_token`.
    """
    pool_id = _issuing_pool(token)
    try:
        said, key_revision = signing.verify(pool_id, token, revision)
    except signing.BadSignature:
        raise NotAuthorized(ACCESS_TOKEN_SIGNATURE) from None
    except signing.InvalidToken:
        raise NotAuthorized(INVALID_ACCESS_TOKEN) from None
    if said.get("token_use") != "access":
        raise NotAuthorized(INVALID_ACCESS_TOKEN)
    if said["exp"] <= clock.now().timestamp():
        raise NotAuthorized(ACCESS_TOKEN_EXPIRED)
    return said, pool_id, key_revision


def id_token_hint(pool_id: str, token: str, revision: int) -> str:
    """The client that an ID token of a pool was issued to, be it expired.

    Source: OpenID Connect RP-Initiated Logout 1.0, section 2. Raises: NotAuthorized.
    """
    try:
        said, _ = signing.verify(pool_id, token, revision)
    except signing.InvalidToken:
        raise NotAuthorized() from None
    if said.get("token_use") != "id":
        raise NotAuthorized()
    return str(said["aud"])


def _issuing_pool(token: str) -> str:
    """The pool that an unverified token names as its issuer; its keys decide whether that is true."""
    try:
        base, _, pool_id = str(jws.parse(token).claims.get("iss")).rpartition("/")
    except jws.Malformed:
        raise NotAuthorized(INVALID_ACCESS_TOKEN) from None
    if base != config.url or not _POOL_ID.fullmatch(pool_id):
        raise NotAuthorized(INVALID_ACCESS_TOKEN)
    return pool_id
