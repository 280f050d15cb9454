"""Users sign themselves up: register, confirm, send the code again. Source: guide, "Signing up and confirming"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from identity import clock, ids, throttle
from identity.errors import (
    ALREADY_CONFIRMED,
    NO_AUTO_VERIFICATION,
    SIGN_UP_NOT_PERMITTED,
    USER_DISABLED,
    AliasExists,
    CodeMismatch,
    InvalidLambdaResponse,
    InvalidParameter,
    NotAuthorized,
    UsernameExists,
)
from pools import lookup
from pools.accounts import attributes as user_attributes
from pools.accounts import passwords, rivals, search, verification
from pools.accounts.passwords import Derived
from pools.accounts.verification import Delivery
from pools.config.client import ClientSettings
from pools.config.lifetimes import SIGN_UP_CODE
from pools.config.passwords import PasswordPolicy
from pools.config.schema import VERIFIED_FLAGS
from pools.config.sign_in import SignInSettings
from pools.messages import queue
from pools.messages.message import Kind
from pools.models import Client, Code, Pool, SearchValue, User
from pools.models.user import UserStatus
from pools.triggers import sign_up as triggers
from pools.triggers.origin import Origin
from pools.triggers.sign_up import Admitted


@dataclass(frozen=True, slots=True)
class SignedUp:
    """`delivery` is None when no code is sent."""

    user: User
    delivery: Delivery | None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """`attribute` is that of the address which the code went to."""

    user: User
    attribute: str


def register(
    client: Client, *, username: str, password: str | None, attributes: Mapping[str, str], origin: Origin
) -> SignedUp:
    """A new, unconfirmed user; a code to an auto-verified address is queued with it. A function may have it otherwise.

    Who gives no password signs in with codes alone: where client and pool allow that, to an address that is verified
    by signing up.

    Raises: NotAuthorized (closed pool, attribute not writable), InvalidParameter, InvalidPassword, UsernameExists;
    CodeDeliveryFailure (nothing carries the code: the user stays, UNCONFIRMED, and may ask for another);
    UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests (of PreSignUp, and nothing is left;
    of CustomMessage or PostConfirmation, and the user stays).
    """
    pool = client.pool
    if SignInSettings.of(pool).is_sign_up_closed:
        raise NotAuthorized(SIGN_UP_NOT_PERMITTED)
    named = user_attributes.name_new_user(pool, username, attributes)
    if password:
        PasswordPolicy.of(pool).check(password)
    elif not any(named.get(name) for name in passwordless_attributes(client)):
        raise InvalidParameter("Password is required to sign up.", field="password")
    user_attributes.check_values(pool, named)
    user_attributes.check_writable(client, attributes)
    user_attributes.check_required(pool, named)
    if "preferred_username" in named and "preferred_username" in SignInSettings.of(pool).alias_attributes:
        raise InvalidParameter(
            "preferred_username can not be set at sign-up, since user pool is configured for preferred_username alias.",
            field="preferred_username",
        )
    user = new_user(pool, username, named, UserStatus.UNCONFIRMED)
    admitted = triggers.pre_sign_up(user, triggers.SIGN_UP, origin)
    _admit(user, admitted)
    derived = passwords.derive(user, password) if password else None
    return SignedUp(user, _save(user, derived, takes_aliases=bool(admitted.auto_verified), origin=origin))


def _admit(user: User, admitted: Admitted) -> None:
    """What a function has decided of a user who is not saved yet. Raises: InvalidLambdaResponse."""
    for name in admitted.auto_verified:
        if not user.attributes.get(name):
            raise InvalidLambdaResponse(f"Error: user does not have attribute {name}")
        user.attributes[VERIFIED_FLAGS[name]] = "true"
    if admitted.auto_confirm:
        user.status = UserStatus.CONFIRMED


def _save(user: User, derived: Derived | None, *, takes_aliases: bool, origin: Origin) -> Delivery | None:
    """Write the user with the message that confirms it, or tell of who is confirmed already."""
    is_confirmed = user.status == UserStatus.CONFIRMED
    target = None if is_confirmed else verification.target(user.pool, user.attributes)
    expires_at = clock.now() + SIGN_UP_CODE
    try:
        with transaction.atomic():
            save_new(user, derived, force_alias=takes_aliases)
            message = verification.sign_up_message(user, target, origin) if target else None
            if message is not None:
                queue.put_ready(message, expires_at=expires_at)
    except AliasExists as error:  # somebody was quicker; the model lists UsernameExists alone
        raise UsernameExists(error.message) from None
    if is_confirmed:
        triggers.post_confirmation(user, triggers.CONFIRM_SIGN_UP, origin)
    if message is None:
        return None
    queue.put_rest(message, expires_at=expires_at)
    return verification.delivery(message.attribute, message.to)


def passwordless_attributes(client: Client) -> frozenset[str]:
    """Attributes that get codes to sign in with, and are verified by signing up: who has one needs no password.

    Source: guide, "Signing up and confirming user accounts", passwords at sign-up.
    """
    settings = SignInSettings.of(client.pool)
    may_choose = "ALLOW_USER_AUTH" in ClientSettings.of(client).auth_flows
    return settings.code_attributes & settings.auto_verified_attributes if may_choose else frozenset()


def new_user(pool: Pool, username: str, attributes: Mapping[str, str], status: UserStatus) -> User:
    """An unsaved user. Where an address is the user name, the stored one is the sub; elsewhere it is folded."""
    sub = ids.sub()
    settings = SignInSettings.of(pool)
    stored = username if settings.is_case_sensitive else username.lower()
    if settings.username_attributes:
        stored = sub
    now = clock.now()
    return User(
        pool=pool,
        sub=sub,
        username=stored,
        attributes=dict(attributes),
        status=status,
        created_at=now,
        modified_at=now,
    )


def save_new(user: User, derived: Derived | None, *, temporary: bool = False, force_alias: bool = False) -> None:
    """Write a new user with its names and password, if it has one; call inside a transaction.

    Raises: UsernameExists, AliasExists.
    """
    if force_alias:
        rivals.lock(user)
    user.save(force_insert=True)
    user_attributes.claim_names(user, force=force_alias)
    SearchValue.objects.bulk_create(search.rows(user))
    if derived is not None:
        passwords.store(user, derived, temporary=temporary)


def confirm(client: Client, *, username: str, code: str, force_alias: bool = False, origin: Origin) -> Confirmed:
    """Confirm with the code; the address it went to is verified, and signs in where it is an alias.

    Raises: UserNotFound, CodeMismatch, ExpiredCode, NotAuthorized (state), AliasExists, LimitExceeded;
    UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests (the confirmation stands).
    """
    pool = client.pool
    hides_existence = ClientSettings.of(client).hides_existence
    user = lookup.user_of_client(client, username)
    tries = verification.throttle_key("confirm", pool, username, user)
    throttle.reserve(tries, limit=verification.CONFIRMATIONS_PER_HOUR)
    if user is None:
        raise CodeMismatch()
    _check_may_confirm(user)
    found = verification.find(user, Code.Kind.SIGN_UP, code, hides_existence=hides_existence)
    with transaction.atomic():
        fresh = rivals.locked(user, user.attributes)
        _check_may_confirm(fresh)
        verification.use_up(fresh, found)
        fresh.attributes = {**fresh.attributes, VERIFIED_FLAGS[found.attribute]: "true"}
        _confirm(fresh)
        try:
            user_attributes.claim_names(fresh, force=force_alias)
        except AliasExists:
            raise AliasExists(f"An account with the {found.attribute} already exists.") from None
    triggers.post_confirmation(fresh, triggers.CONFIRM_SIGN_UP, origin)
    return Confirmed(fresh, found.attribute)


def confirm_by_administrator(user: User) -> User:
    """AdminConfirmSignUp: confirmed without any address being verified; call inside a transaction.

    Raises: NotAuthorized (state).
    """
    fresh = user_attributes.locked(user)
    if fresh.status != UserStatus.UNCONFIRMED:
        raise _not_confirmable(fresh)
    _confirm(fresh)
    return fresh


def _check_may_confirm(user: User) -> None:
    if not user.enabled:
        raise NotAuthorized(USER_DISABLED)
    if user.status != UserStatus.UNCONFIRMED:
        raise _not_confirmable(user)


def _not_confirmable(user: User) -> NotAuthorized:
    return NotAuthorized(f"User cannot be confirmed. Current status is {user.status}")


def _confirm(user: User) -> None:
    user.status = UserStatus.CONFIRMED
    user.modified_at = clock.now()
    user.save(update_fields=["status", "attributes", "modified_at"])


def resend(client: Client, *, username: str, origin: Origin) -> Delivery:
    """A new code in place of the old one.

    Where the client hides existence, a user who is unknown or cannot get a code gets a simulated answer: whether a
    confirmed account stands behind a name is not told, and nobody waits for the carrier.
    Raises: UserNotFound, InvalidParameter (confirmed, nothing to verify), NotAuthorized, LimitExceeded,
    CodeDeliveryFailure, UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests.
    """
    pool = client.pool
    verified = verification.auto_verified(pool)
    if not verified:
        raise InvalidParameter(NO_AUTO_VERIFICATION)
    user = lookup.user_of_client(client, username)
    throttle.reserve(verification.throttle_key("resend", pool, username, user), limit=verification.RESENDS_PER_HOUR)
    if user is None or ClientSettings.of(client).hides_existence:
        asked = user or verification.nobody(pool, username)
        simulated = verification.simulated_delivery(pool, username, verified)
        return verification.renew_and_queue(
            asked, Code.Kind.SIGN_UP, Kind.RESEND_CODE, _resend_target, origin, simulated
        )
    return verification.renew_and_send(user, Code.Kind.SIGN_UP, Kind.RESEND_CODE, _resend_target, origin)


def _resend_target(user: User) -> str:
    """The attribute that another code goes to. Raises: NotAuthorized, InvalidParameter."""
    if not user.enabled:
        raise NotAuthorized(USER_DISABLED)
    if user.status != UserStatus.UNCONFIRMED:
        raise InvalidParameter(ALREADY_CONFIRMED)
    target = verification.target(user.pool, user.attributes)
    if target is None:
        raise InvalidParameter(NO_AUTO_VERIFICATION)
    return target
