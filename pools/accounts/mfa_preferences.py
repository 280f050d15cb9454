"""Which second factors a user has switched on, and which of them comes first.

A factor's code goes to the address that the profile holds, verified or not: the first right code verifies it. So a
changed address takes the factor along, as on AWS; what keeps codes from a new address until it has been verified is
the pool's AttributesRequireVerificationBeforeUpdate. A deleted address takes its factor away.
Source: guide, "Adding MFA to a user pool" and "SMS and email message MFA"; API reference, SetUserMFAPreference.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction

from identity import clock
from identity.access import audit
from identity.access.actor import Actor
from identity.errors import ONE_PREFERRED_MFA, InvalidParameter, no_delivery_for, required_for_mfa
from pools.accounts import attributes, second_factors, software_tokens
from pools.config.mfa import ATTRIBUTES, FACTORS, SMS_MFA, MfaSettings, Mode
from pools.models import Pool, User


@dataclass(frozen=True, slots=True)
class Setting:
    """What is wanted of a factor; `is_preferred` None leaves the preference as it is while the factor is on."""

    is_on: bool
    is_preferred: bool | None


def set_preferences(pool: Pool, user: User, settings: Mapping[str, Setting], *, by: Actor) -> None:
    """SetUserMFAPreference and its administrative twin. Factors that are not in `settings` stay as they are.

    Where the pool requires MFA nobody's factor is switched off: as on AWS that is no error, the factor stays on and
    loses the preference. A state of the user (unconfirmed, to be reset) does not hinder an administrator.
    Raises: InvalidParameter (two preferred, not offered by the pool, no address, no software token), UserNotFound.
    """
    if sum(bool(setting.is_on and setting.is_preferred) for setting in settings.values()) > 1:
        raise InvalidParameter(ONE_PREFERRED_MFA)
    with transaction.atomic():
        fresh = attributes.locked(user)
        for factor, setting in settings.items():
            if setting.is_on and not second_factors.is_possible(fresh, factor):
                raise InvalidParameter(no_delivery_for(factor))
        _store(fresh, _factors(fresh, settings), _preferred(fresh, settings))
        audit.record(by, pool.arn, sub=user.sub, factors=fresh.mfa_factors, preferred=fresh.preferred_mfa)


def set_sms(pool: Pool, user: User, *, is_on: bool, by: Actor) -> None:
    """SetUserSettings and its administrative twin, which know text messages alone.

    Raises: InvalidParameter, UserNotFound.
    """
    set_preferences(pool, user, {SMS_MFA: Setting(is_on, None)}, by=by)


def delete_software_token(pool: Pool, user: User, *, by: Actor) -> None:
    """AdminDeleteSoftwareToken: the authenticator app and the factor, also where the pool requires MFA.

    Who has none loses nothing. Raises: UserNotFound.
    """
    with transaction.atomic():
        software_tokens.delete(user)
        audit.record(by, pool.arn, sub=user.sub)


def drop_without_address(user: User, *, by_user: bool) -> None:
    """Switch off the factors whose address is not in a locked user's attributes any more; the caller saves the row.

    Where the pool requires MFA, users do not take their last factor away like this; administrators may.
    Raises: InvalidParameter.
    """
    kept = [name for name in user.mfa_factors if name not in ATTRIBUTES or user.attributes.get(ATTRIBUTES[name])]
    if kept == user.mfa_factors:
        return
    settings = MfaSettings.of(user.pool)
    in_use = [name for name in user.mfa_factors if name in settings.offered]
    if by_user and settings.mode is Mode.ON and in_use and not set(in_use) & set(kept):
        raise InvalidParameter(required_for_mfa(ATTRIBUTES[in_use[0]]))
    user.mfa_factors = kept
    if user.preferred_mfa not in kept:
        user.preferred_mfa = ""


def _factors(user: User, settings: Mapping[str, Setting]) -> list[str]:
    pool = MfaSettings.of(user.pool)
    held = set(user.mfa_factors)
    wanted = {factor for factor, setting in settings.items() if setting.is_on}
    stuck = held & set(pool.offered) if pool.mode is Mode.ON else set()
    return [factor for factor in FACTORS if factor in wanted | stuck | (held - settings.keys())]


def _preferred(user: User, settings: Mapping[str, Setting]) -> str:
    for factor, setting in settings.items():
        if setting.is_on and setting.is_preferred:
            return factor
    current = settings.get(user.preferred_mfa)
    is_left_alone = current is None or (current.is_on and current.is_preferred is None)
    return user.preferred_mfa if is_left_alone else ""


def _store(user: User, factors: Collection[str], preferred: str) -> None:
    user.mfa_factors = list(factors)
    user.preferred_mfa = preferred
    user.modified_at = clock.now()
    user.save(update_fields=["mfa_factors", "preferred_mfa", "modified_at"])
