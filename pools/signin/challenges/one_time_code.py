"""EMAIL_OTP, SMS_OTP and SMS_MFA: a code that was sent, as the first factor without a password or as the second.

Source: guide, "Passwordless sign-in with one-time passwords" and "SMS and email message MFA".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from identity import clock, ids, keyring, throttle
from identity.errors import (
    CODE_OR_STATE,
    SESSION_INVALID,
    AliasExists,
    CodeMismatch,
    LimitExceeded,
    MFAMethodNotFound,
    NotAuthorized,
    TooManyRequests,
    UsernameExists,
)
from pools.accounts import attributes as user_attributes
from pools.accounts import search, second_factors, verification
from pools.config.client import ClientSettings
from pools.config.schema import VERIFIED_FLAGS
from pools.models import Attempt, User
from pools.models.user import UserStatus
from pools.signin import first_factors, lock_out, proofs, rounds, session
from pools.signin.challenges.base import Proof, required

CODES_PER_HOUR = 20
_FIRST_DIGITS, _SECOND_DIGITS = 8, 6
_PURPOSE = "sign-in code"


class _OneTimeCode:
    """The code's keyed hash waits on the attempt; it ends with the attempt's Session, and works once as that does."""

    name: ClassVar[str]
    unasked: ClassVar[tuple[str, ...]] = ()
    attribute: ClassVar[str]
    answer: ClassVar[str]
    first_proof: ClassVar[str]
    second_proof: ClassVar[str]
    factor: ClassVar[str]
    """Its name in `User.mfa_factors`."""

    def offer(self, attempt: Attempt) -> dict[str, str]:
        """Sends the code; without waiting for that, where it would tell who exists.

        Raises: MFAMethodNotFound (no address), TooManyRequests, NotAuthorized (too many wrong codes),
        CodeDeliveryFailure.
        """
        user = attempt.user
        address = self._address(attempt)
        if not address:
            raise MFAMethodNotFound()
        is_first = _is_first(attempt)
        is_hidden = not _has_first_proof(attempt) and ClientSettings.of(attempt.client).hides_existence
        lock_out.check_may_ask(user, attempt.name, self.name)
        known = None if user.is_decoy else user
        try:
            key = verification.throttle_key(f"code by {self.attribute}", user.pool, attempt.name, known)
            throttle.reserve(key, limit=CODES_PER_HOUR)
        except LimitExceeded as error:  # which the model does not list for sign-in
            raise TooManyRequests(error.message) from None
        code = ids.digits(_FIRST_DIGITS if is_first else _SECOND_DIGITS)
        attempt.data = {**attempt.data, "code": self._mac(attempt, address, code)}
        delivery = verification.delivery(self.attribute, address)
        ends_at = clock.now() + session.lifetime(attempt)
        if user.is_decoy or is_hidden:
            verification.queue_sign_in_code(user, self.attribute, address, code, attempt.origin, expires_at=ends_at)
        else:
            verification.send_sign_in_code(user, self.attribute, address, code, attempt.origin, expires_at=ends_at)
        return {
            "CODE_DELIVERY_DELIVERY_MEDIUM": delivery.channel,
            "CODE_DELIVERY_DESTINATION": delivery.destination,
            "USERNAME": user.username,
            "USER_ID_FOR_SRP": user.username,
        }

    def check(self, attempt: Attempt, answers: Mapping[str, str]) -> Proof:
        """Raises: CodeMismatch, InvalidParameter."""
        given = required(answers, self.answer)
        guard = lock_out.of_code(attempt.user, attempt.name, self.name)
        address = self._address(attempt)
        waiting = bytes.fromhex(attempt.data.get("code", ""))
        is_right = keyring.mac_matches(_PURPOSE, _message(attempt, address, given), waiting)
        if not is_right or attempt.user.is_decoy:
            guard.failed()
            raise CodeMismatch(CODE_OR_STATE)
        guard.passed()
        is_first = _is_first(attempt)
        return Proof(
            self.first_proof if is_first else self.second_proof,
            lambda fresh: self._mark(attempt, fresh, address, is_first=is_first),
            {self.attribute: address},
            {"code": ""},
        )

    def _address(self, attempt: Attempt) -> str:
        """The user's own, or the one that is being set up."""
        return self._new_address(attempt) or attempt.user.attributes.get(self.attribute, "")

    def _new_address(self, attempt: Attempt) -> str:
        return attempt.data.get("address", "") if attempt.data.get("second") == self.factor else ""

    def _mac(self, attempt: Attempt, address: str, code: str) -> str:
        return keyring.mac(_PURPOSE, _message(attempt, address, code)).hex()

    def _mark(self, attempt: Attempt, fresh: User, address: str, *, is_first: bool) -> None:
        """What arrived is verified; a user who waited for that is confirmed."""
        is_new = bool(self._new_address(attempt))
        if is_first and not first_factors.may_use_code(fresh, self.name):
            raise NotAuthorized(SESSION_INVALID)  # a second factor, or a password, is wanted of the user by now
        if is_new and not second_factors.may_be_set_up(fresh, self.factor):
            raise NotAuthorized(SESSION_INVALID)  # the user has a factor by now, or the pool does not offer this one
        if not is_new and fresh.attributes.get(self.attribute) != address:
            raise NotAuthorized(SESSION_INVALID)  # it went to an address that is no longer the user's
        is_verified = fresh.attributes.get(VERIFIED_FLAGS[self.attribute]) == "true"
        is_unconfirmed = is_first and fresh.status == UserStatus.UNCONFIRMED
        if is_verified and not is_new and not is_unconfirmed:
            return
        fresh.attributes = {**fresh.attributes, self.attribute: address, VERIFIED_FLAGS[self.attribute]: "true"}
        if is_unconfirmed:
            fresh.status = UserStatus.CONFIRMED
        if is_new:
            fresh.mfa_factors = [*fresh.mfa_factors, self.factor]
            fresh.preferred_mfa = self.factor
        fresh.modified_at = clock.now()
        fresh.save(update_fields=["attributes", "status", "mfa_factors", "preferred_mfa", "modified_at"])
        _claim_names(fresh)
        search.index(fresh)


def _claim_names(user: User) -> None:
    try:
        user_attributes.claim_names(user)
    except UsernameExists as error:  # the model lists AliasExists alone for answers
        raise AliasExists(error.message) from None


def _is_first(attempt: Attempt) -> bool:
    """Whether the code is what a sign-in begins with. What a pool's function asks for in between never is."""
    return not _has_first_proof(attempt) and rounds.asked(attempt) is None


def _has_first_proof(attempt: Attempt) -> bool:
    return bool(proofs.FIRST & set(attempt.proofs))


def _message(attempt: Attempt, address: str, code: str) -> bytes:
    return f"{attempt.user.sub} {address} {code}".encode()


class EmailOtp(_OneTimeCode):
    name = "EMAIL_OTP"
    attribute = "email"
    answer = "EMAIL_OTP_CODE"
    first_proof = proofs.EMAIL_CODE
    second_proof = proofs.SECOND_EMAIL_CODE
    factor = "EMAIL_OTP"


class SmsOtp(_OneTimeCode):
    name = "SMS_OTP"
    attribute = "phone_number"
    answer = "SMS_OTP_CODE"
    first_proof = proofs.SMS_CODE
    second_proof = proofs.SECOND_SMS_CODE
    factor = "SMS_MFA"


class SmsMfa(SmsOtp):
    name = "SMS_MFA"
    answer = "SMS_MFA_CODE"
