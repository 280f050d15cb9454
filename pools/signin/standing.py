"""Whether a user may sign in at all. Told only to who has proven something, or where existence is no secret."""

from __future__ import annotations

from identity import clock
from identity.errors import (
    TEMPORARY_PASSWORD_EXPIRED,
    USER_DISABLED,
    NotAuthorized,
    PasswordResetRequired,
    UserNotConfirmed,
)
from pools.config.sign_in import SignInSettings
from pools.models import Attempt, Credential, User
from pools.models.user import UserStatus
from pools.signin import proofs


def check(user: User) -> None:
    """After a right password.

    Raises: NotAuthorized, UserNotConfirmed, PasswordResetRequired.
    """
    check_enabled(user)
    if user.status == UserStatus.UNCONFIRMED:
        raise UserNotConfirmed()
    if user.status == UserStatus.RESET_REQUIRED:
        raise PasswordResetRequired()
    if user.status == UserStatus.EXTERNAL_PROVIDER:
        raise NotAuthorized()
    if user.status == UserStatus.FORCE_CHANGE_PASSWORD:
        ended = Credential.objects.filter(user=user, expires_at__lte=clock.now())
        if ended.exists():
            raise NotAuthorized(TEMPORARY_PASSWORD_EXPIRED)


def check_enabled(user: User) -> None:
    """A user may have been disabled while a challenge waited.

    Raises: NotAuthorized.
    """
    if not user.enabled:
        raise NotAuthorized(USER_DISABLED)


def check_may_go_on(attempt: Attempt, user: User) -> None:
    """A user may have been disabled, or reset, while a challenge waited; told to who has proven something.

    Raises: NotAuthorized, PasswordResetRequired.
    """
    if not proofs.FIRST & set(attempt.proofs):
        return
    check_enabled(user)
    if user.status == UserStatus.RESET_REQUIRED:
        raise PasswordResetRequired()


def names(user: User) -> list[str]:
    """The names a client may know the user by."""
    contacts = (user.attributes.get(name) for name in ("email", "phone_number", "preferred_username"))
    return [user.username, user.sub, *(name for name in contacts if name)]


def is_called(attempt: Attempt, username: str) -> bool:
    """Whether a challenge answer's USERNAME is the attempt's user.

    Until something is proven it is the name that the sign-in began with or that was answered: what addresses the user
    has is not for guessing.
    """
    user = attempt.user
    known_as = names(user) if _has_first_proof(attempt) else [user.username, user.sub]
    fold = SignInSettings.of(user.pool).fold
    return fold(username) in map(fold, [attempt.name, *known_as])


def _has_first_proof(attempt: Attempt) -> bool:
    return bool(proofs.FIRST & set(attempt.proofs))
