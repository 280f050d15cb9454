"""The authorization endpoint refuses: on the error page where the app cannot be told, else in the app's redirect."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from tests.support.factories import claims_of
from tests.support.oauth import CHALLENGE, PKCE, VERIFIER, App, new_app, signed_in, told
from tests.support.pages import CALLBACK
from tests.support.server import Server


@pytest.fixture
def app(server: Server, idp: Any) -> App:
    return signed_in(server, idp, AllowedOAuthFlows=["code", "implicit"])


def on_error_page(app: App, query: str) -> dict[str, str]:
    """What the error page is told. Nothing of it is a place to go to."""
    response = app.visit(f"oauth2/authorize?{query}")
    assert response.status_code == 302, response.text
    location = response.headers["Location"]
    assert location.startswith(f"/{app.pool_id}/error?"), location
    return {name: value for name, (value,) in parse_qs(urlsplit(location).query).items()}


# The error page


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        f"{CALLBACK}/",
        f"{CALLBACK}?a=b",
        f"{CALLBACK}#x",
        f"{CALLBACK}%2f..",
        CALLBACK.upper(),
        CALLBACK.replace("https", "http"),
        CALLBACK.replace("app.example", "app.example:443"),
        CALLBACK.replace("app.example", "app.example@evil.example"),
        CALLBACK.replace("app.example", "app.example.evil.example"),
        f" {CALLBACK}",
        f"{CALLBACK}\r\nX-Injected: 1",
        f"{CALLBACK}/../evil",
        "//app.example/callback",
        "/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "x" * 5000,
    ],
)
def test_an_address_that_is_not_registered_letter_by_letter_is_never_led_to(app: App, address: str) -> None:
    told_page = on_error_page(app, urlencode(app.asking(redirect_uri=address)))
    assert told_page == {"error": "redirect_mismatch", "client_id": app.client_id}


def test_there_must_be_a_client(app: App) -> None:
    assert on_error_page(app, urlencode(app.asking(client_id=None))) == {"error": "Required parameters missing"}
    assert on_error_page(app, "") == {"error": "Required parameters missing"}


@pytest.mark.parametrize("client_id", ["nobody", "ü", "x" * 3000, "'; --", "../"])
def test_an_unknown_client_is_told_on_the_page(app: App, client_id: str) -> None:
    assert on_error_page(app, urlencode(app.asking(client_id=client_id))) == {"error": "Client does not exist."}


def test_a_client_of_another_pool_is_unknown(app: App, server: Server, idp: Any) -> None:
    other = new_app(server, idp)
    asked = urlencode(app.asking(client_id=other.client_id))
    assert on_error_page(app, asked) == {"error": "Client does not exist."}


def test_a_deleted_client_is_unknown(app: App, idp: Any) -> None:
    idp.delete_user_pool_client(UserPoolId=app.pool_id, ClientId=app.client_id)
    assert on_error_page(app, urlencode(app.asking())) == {"error": "Client does not exist."}


def test_of_several_addresses_one_must_be_said(server: Server, idp: Any) -> None:
    app = signed_in(server, idp, CallbackURLs=[CALLBACK, "https://app.example/other"])
    asked = urlencode(app.asking(redirect_uri=None))
    assert on_error_page(app, asked) == {"error": "Required parameters missing"}


@pytest.mark.parametrize(
    "more",
    [
        "&client_id=another",
        "&redirect_uri=https%3A%2F%2Fevil.example%2F",
        "&redirect%5Furi=https%3A%2F%2Fevil.example%2F",
        "&client_id=%00",
        "&x=%ff",
    ],
)
def test_a_request_that_can_be_read_in_two_ways_goes_to_the_page(app: App, more: str) -> None:
    assert on_error_page(app, urlencode(app.asking()) + more) == {"error": "invalid_request"}


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_a_null_character_goes_to_the_page(app: App, name: str) -> None:
    asked = urlencode({**app.asking(), name: app.asking()[name] + "\0"})
    assert on_error_page(app, asked) == {"error": "invalid_request"}


def test_far_too_many_parameters_go_to_the_page(app: App) -> None:
    asked = urlencode(app.asking()) + "&a=b" * 1000
    assert on_error_page(app, asked) == {"error": "invalid_request"}


# To the app


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "id_token"}, "invalid_request"),
        ({"response_type": "code token"}, "invalid_request"),
        ({"response_type": "codex"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_type": "token", "response_mode": "query"}, "invalid_request"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"scope": "openid admin"}, "invalid_scope"),
        ({"scope": "openid\0"}, "invalid_request"),
        ({"scope": "email"}, "invalid_scope"),
        ({"scope": "phone aws.cognito.signin.user.admin"}, "invalid_scope"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"scope": "OPENID"}, "invalid_scope"),
        ({"scope": "openid,email"}, "invalid_scope"),
        ({"code_challenge": CHALLENGE}, "invalid_request"),
        ({"code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge": VERIFIER, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": f"{CHALLENGE}=", "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "٣"}, "invalid_request"),
        ({"max_age": "9" * 5000}, "invalid_request"),
        ({"nonce": "n" * 3000}, "invalid_request"),
        ({"nonce": "n\0"}, "invalid_request"),
        ({"state": "s\0"}, "invalid_request"),
        ({"resource": "api"}, "invalid_request"),
        ({"resource": "http://api.example/"}, "invalid_request"),
        ({"resource": "https://api.example/#x"}, "invalid_request"),
        ({"resource": "https://api.example/ x"}, "invalid_request"),
        ({"resource": "https://api.example/" + "x" * 2000}, "invalid_request"),
        ({"identity_provider": "Nowhere"}, "invalid_request"),
        ({"identity_provider": "cognito"}, "invalid_request"),
        ({"idp_identifier": "example.com"}, "invalid_request"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"request_uri": "https://evil.example/request"}, "request_uri_not_supported"),
    ],
)
def test_what_is_wrong_is_told_to_the_app(app: App, wrong: dict[str, str | None], error: str) -> None:
    said = told(app.authorize(**wrong))
    expected_state = wrong.get("state", "a state")
    assert (said["error"], said["state"], said["iss"]) == (error, expected_state, app.issuer)
    assert "code" not in said and "access_token" not in said


@pytest.mark.parametrize(
    "name", ["scope", "state", "response_type", "nonce", "prompt", "max_age", "resource", "code_challenge", "lang"]
)
def test_no_parameter_may_come_twice(app: App, name: str) -> None:
    asked = {**app.asking(**PKCE), "nonce": "n", "prompt": "consent", "max_age": "60", "lang": "de"}
    asked["resource"] = "https://api.example/"
    said = told(app.visit(f"oauth2/authorize?{urlencode(asked)}&{name}={quote(asked[name])}"))
    assert said["error"] == "invalid_request"


def test_what_is_wrong_with_an_implicit_request_is_told_in_the_fragment(app: App) -> None:
    location = app.authorize(response_type="token", scope="admin").headers["Location"]
    assert urlsplit(location).query == ""
    assert parse_qs(urlsplit(location).fragment)["error"] == ["invalid_scope"]


@pytest.mark.parametrize(("flow", "response_type"), [("code", "token"), ("implicit", "code")])
def test_a_flow_that_the_client_does_not_allow_is_refused(
    server: Server, idp: Any, flow: str, response_type: str
) -> None:
    app = signed_in(server, idp, AllowedOAuthFlows=[flow])
    assert told(app.authorize(response_type=response_type))["error"] == "unauthorized_client"


def test_a_client_that_is_not_enabled_is_told_so(server: Server, idp: Any) -> None:
    app = new_app(server, idp, AllowedOAuthFlowsUserPoolClient=False)
    said = told(app.authorize())
    assert (said["error"], said["error_description"]) == (
        "invalid_request",
        "Client is not enabled for OAuth2.0 flows",
    )


def test_a_client_without_a_provider_signs_nobody_in(server: Server, idp: Any) -> None:
    app = new_app(server, idp, SupportedIdentityProviders=[])
    assert told(app.authorize())["error"] == "unauthorized_client"


def test_a_client_without_scopes_gets_none(server: Server, idp: Any) -> None:
    app = signed_in(server, idp, AllowedOAuthScopes=[])
    assert told(app.authorize(scope=None))["error"] == "invalid_scope"


def test_an_error_is_told_before_anybody_is_asked_to_sign_in(server: Server, idp: Any) -> None:
    app = new_app(server, idp)
    assert told(app.authorize(scope="admin"))["error"] == "invalid_scope"


def test_the_own_users_may_be_asked_for_by_name(app: App) -> None:
    assert "code" in told(app.authorize(identity_provider="COGNITO"))


@pytest.mark.parametrize(
    "resource", ["https://api.example", "https://api.example/v1?x=1", "http://localhost:9000", "myapi://orders"]
)
def test_an_access_token_may_be_bound_to_an_api(app: App, resource: str) -> None:
    said = told(app.authorize(response_type="token", resource=resource))
    assert claims_of(said["access_token"])["aud"] == resource
    assert claims_of(said["id_token"])["aud"] == app.client_id
