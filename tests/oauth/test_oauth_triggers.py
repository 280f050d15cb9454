"""The pool's functions in the grants: what PreTokenGeneration is told, what it changes, what its failure leaves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import factories
from tests.support.clients import REGION
from tests.support.factories import claims_of
from tests.support.hooks import Hooks
from tests.support.oauth import App, new_app, refused, told
from tests.support.pages import make_user
from tests.support.server import Server

CONTAINER = "claimsAndScopeOverrideDetails"


class Setting:
    """An app of a pool whose tokens wait for a hook; its user is signed in."""

    def __init__(self, server: Server, idp: Any, hooks: Hooks, version: str = "V2_0", **members: Any) -> None:
        config = {"PreTokenGenerationConfig": {"LambdaArn": hooks.arn, "LambdaVersion": version}}
        self.pool = factories.make_pool(idp, LambdaConfig=config)
        self.hooks = hooks
        self.calls = hooks.on(self.pool)
        make_user(idp, self.pool["Id"], "ada", email="ada@example.com", email_verified="true")
        self.app = new_app(server, idp, pool=self.pool, **members)
        self.app.sign_in()
        self.calls.clear()

    def answering(self, details: Any) -> None:
        self.hooks.on(self.pool, lambda event: {**event, "response": {CONTAINER: details}})

    def raising(self, text: str) -> None:
        def refuse(event: dict[str, Any]) -> Any:
            raise ValueError(text)

        self.hooks.on(self.pool, refuse)


def test_a_code_asks_for_a_hosted_sign_in_with_its_scopes(server: Server, idp: Any, hooks: Hooks) -> None:
    setting = Setting(server, idp, hooks)
    setting.app.tokens(scope="openid email")
    (event,) = setting.calls
    assert event["triggerSource"] == "TokenGeneration_HostedAuth"
    assert event["userName"] == "ada"
    assert event["request"]["scopes"] == ["openid", "email"]
    assert event["callerContext"]["clientId"] == setting.app.client_id
    assert "clientMetadata" not in event["request"]


def test_nothing_is_asked_for_a_code_that_is_not_exchanged(server: Server, idp: Any, hooks: Hooks) -> None:
    setting = Setting(server, idp, hooks)
    setting.app.code()
    assert setting.calls == []


def test_the_implicit_grant_asks_at_the_authorization(server: Server, idp: Any, hooks: Hooks) -> None:
    setting = Setting(server, idp, hooks, AllowedOAuthFlows=["implicit"])
    setting.answering({"accessTokenGeneration": {"scopesToAdd": ["orders/read"]}})
    said = told(setting.app.authorize(response_type="token", scope="openid"))
    assert claims_of(said["access_token"])["scope"] == "openid orders/read"
    assert [event["triggerSource"] for event in setting.calls] == ["TokenGeneration_HostedAuth"]


def test_a_refresh_is_one_and_metadata_goes_nowhere(server: Server, idp: Any, hooks: Hooks) -> None:
    setting = Setting(server, idp, hooks)
    tokens = setting.app.tokens(scope="openid email")
    setting.calls.clear()
    setting.app.refresh(tokens["refresh_token"], aws_client_metadata='{"a": "b"}')
    (event,) = setting.calls
    assert event["triggerSource"] == "TokenGeneration_RefreshTokens"
    assert event["request"]["scopes"] == ["openid", "email"]
    assert "clientMetadata" not in event["request"]


def test_what_a_function_may_not_change_stays(server: Server, idp: Any, hooks: Hooks) -> None:
    setting = Setting(server, idp, hooks)
    forged = {"nonce": "forged", "at_hash": "forged", "aud": "forged", "version": 9, "sub": "forged", "plan": "gold"}
    setting.answering(
        {
            "idTokenGeneration": {"claimsToAddOrOverride": forged, "claimsToSuppress": ["nonce", "at_hash"]},
            "accessTokenGeneration": {"claimsToAddOrOverride": forged, "scopesToSuppress": ["email"]},
        }
    )
    resource = "https://api.example"
    tokens = setting.app.tokens(scope="openid email", nonce="n-1", resource=resource)
    in_id, in_access = claims_of(tokens["id_token"]), claims_of(tokens["access_token"])
    assert (in_id["nonce"], in_id["aud"], in_id["plan"]) == ("n-1", setting.app.client_id, "gold")
    assert in_id["at_hash"] != "forged"
    assert (in_access["aud"], in_access["version"], in_access["plan"]) == (resource, 2, "gold")
    assert in_access["scope"] == "openid"
    assert in_id["email"] == "ada@example.com"


def test_a_function_that_fails_gives_no_tokens_and_leaves_the_code(server: Server, idp: Any, hooks: Hooks) -> None:
    setting = Setting(server, idp, hooks)
    code = setting.app.code()
    setting.raising("no plan")
    answer = setting.app.redeem(code)
    assert refused(answer) == "invalid_grant"
    assert answer.json()["error_description"] == "PreTokenGeneration failed with error no plan."
    setting.answering(None)
    assert setting.app.redeem(code).status_code == 200


def test_a_function_that_fails_is_told_to_the_app_of_an_implicit_grant(server: Server, idp: Any, hooks: Hooks) -> None:
    setting = Setting(server, idp, hooks, AllowedOAuthFlows=["implicit"])
    setting.raising("no plan")
    said = told(setting.app.authorize(response_type="token"))
    assert said["error"] == "invalid_request"
    assert said["error_description"] == "PreTokenGeneration failed with error no plan."


def test_a_user_who_is_disabled_while_the_function_is_asked_gets_nothing(
    server: Server, idp: Any, hooks: Hooks
) -> None:
    setting = Setting(server, idp, hooks)
    code = setting.app.code()

    def disable(event: dict[str, Any]) -> dict[str, Any]:
        idp.admin_disable_user(UserPoolId=setting.app.pool_id, Username="ada")
        return event

    hooks.on(setting.pool, disable)
    assert refused(setting.app.redeem(code)) == "invalid_grant"


@pytest.mark.parametrize("version", ["V3_0", "V2_0"])
def test_the_third_version_alone_is_asked_about_a_client(server: Server, idp: Any, hooks: Hooks, version: str) -> None:
    config = {"PreTokenGenerationConfig": {"LambdaArn": hooks.arn, "LambdaVersion": version}}
    pool = factories.make_pool(idp, LambdaConfig=config)
    idp.create_resource_server(
        UserPoolId=pool["Id"],
        Identifier="api",
        Name="api",
        Scopes=[{"ScopeName": "read", "ScopeDescription": "read"}],
    )
    client = idp.create_user_pool_client(
        UserPoolId=pool["Id"],
        ClientName="machine",
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["api/read"],
    )["UserPoolClient"]
    details = {
        "accessTokenGeneration": {
            "claimsToAddOrOverride": {"tenant": "acme", "sub": "forged", "username": "forged"},
            "scopesToAdd": ["api/write"],
        },
        "groupOverrideDetails": {"groupsToOverride": ["x"]},
    }
    calls = hooks.on(pool, lambda event: {**event, "response": {CONTAINER: details}})
    app = App(server, client)
    answer = app.token(
        auth=(app.client_id, client["ClientSecret"]),
        grant_type="client_credentials",
        aws_client_metadata='{"job": "nightly"}',
    )
    claims = claims_of(answer.json()["access_token"])
    if version == "V2_0":
        assert calls == []
        assert "tenant" not in claims and claims["scope"] == "api/read"
        return
    assert calls == [
        {
            "version": "3",
            "triggerSource": "TokenGeneration_ClientCredentials",
            "region": REGION,
            "userPoolId": pool["Id"],
            "userName": "ClientCredentials",
            "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": app.client_id},
            "request": {
                "userAttributes": {},
                "groupConfiguration": None,
                "scopes": ["api/read"],
                "clientMetadata": {"job": "nightly"},
            },
            "response": {CONTAINER: None},
        }
    ]
    lasting = {name: value for name, value in claims.items() if name not in {"jti", "auth_time", "iat", "exp"}}
    assert lasting == {
        "sub": app.client_id,
        "client_id": app.client_id,
        "iss": app.issuer,
        "token_use": "access",
        "version": 2,
        "scope": "api/read api/write",
        "tenant": "acme",
    }
    assert claims["exp"] - claims["iat"] == 3600
