"""Apps that use the public SDKs, and the pools that they sign in to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from tests.support import factories, javascript
from tests.support.factories import Make
from tests.support.javascript import App, StartApp
from tests.support.server import Server

EVERY_FLOW = [
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]


@pytest.fixture(scope="session")
def make_pool(idp: Any) -> Make:
    """Makes a pool that verifies e-mail addresses and has an attribute of its own, `custom:plan`."""

    def make(**members: Any) -> dict[str, Any]:
        defaults = {
            "AutoVerifiedAttributes": ["email"],
            "Schema": [{"Name": "plan", "AttributeDataType": "String", "Mutable": True}],
        }
        return factories.make_pool(idp, **{**defaults, **members})

    return make


@pytest.fixture(scope="session")
def make_client(idp: Any) -> Make:
    """Makes a client that allows every flow and does not tell who exists."""

    def make(pool: dict[str, Any], **members: Any) -> dict[str, Any]:
        defaults = {"ExplicitAuthFlows": EVERY_FLOW, "PreventUserExistenceErrors": "ENABLED"}
        return factories.make_client(idp, pool, **{**defaults, **members})

    return make


@pytest.fixture
def pool(make_pool: Make) -> dict[str, Any]:
    return make_pool()


@pytest.fixture
def client(make_client: Make, pool: dict[str, Any]) -> dict[str, Any]:
    return make_client(pool)


@pytest.fixture(scope="session")
def sdks() -> None:
    javascript.install()


@pytest.fixture
def identity_js(sdks: None, server: Server) -> Iterator[StartApp]:
    """Starts an app that uses amazon-cognito-identity-js."""
    with ExitStack() as started:

        def start(client: dict[str, Any]) -> App:
            configuration = {"UserPoolId": client["UserPoolId"], "ClientId": client["ClientId"], "endpoint": server.url}
            return started.enter_context(closing(App("amazon-cognito-identity-js", configuration)))

        yield start


@pytest.fixture
def amplify(sdks: None, server: Server) -> Iterator[StartApp]:
    """Starts an app that uses aws-amplify."""
    with ExitStack() as started:

        def start(client: dict[str, Any]) -> App:
            configuration = {
                "userPoolId": client["UserPoolId"],
                "userPoolClientId": client["ClientId"],
                "userPoolEndpoint": server.url,
            }
            return started.enter_context(closing(App("aws-amplify", configuration)))

        yield start
