"""PreAuthentication and PostAuthentication: functions that may refuse a sign-in before it begins and before its tokens.

Source: guide, "Pre authentication Lambda trigger" and "Post authentication Lambda trigger".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pools.config.triggers import TriggerSettings
from pools.models import Client, User
from pools.triggers import deliver, event
from pools.triggers.origin import Origin

PRE_AUTHENTICATION = "PreAuthentication"
POST_AUTHENTICATION = "PostAuthentication"


def pre_authentication(client: Client, user: User, origin: Origin) -> bool:
    """Ask before anything is proven, also about a decoy. Whether there was a function to ask.

    Raises: UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests.
    """
    if PRE_AUTHENTICATION not in TriggerSettings.of(client.pool).arns:
        return False
    data = None if origin.validation_data is None else dict(origin.validation_data)
    _call(client, user, PRE_AUTHENTICATION, {**event.about(client, user), "validationData": data}, origin)
    return True


def post_authentication(client: Client, user: User, origin: Origin) -> bool:
    """Ask when everything is proven. Whether there was a function to ask. No device is remembered yet: none is new.

    Raises: UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests.
    """
    if POST_AUTHENTICATION not in TriggerSettings.of(client.pool).arns:
        return False
    request = {"userAttributes": event.user_attributes(user), "newDeviceUsed": False}
    _call(client, user, POST_AUTHENTICATION, event.with_metadata(request, origin), origin)
    return True


def _call(client: Client, user: User, trigger: str, request: Mapping[str, Any], origin: Origin) -> None:
    deliver.call(
        client.pool, trigger, f"{trigger}_Authentication", user.username, request, {}, origin, read=event.unread
    )
