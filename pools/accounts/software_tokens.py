"""Authenticator apps: a TOTP secret is handed out, proven by a first code, checked at sign-in, taken away.

HMAC-SHA1, six digits, steps of 30 seconds, of which one before and one after the present are taken too. A code is
used up in two halves: what checks it writes nothing, what takes it compares and swaps the token's `last_step`.
Source: RFC 6238; guide, "TOTP software token MFA"; API reference, AssociateSoftwareToken and VerifySoftwareToken.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass

from django.db import transaction
from django_otp import oath

from identity import clock
from identity.errors import (
    SOFTWARE_TOKEN_CODE_WRONG,
    SOFTWARE_TOKEN_NOT_ASSOCIATED,
    SOFTWARE_TOKEN_USED,
    CodeMismatch,
    EnableSoftwareTokenMFA,
    ExpiredCode,
    InvalidParameter,
    LimitExceeded,
    SoftwareTokenMFANotFound,
    TooManyRequests,
)
from identity.throttle import Guard, Locked
from pools.accounts import attributes
from pools.config.mfa import SOFTWARE_TOKEN_MFA, MfaSettings
from pools.models import Pool, SoftwareToken, User

STEP_SECONDS = 30
DIGITS = 6
_TOLERANCE = 1
_SECRET_BYTES = 32
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Matched:
    """A code was right: for which token, and of which time step. It is not used up yet."""

    token_id: int
    step: int


def check_offered(pool: Pool) -> None:
    """Raises: SoftwareTokenMFANotFound."""
    if SOFTWARE_TOKEN_MFA not in MfaSettings.of(pool).offered:
        raise SoftwareTokenMFANotFound()


def associate(user: User) -> str:
    """A new secret, in Base32, in place of one that still waits for its first code; an active one stays until then.

    Raises: UserNotFound.
    """
    secret = base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode().rstrip("=")
    with transaction.atomic():
        fresh = attributes.locked(user)
        # A new row rather than a new secret in the old one: a code that was right for the old one has lost its token.
        SoftwareToken.objects.filter(user=fresh, confirmed=False).delete()
        SoftwareToken.objects.create(user=fresh, confirmed=False, secret=secret)
    return secret


def verify(user: User, code: str, *, name: str = "") -> None:
    """Make the waiting secret the active one with its first code, which is used up; switches no factor on.

    Raises: EnableSoftwareTokenMFA (wrong code), InvalidParameter (no secret waits), TooManyRequests, UserNotFound.
    """
    matched = step_of_waiting(user, code)
    with transaction.atomic():
        activate(user, matched, name=name)


def step_of_waiting(user: User, code: str) -> Matched:
    """Check the first code of a waiting secret. Wrong ones in a row lock out, so call it outside transactions.

    Raises: EnableSoftwareTokenMFA (wrong code), InvalidParameter (no secret waits), TooManyRequests.
    """
    token = SoftwareToken.objects.filter(user=user, confirmed=False).first()
    if token is None:
        raise InvalidParameter(SOFTWARE_TOKEN_NOT_ASSOCIATED)
    try:
        guard = Guard(f"software-token:{user.pk}")
    except Locked:
        raise TooManyRequests(LimitExceeded.text) from None
    step = _step(token.secret, code)
    if step is None:
        guard.failed()
        raise EnableSoftwareTokenMFA()
    guard.passed()
    return Matched(token.pk, step)


def activate(user: User, matched: Matched, *, name: str = "") -> User:
    """Put a proven secret in the place of the active one; call inside the transaction that takes the code.

    Returns the user's row as it is now, locked. A name is shown, no more: of a long one the beginning is kept.
    Raises: InvalidParameter, when it does not wait any more: of two at once, one gets through. UserNotFound.
    """
    fresh = attributes.locked(user)
    waiting = SoftwareToken.objects.filter(pk=matched.token_id, confirmed=False)
    if not waiting.exists():
        raise InvalidParameter(SOFTWARE_TOKEN_NOT_ASSOCIATED)
    SoftwareToken.objects.filter(user=fresh, confirmed=True).delete()
    waiting.update(confirmed=True, last_step=matched.step, name=name[:_LONGEST_NAME])
    fresh.has_software_token = True
    fresh.modified_at = clock.now()
    fresh.save(update_fields=["has_software_token", "modified_at"])
    return fresh


def step_of(user: User, code: str) -> Matched:
    """Check a code at sign-in. Counts no tries: that is the sign-in's affair.

    Raises: CodeMismatch, ExpiredCode (its step, or a later one, has been used).
    """
    token = SoftwareToken.objects.filter(user=user, confirmed=True).first()
    step = None if token is None else _step(token.secret, code)
    if token is None or step is None:
        raise CodeMismatch(SOFTWARE_TOKEN_CODE_WRONG)
    if step <= token.last_step:
        raise ExpiredCode(SOFTWARE_TOKEN_USED)
    return Matched(token.pk, step)


def consume(matched: Matched) -> None:
    """Use a code up, in the transaction that accepts it; of two at once, one gets through.

    Raises: ExpiredCode.
    """
    unused = SoftwareToken.objects.filter(pk=matched.token_id, confirmed=True, last_step__lt=matched.step)
    if not unused.update(last_step=matched.step):
        raise ExpiredCode(SOFTWARE_TOKEN_USED)


def name_of(user: User) -> str:
    """What the user calls their authenticator app; nothing, when they have none or gave it no name."""
    return SoftwareToken.objects.filter(user=user, confirmed=True).values_list("name", flat=True).first() or ""


def delete(user: User) -> User:
    """Take away the secrets, active and waiting, and the factor with them; call inside a transaction.

    Returns the user's row as it is now, locked. Raises: UserNotFound.
    """
    fresh = attributes.locked(user)
    SoftwareToken.objects.filter(user=fresh).delete()
    fresh.has_software_token = False
    fresh.mfa_factors = [factor for factor in fresh.mfa_factors if factor != SOFTWARE_TOKEN_MFA]
    if fresh.preferred_mfa == SOFTWARE_TOKEN_MFA:
        fresh.preferred_mfa = ""
    fresh.modified_at = clock.now()
    fresh.save(update_fields=["has_software_token", "mfa_factors", "preferred_mfa", "modified_at"])
    return fresh


def _step(secret: str, code: str) -> int | None:
    """The newest time step that a code is right for. Every candidate is compared, whichever is right."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    present = int(clock.now().timestamp()) // STEP_SECONDS
    found = None
    for step in range(max(present - _TOLERANCE, 0), present + _TOLERANCE + 1):
        right = f"{oath.hotp(key, step, DIGITS):0{DIGITS}d}"
        if hmac.compare_digest(right.encode(), code.encode()):
            found = step
    return found
