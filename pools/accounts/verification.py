"""Codes that prove a user owns an address: made, sent, checked, used once.

Source: guide, "Verifying contact information at sign-up"; code quotas in "Quotas in Amazon Cognito".
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from identity import clock, ids, keyring
from identity.errors import CodeMismatch, ExpiredCode, InvalidParameter, NotAuthorized, UserNotFound
from pools.accounts import attributes as user_attributes
from pools.config.lifetimes import ATTRIBUTE_CODE, PASSWORD_CODE, SIGN_UP_CODE
from pools.config.schema import is_email, is_phone_number
from pools.config.sign_in import SignInSettings
from pools.messages import queue
from pools.messages.message import CHANNELS, Channel, Kind, Message, authentication, verification
from pools.models import Code, Pool, User
from pools.triggers.origin import Origin

CONFIRMATIONS_PER_HOUR = 15
RESENDS_PER_HOUR = 5
DIGITS = 6
_PURPOSE = "one-time code"
_RENEWED = ("pool", "attribute", "destination", "digest", "value", "created_at", "expires_at")
_LIFETIMES = {
    Code.Kind.SIGN_UP: SIGN_UP_CODE,
    Code.Kind.PASSWORD: PASSWORD_CODE,
    Code.Kind.EMAIL: ATTRIBUTE_CODE,
    Code.Kind.PHONE_NUMBER: ATTRIBUTE_CODE,
}
_NO_ADDRESS = {"email": "nobody@nowhere.invalid", "phone_number": "+10000000000"}
"""What decoys are addressed to; nothing is ever sent there."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a code went; `destination` is masked."""

    attribute: str
    channel: Channel
    destination: str


def target(pool: Pool, attributes: dict[str, str]) -> str | None:
    """The auto-verified attribute that gets a sign-up code: the phone number before the e-mail address."""
    return next((name for name in auto_verified(pool) if attributes.get(name)), None)


def auto_verified(pool: Pool) -> list[str]:
    """The attributes that get sign-up codes, the preferred one first."""
    verified = SignInSettings.of(pool).auto_verified_attributes
    return [name for name in ("phone_number", "email") if name in verified]


def renew(user: User, kind: Code.Kind, attribute: str, *, new_value: str = "") -> str:
    """A fresh code in place of any earlier one of its kind; returns it in clear, once.

    It is for the address in `attribute`, or for `new_value`, which is to take that attribute's place. It is one
    statement, the same whether there was an earlier code, and for a decoy (`nobody`) as well.
    """
    code = ids.digits(DIGITS)
    now = clock.now()
    row = Code(
        pool_id=user.pool_id,
        user_id=user.pk,
        kind=kind,
        attribute=attribute,
        destination=_digest(new_value or user.attributes.get(attribute, "")),
        digest=keyring.mac(_PURPOSE, _message(user, kind, code)),
        value=new_value,
        created_at=now,
        expires_at=now + _LIFETIMES[kind],
    )
    Code.objects.bulk_create([row], update_conflicts=True, unique_fields=["user", "kind"], update_fields=_RENEWED)
    return code


def find(user: User, kind: Code.Kind, given: str, *, hides_existence: bool = False) -> Code:
    """The code that `given` is right for; it is not used up yet.

    Where existence is hidden, only who knows a code learns that it has expired: for everybody else a user without a
    code is like no user.
    Raises: CodeMismatch, ExpiredCode.
    """
    code = Code.objects.filter(user=user, kind=kind).first()
    if code is None:
        raise CodeMismatch() if hides_existence else ExpiredCode()
    is_expired = code.expires_at <= clock.now()
    if not keyring.mac_matches(_PURPOSE, _message(user, kind, given), bytes(code.digest)):
        raise ExpiredCode() if is_expired and not hides_existence else CodeMismatch()
    if is_expired or not _is_for(user, code):
        raise ExpiredCode()
    return code


def _is_for(user: User, code: Code) -> bool:
    """Whether it went to an address that the user still has, or is to get."""
    return bytes(code.destination) == _digest(code.value or user.attributes.get(code.attribute, ""))


def use_up(user: User, code: Code) -> None:
    """Consume a code of a locked user inside the transaction of its effect; of two at once, one gets through.

    Raises: ExpiredCode, also when the address has changed since the code was found to be right.
    """
    if not _is_for(user, code) or not Code.objects.filter(pk=code.pk, digest=code.digest).delete()[0]:
        raise ExpiredCode()


def send(user: User, attribute: str, kind: Kind, code: str, origin: Origin, *, address: str | None = None) -> Delivery:
    """Send a code to the address in `attribute`, or to another, and wait for the carrier; call after the commit.

    Raises: CodeDeliveryFailure, UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests.
    """
    address = address or user.attributes[attribute]
    queue.send(verification(user, attribute, address, kind, code, origin), expires_at=clock.now() + _lifetime(kind))
    return delivery(attribute, address)


def send_sign_in_code(
    user: User, attribute: str, address: str, code: str, origin: Origin, *, expires_at: datetime
) -> None:
    """Send a code that signs in, or is a second factor, and wait until it is accepted.

    Raises: CodeDeliveryFailure, UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests.
    """
    queue.send(authentication(user, attribute, address, code, origin), expires_at=expires_at)


def _lifetime(kind: Kind) -> timedelta:
    if kind is Kind.FORGOT_PASSWORD:
        return PASSWORD_CODE
    return SIGN_UP_CODE if kind in {Kind.SIGN_UP, Kind.RESEND_CODE} else ATTRIBUTE_CODE


def sign_up_message(user: User, attribute: str, origin: Origin) -> Message:
    """A fresh code that confirms a new user; queue it in the same transaction."""
    code = renew(user, Code.Kind.SIGN_UP, attribute)
    return verification(user, attribute, user.attributes[attribute], Kind.SIGN_UP, code, origin)


def nobody(pool: Pool, name: str) -> User:
    """Stands in for a user who does not exist: never saved, found by no look-up, and written to by decoys alone."""
    return User(pool=pool, username=name)


def queue_sign_in_code(
    user: User, attribute: str, address: str, code: str, origin: Origin, *, expires_at: datetime
) -> None:
    """Have a sign-in code sent without waiting; call inside the transaction that keeps the code, if there is one.

    For a decoy, who was never saved, the same is done and nothing is sent. A failure is told to the log alone.
    """
    queue.put(authentication(user, attribute, address, code, origin), expires_at=expires_at)


def renew_and_send(
    user: User, code_kind: Code.Kind, kind: Kind, target: Callable[[User], str], origin: Origin
) -> Delivery:
    """A fresh code, sent after the commit; `target` says which attribute of the user gets it, or raises.

    Raises: UserNotFound, what `send` raises, and what `target` raises.
    """
    with transaction.atomic():
        fresh = user_attributes.locked(user)
        attribute = target(fresh)
        code = renew(fresh, code_kind, attribute)
    return send(fresh, attribute, kind, code, origin)


def renew_and_queue(
    user: User, code_kind: Code.Kind, kind: Kind, target: Callable[[User], str], origin: Origin, simulated: Delivery
) -> Delivery:
    """A fresh code for a user whose existence is hidden; the same statements, and a simulated answer, for others.

    `target` says which attribute of a user gets it, or raises. A failure is told to the log alone: who does not exist
    has none.
    """
    with transaction.atomic():
        asked, attribute = _who_gets_it(user, target, simulated)
        code = renew(asked, code_kind, attribute)
        address = asked.attributes.get(attribute, _NO_ADDRESS[attribute])
        message = verification(asked, attribute, address, kind, code, origin)
        queue.put(message, expires_at=clock.now() + _LIFETIMES[code_kind])
    return simulated if asked.is_decoy else delivery(attribute, address)


def _who_gets_it(user: User, target: Callable[[User], str], simulated: Delivery) -> tuple[User, str]:
    """A locked user with the attribute that gets the code, or a decoy with the one that would."""
    try:
        fresh = user_attributes.locked(user)
        return fresh, target(fresh)
    except (NotAuthorized, InvalidParameter, UserNotFound):
        return nobody(user.pool, user.username), simulated.attribute


def throttle_key(what: str, pool: Pool, username: str, user: User | None) -> str:
    """Known and unknown names are limited alike, so that limits do not tell them apart."""
    if user is not None:
        return f"{what}:{user.pk}"
    name = SignInSettings.of(pool).fold(username)
    return f"{what}:{pool.id}:{keyring.mac('unknown name', name).hex()}"


def delivery(attribute: str, value: str) -> Delivery:
    return Delivery(attribute, CHANNELS[attribute], mask(attribute, value))


def simulated_delivery(pool: Pool, name: str, attributes: Sequence[str]) -> Delivery:
    """What a code for an unknown user would have told: the same for the same name every time.

    Of the `attributes` that get such codes it is the one whose form the name has, or the first, the preferred one.
    """
    form = "email" if is_email(name) else "phone_number" if is_phone_number(name) else None
    attribute = form if form is not None and form in attributes else attributes[0]
    return delivery(attribute, simulated_address(pool, name, attribute))


def simulated_address(pool: Pool, name: str, attribute: str) -> str:
    """An address of which only what a mask shows is meant: the name itself where it has that form."""
    digest = keyring.mac("simulated delivery", pool.id.encode() + b" " + SignInSettings.of(pool).fold(name))
    if attribute == "email":
        letters = "".join(chr(ord("a") + octet % 26) for octet in digest[:2])
        return name if "@" in name else f"{letters[0]}@{letters[1]}"
    return name if name.startswith("+") else "+" + "".join(str(octet % 10) for octet in digest[:11])


def mask(attribute: str, value: str) -> str:
    """`j***@e***`, `+*******9934`"""
    if attribute == "email":
        local, _, domain = value.partition("@")
        return f"{local[:1]}***@{domain[:1]}***"
    digits = value.removeprefix("+")
    return "+" + "*" * (len(digits) - 4) + digits[-4:]


def _message(user: User, kind: Code.Kind, code: str) -> bytes:
    return f"{user.pk} {kind} {code}".encode()


def _digest(address: str) -> bytes:
    return hashlib.sha256(address.encode()).digest()
