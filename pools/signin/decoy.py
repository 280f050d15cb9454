"""Users that do not exist, for clients that hide who does: their sign-in goes on like any other until it fails.

A decoy is an unsaved `User`, the same each time for the same name. It has no password and gets no codes; every check
of one takes the steps that a user's takes.
"""

from __future__ import annotations

from identity import keyring
from pools.accounts import verification
from pools.config.schema import is_email, is_phone_number
from pools.config.sign_in import SignInSettings
from pools.models import Pool, User
from pools.models.user import UserStatus


def of(pool: Pool, name: str) -> User:
    """The decoy of a name. Where names are addresses, or addresses are aliases, its user name is made up."""
    settings = SignInSettings.of(pool)
    folded = settings.fold(name)
    drawn = keyring.mac("decoy user", pool.id.encode() + b" " + folded).hex()
    sub = "-".join((drawn[:8], drawn[8:12], drawn[12:16], drawn[16:20], drawn[20:32]))
    form = "email" if is_email(name) else "phone_number" if is_phone_number(name) else None
    is_alias = form is not None and form in settings.alias_attributes
    shown = name if settings.is_case_sensitive else name.lower()
    username = sub if settings.username_attributes or is_alias else shown
    addresses = {
        attribute: verification.simulated_address(pool, name, attribute) for attribute in ("email", "phone_number")
    }
    return User(pool=pool, sub=sub, username=username, attributes=addresses, status=UserStatus.CONFIRMED)


def is_decoy(user: User) -> bool:
    return user.pk is None
