"""KMS, as far as custom senders need it: symmetric keys, and what is done with them.

Key policies, grants and aliases are not kept: the identity policies of who calls decide alone.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Any

from identity import paging
from identity.config import config
from identity.errors import (
    DryRunOperation,
    IncorrectKey,
    InvalidCiphertext,
    InvalidKeyUsage,
    InvalidMarker,
    InvalidParameter,
    NotFound,
    Tag,
    UnsupportedOperation,
    Validation,
)
from identity.wire.call import Answer, Call
from identity.wire.services import kms
from pools.models import EncryptionKey
from pools.provisioning import keys
from pools.triggers import encryption_keys

_ALGORITHM = "SYMMETRIC_DEFAULT"
_USAGE = "ENCRYPT_DECRYPT"
_DATA_KEY_BYTES = {"AES_256": 32, "AES_128": 16}
_DEFAULT_PAGE = 100
_SHORTEST_DAYS, _DEFAULT_DAYS = 7, 30
_NO_CIPHERTEXT = (
    "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null"
)


def named_key(members: Mapping[str, Any], region: str) -> str:
    """The ARN that a request's KeyId stands for, for policies; `*` where it names nothing."""
    named = members.get("KeyId")
    return keys.arn_of(named, region) if isinstance(named, str) else "*"


def decrypting_key(members: Mapping[str, Any], region: str) -> str:
    """The same for Decrypt, which may leave it to the ciphertext to name its key."""
    sealed = members.get("CiphertextBlob")
    if members.get("KeyId") is not None or not isinstance(sealed, str):
        return named_key(members, region)
    try:
        return keys.arn_of(encryption_keys.key_id_of(base64.b64decode(sealed, validate=True)), region)
    except (binascii.Error, ValueError, InvalidCiphertext):
        return "*"


@kms.operation("CreateKey", ignores=["BypassPolicyLockoutSafetyCheck"])
def create_key(
    call: Call, *, description: str = "", tags: list[dict[str, str]] | None = None, **members: Any
) -> Answer:
    _refuse_other_kinds(members)
    given = {tag["TagKey"]: tag["TagValue"] for tag in tags or ()}
    if any(name.lower().startswith("aws:") for name in given):
        raise Tag("Tag keys must not start with aws:.")
    key = keys.create(str(call.region), description=description, tags=given, by=call.actor)
    return {"KeyMetadata": key_detail(key)}


@kms.operation("DescribeKey", ignores=["GrantTokens"], resource_of=named_key)
def describe_key(call: Call, *, key_id: str) -> Answer:
    return {"KeyMetadata": key_detail(_key(call, key_id))}


@kms.operation("ListKeys", ignores=["ResourceOwners"])
def list_keys(call: Call, *, limit: int | None = None, marker: str | None = None) -> Answer:
    found = EncryptionKey.objects.filter(region=call.region)
    try:
        page = paging.page(found, order="key_id", limit=limit or _DEFAULT_PAGE, token=marker, bound_to=call.binding())
    except InvalidParameter:
        raise InvalidMarker() from None
    listed = [{"KeyId": key.key_id, "KeyArn": key.arn} for key in page.items]
    return {"Keys": listed, "NextMarker": page.next_token, "Truncated": page.next_token is not None}


@kms.operation("Encrypt", ignores=["GrantTokens"], resource_of=named_key)
def encrypt(
    call: Call,
    *,
    key_id: str,
    plaintext: bytes,
    encryption_context: dict[str, str] | None = None,
    encryption_algorithm: str = _ALGORITHM,
    dry_run: bool = False,
) -> Answer:
    key = _key(call, key_id)
    _check_algorithm(encryption_algorithm)
    sealed = encryption_keys.encrypt(key, plaintext, encryption_context or {})
    _end_dry_run(dry_run)
    return {"CiphertextBlob": sealed, "KeyId": key.arn, "EncryptionAlgorithm": _ALGORITHM}


@kms.operation("Decrypt", ignores=["GrantTokens"], resource_of=decrypting_key)
def decrypt(
    call: Call,
    *,
    ciphertext_blob: bytes | None = None,
    key_id: str | None = None,
    encryption_context: dict[str, str] | None = None,
    encryption_algorithm: str = _ALGORITHM,
    recipient: dict[str, Any] | None = None,
    dry_run: bool = False,
    dry_run_modifiers: list[str] | None = None,
) -> Answer:
    if ciphertext_blob is None:
        raise Validation(_NO_CIPHERTEXT)
    _refuse_unavailable(Recipient=recipient, DryRunModifiers=dry_run_modifiers)
    key = _decrypting_key(call, key_id, ciphertext_blob)
    _check_algorithm(encryption_algorithm)
    plain = encryption_keys.decrypt(key, ciphertext_blob, encryption_context or {})
    _end_dry_run(dry_run)
    return {"KeyId": key.arn, "Plaintext": plain, "EncryptionAlgorithm": _ALGORITHM}


@kms.operation("GenerateDataKey", ignores=["GrantTokens"], resource_of=named_key)
def generate_data_key(
    call: Call,
    *,
    key_id: str,
    encryption_context: dict[str, str] | None = None,
    number_of_bytes: int | None = None,
    key_spec: str | None = None,
    recipient: dict[str, Any] | None = None,
    dry_run: bool = False,
) -> Answer:
    _refuse_unavailable(Recipient=recipient)
    if (number_of_bytes is None) == (key_spec is None):
        raise Validation("Please specify either number of bytes or key spec.")
    key = _key(call, key_id)
    plain = secrets.token_bytes(number_of_bytes or _DATA_KEY_BYTES[str(key_spec)])
    sealed = encryption_keys.encrypt(key, plain, encryption_context or {})
    _end_dry_run(dry_run)
    return {"CiphertextBlob": sealed, "Plaintext": plain, "KeyId": key.arn}


@kms.operation("EnableKey", resource_of=named_key)
def enable_key(call: Call, *, key_id: str) -> None:
    keys.set_enabled(_key(call, key_id), True, by=call.actor)


@kms.operation("DisableKey", resource_of=named_key)
def disable_key(call: Call, *, key_id: str) -> None:
    keys.set_enabled(_key(call, key_id), False, by=call.actor)


@kms.operation("ScheduleKeyDeletion", resource_of=named_key)
def schedule_key_deletion(call: Call, *, key_id: str, pending_window_in_days: int = _DEFAULT_DAYS) -> Answer:
    if not _SHORTEST_DAYS <= pending_window_in_days <= _DEFAULT_DAYS:
        raise Validation(f"PendingWindowInDays must be between {_SHORTEST_DAYS} and {_DEFAULT_DAYS}.")
    key = keys.schedule_deletion(_key(call, key_id), pending_window_in_days, by=call.actor)
    return {
        "KeyId": key.arn,
        "DeletionDate": key.deletion_at,
        "KeyState": _state(key),
        "PendingWindowInDays": pending_window_in_days,
    }


@kms.operation("CancelKeyDeletion", resource_of=named_key)
def cancel_key_deletion(call: Call, *, key_id: str) -> Answer:
    key = _key(call, key_id)
    keys.cancel_deletion(key, by=call.actor)
    return {"KeyId": key.arn}


def _key(call: Call, named: str) -> EncryptionKey:
    return keys.find(named, str(call.region))


def _decrypting_key(call: Call, named: str | None, sealed: bytes) -> EncryptionKey:
    """Raises: NotFound, InvalidCiphertext, IncorrectKey."""
    if named is None:
        try:
            return _key(call, encryption_keys.key_id_of(sealed))
        except NotFound:
            raise InvalidCiphertext() from None
    key = _key(call, named)
    if encryption_keys.key_id_of(sealed) != key.key_id:
        raise IncorrectKey()
    return key


def _refuse_other_kinds(members: Mapping[str, Any]) -> None:
    """Raises: UnsupportedOperation, for what is no key of this kind and what would be promised in vain."""
    only = {"KeyUsage": _USAGE, "KeySpec": _ALGORITHM, "CustomerMasterKeySpec": _ALGORITHM, "Origin": "AWS_KMS"}
    for name, value in members.items():
        if value and value != only.get(name):
            raise UnsupportedOperation(f"{name}: this value is not available in this version of Gatehouse.")


def _refuse_unavailable(**members: object) -> None:
    for name, value in members.items():
        if value:
            raise Validation(f"{name} is not available in this version of Gatehouse.")


def _check_algorithm(given: str) -> None:
    if given != _ALGORITHM:
        raise InvalidKeyUsage(f"Algorithm {given} is incompatible with key spec {_ALGORITHM}.")


def _end_dry_run(is_dry_run: bool) -> None:
    if is_dry_run:
        raise DryRunOperation()


def _state(key: EncryptionKey) -> str:
    if key.deletion_at is not None:
        return "PendingDeletion"
    return "Enabled" if key.enabled else "Disabled"


def key_detail(key: EncryptionKey) -> dict[str, Any]:
    return {
        "AWSAccountId": config.account_id,
        "KeyId": key.key_id,
        "Arn": key.arn,
        "CreationDate": key.created_at,
        "Enabled": key.enabled,
        "Description": key.description,
        "KeyUsage": _USAGE,
        "KeyState": _state(key),
        "DeletionDate": key.deletion_at,
        "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER",
        "CustomerMasterKeySpec": _ALGORITHM,
        "KeySpec": _ALGORITHM,
        "EncryptionAlgorithms": [_ALGORITHM],
        "MultiRegion": False,
    }
