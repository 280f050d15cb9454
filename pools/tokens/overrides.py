"""Which of a function's changes to a token count. What may not be changed stays as it is, without an error.

Source: guide, "Pre token generation Lambda trigger", the claims and scopes reference.
"""

from __future__ import annotations

from typing import Any

from pools.config.schema import DEVELOPER_PREFIX
from pools.tokens.claims import typed
from pools.triggers.token_generation import TEXTS, Changes

FIXED = frozenset(
    {
        *("acr", "amr", "at_hash", "aud", "auth_time", "azp", "client_id", "device_key", "event_id", "exp", "iat"),
        *("identities", "iss", "jti", "nbf", "nonce", "origin_jti", "sub", "token_use", "username", "version"),
    }
)
RESERVED_PREFIX = "cognito:"
GROUPS = "cognito:groups"
_OF_GROUPS = frozenset({GROUPS, "cognito:roles", "cognito:preferred_role"})
_RESERVED_SCOPES = "aws.cognito"


def in_id_token(claims: dict[str, Any], changes: Changes) -> dict[str, Any]:
    added = {name: value for name, value in changes.added.items() if _may_be_added(name)}
    for name in added.keys() & TEXTS:
        added[name] = typed(name, added[name])
    return _changed(claims, added, changes.suppressed)


def in_access_token(claims: dict[str, Any], changes: Changes) -> dict[str, Any]:
    """`aud` may be added where it says the client; scopes are changed as scopes alone."""
    added = {name: value for name, value in changes.added.items() if _may_be_added(name) and name != "scope"}
    if changes.added.get("aud") == claims["client_id"]:
        added["aud"] = claims.get("aud", claims["client_id"])
    changed = _changed(claims, added, changes.suppressed - {"scope"})
    changed["scope"] = _scope(claims["scope"], changes)
    return changed


def _may_be_added(name: str) -> bool:
    return name not in FIXED and not name.startswith((RESERVED_PREFIX, DEVELOPER_PREFIX))


def _changed(claims: dict[str, Any], added: dict[str, Any], asked: frozenset[str]) -> dict[str, Any]:
    """What is both added and suppressed is suppressed. Roles go with the groups, and no other way."""
    suppressed = {name for name in asked if name not in FIXED and not name.startswith(RESERVED_PREFIX)}
    if GROUPS in asked:
        suppressed |= _OF_GROUPS
    kept = {name: value for name, value in claims.items() if name not in suppressed}
    return kept | {name: value for name, value in added.items() if name not in asked}


def _scope(scope: str, changes: Changes) -> str:
    """Those that there were, then those that are new. What Gatehouse's own operations ask for is not to be added
    (assumed: the guide's examples only suppress it).
    """
    added = [name for name in changes.added_scopes if not name.startswith(_RESERVED_SCOPES)]
    names = dict.fromkeys([*scope.split(), *added])
    return " ".join(name for name in names if name not in changes.suppressed_scopes)
