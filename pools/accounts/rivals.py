"""Two users and one name: whose rows a change of names may touch, locked before anything is written.

A writer who changes sign-in names holds the user's row and those of everybody who has one of the names, locked in the
order of their keys, and only then writes names, in the order of their kinds. So two users who take names from each
other at the same moment wait in line, and never for each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from identity.errors import UserNotFound
from pools.config.sign_in import SignInSettings
from pools.models import Pool, SignInName, User


def locked(user: User, attributes: Mapping[str, str]) -> User:
    """The user's row as it is now, locked, and with it those of who holds a name in `attributes`, which the user may
    come to have; call inside a transaction.

    Raises: UserNotFound, when it has been deleted meanwhile.
    """
    fresh = _lock({user.pk, *_holders(user.pool, attributes)}).get(user.pk)
    if fresh is None:
        raise UserNotFound()
    fresh.pool = user.pool
    return fresh


def lock(user: User) -> None:
    """Lock the rows of who holds a name that a user who is not saved yet wants; call inside a transaction."""
    _lock(_holders(user.pool, user.attributes))


def _holders(pool: Pool, attributes: Mapping[str, str]) -> set[int]:
    settings = SignInSettings.of(pool)
    names = {settings.fold(attributes[kind]) for kind in settings.contact_names if attributes.get(kind)}
    if not names:
        return set()
    rows = SignInName.objects.filter(pool=pool, folded__in=names, kind__in=settings.contact_names)
    return set(rows.values_list("user_id", flat=True))


def _lock(keys: Collection[int]) -> dict[int, User]:
    if not keys:
        return {}
    return {user.pk: user for user in User.objects.select_for_update().filter(pk__in=keys).order_by("pk")}
