"""Introspection: a client learns what its own tokens say and whether they count, and nothing about others'."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.support import factories
from tests.support.clients import secret_hash
from tests.support.clock import Clock
from tests.support.oauth import App, signed_in
from tests.support.pages import PASSWORD, make_app
from tests.support.server import Server

SECRET = "a_secret_of_an_app_for_tests"
INACTIVE = {"active": False}


@pytest.fixture(scope="module")
def app(server: Server, idp: Any) -> App:
    return signed_in(server, idp, ClientSecret=SECRET)


def tokens(app: App, **asked: str) -> dict[str, Any]:
    answer = app.redeem(app.code(**asked), client_secret=SECRET)
    assert answer.status_code == 200, answer.text
    members: dict[str, Any] = answer.json()
    return members


def introspect(app: App, token: str, auth: Any = None, **form: str) -> dict[str, Any]:
    answer = post(app, auth=auth or (app.client_id, SECRET), token=token, **form)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert "no-store" in answer.headers["Cache-Control"]
    members: dict[str, Any] = answer.json()
    return members


def post(app: App, auth: Any = None, **form: str) -> requests.Response:
    return requests.post(f"{app.issuer}/oauth2/introspect", data=form, auth=auth, timeout=20)


@pytest.mark.parametrize("hint", [{}, {"token_type_hint": "access_token"}, {"token_type_hint": "refresh_token"}])
def test_an_access_token_says_what_is_in_it(app: App, hint: dict[str, str]) -> None:
    token = tokens(app, scope="openid email")["access_token"]
    claims = factories.claims_of(token)
    names = ("scope", "client_id", "username", "exp", "iat", "sub", "iss", "jti")
    said = {name: claims[name] for name in names}
    assert introspect(app, token, **hint) == {"active": True, "token_type": "Bearer", **said}
    assert said["scope"].split() == ["openid", "email"]


@pytest.mark.parametrize("hint", [{}, {"token_type_hint": "access_token"}, {"token_type_hint": "made-up"}])
def test_a_refresh_token_says_how_long_it_lives(app: App, hint: dict[str, str]) -> None:
    given = tokens(app, scope="openid email")
    claims = factories.claims_of(given["access_token"])
    said = introspect(app, given["refresh_token"], **hint)
    assert abs(said.pop("exp") - claims["iat"] - 30 * 24 * 3600) <= 1
    assert said == {
        "active": True,
        "scope": "openid email",
        "client_id": app.client_id,
        "username": "ada",
        "sub": claims["sub"],
        "iss": app.issuer,
    }


def test_a_machine_asks_about_its_token(server: Server, idp: Any) -> None:
    pool_id = factories.make_pool(idp)["Id"]
    scopes = [{"ScopeName": "read", "ScopeDescription": "d"}]
    idp.create_resource_server(UserPoolId=pool_id, Identifier="orders", Name="orders", Scopes=scopes)
    client = make_app(
        idp, pool_id, AllowedOAuthFlows=["client_credentials"], AllowedOAuthScopes=["orders/read"], GenerateSecret=True
    )
    auth = (client["ClientId"], client["ClientSecret"])
    base = f"{server.url}/{pool_id}/oauth2"
    given = requests.post(f"{base}/token", data={"grant_type": "client_credentials"}, auth=auth, timeout=20).json()
    said = requests.post(f"{base}/introspect", data={"token": given["access_token"]}, auth=auth, timeout=20).json()
    assert (said["active"], said["sub"], said["scope"]) == (True, client["ClientId"], "orders/read")
    assert "username" not in said


def test_tokens_of_a_sign_in_by_api_are_known_too(server: Server, idp: Any) -> None:
    app = signed_in(server, idp, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"], ClientSecret=SECRET)
    parameters = {"USERNAME": "ada", "PASSWORD": PASSWORD, "SECRET_HASH": hash_of(app)}
    answer = idp.initiate_auth(ClientId=app.client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    assert introspect(app, answer["AuthenticationResult"]["AccessToken"])["active"] is True
    assert introspect(app, answer["AuthenticationResult"]["RefreshToken"])["active"] is True


def hash_of(app: App) -> str:
    return secret_hash({**app.client, "ClientSecret": SECRET}, "ada")


# What is inactive


@pytest.mark.parametrize("token", ["x", "a.b.c", "e30.e30.", "null", "ü", "x" * 10_000])
def test_nonsense_is_inactive(app: App, token: str) -> None:
    assert introspect(app, token) == INACTIVE


def test_an_id_token_is_inactive_as_it_opens_nothing(app: App) -> None:
    assert introspect(app, tokens(app)["id_token"]) == INACTIVE


def test_an_api_asks_about_the_access_tokens_of_every_client_of_its_pool(app: App, server: Server, idp: Any) -> None:
    given = tokens(app)
    api = make_app(idp, app.pool_id, ClientName="another", GenerateSecret=True)
    auth = (api["ClientId"], api["ClientSecret"])
    assert introspect(app, given["access_token"], auth=auth) == introspect(app, given["access_token"])
    assert introspect(app, given["refresh_token"], auth=auth) == INACTIVE


def test_another_pools_tokens_are_inactive(app: App, server: Server, idp: Any) -> None:
    given = tokens(app)
    elsewhere = signed_in(server, idp, ClientSecret=SECRET)
    for name in ("access_token", "refresh_token"):
        assert introspect(app, given[name])["active"] is True
        assert introspect(elsewhere, given[name]) == INACTIVE


def test_a_revoked_family_is_inactive(app: App) -> None:
    given = tokens(app)
    form = {"token": given["refresh_token"]}
    requests.post(f"{app.issuer}/oauth2/revoke", data=form, auth=(app.client_id, SECRET), timeout=20)
    assert introspect(app, given["access_token"]) == INACTIVE
    assert introspect(app, given["refresh_token"]) == INACTIVE


@pytest.mark.parametrize("end", ["admin_user_global_sign_out", "admin_disable_user", "admin_delete_user"])
def test_tokens_end_with_their_user(server: Server, idp: Any, end: str) -> None:
    app = signed_in(server, idp, ClientSecret=SECRET)
    given = tokens(app)
    getattr(idp, end)(UserPoolId=app.pool_id, Username="ada")
    assert introspect(app, given["access_token"]) == INACTIVE
    assert introspect(app, given["refresh_token"]) == INACTIVE


def test_tokens_end_in_time(app: App, clock: Clock) -> None:
    given = tokens(app)
    clock.advance(seconds=3601)
    assert introspect(app, given["access_token"]) == INACTIVE
    assert introspect(app, given["refresh_token"])["active"] is True
    clock.advance(seconds=30 * 24 * 3600)
    assert introspect(app, given["refresh_token"]) == INACTIVE


def test_asking_about_a_spent_token_ends_nothing(server: Server, idp: Any) -> None:
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    app = signed_in(
        server, idp, ClientSecret=SECRET, RefreshTokenRotation=rotation, ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"]
    )
    first = tokens(app)["refresh_token"]
    assert introspect(app, first)["active"] is True
    second = app.refresh(first, client_secret=SECRET).json()["refresh_token"]
    assert introspect(app, first) == INACTIVE
    assert introspect(app, second)["active"] is True


# Who may ask


def test_who_asks_proves_a_secret(app: App, server: Server, idp: Any) -> None:
    token = tokens(app)["access_token"]
    public = make_app(idp, app.pool_id, ClientName="public")
    for options in (
        {"auth": (app.client_id, "wrong")},
        {"auth": ("nobody", SECRET)},
        {"client_id": app.client_id},
        {"client_id": app.client_id, "client_secret": "wrong"},
        {"client_id": public["ClientId"]},
        {"auth": (public["ClientId"], "")},
    ):
        answer = post(app, token=token, **options)
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert post(app, token=token, client_id=app.client_id, client_secret=SECRET).json()["active"] is True


def test_a_token_is_needed_in_a_form(app: App) -> None:
    auth = (app.client_id, SECRET)
    address = f"{app.issuer}/oauth2/introspect"
    for options in ({}, {"data": {"token": ""}}, {"json": {"token": "t"}}, {"params": {"token": "t"}}):
        answer = requests.post(address, auth=auth, timeout=20, **options)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    answer = requests.get(address, params={"token": "t"}, auth=auth, timeout=20)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_scripts_of_other_origins_may_not_ask(app: App) -> None:
    answer = post(app, auth=(app.client_id, SECRET), token="t")
    assert "Access-Control-Allow-Origin" not in answer.headers
