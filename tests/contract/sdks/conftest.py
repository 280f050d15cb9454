"""Apps that use the public SDKs, and the pools that they sign in to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from tests.support import factories, javascript
from tests.support.javascript import App
from tests.support.server import Server

EVERY_FLOW = [
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]
SMS_CONFIGURATION = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "gatehouse"}
EMAIL_CONFIGURATION = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/accounts@example.com",
}

MakePool = Callable[..., dict[str, Any]]
MakeClient = Callable[..., dict[str, Any]]
StartApp = Callable[[dict[str, Any]], App]


@pytest.fixture(scope="session")
def make_pool(idp: Any) -> MakePool:
    """Makes a pool that verifies e-mail addresses and has an attribute of its own, `custom:plan`."""

    def make(**members: Any) -> dict[str, Any]:
        defaults = {
            "AutoVerifiedAttributes": ["email"],
            "Schema": [{"Name": "plan", "AttributeDataType": "String", "Mutable": True}],
        }
        return factories.make_pool(idp, **{**defaults, **members})

    return make


@pytest.fixture(scope="session")
def make_client(idp: Any) -> MakeClient:
    """Makes a client that allows every flow and does not tell who exists."""

    def make(pool: dict[str, Any], **members: Any) -> dict[str, Any]:
        defaults = {"ExplicitAuthFlows": EVERY_FLOW, "PreventUserExistenceErrors": "ENABLED"}
        return factories.make_client(idp, pool, **{**defaults, **members})

    return make


@pytest.fixture
def pool(make_pool: MakePool) -> dict[str, Any]:
    return make_pool()


@pytest.fixture
def client(make_client: MakeClient, pool: dict[str, Any]) -> dict[str, Any]:
    return make_client(pool)


@pytest.fixture(scope="session")
def sms_configuration() -> dict[str, str]:
    return SMS_CONFIGURATION


@pytest.fixture(scope="session")
def mfa_pool(idp: Any, make_pool: MakePool) -> MakePool:
    """Makes a pool that offers the second factors that are named: `mfa_pool("ON", "SMS_MFA", "SOFTWARE_TOKEN_MFA")`."""

    def make(mode: str, *factors: str, **members: Any) -> dict[str, Any]:
        # Who gets codes by e-mail or SMS cannot recover by the same channel, so nobody here recovers alone.
        recovery = {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]}
        made = make_pool(
            EmailConfiguration=EMAIL_CONFIGURATION,
            SmsConfiguration=SMS_CONFIGURATION,
            AccountRecoverySetting=recovery,
            **members,
        )
        configurations = {
            "SMS_MFA": {"SmsMfaConfiguration": {"SmsConfiguration": SMS_CONFIGURATION}},
            "SOFTWARE_TOKEN_MFA": {"SoftwareTokenMfaConfiguration": {"Enabled": True}},
            "EMAIL_OTP": {"EmailMfaConfiguration": {"Message": "Your code is {####}", "Subject": "Your code"}},
        }
        chosen: dict[str, Any] = {}
        for factor in factors:
            chosen |= configurations[factor]
        idp.set_user_pool_mfa_config(UserPoolId=made["Id"], MfaConfiguration=mode, **chosen)
        return made

    return make


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
