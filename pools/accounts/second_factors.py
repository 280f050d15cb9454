"""Which second factor a user is asked for. Reads the pool's settings and the user's row, nothing else.

Source: guide, "Adding MFA to a user pool".
"""

from __future__ import annotations

from pools.config import mfa
from pools.config.mfa import MfaSettings, Mode
from pools.models import User


def usable(user: User) -> list[str]:
    """The factors that a user is to choose from, in AWS names; none where none is asked for, or one must be set up.

    A factor counts while the pool offers it. Where MFA is required and the user has switched none on, whatever can
    reach them serves, a number that is not verified too.
    """
    active = _active(user)
    if active:
        return [factor for factor in active if is_possible(user, factor)] or active[:1]
    settings = MfaSettings.of(user.pool)
    if settings.mode is Mode.ON:
        return [factor for factor in settings.offered if is_possible(user, factor)]
    return []


def addresses(user: User) -> frozenset[str]:
    """The attributes that get the codes of the user's second factors.

    Of several that the user has not chosen from, none is taken for theirs: nothing would be left to recover by.
    """
    factors = usable(user)
    if not _active(user) and len(factors) > 1:
        return frozenset()
    return frozenset(mfa.ATTRIBUTES[factor] for factor in factors if factor in mfa.ATTRIBUTES)


def _active(user: User) -> list[str]:
    return [factor for factor in MfaSettings.of(user.pool).offered if factor in user.mfa_factors]


def must_be_set_up(user: User) -> bool:
    """Whether MFA is required of a user who has no way to pass it."""
    return MfaSettings.of(user.pool).mode is Mode.ON and not usable(user)


def may_be_set_up(user: User, factor: str) -> bool:
    """Whether it is this factor that such a user may set up on the way in."""
    return must_be_set_up(user) and factor in MfaSettings.of(user.pool).offered


def is_possible(user: User, factor: str) -> bool:
    """Whether the pool offers the factor and the user has what it takes."""
    if factor not in MfaSettings.of(user.pool).offered:
        return False
    if factor == mfa.SOFTWARE_TOKEN_MFA:
        return user.has_software_token
    return bool(user.attributes.get(mfa.ATTRIBUTES[factor]))
