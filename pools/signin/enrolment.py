"""Setting up an authenticator app within a sign-in that waits for MFA_SETUP: two requests on its Session.

Source: guide, "TOTP software token MFA"; API reference, AssociateSoftwareToken and VerifySoftwareToken.
"""

from __future__ import annotations

import base64

from django.db import transaction

from identity import keyring
from identity.errors import SESSION_INVALID, NotAuthorized
from pools.accounts import attributes, second_factors, software_tokens
from pools.config.mfa import SOFTWARE_TOKEN_MFA
from pools.models import Attempt, User
from pools.signin import session, standing
from pools.signin.challenges.mfa_setup import MfaSetup

_SECRET, _PLACE = "secret", "MFA_SETUP"


def associate(session_string: str) -> tuple[str, str]:
    """A new secret, and the next Session.

    Raises: NotAuthorized (Session), PasswordResetRequired, SoftwareTokenMFANotFound, UserNotFound.
    """
    attempt = _find(session_string)
    with transaction.atomic():
        secret = software_tokens.associate(attempt.user)
        if attempt.channel == Attempt.Channel.HOSTED:
            attempt.data = {**attempt.data, _SECRET: _sealed(secret)}
        session.use(attempt)
    return secret, session.open(attempt, MfaSetup.name)


def secret_of(attempt: Attempt) -> str | None:
    """The secret that waits for its first code in a sign-in on pages, to be shown again: only where it was made."""
    sealed = attempt.data.get(_SECRET)
    return keyring.decrypt(base64.b64decode(sealed), place=_PLACE).decode() if sealed else None


def verify(session_string: str, code: str, *, name: str = "") -> str:
    """Make the secret the user's second factor, and the preferred one; returns the next Session.

    A wrong code leaves the Session as it was.
    Raises: NotAuthorized (Session), PasswordResetRequired, SoftwareTokenMFANotFound, EnableSoftwareTokenMFA,
    InvalidParameter, TooManyRequests, UserNotFound.
    """
    attempt = _find(session_string)
    matched = software_tokens.step_of_waiting(attempt.user, code)
    attempt.data = {**attempt.data, "is_enrolled": True, _SECRET: ""}
    with transaction.atomic():
        _check_is_missing(attributes.locked(attempt.user))
        user = software_tokens.activate(attempt.user, matched, name=name)
        session.use(attempt)
        user.mfa_factors = [*user.mfa_factors, SOFTWARE_TOKEN_MFA]
        user.preferred_mfa = SOFTWARE_TOKEN_MFA
        user.save(update_fields=["mfa_factors", "preferred_mfa"])
    return session.open(attempt, MfaSetup.name)


def _find(session_string: str) -> Attempt:
    attempt = session.find(session_string, MfaSetup.name)
    standing.check_may_go_on(attempt, attempt.user)
    software_tokens.check_offered(attempt.user.pool)
    _check_is_missing(attempt.user)
    return attempt


def _sealed(secret: str) -> str:
    return base64.b64encode(keyring.encrypt(secret.encode(), place=_PLACE)).decode()


def _check_is_missing(user: User) -> None:
    """Who knows the password and came earlier does not set up another factor beside, or over, the user's own.

    Raises: NotAuthorized.
    """
    if not second_factors.may_be_set_up(user, SOFTWARE_TOKEN_MFA):
        raise NotAuthorized(SESSION_INVALID)
