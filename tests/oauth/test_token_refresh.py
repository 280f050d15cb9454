"""Refresh tokens at the token endpoint, with rotation and without, of the pages' sign-ins and of the API's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import factories
from tests.support.clients import refused as refused_by
from tests.support.clock import Clock
from tests.support.factories import claims_of
from tests.support.oauth import ENDINGS, App, end, refused, signed_in
from tests.support.pages import PASSWORD, make_app
from tests.support.server import Server

ROTATING = {"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]}
API_FLOWS: dict[str, Any] = {"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}


@pytest.fixture
def app(server: Server, idp: Any) -> App:
    return signed_in(server, idp)


def rotating(server: Server, idp: Any, grace_seconds: int) -> App:
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": grace_seconds}
    return signed_in(server, idp, RefreshTokenRotation=rotation, **ROTATING)


def test_a_refresh_gives_an_id_and_an_access_token(app: App, clock: Clock) -> None:
    first = app.tokens(scope="openid email", nonce="n", resource="https://api.example/")
    clock.advance(seconds=600)
    answer = app.refresh(first["refresh_token"])
    assert answer.json().keys() == {"id_token", "access_token", "expires_in", "token_type"}
    for name in ("id_token", "access_token"):
        before, after = claims_of(first[name]), claims_of(answer.json()[name])
        assert after["iat"] >= before["iat"] + 600
        each = {"iat", "exp", "jti", "event_id"}
        kept = {claim: value for claim, value in before.items() if claim not in each | {"nonce", "at_hash"}}
        assert kept == {claim: value for claim, value in after.items() if claim not in each}


def test_a_refresh_keeps_the_scope_whatever_is_asked(app: App) -> None:
    refresh_token = app.tokens(scope="openid email")["refresh_token"]
    for scope in ("openid", "openid email", "aws.cognito.signin.user.admin", "nothing"):
        answer = app.refresh(refresh_token, scope=scope)
        assert claims_of(answer.json()["access_token"])["scope"] == "openid email"


def test_with_rotation_each_refresh_gives_the_next(server: Server, idp: Any, clock: Clock) -> None:
    app = rotating(server, idp, grace_seconds=10)
    first = app.tokens()["refresh_token"]
    second = app.refresh(first).json()["refresh_token"]
    assert second != first
    assert app.refresh(first).status_code == 200, "within its grace"
    clock.advance(seconds=11)
    assert refused(app.refresh(first)) == "invalid_grant"
    assert refused(app.refresh(second)) == "invalid_grant", "reuse ended the family"


def test_without_grace_a_spent_token_ends_the_family(server: Server, idp: Any) -> None:
    app = rotating(server, idp, grace_seconds=0)
    first = app.tokens()["refresh_token"]
    second = app.refresh(first).json()["refresh_token"]
    assert refused(app.refresh(first)) == "invalid_grant"
    assert refused(app.refresh(second)) == "invalid_grant"


def test_a_refresh_token_lasts_as_long_as_its_client_says(server: Server, idp: Any, clock: Clock) -> None:
    app = signed_in(server, idp, RefreshTokenValidity=2, TokenValidityUnits={"RefreshToken": "hours"})
    refresh_token = app.tokens()["refresh_token"]
    clock.advance(seconds=119 * 60)
    assert app.refresh(refresh_token).status_code == 200
    clock.advance(seconds=2 * 60)
    assert refused(app.refresh(refresh_token)) == "invalid_grant"


def test_a_refresh_token_is_one_clients(app: App, server: Server, idp: Any) -> None:
    sibling = App(server, make_app(idp, app.pool_id), app.browser)
    assert refused(sibling.refresh(app.tokens()["refresh_token"])) == "invalid_grant"


@pytest.mark.parametrize("token", ["x", "x" * 5000, "ü", "a.b.c"])
def test_an_unknown_token_is_refused(app: App, token: str) -> None:
    assert refused(app.refresh(token)) == "invalid_grant"


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_refresh_ends_with_its_user(app: App, idp: Any, ending: str) -> None:
    refresh_token = app.tokens()["refresh_token"]
    end(idp, app, ending)
    assert refused(app.refresh(refresh_token)) == "invalid_grant"


def test_a_token_that_the_api_revoked_is_refused(app: App, public: Any) -> None:
    refresh_token = app.tokens()["refresh_token"]
    public.revoke_token(Token=refresh_token, ClientId=app.client_id)
    assert refused(app.refresh(refresh_token)) == "invalid_grant"


# The API's refreshes and ours


def test_the_api_refreshes_what_the_pages_granted_and_keeps_its_scope(server: Server, idp: Any, public: Any) -> None:
    app = signed_in(server, idp, ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"])
    refresh_token = app.tokens(scope="openid email")["refresh_token"]
    by_flow = public.initiate_auth(
        ClientId=app.client_id, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": refresh_token}
    )
    by_name = public.get_tokens_from_refresh_token(ClientId=app.client_id, RefreshToken=refresh_token)
    for result in (by_flow["AuthenticationResult"], by_name["AuthenticationResult"]):
        assert claims_of(result["AccessToken"])["scope"] == "openid email"
        assert "given_name" not in claims_of(result["IdToken"])
        with refused_by("NotAuthorizedException", "Access Token does not have required scopes"):
            public.get_user(AccessToken=result["AccessToken"])


def test_the_api_gives_no_id_token_that_was_not_granted(server: Server, idp: Any, public: Any) -> None:
    app = signed_in(server, idp, ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"])
    refresh_token = app.tokens(scope="aws.cognito.signin.user.admin")["refresh_token"]
    result = public.get_tokens_from_refresh_token(ClientId=app.client_id, RefreshToken=refresh_token)
    assert "IdToken" not in result["AuthenticationResult"]


def test_what_the_api_signed_in_is_refreshed_here_as_there(server: Server, idp: Any, public: Any) -> None:
    app = signed_in(server, idp, **API_FLOWS)
    result = factories.sign_in(public, app.client, "ada", PASSWORD)
    tokens = app.refresh(result["RefreshToken"]).json()
    assert claims_of(tokens["access_token"])["scope"] == "aws.cognito.signin.user.admin"
    assert claims_of(tokens["id_token"])["given_name"] == "Ada"
    assert public.get_user(AccessToken=tokens["access_token"])["Username"] == "ada"


def test_a_client_that_is_not_enabled_refreshes_nothing_here(server: Server, idp: Any, public: Any) -> None:
    app = signed_in(server, idp, **API_FLOWS)
    disabled = make_app(idp, app.pool_id, AllowedOAuthFlowsUserPoolClient=False, **API_FLOWS)
    result = factories.sign_in(public, disabled, "ada", PASSWORD)
    other = App(server, disabled, app.browser)
    assert refused(other.refresh(result["RefreshToken"])) == "unauthorized_client"
