"""The authorization endpoint: what it sends back to the app, and when it asks for a sign-in first."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from tests.support.clock import Clock
from tests.support.factories import claims_of
from tests.support.oauth import ENDINGS, App, end, new_app, signed_in, told
from tests.support.pages import CALLBACK, PASSWORD, make_app
from tests.support.server import Server

CALLBACKS = [
    CALLBACK,
    "https://app.example/callback?tenant=1&name=a+b%20c",
    "https://app.example/callback?",
    "myapp://signed-in",
    "com.example.app:/callback",
    "http://localhost:3000/callback",
    "http://127.0.0.1:8080/",
    "http://[::1]:8080/callback",
    "https://app.example/été",
]


@pytest.fixture
def app(server: Server, idp: Any) -> App:
    return signed_in(server, idp, AllowedOAuthFlows=["code", "implicit"], CallbackURLs=CALLBACKS)


def test_a_browser_that_is_signed_in_goes_straight_back_with_a_code(app: App) -> None:
    said = told(app.authorize())
    assert said.keys() == {"code", "state", "iss"}
    assert str(uuid.UUID(said["code"])) == said["code"]
    assert (said["state"], said["iss"]) == ("a state", app.issuer)


def test_the_answer_is_kept_by_no_cache_and_told_to_no_third_party(app: App) -> None:
    answer = app.authorize()
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_short_path_is_the_same_endpoint(app: App) -> None:
    address = f"{app.issuer}/authorize?{urlencode(app.asking())}"
    assert "code" in told(app.browser.session.get(address, timeout=20, allow_redirects=False))


@pytest.mark.parametrize("callback", CALLBACKS)
@pytest.mark.parametrize("response_type", ["code", "token"])
def test_every_kind_of_registered_address_is_led_back_to(app: App, callback: str, response_type: str) -> None:
    location = app.authorize(redirect_uri=callback, response_type=response_type).headers["Location"]
    start = callback.replace("été", quote("été"))
    assert location.startswith(start)
    rest = location.removeprefix(start)
    if response_type == "token":
        assert rest.startswith("#") and "access_token=" in rest
        return
    assert rest[0] == ("&" if "tenant" in callback else "c" if callback.endswith("?") else "?")
    assert "code" in parse_qs(rest.lstrip("?&"))


@pytest.mark.parametrize(
    "state",
    ["plain", "a b+c&d=e", '{"a": "b"}', "ünïcödé ✓", "%41%2541", "x" * 4000, "<script>", "https://evil.example/#?"],
)
@pytest.mark.parametrize("response_type", ["code", "token"])
def test_the_state_comes_back_as_it_was(app: App, state: str, response_type: str) -> None:
    assert told(app.authorize(state=state, response_type=response_type))["state"] == state
    assert told(app.authorize(state=state, response_type=response_type, scope="none"))["state"] == state


def test_without_a_state_none_comes_back(app: App) -> None:
    assert told(app.authorize(state=None)).keys() == {"code", "iss"}


@pytest.mark.parametrize("encode", [quote, lambda text: quote(text, safe=""), lambda text: "".join(map(hexed, text))])
def test_parameters_may_be_encoded_in_every_way(app: App, encode: Any) -> None:
    query = "&".join(f"{encode(name)}={encode(value)}" for name, value in app.asking().items())
    assert told(app.visit(f"oauth2/authorize?{query}"))["state"] == "a state"


def hexed(character: str) -> str:
    return f"%{ord(character):02x}"


def test_unknown_parameters_are_passed_over(app: App) -> None:
    assert "code" in told(app.authorize(audience="x", client="x", user="x", scopes="x", display="page"))


@pytest.mark.parametrize("scope", ["openid", "openid email", "email openid", "aws.cognito.signin.user.admin"])
def test_the_implicit_grant_gives_tokens_in_the_fragment_and_never_to_refresh(app: App, scope: str) -> None:
    response = app.authorize(response_type="token", scope=scope)
    assert urlsplit(response.headers["Location"]).query == ""
    said = told(response)
    with_id_token = {"id_token"} if "openid" in scope else set()
    assert said.keys() == {"access_token", "token_type", "expires_in", "state", "iss"} | with_id_token
    assert (said["token_type"], said["expires_in"]) == ("Bearer", "3600")


def test_without_a_scope_it_is_all_of_the_clients(app: App) -> None:
    said = told(app.authorize(response_type="token", scope=None))
    assert claims_of(said["access_token"])["scope"].split() == app.client["AllowedOAuthScopes"]


def test_a_scope_that_is_asked_for_twice_is_granted_once(app: App) -> None:
    said = told(app.authorize(response_type="token", scope="openid email openid"))
    assert claims_of(said["access_token"])["scope"] == "openid email"


def test_a_client_with_one_address_need_not_say_it(server: Server, idp: Any) -> None:
    app = signed_in(server, idp)
    assert app.redeem(app.code(redirect_uri=None)).status_code == 200


def test_the_default_address_is_taken_where_none_is_said(server: Server, idp: Any) -> None:
    default = "https://app.example/default"
    app = signed_in(server, idp, CallbackURLs=[CALLBACK, default], DefaultRedirectURI=default)
    assert "code" in told(app.authorize(redirect_uri=None), default)


def test_nobody_signed_in_goes_to_the_sign_in_page_with_the_whole_request(server: Server, idp: Any) -> None:
    app = new_app(server, idp)
    query = urlencode(app.asking(nonce="n", lang="de", ui_locales="ar de", login_hint="ada@example.com", more="ü"))
    answer = app.visit(f"oauth2/authorize?{query}")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/{app.pool_id}/login?{query}")


def test_a_session_serves_every_client_of_its_pool_and_no_other_pool(app: App, server: Server, idp: Any) -> None:
    sibling = App(server, make_app(idp, app.pool_id), app.browser)
    assert "code" in told(sibling.authorize())
    other = new_app(server, idp)
    cookie = app.browser.session.cookies[f"cognito-{app.pool_id}"]
    other.browser.session.cookies.set(f"cognito-{other.pool_id}", cookie)
    assert other.authorize().headers["Location"].startswith(f"/{other.pool_id}/login?")


def test_a_session_lasts_an_hour_from_the_sign_in(app: App, clock: Clock) -> None:
    clock.advance(seconds=59 * 60)
    assert "code" in told(app.authorize())
    clock.advance(seconds=2 * 60)
    assert app.authorize().headers["Location"].startswith(f"/{app.pool_id}/login?")


# When a sign-in is wanted


@pytest.mark.parametrize("wish", [{"prompt": "login"}, {"prompt": "login consent"}, {"max_age": "0"}])
def test_a_fresh_sign_in_is_asked_for_and_told_in_the_tokens(app: App, clock: Clock, wish: dict[str, str]) -> None:
    before = claims_of(app.tokens()["id_token"])["auth_time"]
    clock.advance(seconds=100)
    asked = app.asking(**wish)
    app.browser.open("oauth2/authorize", **asked)
    assert app.browser.at is not None and "/login?" in app.browser.at.url
    app.browser.submit(username="ada", password=PASSWORD)
    tokens = app.redeem(told(app.browser.at)["code"]).json()
    assert claims_of(tokens["id_token"])["auth_time"] >= before + 100


def test_to_leave_the_sign_in_page_does_not_make_an_old_session_new(app: App, clock: Clock) -> None:
    clock.advance(seconds=100)
    app.browser.open("oauth2/authorize", **app.asking(max_age="60"))
    assert app.authorize(max_age="60").headers["Location"].startswith(f"/{app.pool_id}/login?")
    assert told(app.authorize(max_age="60", prompt="none"))["error"] == "login_required"


def test_a_session_that_is_young_enough_will_do(app: App, clock: Clock) -> None:
    clock.advance(seconds=100)
    assert "code" in told(app.authorize(max_age="200"))


@pytest.mark.parametrize("prompt", ["none", "consent", "select_account", "consent select_account"])
def test_other_prompts_show_nothing_to_who_is_signed_in(app: App, prompt: str) -> None:
    assert "code" in told(app.authorize(prompt=prompt))


@pytest.mark.parametrize("response_type", ["code", "token"])
def test_a_silent_request_says_that_nobody_is_signed_in(server: Server, idp: Any, response_type: str) -> None:
    app = new_app(server, idp, AllowedOAuthFlows=["code", "implicit"])
    response = app.authorize(prompt="none", response_type=response_type)
    assert told(response) == {"error": "login_required", "state": "a state", "iss": app.issuer}
    assert ("#" in response.headers["Location"]) == (response_type == "token")


@pytest.mark.parametrize("ending", ENDINGS)
def test_who_may_not_sign_in_any_more_has_no_session(app: App, idp: Any, ending: str) -> None:
    end(idp, app, ending)
    assert app.authorize().headers["Location"].startswith(f"/{app.pool_id}/login?")


def test_a_made_up_cookie_is_no_session(server: Server, idp: Any) -> None:
    app = new_app(server, idp)
    for value in ("x", "", "%00", "'; --", "a" * 5000):
        app.browser.session.cookies.set(f"cognito-{app.pool_id}", value)
        assert app.authorize().headers["Location"].startswith(f"/{app.pool_id}/login?")


def test_a_form_of_the_app_may_ask(app: App) -> None:
    answer = app.browser.session.post(
        f"{app.issuer}/oauth2/authorize", data=app.asking(), timeout=20, allow_redirects=False
    )
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.headers["Location"]).query) == parse_qs(urlencode(app.asking()))
    assert urlsplit(answer.headers["Location"]).path == f"/{app.pool_id}/oauth2/authorize"


@pytest.mark.parametrize("method", ["put", "head", "options"])
def test_other_methods_are_refused(app: App, method: str) -> None:
    address = f"{app.issuer}/oauth2/authorize?{urlencode(app.asking())}"
    answer = app.browser.session.request(method, address, timeout=20, allow_redirects=False)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")


def test_a_browser_without_cookies_is_asked_each_time(server: Server, app: App) -> None:
    stranger = App(server, app.client)
    assert stranger.authorize().headers["Location"].startswith(f"/{app.pool_id}/login?")
