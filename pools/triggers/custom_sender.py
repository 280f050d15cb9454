"""CustomEmailSender and CustomSMSSender: functions that carry messages in place of Gatehouse.

The code travels encrypted. Nothing is read from their answer, and nobody waits for it but the worker that calls.
Source: guide, "Custom email sender Lambda trigger", "Custom SMS sender Lambda trigger".
"""

from __future__ import annotations

import base64
from importlib import import_module

from identity.errors import key_not_usable
from pools.config.schema import VERIFIED_FLAGS
from pools.config.triggers import TriggerSettings
from pools.models import EncryptionKey, Pool, User
from pools.triggers import deliver, event
from pools.triggers.origin import Origin

_TRIGGERS = {"email": "CustomEmailSender", "phone_number": "CustomSMSSender"}
_TYPES = {"CustomEmailSender": "customEmailSenderRequestV1", "CustomSMSSender": "customSMSSenderRequestV1"}


def is_set(pool: Pool, attribute: str) -> bool:
    """Whether a function carries the messages to addresses of an attribute, `email` or `phone_number`."""
    return _TRIGGERS[attribute] in TriggerSettings.of(pool).arns


def custom_sender(user: User, attribute: str, to: str, kind: str, code: str, origin: Origin) -> None:
    """Have a message sent; `kind` is why, in AWS's names. Call where `is_set`.

    Raises: UserLambdaValidation, UnexpectedLambda, TooManyRequests; InvalidParameter, Disabled, KMSInvalidState for
    the key.
    """
    trigger = _TRIGGERS[attribute]
    sealed = _encrypted(user.pool, code)
    asked = {"type": _TYPES[trigger], "code": sealed, "userAttributes": _attributes(user, attribute, to)}
    request = event.with_metadata(asked, origin)
    deliver.tell(user.pool, trigger, f"{trigger}_{kind}", user.username, request, origin, secrets=(code, sealed))


def _encrypted(pool: Pool, code: str) -> str:
    named = TriggerSettings.of(pool).encryption_key
    key = EncryptionKey.objects.filter(key_id=named.rpartition("/")[2], region=pool.region).first()
    if key is None:
        raise key_not_usable(named)
    # The library costs some memory, which only the processes pay that send.
    sealed: bytes = import_module("pools.triggers.code_encryption").encrypt(key, code, pool.id)
    return base64.b64encode(sealed).decode()


def _attributes(user: User, attribute: str, to: str) -> dict[str, str]:
    """With the address that the message is for, which may wait to be verified and not be the user's yet."""
    known = event.user_attributes(user)
    if known.get(attribute) == to:
        return known
    return {**known, attribute: to, VERIFIED_FLAGS[attribute]: "false"}
