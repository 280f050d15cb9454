"""userInfo: what it tells by scope, and to whom it tells nothing."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.support import factories
from tests.support.clock import Clock
from tests.support.oauth import App, new_app, signed_in
from tests.support.pages import PASSWORD
from tests.support.server import Server

MALFORMED = ("invalid_request", "Bad OAuth2 request at UserInfo Endpoint")
INVALID = (
    "invalid_token",
    "Access token is expired, disabled, or deleted, or the user has globally signed out.",
)
NO_OPENID = ("invalid_token", "Access token does not contain openid scope")
METHODS = ["GET", "POST"]


@pytest.fixture(scope="module")
def app(server: Server, idp: Any) -> App:
    app = signed_in(server, idp, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    attributes = {"phone_number": "+15550100", "phone_number_verified": "false", "birthdate": "1815-12-10"}
    given = [{"Name": name, "Value": value} for name, value in attributes.items()]
    idp.admin_update_user_attributes(UserPoolId=app.pool_id, Username="ada", UserAttributes=given)
    return app


def ask(app: App, token: str | None, method: str = "GET", **options: Any) -> requests.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    options = {"headers": headers, "timeout": 20, **options}
    return requests.request(method, f"{app.issuer}/oauth2/userInfo", **options)


def told(app: App, scope: str) -> dict[str, Any]:
    answer = ask(app, app.tokens(scope=scope)["access_token"])
    assert answer.status_code == 200, answer.text
    members: dict[str, Any] = answer.json()
    return members


def check_refused(answer: requests.Response, expected: tuple[str, str]) -> None:
    error, description = expected
    assert answer.status_code == (400 if error == "invalid_request" else 401)
    assert answer.headers["WWW-Authenticate"] == f'Bearer error="{error}", error_description="{description}"'
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert answer.json() == {"error": error, "error_description": description}


# What it tells


EMAIL = {"email": "ada@example.com", "email_verified": "true"}
PHONE = {"phone_number": "+15550100", "phone_number_verified": "false"}
REST = {"given_name": "Ada", "birthdate": "1815-12-10"}


@pytest.mark.parametrize(
    ("scope", "shown"),
    [
        ("openid", {**EMAIL, **PHONE, **REST}),
        ("openid email", EMAIL),
        ("openid phone", PHONE),
        ("openid email phone", {**EMAIL, **PHONE}),
        ("openid profile", {**EMAIL, **PHONE, **REST}),
        ("openid aws.cognito.signin.user.admin", {**EMAIL, **PHONE, **REST}),
    ],
)
def test_scopes_say_what_is_shown_and_every_value_is_a_string(app: App, scope: str, shown: dict[str, str]) -> None:
    members = told(app, scope)
    sub = members.pop("sub")
    assert len(sub) == 36
    assert members == {"username": "ada", **shown}


def test_a_client_is_not_shown_what_it_may_not_read(server: Server, idp: Any) -> None:
    app = signed_in(server, idp, ReadAttributes=["given_name"])
    assert told(app, "openid profile").keys() == {"sub", "username", "given_name"}


def test_what_changed_since_the_token_was_made_is_told_as_it_is_now(server: Server, idp: Any) -> None:
    app = signed_in(server, idp)
    token = app.tokens()["access_token"]
    changed = [{"Name": "given_name", "Value": 'Augusta "Ada"'}]
    idp.admin_update_user_attributes(UserPoolId=app.pool_id, Username="ada", UserAttributes=changed)
    assert ask(app, token).json()["given_name"] == 'Augusta "Ada"'


def test_the_subject_is_that_of_the_id_token(app: App) -> None:
    tokens = app.tokens()
    claims = factories.claims_of(tokens["id_token"])
    assert ask(app, tokens["access_token"]).json()["sub"] == claims["sub"]


def test_the_answer_is_kept_by_nobody_and_readable_by_scripts_of_every_origin(app: App) -> None:
    answer = ask(app, app.tokens()["access_token"])
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    asked = requests.options(f"{app.issuer}/oauth2/userInfo", timeout=20)
    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]


# How the token is brought


def test_a_token_may_come_in_the_header_or_in_a_form(app: App) -> None:
    token = app.tokens()["access_token"]
    expected = ask(app, token).json()
    assert expected["username"] == "ada"
    assert ask(app, token, "POST").json() == expected
    assert ask(app, token, headers={"Authorization": f"bearer {token}"}).json() == expected
    assert ask(app, None, "POST", data={"access_token": token}).json() == expected


@pytest.mark.parametrize("method", METHODS)
def test_a_request_without_a_bearer_token_is_malformed(app: App, method: str) -> None:
    token = app.tokens()["access_token"]
    check_refused(ask(app, None, method), MALFORMED)
    check_refused(ask(app, None, method, params={"access_token": token}), MALFORMED)
    for header in ("", "Bearer", "Bearer ", f"Basic {token}", token, f"DPoP {token}"):
        check_refused(ask(app, None, method, headers={"Authorization": header}), MALFORMED)


def test_a_token_in_two_places_is_malformed(app: App) -> None:
    token = app.tokens()["access_token"]
    check_refused(ask(app, token, "POST", data={"access_token": token}), MALFORMED)
    check_refused(ask(app, None, "POST", data=[("access_token", token), ("access_token", token)]), MALFORMED)


def test_a_body_that_is_no_form_is_not_looked_into(app: App) -> None:
    token = app.tokens()["access_token"]
    check_refused(ask(app, None, "POST", json={"access_token": token}), MALFORMED)
    check_refused(ask(app, None, "POST", files={"access_token": (None, token)}), MALFORMED)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    check_refused(ask(app, None, "POST", data=b"access_token=%ff", headers=form), MALFORMED)
    check_refused(ask(app, None, "POST", data=b"access_token=" + b"x" * 100_000, headers=form), MALFORMED)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_not_allowed(app: App, method: str) -> None:
    answer = ask(app, "x", method)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, POST, OPTIONS"


# Tokens that do not count


@pytest.mark.parametrize("token", ["x", "a.b.c", "null", "e30.e30.", "x" * 5000])
def test_nonsense_is_no_token(app: App, token: str) -> None:
    check_refused(ask(app, token), INVALID)


def test_an_id_token_and_a_refresh_token_are_no_access_tokens(app: App) -> None:
    tokens = app.tokens()
    check_refused(ask(app, tokens["id_token"]), INVALID)
    check_refused(ask(app, tokens["refresh_token"]), INVALID)


def test_a_changed_token_is_refused(app: App) -> None:
    head, body, signature = app.tokens()["access_token"].split(".")
    check_refused(ask(app, f"{head}.{body}.{'A' * len(signature)}"), INVALID)
    check_refused(ask(app, f"{head}.{body}."), INVALID)


def test_a_token_without_openid_is_refused_with_the_reason(app: App, idp: Any) -> None:
    check_refused(ask(app, app.tokens(scope="aws.cognito.signin.user.admin")["access_token"]), NO_OPENID)
    by_api = factories.sign_in(idp, app.client, "ada", PASSWORD)
    check_refused(ask(app, by_api["AccessToken"]), NO_OPENID)


def test_a_token_of_another_pool_is_refused(app: App, server: Server, idp: Any) -> None:
    token = app.tokens()["access_token"]
    assert ask(app, token).status_code == 200
    check_refused(ask(new_app(server, idp), token), INVALID)
    elsewhere = f"{server.url}/us-east-1_None00000/oauth2/userInfo"
    answer = requests.get(elsewhere, headers={"Authorization": f"Bearer {token}"}, timeout=20)
    check_refused(answer, INVALID)


@pytest.mark.parametrize(
    "end", ["admin_user_global_sign_out", "admin_disable_user", "admin_delete_user", "admin_reset_user_password"]
)
def test_a_token_ends_with_its_user(server: Server, idp: Any, end: str) -> None:
    app = signed_in(server, idp)
    token = app.tokens()["access_token"]
    assert ask(app, token).status_code == 200
    getattr(idp, end)(UserPoolId=app.pool_id, Username="ada")
    check_refused(ask(app, token), INVALID)


def test_a_token_ends_with_its_client_its_family_and_its_time(server: Server, idp: Any, clock: Clock) -> None:
    app = signed_in(server, idp)
    revoked, expired = app.tokens(), app.tokens()["access_token"]
    form = {"token": revoked["refresh_token"], "client_id": app.client_id}
    assert requests.post(f"{app.issuer}/oauth2/revoke", data=form, timeout=20).status_code == 200
    check_refused(ask(app, revoked["access_token"]), INVALID)
    assert ask(app, expired).status_code == 200
    clock.advance(seconds=3601)
    check_refused(ask(app, expired), INVALID)
    app = signed_in(server, idp)
    token = app.tokens()["access_token"]
    idp.delete_user_pool_client(UserPoolId=app.pool_id, ClientId=app.client_id)
    check_refused(ask(app, token), INVALID)
