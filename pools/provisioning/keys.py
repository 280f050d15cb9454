"""Encryption keys: make, find, switch on and off, delete. Source: KMS API reference; guide, "Key states"."""

from __future__ import annotations

import base64
import re
import secrets
import uuid
from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction

from identity import arns, clock
from identity.access import audit
from identity.access.actor import Actor
from identity.config import config
from identity.errors import KMSInvalidState, NotFound, key_is_pending_deletion, key_not_usable
from pools.models import EncryptionKey

_BYTES = 32
_KEY_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ARN = re.compile(r"arn:aws:kms:([a-z0-9-]+):(\d{12}):key/(.*)", re.DOTALL)


def create(region: str, *, description: str, tags: Mapping[str, str], by: Actor) -> EncryptionKey:
    with transaction.atomic():
        key = EncryptionKey.objects.create(
            key_id=str(uuid.uuid4()),
            region=region,
            material=base64.b64encode(secrets.token_bytes(_BYTES)).decode(),
            description=description,
            tags=dict(tags),
        )
        audit.record(by, key.arn)
    return key


def arn_of(named: str, region: str) -> str:
    """The ARN that a key's id or ARN stands for in a region; other names give themselves."""
    return arns.encryption_key(region, named) if _KEY_ID.fullmatch(named) else named


def find(named: str, region: str) -> EncryptionKey:
    """A key by its id or ARN. Raises: NotFound."""
    match = _ARN.fullmatch(named)
    if match and match[1] != region:
        raise NotFound(f"Invalid arn {match[1]}")
    key_id = match[3] if match else named
    if not _KEY_ID.fullmatch(key_id):
        raise NotFound(f"Invalid keyId '{named}'")
    key = None
    if match is None or match[2] == config.account_id:
        key = EncryptionKey.objects.filter(key_id=key_id, region=region).first()
    if key is None:
        raise NotFound(f"Key '{match[0] if match else arns.encryption_key(region, key_id)}' does not exist")
    return key


def check_for_senders(arn: str, region: str) -> None:
    """Whether codes of a pool in `region` can be encrypted under what its LambdaConfig names, if it names a key.

    Raises: InvalidParameter.
    """
    if not arn:
        return
    try:
        key = find(arn, region)
    except NotFound:
        raise key_not_usable(arn) from None
    if key.arn != arn or not key.enabled:
        raise key_not_usable(arn)


def set_enabled(key: EncryptionKey, enabled: bool, *, by: Actor) -> None:
    """Raises: KMSInvalidState while the key waits for its deletion."""
    with transaction.atomic():
        if not EncryptionKey.objects.filter(pk=key.pk, deletion_at=None).update(enabled=enabled):
            raise key_is_pending_deletion(key.arn)
        audit.record(by, key.arn)


def schedule_deletion(key: EncryptionKey, days: int, *, by: Actor) -> EncryptionKey:
    """Have a key deleted, and with it the way to read whatever it has encrypted; until then it is disabled.

    Raises: KMSInvalidState when it waits for that already.
    """
    key.enabled, key.deletion_at = False, clock.now() + timedelta(days=days)
    with transaction.atomic():
        waiting = EncryptionKey.objects.filter(pk=key.pk, deletion_at=None)
        if not waiting.update(enabled=False, deletion_at=key.deletion_at):
            raise key_is_pending_deletion(key.arn)
        audit.record(by, key.arn, days=days)
    return key


def cancel_deletion(key: EncryptionKey, *, by: Actor) -> None:
    """The key stays, disabled. Raises: KMSInvalidState when nobody has scheduled its deletion."""
    with transaction.atomic():
        if not EncryptionKey.objects.filter(pk=key.pk).exclude(deletion_at=None).update(deletion_at=None):
            raise KMSInvalidState(f"{key.arn} is not pending deletion.")
        audit.record(by, key.arn)
