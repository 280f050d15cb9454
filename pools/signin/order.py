"""What a sign-in still lacks. The only place where the order of challenges is decided.

Source: guide, "Authentication flow"; the order is AWS's. A remembered device takes its place between the new password
and the second factor, which it stands in for.
"""

from __future__ import annotations

from pools.accounts import second_factors
from pools.config.mfa import MfaSettings, Mode
from pools.models import Attempt
from pools.models.user import UserStatus
from pools.signin import first_factors, proofs, rounds
from pools.signin.challenges.base import Challenge
from pools.signin.challenges.custom import Custom
from pools.signin.challenges.mfa_setup import MfaSetup
from pools.signin.challenges.new_password import NewPassword
from pools.signin.challenges.one_time_code import EmailOtp, SmsMfa, SmsOtp
from pools.signin.challenges.password import Password
from pools.signin.challenges.select import SelectChallenge, SelectMfaType
from pools.signin.challenges.software_token import SoftwareTokenMfa
from pools.signin.challenges.srp import PasswordSrp, PasswordVerifier

_FIRST: dict[str, type[Challenge]] = {
    first_factors.PASSWORD: Password,
    first_factors.PASSWORD_SRP: PasswordSrp,
    first_factors.EMAIL_OTP: EmailOtp,
    first_factors.SMS_OTP: SmsOtp,
}
_SECOND: dict[str, type[Challenge]] = {challenge.name: challenge for challenge in (SmsMfa, SoftwareTokenMfa, EmailOtp)}
ASKED: dict[str, type[Challenge]] = {
    challenge.name: challenge for challenge in (Custom, PasswordVerifier, SmsMfa, SoftwareTokenMfa, EmailOtp)
}
"""What a pool's function may ask for in CUSTOM_AUTH."""


def next_challenge(attempt: Attempt) -> type[Challenge] | None:
    """What is still missing, or None when the user is signed in. Reads the attempt and its user, nothing else."""
    for rule in (first_proof, forced_new_password, second_factor, mfa_enrolment):
        if challenge := rule(attempt):
            return challenge
    return None


def first_proof(attempt: Attempt) -> type[Challenge] | None:
    """What the flow begins with, or the user has chosen. In SRP a public key comes before the proof.

    In CUSTOM_AUTH it is what the pool's function has asked for, whatever is proven, until it issues tokens.
    """
    asked = rounds.asked(attempt)
    if asked is not None:
        return ASKED[asked]
    if proofs.FIRST & set(attempt.proofs):
        return None
    chosen = attempt.data.get("first")
    if chosen is None:
        return SelectChallenge
    if chosen == first_factors.PASSWORD_SRP and "srp_a" in attempt.data:
        return PasswordVerifier
    return _FIRST[chosen]


def forced_new_password(attempt: Attempt) -> type[Challenge] | None:
    """A temporary password lets its user set a new one, and nothing more."""
    return NewPassword if attempt.user.status == UserStatus.FORCE_CHANGE_PASSWORD else None


def second_factor(attempt: Attempt) -> type[Challenge] | None:
    """The one that is being set up, or was chosen, or is preferred, or is the only one; or else the choice.

    Where it is not required of all, it does not follow upon CUSTOM_AUTH, whose function can ask for it.
    """
    if proofs.SECOND & set(attempt.proofs):
        return None
    if proofs.CUSTOM in attempt.proofs and MfaSettings.of(attempt.user.pool).mode is not Mode.ON:
        return None
    if attempt.data.get("address") and second_factors.may_be_set_up(attempt.user, attempt.data["second"]):
        return _SECOND[attempt.data["second"]]
    factors = second_factors.usable(attempt.user)
    for wanted in (attempt.data.get("second"), attempt.user.preferred_mfa):
        if wanted in factors:
            return _SECOND[wanted]
    if len(factors) > 1:
        return SelectMfaType
    return _SECOND[factors[0]] if factors else None


def mfa_enrolment(attempt: Attempt) -> type[Challenge] | None:
    """Where MFA is required, nobody signs in without."""
    if proofs.SECOND & set(attempt.proofs) or not second_factors.must_be_set_up(attempt.user):
        return None
    return MfaSetup
