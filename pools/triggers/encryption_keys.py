"""Wrapping with the keys that codes are encrypted under, as KMS does it.

AES-256-GCM; what comes out names its key and is bound to that name and to the encryption context.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Mapping

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from identity.errors import InvalidCiphertext, key_is_disabled, key_is_pending_deletion
from pools.models import EncryptionKey

_VERSION = b"\x01"
_NONCE_BYTES = 12
_HEAD_BYTES = len(_VERSION) + 16


def check_usable(key: EncryptionKey) -> None:
    """Raises: Disabled, KMSInvalidState."""
    if key.deletion_at is not None:
        raise key_is_pending_deletion(key.arn)
    if not key.enabled:
        raise key_is_disabled(key.arn)


def encrypt(key: EncryptionKey, plain: bytes, context: Mapping[str, str]) -> bytes:
    """Raises: Disabled, KMSInvalidState."""
    check_usable(key)
    head = _VERSION + uuid.UUID(key.key_id).bytes
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return head + nonce + _cipher(key).encrypt(nonce, plain, _bound(head, context))


def decrypt(key: EncryptionKey, sealed: bytes, context: Mapping[str, str]) -> bytes:
    """Raises: Disabled, KMSInvalidState, InvalidCiphertext (also for another key's, and for another context)."""
    check_usable(key)
    if key_id_of(sealed) != key.key_id:
        raise InvalidCiphertext()
    head, nonce = sealed[:_HEAD_BYTES], sealed[_HEAD_BYTES : _HEAD_BYTES + _NONCE_BYTES]
    try:
        return _cipher(key).decrypt(nonce, sealed[_HEAD_BYTES + _NONCE_BYTES :], _bound(head, context))
    except (InvalidTag, ValueError):
        raise InvalidCiphertext() from None


def key_id_of(sealed: bytes) -> str:
    """The id of the key that wrapped this. Raises: InvalidCiphertext."""
    if sealed[:1] != _VERSION or len(sealed) < _HEAD_BYTES:
        raise InvalidCiphertext()
    return str(uuid.UUID(bytes=sealed[1:_HEAD_BYTES]))


def _cipher(key: EncryptionKey) -> AESGCM:
    return AESGCM(base64.b64decode(key.material))


def _bound(head: bytes, context: Mapping[str, str]) -> bytes:
    return head + orjson.dumps(dict(context), option=orjson.OPT_SORT_KEYS)
