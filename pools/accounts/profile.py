"""A user's attributes after sign-up: updated, deleted, verified, by the user or by an administrator.

Source: guide, "Working with user attributes" and "Verifying updates to email addresses and phone numbers".
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction

from identity import clock, throttle
from identity.access import audit
from identity.access.actor import Actor
from identity.errors import (
    AliasExists,
    CodeDeliveryFailure,
    InvalidParameter,
    InvalidSmsRoleAccessPolicy,
    InvalidSmsRoleTrustRelationship,
    LambdaFailure,
    LimitExceeded,
    ServiceError,
    TooManyRequests,
    UsernameExists,
    not_updatable,
)
from pools.accounts import attributes as user_attributes
from pools.accounts import mfa_preferences, rivals, search, verification
from pools.accounts.verification import Delivery
from pools.config.schema import VERIFIED_FLAGS, Schema
from pools.config.sign_in import SignInSettings
from pools.messages.message import Kind
from pools.models import Client, Code, Pool, User
from pools.triggers.origin import Origin

CODES_PER_HOUR = 5
VERIFICATIONS_PER_HOUR = 15
UPDATES_WITH_CODES_PER_HOUR = 20
"""Of one user; the guide names no number, and without one an account could flood any mailbox."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Change:
    """What an update makes of a profile: the new attributes, and the addresses that a code goes to.

    An address waits (`waiting`) where the pool keeps the verified one until the new one is verified too.
    """

    attributes: dict[str, str]
    sends_to: dict[str, str]
    waiting: frozenset[str]


def update_own(client: Client, user: User, given: Mapping[str, str], *, origin: Origin) -> list[Delivery]:
    """UpdateUserAttributes: blank values delete. Returns where codes went for changed addresses.

    Raises: InvalidParameter, NotAuthorized (not writable by the client), AliasExists, TooManyRequests,
    CodeDeliveryFailure, UserLambdaValidation, UnexpectedLambda and InvalidLambdaResponse (the change stands).
    """
    user_attributes.check_writable(client, given)
    checked = _checked(user.pool, given)
    if _change(user, checked).sends_to:
        try:
            throttle.reserve(f"attribute-update:{user.pk}", limit=UPDATES_WITH_CODES_PER_HOUR)
        except LimitExceeded:  # not among the operation's errors
            raise TooManyRequests() from None
    with transaction.atomic():
        fresh, codes = _write(user, checked, by_user=True)
    return _send(fresh, codes, origin)


def update_by_administrator(pool: Pool, user: User, given: Mapping[str, str], *, origin: Origin, by: Actor) -> None:
    """AdminUpdateUserAttributes: may set verified flags, and need not ask the user to verify.

    Raises: InvalidParameter, AliasExists, UserNotFound; InvalidSmsRoleAccessPolicy, InvalidSmsRoleTrustRelationship,
    UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests (the change stands).
    """
    checked = _checked(pool, given)
    with transaction.atomic():
        fresh, codes = _write(user, checked, by_user=False)
        audit.record(by, pool.arn, sub=user.sub, attributes=sorted(given))
    try:
        _send(fresh, codes, origin)
    except (InvalidSmsRoleAccessPolicy, InvalidSmsRoleTrustRelationship):
        raise
    except CodeDeliveryFailure:  # not among the operation's errors; the carrier's complaint is in the log
        log.warning("attributes of %s have changed, but not every code was delivered", user.sub)


def delete_own(client: Client, user: User, names: Collection[str]) -> None:
    """DeleteUserAttributes. Names the user has no value of are passed over.

    Raises: InvalidParameter, NotAuthorized (not writable by the client).
    """
    blanks = dict.fromkeys(names, "")
    user_attributes.check_writable(client, blanks)
    with transaction.atomic():
        _write(user, _checked_deletion(user.pool, blanks), by_user=True)


def delete_by_administrator(pool: Pool, user: User, names: Collection[str], *, by: Actor) -> None:
    """AdminDeleteUserAttributes.

    Raises: InvalidParameter, UserNotFound.
    """
    with transaction.atomic():
        _write(user, _checked_deletion(pool, dict.fromkeys(names, "")), by_user=False)
        audit.record(by, pool.arn, sub=user.sub, attributes=sorted(names))


def send_code(user: User, attribute: str, *, origin: Origin) -> Delivery:
    """GetUserAttributeVerificationCode: to the new address while one waits, else to the one in the profile.

    Raises: InvalidParameter, LimitExceeded, CodeDeliveryFailure, UserLambdaValidation, UnexpectedLambda,
    InvalidLambdaResponse, TooManyRequests.
    """
    kind = _kind(attribute)
    throttle.reserve(f"attribute-code:{user.pk}", limit=CODES_PER_HOUR)
    with transaction.atomic():
        fresh = user_attributes.locked(user)
        waiting = Code.objects.filter(user=fresh, kind=kind, expires_at__gt=clock.now()).first()
        new_value = waiting.value if waiting else ""
        address = new_value or fresh.attributes.get(attribute)
        if not address:
            raise InvalidParameter(f"User does not have a value for {attribute}.", field="attribute_name")
        code = verification.renew(fresh, kind, attribute, new_value=new_value)
    return verification.send(fresh, attribute, Kind.VERIFY_USER_ATTRIBUTE, code, origin, address=address)


def verify(user: User, attribute: str, given: str) -> None:
    """VerifyUserAttribute: the address is verified, or takes the old one's place.

    As an alias it moves here from whoever holds it, except where the pool keeps old addresses until new ones are
    verified: there the holder is safe.
    Raises: InvalidParameter, CodeMismatch, ExpiredCode, LimitExceeded, AliasExists.
    """
    kind = _kind(attribute)
    tries = f"attribute-verify:{user.pk}"
    throttle.reserve(tries, limit=VERIFICATIONS_PER_HOUR)
    found = verification.find(user, kind, given)
    with transaction.atomic():
        changes = {VERIFIED_FLAGS[attribute]: "true"} | ({attribute: found.value} if found.value else {})
        fresh = rivals.locked(user, {**user.attributes, **changes})
        verification.use_up(fresh, found)
        keeps = attribute in SignInSettings.of(user.pool).verified_before_update
        _store(fresh, {**fresh.attributes, **changes}, by_user=True, force=not keeps)
    throttle.give_back(tries)


def _kind(attribute: str) -> Code.Kind:
    if attribute not in VERIFIED_FLAGS:
        raise InvalidParameter("Only email and phone_number can be verified.", field="attribute_name")
    return Code.Kind(attribute)


def _checked(pool: Pool, given: Mapping[str, str]) -> dict[str, str]:
    """Names and values of an update. Raises: InvalidParameter."""
    user_attributes.check_values(pool, given)
    schema = Schema.of(pool)
    for name in given:
        if not schema.get(name).is_mutable:
            raise not_updatable(name)
    return user_attributes.normalised(pool, given)


def _checked_deletion(pool: Pool, blanks: Mapping[str, str]) -> dict[str, str]:
    known = Schema.of(pool).attributes
    return _checked(pool, {name: blank for name, blank in blanks.items() if name in known})


def _write(user: User, given: Mapping[str, str], *, by_user: bool) -> tuple[User, dict[str, tuple[str, str]]]:
    """Change the profile as it is now; call inside a transaction.

    Returns it, and by attribute the code and address of each message to be sent.
    """
    fresh = rivals.locked(user, {**user.attributes, **given})
    change = _change(fresh, given)
    _check_complete(fresh, change.attributes)
    _drop_codes(fresh, given)
    _store(fresh, change.attributes, by_user=by_user)
    codes = {}
    for name, address in change.sends_to.items():
        new_value = address if name in change.waiting else ""
        codes[name] = (verification.renew(fresh, Code.Kind(name), name, new_value=new_value), address)
    return fresh, codes


def _send(user: User, codes: Mapping[str, tuple[str, str]], origin: Origin) -> list[Delivery]:
    """Every code is tried, whatever becomes of the others.

    Raises: CodeDeliveryFailure, UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests, when
    one was not delivered.
    """
    deliveries: list[Delivery] = []
    failures: list[ServiceError] = []
    for name, (code, address) in codes.items():
        try:
            sent = verification.send(user, name, Kind.UPDATE_USER_ATTRIBUTE, code, origin, address=address)
            deliveries.append(sent)
        except (CodeDeliveryFailure, LambdaFailure) as failure:
            failures.append(failure)
    if failures:
        raise failures[0]
    return deliveries


def _drop_codes(user: User, given: Mapping[str, str]) -> None:
    """Another value ends the code of the former and a new address that waits; the same value ends only the latter."""
    for name in VERIFIED_FLAGS.keys() & given.keys():
        codes = Code.objects.filter(user=user, kind=name)
        (codes if given[name] != user.attributes.get(name) else codes.exclude(value="")).delete()


def _change(user: User, given: Mapping[str, str]) -> _Change:
    """What becomes of the user's attributes, the verified flags and the addresses."""
    settings = SignInSettings.of(user.pool)
    merged = {name: value for name, value in {**user.attributes, **given}.items() if value}
    sends_to: dict[str, str] = {}
    waiting = set()
    for name, flag in VERIFIED_FLAGS.items():
        if name not in merged:
            if given.get(flag) != "true":  # which is refused later
                merged.pop(flag, None)
            continue
        if merged[name] == user.attributes.get(name) or given.get(flag) == "true":
            continue
        if name in settings.auto_verified_attributes:
            sends_to[name] = merged[name]
        if name in settings.verified_before_update and user.attributes.get(name):
            waiting.add(name)
            merged[name] = user.attributes[name]
            merged.pop(flag, None)  # what is said of it is said of the new address
            if flag in user.attributes:
                merged[flag] = user.attributes[flag]
        else:
            merged[flag] = "false"
    return _Change(merged, sends_to, frozenset(waiting))


def _check_complete(user: User, attributes: Mapping[str, str]) -> None:
    """Raises: InvalidParameter, when something is gone that the pool requires, or verified and not there."""
    user_attributes.check_verified_flags(attributes)
    user_attributes.check_lost(user.pool, user.attributes, attributes)


def _store(fresh: User, attributes: dict[str, str], *, by_user: bool, force: bool = False) -> None:
    """Write a locked user's attributes and what follows from them.

    Raises: AliasExists, InvalidParameter (the address is the user's second factor, which the pool requires).
    """
    fresh.attributes = attributes
    mfa_preferences.drop_without_address(fresh, by_user=by_user)
    fresh.modified_at = clock.now()
    fresh.save(update_fields=["attributes", "mfa_factors", "preferred_mfa", "modified_at"])
    try:
        user_attributes.claim_names(fresh, force=force)
    except UsernameExists as error:  # the models list AliasExists alone for updates
        raise AliasExists(error.message) from None
    search.index(fresh)
