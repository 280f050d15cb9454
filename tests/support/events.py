"""Events of triggers as tests expect them."""

from __future__ import annotations

from typing import Any

from tests.support import factories

Json = dict[str, Any]
NO_CLIENT = {"ClientId": "CLIENT_ID_NOT_APPLICABLE"}
"""In place of a client, of what an administrator does without one."""


def event_of(pool: Json, client: Json, source: str, name: str, request: Json, response: Json, said: Json) -> Json:
    """The whole event; of what the SDK calls itself in `said` only the kind."""
    sdk = said["callerContext"]["awsSdkVersion"]
    assert sdk.startswith("Boto3-")
    return {
        "version": "1",
        "triggerSource": source,
        "region": "us-east-1",
        "userPoolId": pool["Id"],
        "userName": name,
        "callerContext": {"awsSdkVersion": sdk, "clientId": client["ClientId"]},
        "request": request,
        "response": response,
    }


def shown(idp: Any, pool: Json, name: str) -> dict[str, str]:
    """`userAttributes` of a user as they are now."""
    user = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
    return {**factories.attributes_of(user), "cognito:user_status": user["UserStatus"]}


def members(attributes: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]
