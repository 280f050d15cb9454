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
    settings = MfaSettings.of(user.pool)
    active = [factor for factor in settings.offered if factor in user.mfa_factors]
    if active:
        return [factor for factor in active if _is_reachable(user, factor)] or active[:1]
    if settings.mode is Mode.ON:
        return [factor for factor in settings.offered if _is_reachable(user, factor)]
    return []


def must_be_set_up(user: User) -> bool:
    """Whether MFA is required of a user who has no way to pass it."""
    return MfaSettings.of(user.pool).mode is Mode.ON and not usable(user)


def _is_reachable(user: User, factor: str) -> bool:
    if factor == mfa.SOFTWARE_TOKEN_MFA:
        return user.has_software_token
    return bool(user.attributes.get(mfa.ATTRIBUTES[factor]))
