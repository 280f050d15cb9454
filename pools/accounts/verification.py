"""Codes that prove a user owns an address: made, sent, checked, used once.

Source: guide, "Verifying contact information at sign-up"; code quotas in "Quotas in Amazon Cognito".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from identity import clock, ids, keyring
from identity.errors import CodeMismatch, ExpiredCode
from pools.config.lifetimes import SIGN_UP_CODE
from pools.config.schema import is_email
from pools.config.sign_in import SignInSettings
from pools.messages.message import CHANNELS, Channel
from pools.models import Code, Pool, User

CONFIRMATIONS_PER_HOUR = 15
RESENDS_PER_HOUR = 5
DIGITS = 6
_PURPOSE = "one-time code"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a code went; `destination` is masked."""

    attribute: str
    channel: Channel
    destination: str


def target(pool: Pool, attributes: dict[str, str]) -> str | None:
    """The auto-verified attribute that gets a sign-up code: the phone number before the e-mail address."""
    verified = SignInSettings.of(pool).auto_verified_attributes
    for attribute in ("phone_number", "email"):
        if attribute in verified and attributes.get(attribute):
            return attribute
    return None


def renew(user: User, attribute: str) -> str:
    """A fresh sign-up code in place of any earlier one; returns it in clear, once."""
    code = ids.digits(DIGITS)
    now = clock.now()
    Code.objects.update_or_create(
        user=user,
        kind=Code.Kind.SIGN_UP,
        defaults={
            "pool_id": user.pool_id,
            "attribute": attribute,
            "destination": _destination_digest(user, attribute),
            "digest": keyring.mac(_PURPOSE, _message(user, code)),
            "created_at": now,
            "expires_at": now + SIGN_UP_CODE,
        },
    )
    return code


def find(user: User, given: str) -> Code:
    """The sign-up code that `given` is right for; it is not used up yet.

    Raises: CodeMismatch, ExpiredCode.
    """
    code = Code.objects.filter(user=user, kind=Code.Kind.SIGN_UP).first()
    if code is None or code.expires_at <= clock.now():
        raise ExpiredCode()
    if not keyring.mac_matches(_PURPOSE, _message(user, given), bytes(code.digest)):
        raise CodeMismatch()
    if bytes(code.destination) != _destination_digest(user, code.attribute):
        raise ExpiredCode()
    return code


def use_up(code: Code) -> None:
    """Consume a code inside the transaction of its effect; of two at once, one gets through.

    Raises: ExpiredCode.
    """
    if not Code.objects.filter(pk=code.pk, digest=code.digest).delete()[0]:
        raise ExpiredCode()


def delivery(attribute: str, value: str) -> Delivery:
    return Delivery(attribute, CHANNELS[attribute], mask(attribute, value))


def simulated_delivery(pool: Pool, name: str) -> Delivery:
    """What a code for an unknown user would have told: the same for the same name every time.

    The form of the name decides between the pool's auto-verified attributes, of which there must be one.
    """
    settings = SignInSettings.of(pool)
    verified = settings.auto_verified_attributes
    digest = keyring.mac("simulated delivery", pool.id.encode() + b" " + settings.fold(name))
    if "email" in verified and ("phone_number" not in verified or is_email(name)):
        letters = "".join(chr(ord("a") + octet % 26) for octet in digest[:2])
        value = name if "@" in name else f"{letters[0]}@{letters[1]}"
        return delivery("email", value)
    value = name if name.startswith("+") else "+" + "".join(str(octet % 10) for octet in digest[:11])
    return delivery("phone_number", value)


def mask(attribute: str, value: str) -> str:
    """`j***@e***`, `+*******9934`"""
    if attribute == "email":
        local, _, domain = value.partition("@")
        return f"{local[:1]}***@{domain[:1]}***"
    digits = value.removeprefix("+")
    return "+" + "*" * (len(digits) - 4) + digits[-4:]


def _message(user: User, code: str) -> bytes:
    return f"{user.pk} {Code.Kind.SIGN_UP} {code}".encode()


def _destination_digest(user: User, attribute: str) -> bytes:
    return hashlib.sha256(user.attributes.get(attribute, "").encode()).digest()
