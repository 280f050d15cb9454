"""Compact JWS with RS256, and nothing else: one algorithm, no extensions. Source: RFC 7515 sections 3, 4.1, 5, 7.1."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

ALGORITHM = "RS256"
_SEGMENTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)", re.ASCII)


class Malformed(ValueError):
    """Not a compact JWS of this profile with a JSON object inside."""


@dataclass(frozen=True, slots=True)
class Jws:
    """A parsed token. Nothing in it is to be believed before `is_signed_by` has said yes."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signing_input: bytes
    signature: bytes

    def is_signed_by(self, key: RSAPublicKey) -> bool:
        try:
            key.verify(self.signature, self.signing_input, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


def header_segment(kid: str) -> bytes:
    """The first segment of every token that a key signs."""
    return _encode(orjson.dumps({"kid": kid, "alg": ALGORITHM}))


def sign(header: bytes, claims: bytes, key: RSAPrivateKey) -> str:
    """A token from a `header_segment` and serialised claims."""
    signing_input = header + b"." + _encode(claims)
    signature = key.sign(signing_input, PKCS1v15(), SHA256())
    return (signing_input + b"." + _encode(signature)).decode()


def parse(token: str) -> Jws:
    """Raises: Malformed, also for another algorithm or a critical extension."""
    match = _SEGMENTS.fullmatch(token)
    if match is None:
        raise Malformed("not three segments")
    try:
        header, claims = orjson.loads(_decode(match[1])), orjson.loads(_decode(match[2]))
        signature = _decode(match[3])
    except (binascii.Error, orjson.JSONDecodeError) as error:
        raise Malformed("not base64url of JSON") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise Malformed("not JSON objects")
    if header.get("alg") != ALGORITHM or "crit" in header or header.get("b64", True) is not True:
        raise Malformed("not this profile")
    return Jws(header, claims, token.rpartition(".")[0].encode(), signature)


def _encode(octets: bytes) -> bytes:
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def _decode(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
