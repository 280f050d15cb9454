"""Users that do not exist, for clients that hide who does: their sign-in goes on like any other until it fails.

A decoy is an unsaved `User`, the same each time for the same name. It has no password and gets no codes; every check
of one takes the steps that a user's takes.
"""

from __future__ import annotations

from identity import keyring
from pools.accounts import verification
from pools.config.schema import Schema, is_email, is_phone_number
from pools.config.sign_in import SignInSettings
from pools.models import Pool, User
from pools.models.user import UserStatus


def of(pool: Pool, name: str) -> User:
    """The decoy of a name. Where names are addresses, or addresses are aliases, its user name is made up."""
    settings = SignInSettings.of(pool)
    folded = settings.fold(name)
    octets = keyring.mac("decoy user", pool.id.encode() + b" " + folded)
    drawn = octets.hex()
    sub = "-".join((drawn[:8], drawn[8:12], drawn[12:16], drawn[16:20], drawn[20:32]))
    form = "email" if is_email(name) else "phone_number" if is_phone_number(name) else None
    is_alias = form is not None and form in settings.alias_attributes
    shown = name if settings.is_case_sensitive else name.lower()
    username = sub if settings.username_attributes or is_alias else shown
    addresses = {
        attribute: verification.simulated_address(pool, name, attribute)
        for attribute, octet in zip(("email", "phone_number"), octets[16:18], strict=True)
        if _has(pool, attribute, form, octet)
    }
    return User(pool=pool, sub=sub, username=username, attributes=addresses, status=UserStatus.CONFIRMED)


def _has(pool: Pool, attribute: str, form: str | None, octet: int) -> bool:
    """Whether a decoy has an address: what its name is, what users must have, what sign-up verifies; else by lot."""
    expected = {*Schema.of(pool).required, *SignInSettings.of(pool).auto_verified_attributes, form}
    return attribute in expected or octet % 2 == 0


def sub_of(user: User) -> str | None:
    """Who is named to operators: a decoy's sub is nobody's."""
    return None if user.is_decoy else user.sub


def look_up(user: User) -> None:
    """In place of locking a user's row."""
    User.objects.select_for_update().filter(pk=user.key).first()
