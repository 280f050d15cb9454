"""Pools, clients and users made through the API, with unique names."""

from __future__ import annotations

import itertools
import uuid
import zlib
from collections.abc import Callable
from typing import Any

import jwt

PASSWORD = "Correct-Horse-1"
Make = Callable[..., dict[str, Any]]
"""Makes a pool or a client, as fixtures hand it out."""

_numbers = itertools.count(1)


def unique(prefix: str = "user") -> str:
    return f"{prefix}-{next(_numbers)}-{uuid.uuid4().hex[:6]}"


def address_of(pool: dict[str, Any], name: str = "alice") -> str:
    """An e-mail address that no other pool's tests write to."""
    return f"{name}.{pool['Id'].partition('_')[2].lower()}@example.com"


def number_of(pool: dict[str, Any], line: int = 0) -> str:
    """A phone number that no other pool's tests write to, as far as nine digits can tell pools apart."""
    return f"+1{zlib.crc32(pool['Id'].encode()) % 10**9:09}{line}"


def make_pool(idp: Any, **members: Any) -> dict[str, Any]:
    """A new pool, as CreateUserPool answers it."""
    pool: dict[str, Any] = idp.create_user_pool(**{"PoolName": unique("pool"), **members})["UserPool"]
    return pool


def make_client(idp: Any, pool: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A new app client that allows password sign-in and refresh, as CreateUserPoolClient answers it."""
    defaults = {
        "ClientName": unique("client"),
        "ExplicitAuthFlows": [
            "ALLOW_USER_PASSWORD_AUTH",
            "ALLOW_ADMIN_USER_PASSWORD_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
        ],
    }
    made: dict[str, Any] = idp.create_user_pool_client(UserPoolId=pool["Id"], **{**defaults, **members})
    client: dict[str, Any] = made["UserPoolClient"]
    return client


def make_user(idp: Any, pool: dict[str, Any], username: str | None = None, **attributes: str) -> str:
    """A confirmed user with `PASSWORD`; returns the user name as given."""
    name = username or unique()
    idp.admin_create_user(
        UserPoolId=pool["Id"],
        Username=name,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
    )
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=name, Password=PASSWORD, Permanent=True)
    return name


def sign_in(idp: Any, client: dict[str, Any], username: str, password: str = PASSWORD) -> dict[str, Any]:
    """The AuthenticationResult of a password sign-in."""
    answer = idp.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": password},
    )
    result: dict[str, Any] = answer["AuthenticationResult"]
    return result


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def attributes_of(answer: dict[str, Any]) -> dict[str, str]:
    """The attributes of a user answer as a mapping."""
    listed = answer.get("UserAttributes") or answer["User"]["Attributes"]
    return {attribute["Name"]: attribute["Value"] for attribute in listed}
