"""Authentication flows: which the client must allow, on which channel, and what each begins with.

Source: guide, "Authentication flows"; InitiateAuth and AdminInitiateAuth in the API reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from identity.errors import USER_DISABLED, InvalidParameter, NotAuthorized, UnsupportedOperation, UserNotFound
from pools import lookup
from pools.config.client import ClientSettings
from pools.models import Attempt, Client, User
from pools.signin import decoy, first_factors, migration, permission, rounds, standing
from pools.signin.challenges.base import required
from pools.signin.challenges.custom import Custom
from pools.signin.challenges.srp import PasswordSrp
from pools.triggers import custom_auth
from pools.triggers.origin import NOBODY, Origin

Channel = Attempt.Channel


@dataclass(frozen=True, slots=True)
class Flow:
    """`first` is the factor it begins with, and `needs` the parameter that brings it; neither where the user, or a
    function of the pool, chooses. `allowed_by` is None for one that every client with pages has.
    """

    allowed_by: str | None
    channels: frozenset[Channel]
    first: str | None = None
    needs: str | None = None


_BOTH = frozenset({Channel.API, Channel.ADMIN})
_ADMIN_PASSWORD = Flow("ALLOW_ADMIN_USER_PASSWORD_AUTH", frozenset({Channel.ADMIN}), first_factors.PASSWORD, "PASSWORD")
FLOWS: Mapping[str, Flow] = {
    "USER_PASSWORD_AUTH": Flow(
        "ALLOW_USER_PASSWORD_AUTH", frozenset({Channel.API}), first_factors.PASSWORD, "PASSWORD"
    ),
    "ADMIN_USER_PASSWORD_AUTH": _ADMIN_PASSWORD,
    "ADMIN_NO_SRP_AUTH": _ADMIN_PASSWORD,
    "USER_SRP_AUTH": Flow("ALLOW_USER_SRP_AUTH", _BOTH, first_factors.PASSWORD_SRP, "SRP_A"),
    "CUSTOM_AUTH": Flow("ALLOW_CUSTOM_AUTH", _BOTH | {Channel.HOSTED}),
    "USER_AUTH": Flow("ALLOW_USER_AUTH", _BOTH | {Channel.HOSTED}),
    "HOSTED_AUTH": Flow(None, frozenset({Channel.HOSTED}), first_factors.PASSWORD, "PASSWORD"),
    "REFRESH_TOKEN_AUTH": Flow("ALLOW_REFRESH_TOKEN_AUTH", _BOTH),
    "REFRESH_TOKEN": Flow("ALLOW_REFRESH_TOKEN_AUTH", _BOTH),
}
REFRESH = frozenset({"REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"})
SRP = "USER_SRP_AUTH"
CHOICE = "USER_AUTH"
CUSTOM = "CUSTOM_AUTH"
HOSTED = "HOSTED_AUTH"
"""A user name and a password on a page. No operation takes it: the service model does not know it."""
_SRP_A = "SRP_A"

_STEP_UP = ("TARGET_ACR_VALUES", "ACCESS_TOKEN", "MAX_AGE")


def of_pages(client: Client) -> str:
    """How a client's users begin on the pages: with a name and a choice, with a name and the questions of the pool's
    functions, or with a name and a password.

    A client that allows CUSTOM_AUTH and no flow with a password wants none on its pages either; *assumed*, as AWS's own
    pages do not know CUSTOM_AUTH.
    """
    allowed = ClientSettings.of(client).auth_flows
    if FLOWS[CHOICE].allowed_by in allowed:
        return CHOICE
    with_password = {flow.allowed_by for flow in FLOWS.values() if flow.first is not None}
    return CUSTOM if FLOWS[CUSTOM].allowed_by in allowed and not with_password & allowed else HOSTED


def check_allowed(client: Client, name: str, channel: Channel) -> None:
    """Raises: InvalidParameter, when the channel or the client does not allow the flow."""
    flow = FLOWS[name]
    if channel not in flow.channels:
        raise InvalidParameter("Initiate Auth method not supported.")
    if flow.allowed_by is not None and flow.allowed_by not in ClientSettings.of(client).auth_flows:
        if channel is Channel.ADMIN:
            raise InvalidParameter("Auth flow not enabled for this client")
        if name == SRP:
            raise InvalidParameter("USER_SRP_AUTH is not enabled for the client.")
        raise InvalidParameter(f"{name} flow not enabled for this client")


def begun(
    client: Client, name: str, channel: Channel, parameters: Mapping[str, str], origin: Origin = NOBODY
) -> Attempt:
    """A sign-in at its start, of a user or of a decoy, which the pool's functions let begin. Not saved.

    Raises: InvalidParameter (not allowed, parameter missing, no trigger), UnsupportedOperation, UserNotFound,
    NotAuthorized; what `permission.to_begin` raises, and, for CUSTOM_AUTH where the client does not hide who exists,
    what `standing.check` raises.
    """
    check_allowed(client, name, channel)
    if any(parameters.get(parameter) for parameter in _STEP_UP):
        raise UnsupportedOperation(f"{name} is not available with these parameters in this version of Gatehouse.")
    username = required(parameters, "USERNAME")
    for needed in _needed(client, name, parameters):
        required(parameters, needed)
    attempt = Attempt(pool=client.pool, client=client, channel=channel, flow=name, name=username)
    attempt.origin = origin
    attempt.user = _user(attempt, parameters)
    attempt.holder_id = attempt.user.pk
    custom = _custom(attempt, parameters) if name == CUSTOM else {}
    permission.to_begin(attempt)
    attempt.data = custom or _first(attempt, parameters)
    return attempt


def _needed(client: Client, name: str, parameters: Mapping[str, str]) -> list[str]:
    """The parameters that a flow cannot begin without. Raises: InvalidParameter."""
    if name == CUSTOM:
        custom_auth.check_configured(client.pool)
        first = parameters.get("CHALLENGE_NAME") or Custom.name
        if first not in {Custom.name, _SRP_A}:
            raise InvalidParameter(f"{first} is not a challenge that {CUSTOM} can begin with.")
        return [_SRP_A] if first == _SRP_A else []
    needs = FLOWS[name].needs
    return [] if needs is None else [needs]


def _custom(attempt: Attempt, parameters: Mapping[str, str]) -> dict[str, Any]:
    """What is asked a function decides; the client may have brought a public key, to be asked for the password.

    Raises: InvalidParameter, and what `standing.check` raises where existence is no secret.
    """
    if not ClientSettings.of(attempt.client).hides_existence:
        standing.check(attempt.user)
    if parameters.get("CHALLENGE_NAME") != _SRP_A:
        return rounds.begun()
    return {**rounds.begun(_SRP_A), **PasswordSrp().check(attempt, parameters).data}


def _user(attempt: Attempt, parameters: Mapping[str, str]) -> User:
    """The attempt's user, who may come from another directory at this moment.

    Raises: UserNotFound and, for a disabled user, NotAuthorized: where the client does not hide who exists; what
    `migration.migrated` raises.
    """
    pool = attempt.client.pool
    found = lookup.find_user(pool, attempt.name)
    if found is None and (password := _clear_password(attempt.flow, parameters)):
        found = migration.migrated(attempt, password)
    if ClientSettings.of(attempt.client).hides_existence:
        return found or decoy.of(pool, attempt.name)
    if found is None:
        raise UserNotFound()
    if not found.enabled:
        raise NotAuthorized(USER_DISABLED)
    return found


def _clear_password(flow: str, parameters: Mapping[str, str]) -> str | None:
    """The password that a request begins with."""
    first = parameters.get("PREFERRED_CHALLENGE") if flow == CHOICE else FLOWS[flow].first
    return parameters.get("PASSWORD") if first == first_factors.PASSWORD else None


def _first(attempt: Attempt, parameters: Mapping[str, str]) -> dict[str, Any]:
    if attempt.flow != CHOICE:
        return {"first": FLOWS[attempt.flow].first}
    return _choice(attempt.user, parameters, is_on_page=attempt.channel == Channel.HOSTED)


def _choice(user: User, parameters: Mapping[str, str], *, is_on_page: bool) -> dict[str, Any]:
    """The preferred factor, where the user has it. A page asks for a password also who has none
    and no code either: not to would say who exists.

    Raises: InvalidParameter, for what is no factor at all.
    """
    available = first_factors.available(user) or ([first_factors.PASSWORD] if is_on_page else [])
    preferred = parameters.get("PREFERRED_CHALLENGE")
    if preferred is None:
        return {"available": available}
    if preferred not in first_factors.KNOWN:
        raise InvalidParameter(f"{preferred} is not a challenge that a sign-in can begin with.")
    return {"available": available, **({"first": preferred} if preferred in available else {})}
