"""How often a secret may be tried. A name that nobody has is locked like a user's.

Source: guide, "Lockout behavior for failed sign-in attempts".
"""

from __future__ import annotations

from identity import throttle
from identity.errors import CODE_OR_STATE, PASSWORD_ATTEMPTS_EXCEEDED, CodeMismatch, NotAuthorized
from identity.throttle import Guard, Locked
from pools.accounts import verification
from pools.accounts.passwords import Try
from pools.models import User


def _subject(user: User, name: str) -> str:
    known = None if user.is_decoy else user
    return verification.throttle_key("sign-in", user.pool, name, known).partition(":")[2]


def of_password(user: User, name: str) -> Try:
    """A try of a password. Raises: NotAuthorized while locked."""
    return Try(user, _subject(user, name))


def of_code(user: User, name: str, factor: str, wrong: str = CODE_OR_STATE) -> Guard:
    """A try of a one-time code, counted before it is made.

    While locked it is answered like a wrong code, so that a guess does not even learn that it was not looked at.
    Raises: CodeMismatch while locked.
    """
    try:
        return Guard(_key(user, name, factor), is_strict=True)
    except Locked:
        raise CodeMismatch(wrong) from None


def of_migration(user: User, name: str) -> Guard:
    """A try of a password that another directory may know. Raises: NotAuthorized while locked."""
    try:
        return Guard(f"migration:{_subject(user, name)}")
    except Locked:
        raise NotAuthorized(PASSWORD_ATTEMPTS_EXCEEDED) from None


def of_answer(user: User, name: str, challenge: str) -> Guard:
    """A try of an answer that a function checks, counted before it is made. Raises: NotAuthorized while locked."""
    try:
        return Guard(_key(user, name, challenge), is_strict=True)
    except Locked:
        raise NotAuthorized(PASSWORD_ATTEMPTS_EXCEEDED) from None


def forget_answers(user: User, name: str, challenge: str) -> None:
    """Forget the wrong ones before the right one that ends a sign-in."""
    throttle.forget_failures(_key(user, name, challenge))


def check_may_ask(user: User, name: str, factor: str) -> None:
    """No new code, and no new question, for who has guessed too often. Raises: NotAuthorized."""
    if throttle.is_locked(_key(user, name, factor)):
        raise NotAuthorized(PASSWORD_ATTEMPTS_EXCEEDED)


def _key(user: User, name: str, factor: str) -> str:
    return f"code:{factor}:{_subject(user, name)}"
