"""What scopes say: which are in force, and what those of OpenID Connect let a client see.

Source: guide, "Scopes, M2M, and resource servers".
"""

from __future__ import annotations

from pools.config.client import ClientSettings
from pools.config.schema import DEVELOPER_PREFIX
from pools.models import Client, Pool, User

OPENID = "openid"
EMAIL = "email"
PHONE = "phone"
PROFILE = "profile"
OF_OPENID = frozenset({EMAIL, PHONE, PROFILE})
"""Scopes that say nothing without `openid`."""
_SHOWN_BY = {
    EMAIL: frozenset({"email", "email_verified"}),
    PHONE: frozenset({"phone_number", "phone_number_verified"}),
}


def is_custom(scope: str) -> bool:
    """Whether it is a resource server's: `identifier/name`."""
    return "/" in scope


def active(pool: Pool, scope: str) -> str:
    """A granted scope as tokens say it now: without what has been removed from its resource server since."""
    if not is_custom(scope):
        return scope
    return " ".join(name for name in scope.split() if not is_custom(name) or name in pool.custom_scopes)


def are_readable(client: Client, scope: str) -> bool:
    """Whether the client may read what `email` and `phone` show: the address and whether it is verified."""
    settings = ClientSettings.of(client)
    return all(settings.may_read(name) for asked in scope.split() for name in _SHOWN_BY.get(asked, ()))


def visible_attributes(user: User, client: Client, scope: str) -> dict[str, str]:
    """The attributes of a user that a client may read and `scope` shows; `openid` alone, and `profile`, show them all.

    A value is as it is stored. Whether `profile` shows addresses and numbers too is as the guide has it: all attributes
    that the client can read.
    """
    settings = ClientSettings.of(client)
    scopes = set(scope.split())
    shown: set[str] = set()
    if PROFILE not in scopes and scopes & _SHOWN_BY.keys():
        shown = set().union(*(_SHOWN_BY[name] for name in scopes & _SHOWN_BY.keys()))
    return {
        name: value
        for name, value in user.attributes.items()
        if settings.may_read(name) and not name.startswith(DEVELOPER_PREFIX) and (not shown or name in shown)
    }
