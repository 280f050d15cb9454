"""What administrators do to users. Source: guide, "Creating user accounts as administrator"."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction

from identity import clock
from identity.access import audit
from identity.access.actor import Actor
from identity.errors import CodeDeliveryFailure, InvalidParameter, UnsupportedUserState, UsernameExists
from pools import lookup
from pools.accounts import attributes as user_attributes
from pools.accounts import leave, passwords, sign_up
from pools.accounts.passwords import Derived
from pools.config.passwords import PasswordPolicy
from pools.config.sign_in import SignInSettings
from pools.messages import queue
from pools.messages.message import CHANNELS, Channel, Message, invitation
from pools.models import Pool, User
from pools.models.user import UserStatus
from pools.tokens import revoke
from pools.triggers import sign_up as triggers
from pools.triggers.origin import Origin


def create_user(
    pool: Pool,
    *,
    username: str,
    attributes: Mapping[str, str],
    temporary_password: str | None,
    channels: Collection[Channel] | None,
    suppress_message: bool,
    force_alias: bool,
    origin: Origin,
    by: Actor,
) -> User:
    """A user with a temporary password, invited by message; one without any, where codes sign in and none is given.

    Required attributes may be missing: the user is asked for them with the new password. `channels` are those to
    invite by; None means SMS, and nothing when there is no phone number.
    Raises: InvalidParameter, InvalidPassword, UsernameExists, AliasExists, CodeDeliveryFailure (nothing carries an
    invitation; the user stays), UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests (of
    PreSignUp, and nothing is left; of CustomMessage, and the user stays).
    """
    named = user_attributes.name_new_user(pool, username, attributes)
    user_attributes.check_values(pool, named)
    user_attributes.check_verified_flags(named)
    if not temporary_password and _may_sign_in_by_code(pool, named):
        return _create_without_password(pool, username, named, force_alias=force_alias, origin=origin, by=by)
    policy = PasswordPolicy.of(pool)
    password = temporary_password or policy.generate()
    policy.check(password)
    user = sign_up.new_user(pool, username, named, UserStatus.FORCE_CHANGE_PASSWORD)
    targets = [] if suppress_message else _targets(user, channels)
    triggers.pre_sign_up(user, triggers.ADMIN_CREATE_USER, origin)
    derived = passwords.derive(user, password)
    invitations = _invitations(user, targets, password, origin)
    _save(pool, user, derived, invitations, force_alias=force_alias, by=by)
    _send_rest(user, invitations)
    return user


def _may_sign_in_by_code(pool: Pool, attributes: Mapping[str, str]) -> bool:
    return any(attributes.get(name) for name in SignInSettings.of(pool).code_attributes)


def _create_without_password(
    pool: Pool, username: str, attributes: Mapping[str, str], *, force_alias: bool, origin: Origin, by: Actor
) -> User:
    """A user who signs in with codes: there is no password to change, and none to send."""
    user = sign_up.new_user(pool, username, attributes, UserStatus.CONFIRMED)
    triggers.pre_sign_up(user, triggers.ADMIN_CREATE_USER, origin)
    _save(pool, user, None, [], force_alias=force_alias, by=by)
    return user


def _save(
    pool: Pool,
    user: User,
    derived: Derived | None,
    invitations: Collection[Message],
    *,
    force_alias: bool,
    by: Actor,
) -> None:
    """Raises: UsernameExists, AliasExists."""
    try:
        with transaction.atomic():
            sign_up.save_new(user, derived, temporary=True, force_alias=force_alias)
            _send_ready(user, invitations)
            audit.record(by, pool.arn, sub=user.sub)
    except UsernameExists as error:
        raise error if error.message != UsernameExists.text else UsernameExists("User account already exists") from None


def resend_invitation(
    pool: Pool,
    *,
    username: str,
    temporary_password: str | None,
    channels: Collection[Channel] | None,
    origin: Origin,
    by: Actor,
) -> User:
    """A new temporary password for an invited user; its validity starts again.

    Raises: UserNotFound, UnsupportedUserState, InvalidPassword, InvalidParameter, CodeDeliveryFailure,
    UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests (the password is the new one).
    """
    user = lookup.user(pool, username)
    _check_is_invited(user, username)
    policy = PasswordPolicy.of(pool)
    password = temporary_password or policy.generate()
    policy.check(password)
    derived = passwords.derive(user, password)
    with transaction.atomic():
        fresh = user_attributes.locked(user)
        _check_is_invited(fresh, username)
        invitations = _invitations(fresh, _targets(fresh, channels), password, origin)
        passwords.store(fresh, derived, temporary=True)
        _send_ready(fresh, invitations)
        audit.record(by, pool.arn, sub=user.sub, resend=True)
    _send_rest(fresh, invitations)
    return fresh


def _check_is_invited(user: User, username: str) -> None:
    if user.status != UserStatus.FORCE_CHANGE_PASSWORD:
        raise UnsupportedUserState(f"Resend not possible. {username} status is not FORCE_CHANGE_PASSWORD")


def _targets(user: User, channels: Collection[Channel] | None) -> list[str]:
    """The attributes to invite by.

    Raises: InvalidParameter for a channel that was asked for and has no address.
    """
    targets = []
    for attribute, channel in CHANNELS.items():
        if channel not in (channels if channels is not None else {Channel.SMS}):
            continue
        if user.attributes.get(attribute):
            targets.append(attribute)
        elif channels is not None:
            noun = "email" if channel is Channel.EMAIL else "phone number"
            raise InvalidParameter(f"User does not have a valid {noun}", field="desired_delivery_mediums")
    return targets


def _invitations(user: User, targets: Collection[str], password: str, origin: Origin) -> list[Message]:
    """One by every channel; all bring the same password."""
    shown = user_attributes.known_as(user)
    return [invitation(user, shown, attribute, password, origin) for attribute in targets]


def _expiry(user: User) -> datetime:
    return clock.now() + PasswordPolicy.of(user.pool).temporary_lifetime


def _send_ready(user: User, invitations: Collection[Message]) -> None:
    """Inside the transaction that makes the password."""
    for message in invitations:
        queue.put_ready(message, expires_at=_expiry(user))


def _send_rest(user: User, invitations: Collection[Message]) -> None:
    """After the commit; one that has a carrier is enough.

    Raises: CodeDeliveryFailure, when none has, and what functions raise.
    """
    failures = []
    for message in invitations:
        try:
            queue.put_rest(message, expires_at=_expiry(user))
        except CodeDeliveryFailure as failure:
            failures.append(failure)
    if failures and len(failures) == len(invitations):
        raise failures[0]


def confirm_sign_up(pool: Pool, user: User, *, origin: Origin, by: Actor) -> None:
    """Raises: NotAuthorized (state), UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests
    (the confirmation stands).
    """
    with transaction.atomic():
        fresh = sign_up.confirm_by_administrator(user)
        audit.record(by, pool.arn, sub=user.sub)
    triggers.post_confirmation(fresh, triggers.CONFIRM_SIGN_UP, origin)


def enable(pool: Pool, user: User, *, by: Actor) -> None:
    """Let a user sign in again; tokens from before stay revoked, also those of a sign-in that disabling overtook."""
    with transaction.atomic():
        if _switch(user, enabled=True):
            revoke.every_session(user)
        audit.record(by, pool.arn, sub=user.sub)


def disable(pool: Pool, user: User, *, by: Actor) -> None:
    """Refuse a user's sign-ins and revoke all of their tokens."""
    with transaction.atomic():
        _switch(user, enabled=False)
        revoke.every_session(user)
        audit.record(by, pool.arn, sub=user.sub)


def _switch(user: User, *, enabled: bool) -> bool:
    """Whether it made a change. Raises: UserNotFound, when the user has been deleted meanwhile."""
    fresh = user_attributes.locked(user)
    if fresh.enabled == enabled:
        return False
    fresh.enabled = enabled
    fresh.modified_at = clock.now()
    fresh.save(update_fields=["enabled", "modified_at"])
    return True


def delete_user(pool: Pool, user: User, *, by: Actor) -> None:
    """Delete a user and everything that is theirs; the name is free again."""
    with transaction.atomic():
        leave.delete(user)
        audit.record(by, pool.arn, sub=user.sub)


def sign_out(pool: Pool, user: User, *, by: Actor) -> None:
    """Revoke all of a user's tokens."""
    with transaction.atomic():
        revoke.every_session(user)
        audit.record(by, pool.arn, sub=user.sub)
