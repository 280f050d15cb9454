"""Signing and verifying JWTs with an issuer's keys. Source: RFC 7515, RFC 7519; guide, "Verifying JSON web tokens"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from identity.keys import jws
from identity.models import SigningKey

_MAX_CACHED = 10_000
_KID = re.compile(r"[A-Za-z0-9+/=]{1,64}")


class InvalidToken(Exception):
    """Not a JWT that these keys signed."""


class UnknownKey(InvalidToken):
    """The token names a key that is not in the set."""

    def __init__(self, kid: object) -> None:
        self.kid = kid


class BadSignature(InvalidToken):
    """A key of this issuer is named, but it did not sign this token."""


@dataclass(frozen=True, slots=True)
class Signer:
    """An active private key."""

    kid: str
    key: RSAPrivateKey

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A compact JWS; the header holds `kid` and `alg` only, as AWS's do."""
        return jws.sign(jws.header_segment(self.kid), orjson.dumps(claims), self.key)


@dataclass(frozen=True, slots=True)
class KeySet:
    """An issuer's keys at one revision: the two active signers and every key that may still verify."""

    revision: int
    signers: Mapping[str, Signer]
    public: Mapping[str, RSAPublicKey]
    jwks: bytes

    def verify(self, token: str) -> dict[str, Any]:
        """The claims of a token one of these keys signed; claims are not judged here.

        Raises: UnknownKey, BadSignature, InvalidToken.
        """
        try:
            parsed = jws.parse(token)
        except jws.Malformed as error:
            raise InvalidToken from error
        kid = parsed.header.get("kid")
        key = self.public.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise UnknownKey(kid)
        if not parsed.is_signed_by(key):
            raise BadSignature
        return parsed.claims


_cached: dict[str, KeySet] = {}


def keys_of(owner: str, revision: int | None = None) -> KeySet:
    """An issuer's keys, from this process's cache when it holds that revision (or, without one, any).

    The caller compares revisions: a rotation bumps the owner's revision in its own transaction.
    """
    cached = _cached.get(owner)
    if cached is not None and revision in {None, cached.revision}:
        return cached
    loaded = _load(owner, revision or 0)
    if loaded.signers:
        if len(_cached) >= _MAX_CACHED:
            _cached.clear()
        _cached[owner] = loaded
    return loaded


def verify(owner: str, token: str, revision: int | None = None) -> tuple[dict[str, Any], int]:
    """A token's claims, and the revision of the keys that verified it (0 when it was not asked for).

    A key that another process made is looked for once before the token is refused.
    Raises: InvalidToken, BadSignature.
    """
    keys = keys_of(owner, revision)
    try:
        return keys.verify(token), keys.revision
    except UnknownKey as error:
        # The header is not believed yet: what a database could choke on (a null character, say) ends here.
        kid = error.kid if isinstance(error.kid, str) and _KID.fullmatch(error.kid) else None
        if kid is None or not SigningKey.objects.filter(owner=owner, kid=kid).exists():
            raise
        _cached.pop(owner, None)
        keys = keys_of(owner, revision)
        return keys.verify(token), keys.revision


def _load(owner: str, revision: int) -> KeySet:
    signers, public, published = {}, {}, []
    states = [SigningKey.State.ACTIVE, SigningKey.State.RETIRING]
    for row in SigningKey.objects.filter(owner=owner, state__in=states).order_by("-use", "-created_at"):
        # Validation would cost a hundred signatures, at each revision of a pool, to show what encryption has shown.
        key = load_pem_private_key(row.private.encode(), password=None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, RSAPrivateKey):
            raise TypeError(f"signing key {row.kid} is not RSA")
        public[row.kid] = key.public_key()
        published.append(row.public)
        if row.state == SigningKey.State.ACTIVE:
            signers[row.use] = Signer(row.kid, key)
    return KeySet(revision, signers, public, orjson.dumps({"keys": published}))
