"""The event of a trigger, and what is read from its response.

Source: guide, "Customizing user pool workflows with Lambda triggers", the general event.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from identity.errors import InvalidLambdaResponse
from pools.config.client import ClientSettings
from pools.config.schema import DEVELOPER_PREFIX
from pools.models import Client, Pool, User
from pools.triggers.origin import NO_CLIENT, Origin

_UNKNOWN_SDK = "aws-sdk-unknown-unknown"
_TEXTS = ("version", "triggerSource", "region", "userPoolId")
_OBJECTS = ("callerContext", "request", "response")
_ABSENT = object()
_SDKS = ("aws-sdk-", "aws-amplify", "Boto3", "aws-cli", "amplify")


def envelope(
    pool: Pool,
    source: str,
    username: str | None,
    request: Mapping[str, Any],
    response: Mapping[str, Any],
    origin: Origin,
    version: str = "1",
) -> dict[str, Any]:
    return {
        "version": version,
        "triggerSource": source,
        "region": pool.region,
        "userPoolId": pool.id,
        "userName": username,
        "callerContext": {
            "awsSdkVersion": _sdk(origin.user_agent),
            "clientId": origin.client_id or NO_CLIENT,
        },
        "request": dict(request),
        "response": dict(response),
    }


def _sdk(user_agent: str) -> str:
    """The SDK's own part of a User-Agent or X-Amz-User-Agent."""
    first = user_agent.split(" ", 1)[0].replace("/", "-")
    return first if first.startswith(_SDKS) else _UNKNOWN_SDK


def user_attributes(user: User, **more: str) -> dict[str, str]:
    """What events say about a user who exists; nothing about a decoy."""
    if user.is_decoy:
        return {}
    return {"sub": user.sub, "cognito:user_status": user.status, **shown(user.attributes), **more}


def shown(attributes: Mapping[str, str]) -> dict[str, str]:
    """Without the developers' own."""
    return {name: value for name, value in attributes.items() if not name.startswith(DEVELOPER_PREFIX)}


def about(client: Client, user: User) -> dict[str, Any]:
    """`userAttributes`, and `userNotFound` where the client hides who exists, so that a decoy may be asked about."""
    said: dict[str, Any] = {"userAttributes": user_attributes(user)}
    if ClientSettings.of(client).hides_existence:
        said["userNotFound"] = user.is_decoy
    return said


def response_in(payload: bytes) -> Mapping[str, Any]:
    """The response within what a function gave back, which is the whole event.

    Raises: InvalidLambdaResponse. Which members AWS asks for is assumed to be those that all events share.
    """
    try:
        said = orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise InvalidLambdaResponse() from None
    if not isinstance(said, Mapping) or not all(isinstance(said.get(name), str) for name in _TEXTS):
        raise InvalidLambdaResponse()
    if not all(isinstance(said.get(name, _ABSENT), Mapping | None) for name in _OBJECTS):
        raise InvalidLambdaResponse()
    found: Mapping[str, Any] = said["response"] or {}
    return found


def with_metadata(request: Mapping[str, Any], origin: Origin) -> dict[str, Any]:
    """A request with `clientMetadata`, which is absent where the caller gave none."""
    if origin.client_metadata is None:
        return dict(request)
    return {**request, "clientMetadata": dict(origin.client_metadata)}


def unread(response: Mapping[str, Any]) -> None:
    """For triggers whose response says nothing."""


def flag(response: Mapping[str, Any], name: str) -> bool:
    """Raises: InvalidLambdaResponse. Missing and null are false."""
    value = response.get(name)
    if value is not None and not isinstance(value, bool):
        raise InvalidLambdaResponse()
    return bool(value)


def text(response: Mapping[str, Any], name: str) -> str | None:
    """Raises: InvalidLambdaResponse."""
    value = response.get(name)
    if value is not None and not _is_text(value):
        raise InvalidLambdaResponse()
    return value


def strings(response: Mapping[str, Any], name: str) -> dict[str, str]:
    """A map of strings; missing and null are empty. Raises: InvalidLambdaResponse."""
    value = member(response, name) or {}
    if not all(_is_text(item) for item in (*value.keys(), *value.values())):
        raise InvalidLambdaResponse()
    return dict(value)


def texts(response: Mapping[str, Any], name: str) -> list[str] | None:
    """A list of strings. Raises: InvalidLambdaResponse."""
    value = response.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(_is_text(item) for item in value):
        raise InvalidLambdaResponse()
    return value


def member(response: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """An object within the response. Raises: InvalidLambdaResponse."""
    value = response.get(name)
    if value is not None and not isinstance(value, Mapping):
        raise InvalidLambdaResponse()
    return value


def _is_text(value: object) -> bool:
    """PostgreSQL keeps no NUL in a text."""
    return isinstance(value, str) and "\0" not in value
