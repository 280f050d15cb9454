"""The installation's key ring: encryption at rest and keyed hashes.

Owns the keys of `GATEHOUSE_SECRET_KEYS`. The first key encrypts and signs, every key decrypts and verifies, so a
ring is rotated by putting a new key in front, re-encrypting (`manage.py rotate_keys --secrets`) and dropping the old.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from identity.config import ConfigError, config

_VERSION = b"\x01"
_ID_BYTES = 4
_NONCE_BYTES = 12
_HEAD_BYTES = len(_VERSION) + _ID_BYTES + _NONCE_BYTES


class CannotDecrypt(Exception):
    """No key of the ring opens this value, or it was moved here from another place."""


@cache
def _ring() -> tuple[tuple[bytes, bytes], ...]:
    keys = config.ring
    if not keys:
        raise ConfigError(
            "There is no key ring: set GATEHOUSE_SECRET_KEYS to base64 of 32 random bytes "
            "(for example from `openssl rand -base64 32`), or run `manage.py serve --dev`."
        )
    return tuple((hashlib.sha256(b"gatehouse key id" + key).digest()[:_ID_BYTES], key) for key in keys)


@cache
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(hmac.digest(key, b"encryption at rest", "sha256"))


def encrypt(plain: bytes, *, place: str) -> bytes:
    """AES-256-GCM; `place` (table and column) is bound in, so a value cannot be moved to another column."""
    key_id, key = _ring()[0]
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + key_id + nonce + _cipher(key).encrypt(nonce, plain, place.encode())


def decrypt(sealed: bytes, *, place: str) -> bytes:
    """Raises: CannotDecrypt."""
    if sealed[:1] != _VERSION or len(sealed) < _HEAD_BYTES:
        raise CannotDecrypt(place)
    key_id, nonce = sealed[1 : 1 + _ID_BYTES], sealed[1 + _ID_BYTES : _HEAD_BYTES]
    for candidate, key in _ring():
        if candidate == key_id:
            try:
                return _cipher(key).decrypt(nonce, sealed[_HEAD_BYTES:], place.encode())
            except InvalidTag as error:
                raise CannotDecrypt(place) from error
    raise CannotDecrypt(place)


def is_current(sealed: bytes) -> bool:
    """Whether the first key of the ring sealed this value."""
    return sealed[1 : 1 + _ID_BYTES] == _ring()[0][0]


def mac(purpose: str, message: bytes) -> bytes:
    """A keyed hash (HMAC-SHA256, 32 bytes) under the first key, separated by purpose."""
    return _mac(_ring()[0][1], purpose, message)


def mac_matches(purpose: str, message: bytes, given: bytes) -> bool:
    """Whether any key of the ring made this hash. Constant-time."""
    matched = False
    for _, key in _ring():
        matched |= hmac.compare_digest(_mac(key, purpose, message), given)
    return matched


def _mac(key: bytes, purpose: str, message: bytes) -> bytes:
    return hmac.digest(hmac.digest(key, purpose.encode(), "sha256"), message, "sha256")
