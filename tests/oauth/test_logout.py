"""Signing a browser out, in Cognito's dialect and in OpenID Connect's."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.support import factories
from tests.support.clock import Clock
from tests.support.oauth import App, new_app, told
from tests.support.pages import CALLBACK, PASSWORD, Browser, make_app, request_of
from tests.support.server import Server

BYE = "https://app.example/bye"
WITH_QUERY = "https://app.example/bye?from=gatehouse"
NATIVE = "com.example.app://signed-out"


@pytest.fixture(scope="module")
def made(server: Server, idp: Any) -> App:
    return new_app(server, idp, LogoutURLs=[BYE, WITH_QUERY, NATIVE])


@pytest.fixture
def app(made: App) -> App:
    """With a browser of its own, which is signed in."""
    app = App(made.server, made.client)
    app.sign_in()
    return app


def leave(app: App, method: str = "GET", **query: str) -> requests.Response:
    address = f"{app.issuer}/logout"
    options: dict[str, Any] = {"data": query} if method == "POST" else {"params": query}
    return app.browser.session.request(method, address, timeout=20, allow_redirects=False, **options)


def is_signed_in(app: App) -> bool:
    return "code" in told(app.authorize(prompt="none"))


def check_goes_to(app: App, answer: requests.Response, address: str) -> None:
    """And the browser is signed out."""
    assert (answer.status_code, answer.headers["Location"]) == (302, address), answer.text
    assert answer.headers["Referrer-Policy"] in {"no-referrer", "same-origin"}
    assert "no-store" in answer.headers["Cache-Control"]
    assert not is_signed_in(app)


def check_goes_to_error_page(app: App, answer: requests.Response, error: str) -> None:
    parts = urlsplit(answer.headers["Location"])
    assert answer.status_code == 302
    assert not parts.netloc
    assert parts.path == f"/{app.pool_id}/error"
    assert dict(parse_qsl(parts.query)) == {"error": error, "client_id": app.client_id}


def text(app: App, answer: requests.Response) -> str:
    app.browser.at = answer
    return app.browser.text


# Cognito's dialect


@pytest.mark.parametrize("target", [BYE, WITH_QUERY, NATIVE])
def test_logout_leads_to_a_registered_address_as_it_is(app: App, target: str) -> None:
    assert is_signed_in(app)
    answer = leave(app, client_id=app.client_id, logout_uri=target, state="s")
    check_goes_to(app, answer, target)


def test_the_cookie_goes_and_what_it_held_is_worth_nothing(app: App) -> None:
    name = f"cognito-{app.pool_id}"
    held = app.browser.session.cookies.get_dict()
    assert held[name]
    leave(app, client_id=app.client_id, logout_uri=BYE)
    assert name not in app.browser.session.cookies.get_dict()
    app.browser.session.cookies.update(held)
    assert not is_signed_in(app)


def test_logout_may_lead_to_signing_in_again(app: App) -> None:
    answer = leave(
        app,
        client_id=app.client_id,
        redirect_uri=CALLBACK,
        response_type="code",
        state="a b&c",
        nonce="n",
        identity_provider="Nobody",
        idp_identifier="nobody.example",
    )
    parts = urlsplit(answer.headers["Location"])
    assert (answer.status_code, parts.netloc, parts.path) == (302, "", f"/{app.pool_id}/login")
    assert dict(parse_qsl(parts.query)) == {
        "client_id": app.client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "state": "a b&c",
        "nonce": "n",
        "scope": "openid email phone profile aws.cognito.signin.user.admin",
    }
    assert not is_signed_in(app)


def test_signing_in_again_ends_at_the_app(app: App) -> None:
    query = {"client_id": app.client_id, "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid"}
    app.browser.open("logout", **query)
    app.browser.submit(username="ada", password=PASSWORD)
    assert app.browser.at is not None
    assert "code" in told(app.browser.at)


def test_logout_uri_wins(app: App) -> None:
    query = {"client_id": app.client_id, "logout_uri": BYE, "redirect_uri": CALLBACK, "response_type": "code"}
    check_goes_to(app, leave(app, **query), BYE)


@pytest.mark.parametrize(
    "query",
    [
        {"logout_uri": "https://evil.example/"},
        {"logout_uri": f"{BYE}/"},
        {"logout_uri": BYE.upper()},
        {"logout_uri": f"{BYE}?x=1"},
        {"logout_uri": f"{BYE}#x"},
        {"logout_uri": f" {BYE}"},
        {"logout_uri": ""},
        {"logout_uri": "//evil.example/bye"},
        {"logout_uri": "javascript:alert(1)"},
        {"logout_uri": CALLBACK},
        {"redirect_uri": BYE, "response_type": "code"},
        {"redirect_uri": "https://evil.example/", "response_type": "code"},
        {"post_logout_redirect_uri": "https://evil.example/"},
        {"post_logout_redirect_uri": CALLBACK},
    ],
)
def test_nobody_is_led_to_an_unregistered_address(app: App, query: dict[str, str]) -> None:
    check_goes_to_error_page(app, leave(app, client_id=app.client_id, **query), "redirect_mismatch")
    assert not is_signed_in(app)


@pytest.mark.parametrize(
    ("query", "missing"),
    [({}, "redirect_uri"), ({"response_type": "code"}, "redirect_uri"), ({"redirect_uri": CALLBACK}, "response_type")],
)
def test_a_client_that_does_not_say_where_to_go_is_told(app: App, query: dict[str, str], missing: str) -> None:
    answer = leave(app, client_id=app.client_id, **query)
    assert answer.status_code == 400
    assert f"Required String parameter '{missing}' is not present".replace("'", "&#x27;") in answer.text
    assert not is_signed_in(app)


@pytest.mark.parametrize("client_id", ["nobody", "a\0b", "<script>", "x" * 300])
def test_an_unknown_client_is_told_on_a_page(app: App, client_id: str) -> None:
    answer = leave(app, client_id=client_id, logout_uri=BYE)
    assert answer.status_code == 400
    assert "Client does not exist." in text(app, answer)
    assert "script>" not in text(app, answer)


def test_a_client_of_another_pool_is_unknown(app: App, server: Server, idp: Any) -> None:
    elsewhere = new_app(server, idp)
    answer = leave(app, client_id=elsewhere.client_id, logout_uri=BYE)
    assert answer.status_code == 400
    assert "Client does not exist." in text(app, answer)


def test_addresses_of_a_client_without_oauth_have_no_effect(app: App, idp: Any) -> None:
    off = make_app(idp, app.pool_id, AllowedOAuthFlowsUserPoolClient=False)
    answer = leave(app, client_id=off["ClientId"], logout_uri=BYE)
    assert answer.status_code == 302
    assert "error=redirect_mismatch" in answer.headers["Location"]


# OpenID Connect's dialect


def test_a_hint_says_which_client_it_is(app: App) -> None:
    hint = app.tokens()["id_token"]
    answer = leave(app, id_token_hint=hint, post_logout_redirect_uri=BYE)
    check_goes_to(app, answer, BYE)


@pytest.mark.parametrize("with_hint", [True, False])
def test_state_comes_back(app: App, with_hint: bool) -> None:
    named = {"id_token_hint": app.tokens()["id_token"]} if with_hint else {}
    query = {"client_id": app.client_id, "post_logout_redirect_uri": WITH_QUERY, "state": "a b&c=d", **named}
    check_goes_to(app, leave(app, **query), f"{WITH_QUERY}&state=a%20b%26c%3Dd")


def test_a_form_signs_out_as_well(app: App) -> None:
    answer = leave(app, "POST", client_id=app.client_id, post_logout_redirect_uri=BYE, state="s")
    assert answer.status_code == 303
    target = answer.headers["Location"]
    assert urlsplit(target).path == f"/{app.pool_id}/logout"
    assert is_signed_in(app)
    answer = app.browser.session.get(f"{app.server.url}{target}", timeout=20, allow_redirects=False)
    check_goes_to(app, answer, f"{BYE}?state=s")


def test_an_expired_hint_is_as_good(app: App, clock: Clock) -> None:
    hint = app.tokens()["id_token"]
    clock.advance(days=2)
    check_goes_to(app, leave(app, id_token_hint=hint, post_logout_redirect_uri=BYE), BYE)


def test_a_hint_of_another_client_is_refused(app: App, idp: Any) -> None:
    hint = app.tokens()["id_token"]
    other = make_app(idp, app.pool_id, ClientName="another")
    answer = leave(app, id_token_hint=hint, client_id=other["ClientId"], post_logout_redirect_uri=BYE)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_what_is_no_id_token_of_the_pool_leads_nowhere(app: App, server: Server, idp: Any) -> None:
    tokens = app.tokens()
    head, body, signature = tokens["id_token"].split(".")
    elsewhere = new_app(server, idp)
    elsewhere.sign_in()
    for hint in (
        "x",
        tokens["access_token"],
        tokens["refresh_token"],
        f"{head}.{body}.{'A' * len(signature)}",
        f"{head}.{body}.",
        elsewhere.tokens()["id_token"],
    ):
        answer = leave(app, id_token_hint=hint, post_logout_redirect_uri=BYE)
        assert answer.status_code == 400
        assert "Location" not in answer.headers


@pytest.mark.parametrize("query", [{}, {"post_logout_redirect_uri": BYE}, {"state": "s"}, {"client_id": ""}])
def test_without_anywhere_to_go_a_page_says_so(app: App, query: dict[str, str]) -> None:
    answer = leave(app, **query)
    assert answer.status_code == 200
    assert "You are signed out" in text(app, answer)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert not is_signed_in(app)


def test_a_hint_without_a_target_ends_on_the_page_too(app: App) -> None:
    answer = leave(app, id_token_hint=app.tokens()["id_token"])
    assert answer.status_code == 200
    assert "You are signed out" in text(app, answer)


def test_who_is_not_signed_in_is_signed_out_all_the_same(app: App) -> None:
    app.browser = Browser(app.server, app.pool_id)
    check_goes_to(app, leave(app, client_id=app.client_id, logout_uri=BYE), BYE)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD"])
def test_other_methods_do_nothing(app: App, method: str) -> None:
    assert leave(app, method, client_id=app.client_id, logout_uri=BYE).status_code == 405
    assert is_signed_in(app)


def test_tokens_and_other_browsers_live_on(app: App, made: App) -> None:
    tokens = app.tokens()
    other = App(made.server, made.client)
    other.sign_in()
    leave(app, client_id=app.client_id, logout_uri=BYE)
    assert app.refresh(tokens["refresh_token"]).status_code == 200
    assert is_signed_in(other)


# What else ends a browser's session


@pytest.mark.parametrize("end", ["admin_user_global_sign_out", "admin_disable_user", "admin_delete_user"])
def test_an_operator_ends_browsers(server: Server, idp: Any, end: str) -> None:
    app = new_app(server, idp)
    app.sign_in()
    assert is_signed_in(app)
    getattr(idp, end)(UserPoolId=app.pool_id, Username="ada")
    assert told(app.authorize(prompt="none"))["error"] == "login_required"


def test_a_user_who_is_enabled_again_has_to_sign_in(server: Server, idp: Any) -> None:
    app = new_app(server, idp)
    app.sign_in()
    idp.admin_disable_user(UserPoolId=app.pool_id, Username="ada")
    idp.admin_enable_user(UserPoolId=app.pool_id, Username="ada")
    assert not is_signed_in(app)


def test_a_global_sign_out_ends_every_browser_and_every_code(server: Server, idp: Any) -> None:
    app = new_app(server, idp, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    app.sign_in()
    other = App(server, app.client)
    other.sign_in()
    code = app.code()
    token = app.tokens(scope="openid aws.cognito.signin.user.admin")["access_token"]
    idp.global_sign_out(AccessToken=token)
    assert not is_signed_in(app)
    assert not is_signed_in(other)
    assert app.redeem(code).json()["error"] == "invalid_grant"
    signed_in_again = factories.sign_in(idp, app.client, "ada", PASSWORD)
    assert signed_in_again["AccessToken"]


def test_expired_browsers_and_codes_are_purged(app: App, clock: Clock) -> None:
    count = "from pools.models import *; print(HostedSession.objects.count(), Grant.objects.count())"

    def left() -> list[str]:
        return app.server.manage("shell", "-v0", "-c", count).splitlines()[-1].split()

    app.code()
    assert "0" not in left()
    app.server.manage("purge_expired")
    assert "0" not in left()
    clock.advance(hours=3)
    app.server.manage("purge_expired")
    assert left() == ["0", "0"]
    assert app.browser.open("login", **request_of(app.client)).status_code == 200
