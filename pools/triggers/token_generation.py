"""PreTokenGeneration: what a function changes in tokens before they are signed, read but not yet judged.

Which changes count is told by `pools.tokens.overrides`. Source: guide, "Pre token generation Lambda trigger".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from identity.errors import InvalidLambdaResponse
from pools.config.triggers import TriggerSettings
from pools.models import Client, Pool, User
from pools.triggers import deliver, event
from pools.triggers.origin import Origin

TEXTS = ("email_verified", "phone_number_verified", "updated_at", "address")
"""Claims of the ID token with a type of their own: a function gives the text of one, as an attribute does."""

TRIGGER = "PreTokenGeneration"

AUTHENTICATION = "TokenGeneration_Authentication"
HOSTED = "TokenGeneration_HostedAuth"
NEW_PASSWORD = "TokenGeneration_NewPasswordChallenge"  # noqa: S105
REFRESH = "TokenGeneration_RefreshTokens"
CLIENT_CREDENTIALS = "TokenGeneration_ClientCredentials"

_OF_CLIENTS = "ClientCredentials"
"""The user name in the event of a client that is its own principal."""

MAX_CHANGES = 5000
"""Claims and scopes that one response adds or suppresses, in both tokens together."""

_FIRST, _THIRD = "1", "3"
_DETAILS, _LATER_DETAILS = "claimsOverrideDetails", "claimsAndScopeOverrideDetails"


class GroupConfiguration(NamedTuple):
    """A user's groups as tokens show them: names and roles in order of rank."""

    names: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    preferred_role: str | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a function asks for in one token. Scopes are the access token's alone."""

    added: Mapping[str, Any] = field(default_factory=dict)
    suppressed: frozenset[str] = frozenset()
    added_scopes: Sequence[str] = ()
    suppressed_scopes: frozenset[str] = frozenset()

    @property
    def size(self) -> int:
        return len(self.added) + len(self.suppressed) + len(self.added_scopes) + len(self.suppressed_scopes)


@dataclass(frozen=True, slots=True)
class Reply:
    """`groups` take the place of the user's in both tokens; None leaves them as they are."""

    id_token: Changes = Changes()
    access_token: Changes = Changes()
    groups: GroupConfiguration | None = None


def call(user: User, pool: Pool, groups: GroupConfiguration, scope: str, source: str, origin: Origin) -> Reply | None:
    """What the pool's function changes in the tokens of a user; None where there is none.

    Raises: as `deliver.call`.
    """
    if TRIGGER not in TriggerSettings.of(pool).arns:
        return None
    return _call(pool, user.username, event.user_attributes(user), groups, scope, source, origin)


def call_for_client(client: Client, scope: str, origin: Origin) -> Reply | None:
    """What the pool's function changes in the access token of a client that is its own principal; V3_0 alone is asked.

    There is no user to tell of, and no groups. Source: guide, "Pre token generation Lambda trigger".
    Raises: as `deliver.call`.
    """
    settings = TriggerSettings.of(client.pool)
    if TRIGGER not in settings.arns or settings.token_version != _THIRD:
        return None
    return _call(client.pool, _OF_CLIENTS, {}, None, scope, CLIENT_CREDENTIALS, origin)


def _call(
    pool: Pool,
    username: str,
    attributes: Mapping[str, str],
    groups: GroupConfiguration | None,
    scope: str,
    source: str,
    origin: Origin,
) -> Reply | None:
    version = TriggerSettings.of(pool).token_version
    request: dict[str, Any] = {
        "userAttributes": attributes,
        "groupConfiguration": None
        if groups is None
        else {
            "groupsToOverride": groups.names,
            "iamRolesToOverride": groups.roles,
            "preferredRole": groups.preferred_role,
        },
    }
    if version != _FIRST:
        request["scopes"] = scope.split()
    request = event.with_metadata(request, origin)
    before, read = ({_DETAILS: None}, _first_reply) if version == _FIRST else ({_LATER_DETAILS: None}, _later_reply)
    return deliver.call(pool, TRIGGER, source, username, request, before, origin, version=version, read=read)


def _first_reply(response: Mapping[str, Any]) -> Reply:
    """Of version one. Raises: InvalidLambdaResponse."""
    details = event.member(response, _DETAILS) or {}
    changes = _changes(details)
    if not all(isinstance(value, str) for value in changes.added.values()):
        raise InvalidLambdaResponse()
    return _checked(Reply(id_token=changes, groups=_groups(details)))


def _later_reply(response: Mapping[str, Any]) -> Reply:
    """Of versions two and three. Raises: InvalidLambdaResponse."""
    details = event.member(response, _LATER_DETAILS) or {}
    in_access_token = event.member(details, "accessTokenGeneration") or {}
    added_scopes = event.texts(in_access_token, "scopesToAdd") or ()
    if any(not scope or scope.split() != [scope] for scope in added_scopes):
        raise InvalidLambdaResponse()
    in_id_token = _changes(event.member(details, "idTokenGeneration") or {})
    for name in TEXTS:
        event.text(in_id_token.added, name)
    claims = _changes(in_access_token)
    return _checked(
        Reply(
            id_token=in_id_token,
            access_token=Changes(
                claims.added,
                claims.suppressed,
                added_scopes,
                frozenset(event.texts(in_access_token, "scopesToSuppress") or ()),
            ),
            groups=_groups(details),
        )
    )


def _changes(details: Mapping[str, Any]) -> Changes:
    """Claims; one whose value is null is left as it is (assumed: functions hand on what a user lacks)."""
    added = event.member(details, "claimsToAddOrOverride") or {}
    suppressed = event.texts(details, "claimsToSuppress") or ()
    return Changes({name: value for name, value in added.items() if value is not None}, frozenset(suppressed))


def _groups(details: Mapping[str, Any]) -> GroupConfiguration | None:
    """An object replaces all three members, an empty one or null takes them away."""
    if "groupOverrideDetails" not in details:
        return None
    given = event.member(details, "groupOverrideDetails") or {}
    return GroupConfiguration(
        tuple(event.texts(given, "groupsToOverride") or ()),
        tuple(event.texts(given, "iamRolesToOverride") or ()),
        event.text(given, "preferredRole") or None,
    )


def _checked(reply: Reply) -> Reply:
    """Raises: InvalidLambdaResponse, for more than the limit and for what is nested deeper than a token can be."""
    if reply.id_token.size + reply.access_token.size > MAX_CHANGES:
        raise InvalidLambdaResponse()
    for changes in (reply.id_token, reply.access_token):
        try:
            orjson.dumps(changes.added)
        except TypeError:
            raise InvalidLambdaResponse() from None
    return reply
