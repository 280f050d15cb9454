"""Users who come from another directory when they sign in, or forget their password, for the first time.

Source: guide, "Migrate user Lambda trigger" and "Importing users with a user migration Lambda trigger".
"""

from __future__ import annotations

from django.db import transaction

from identity import clock
from identity.errors import (
    AliasExists,
    InvalidLambdaResponse,
    InvalidParameter,
    LambdaFailure,
    UsernameExists,
)
from pools import lookup
from pools.accounts import attributes as user_attributes
from pools.accounts import passwords, sign_up
from pools.config.client import ClientSettings
from pools.config.mfa import SMS_MFA
from pools.config.passwords import PasswordPolicy
from pools.messages import deliver, queue
from pools.messages.message import CHANNELS, invitation
from pools.models import Client, User
from pools.models.user import UserStatus
from pools.triggers import migration
from pools.triggers.migration import Known
from pools.triggers.origin import Origin

_LONGEST_NAME = 128
_HIDDEN = "********"


def migrate(client: Client, *, username: str, password: str | None, origin: Origin) -> User | None:
    """A user made of what the pool's UserMigration function knows of a name that the pool does not know.

    `password` is what was typed, which becomes the user's whatever the policy says; None is ForgotPassword. The user
    is CONFIRMED or, unless the function says so, RESET_REQUIRED. None where nobody knows the name or the pool has no
    such function; where the client hides existence also when the function refuses or fails, which the record of
    invocations tells.
    Raises: UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse (also for attributes that do not fit the
    pool, or belong to another user), TooManyRequests.
    """
    try:
        known = migration.user_migration(client.pool, username, password, origin)
        return None if known is None else _create(client, username, password, known, origin)
    except LambdaFailure:
        if ClientSettings.of(client).hides_existence:
            return None
        raise


def _create(client: Client, username: str, password: str | None, known: Known, origin: Origin) -> User:
    """Raises: InvalidLambdaResponse."""
    pool = client.pool
    try:
        user = _user(client, username, known)
        derived = None if password is None else passwords.derive(user, password)
        with transaction.atomic():
            sign_up.save_new(user, derived, force_alias=known.forces_alias)
            _welcome(user, known, origin)
    except InvalidParameter as error:
        raise InvalidLambdaResponse(error.message) from None
    except (AliasExists, UsernameExists) as error:
        present = lookup.find_user(pool, username)  # who has come by another request at the same moment
        if present is None:
            raise InvalidLambdaResponse(error.message) from None
        return present
    return user


def _welcome(user: User, known: Known, origin: Origin) -> None:
    """Queue the pool's invitation, where there is a way to send it; it tells nobody the user's own password."""
    shown = user_attributes.known_as(user)
    expires_at = clock.now() + PasswordPolicy.of(user.pool).temporary_lifetime
    for attribute, channel in CHANNELS.items():
        is_wanted = channel in known.mediums and user.attributes.get(attribute)
        if is_wanted and deliver.is_carried(user.pool, channel):
            queue.put(invitation(user, shown, attribute, _HIDDEN, origin), expires_at=expires_at)


def _user(client: Client, username: str, known: Known) -> User:
    """Not saved yet. `username` among the attributes is the user name, where an alias was typed.

    Raises: InvalidParameter.
    """
    pool = client.pool
    given = {name: value for name, value in known.attributes.items() if name != "username"}
    name = known.attributes.get("username") or username
    if len(name) > _LONGEST_NAME or not name.isprintable() or " " in name:
        raise InvalidParameter("Username should not be longer than 128 characters or contain spaces.", field="username")
    named = user_attributes.name_new_user(pool, name, given)
    user_attributes.check_values(pool, named)
    user_attributes.check_verified_flags(named)
    status = UserStatus.CONFIRMED if known.is_confirmed else UserStatus.RESET_REQUIRED
    user = sign_up.new_user(pool, name, named, status)
    if known.enables_sms_mfa:
        if not named.get("phone_number"):
            raise InvalidParameter("phone_number is required for SMS MFA.", field="phone_number")
        user.mfa_factors = [SMS_MFA]
    return user
