"""A new password for users who forgot theirs: with a code to a verified address, or started by an administrator.

Source: guide, "Password recovery"; API reference, ForgotPassword, ConfirmForgotPassword, AdminResetUserPassword.
"""

from __future__ import annotations

import logging

from django.db import transaction

from identity import clock, throttle
from identity.access import audit
from identity.access.actor import Actor
from identity.errors import (
    CONTACT_ADMINISTRATOR,
    NAME_CLIENT_NOT_FOUND,
    NO_RECOVERY_ADDRESS,
    NOT_RESETTABLE,
    USER_DISABLED,
    CodeDeliveryFailure,
    CodeMismatch,
    ExpiredCode,
    InvalidParameter,
    InvalidSmsRoleAccessPolicy,
    InvalidSmsRoleTrustRelationship,
    NotAuthorized,
    UserNotFound,
)
from pools import lookup
from pools.accounts import attributes, migration, passwords, second_factors, verification
from pools.accounts.verification import Delivery
from pools.config.client import ClientSettings
from pools.config.passwords import PasswordPolicy
from pools.config.recovery import RecoverySettings
from pools.config.sign_in import SignInSettings
from pools.messages.message import Kind
from pools.models import Client, Code, Pool, User
from pools.models.user import UserStatus
from pools.triggers import sign_up as triggers
from pools.triggers.migration import is_configured
from pools.triggers.origin import Origin

TRIES_PER_HOUR = 10
"""Requests and confirmations together; AWS allows 5 to 20 by risk."""

_RESETTABLE = {UserStatus.UNCONFIRMED, UserStatus.CONFIRMED, UserStatus.RESET_REQUIRED}

log = logging.getLogger(__name__)


def forgot(client: Client, *, username: str, origin: Origin) -> Delivery:
    """Send a code that sets a new password. The old one works until then.

    Where the client hides existence, a user who is unknown or cannot get a code gets a simulated answer, and nobody
    waits for the carrier. A function may know who is unknown here.
    Raises: UserNotFound, NotAuthorized (state, only administrators reset), InvalidParameter (no verified address
    beside that of a second factor), LimitExceeded, CodeDeliveryFailure, UserLambdaValidation, UnexpectedLambda,
    InvalidLambdaResponse, TooManyRequests.
    """
    pool = client.pool
    may_come = is_configured(pool)
    user = lookup.find_user(pool, username) if may_come else lookup.user_of_client(client, username)
    if RecoverySettings.of(pool).is_by_administrator_only:
        raise NotAuthorized(CONTACT_ADMINISTRATOR)
    throttle.reserve(verification.throttle_key("recovery", pool, username, user), limit=TRIES_PER_HOUR)
    if user is None and may_come:
        user = _migrated(client, username, origin)
    if user is None or ClientSettings.of(client).hides_existence:
        asked = user or verification.nobody(pool, username)
        simulated = _simulated_delivery(pool, username)
        return verification.renew_and_queue(
            asked, Code.Kind.PASSWORD, Kind.FORGOT_PASSWORD, _resettable_by, origin, simulated
        )
    return verification.renew_and_send(user, Code.Kind.PASSWORD, Kind.FORGOT_PASSWORD, _resettable_by, origin)


def _migrated(client: Client, username: str, origin: Origin) -> User | None:
    """Raises: UserNotFound, where the client does not hide who exists, and what the function raises."""
    user = migration.migrate(client, username=username, password=None, origin=origin)
    if user is None and not ClientSettings.of(client).hides_existence:
        raise UserNotFound(NAME_CLIENT_NOT_FOUND)
    return user


def confirm_forgot(client: Client, *, username: str, code: str, password: str, origin: Origin) -> None:
    """Set a new password with the code. The user is confirmed; tokens from before stay valid. Right codes do not count.

    Raises: InvalidPassword, PasswordHistoryPolicyViolation, UserNotFound, CodeMismatch, ExpiredCode, LimitExceeded,
    NotAuthorized (state); UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests (the new
    password stands).
    """
    pool = client.pool
    hides_existence = ClientSettings.of(client).hides_existence
    user = lookup.user_of_client(client, username)
    PasswordPolicy.of(pool).check(password)
    tries = verification.throttle_key("recovery", pool, username, user)
    throttle.reserve(tries, limit=TRIES_PER_HOUR)
    if user is None:
        raise CodeMismatch()
    try:
        _check_may_reset(user)
    except NotAuthorized as error:
        raise CodeMismatch() if hides_existence else error from None
    found = verification.find(user, Code.Kind.PASSWORD, code, hides_existence=hides_existence)
    throttle.give_back(tries)
    passwords.check_new(user, password)
    derived = passwords.derive(user, password)
    with transaction.atomic():
        fresh = attributes.locked(user)
        _check_may_reset(fresh)
        if found.attribute in second_factors.addresses(fresh):  # it was not yet when the code was sent
            raise ExpiredCode()
        verification.use_up(fresh, found)
        fresh.status = UserStatus.CONFIRMED
        fresh.modified_at = clock.now()
        fresh.save(update_fields=["status", "modified_at"])
        passwords.store(fresh, derived, temporary=False)
    passwords.forget_failures(user)
    triggers.post_confirmation(fresh, triggers.CONFIRM_FORGOT_PASSWORD, origin)


def reset_by_administrator(pool: Pool, user: User, *, origin: Origin, by: Actor) -> None:
    """AdminResetUserPassword: the user cannot sign in until they have set a new password with the code.

    The reset stands when the code cannot be delivered: the user may ask for another one (ForgotPassword).
    Raises: NotAuthorized (state, pool without self-service recovery, as the API reference has it), InvalidParameter
    (no verified address), UserNotFound, InvalidSmsRoleAccessPolicy, InvalidSmsRoleTrustRelationship,
    UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests.
    """
    if RecoverySettings.of(pool).is_by_administrator_only:
        raise NotAuthorized(CONTACT_ADMINISTRATOR)
    with transaction.atomic():
        fresh = attributes.locked(user)
        if fresh.status != UserStatus.CONFIRMED:
            raise NotAuthorized(NOT_RESETTABLE)
        target = _target(fresh)
        fresh.status = UserStatus.RESET_REQUIRED
        fresh.modified_at = clock.now()
        fresh.save(update_fields=["status", "modified_at"])
        code = verification.renew(fresh, Code.Kind.PASSWORD, target)
        audit.record(by, pool.arn, sub=user.sub)
    try:
        verification.send(fresh, target, Kind.FORGOT_PASSWORD, code, origin)
    except (InvalidSmsRoleAccessPolicy, InvalidSmsRoleTrustRelationship):
        raise
    except CodeDeliveryFailure:  # not among the operation's errors; the carrier's complaint is in the log
        log.warning("the password of %s is reset, but the code was not delivered", user.sub)


def _check_may_reset(user: User) -> None:
    """Raises: NotAuthorized."""
    if not user.enabled:
        raise NotAuthorized(USER_DISABLED)
    if user.status not in _RESETTABLE:
        raise NotAuthorized(NOT_RESETTABLE)


def _resettable_by(user: User) -> str:
    """The attribute that a code for a new password goes to. Raises: NotAuthorized, InvalidParameter."""
    _check_may_reset(user)
    return _target(user)


def _simulated_delivery(pool: Pool, username: str) -> Delivery:
    """Of the attributes that may get codes, those that the pool verifies are what most users have."""
    attributes = RecoverySettings.of(pool).attributes
    verified = SignInSettings.of(pool).auto_verified_attributes
    likely = [name for name in attributes if name in verified]
    return verification.simulated_delivery(pool, username, likely or attributes)


def _target(user: User) -> str:
    """Raises: InvalidParameter."""
    target = RecoverySettings.of(user.pool).target(user.attributes, second_factors.addresses(user))
    if target is None:
        raise InvalidParameter(NO_RECOVERY_ADDRESS)
    return target
