"""aws-amplify in chromium signs in with redirect, on a prefix domain over TLS.

Chromium is told of the server's development authority as a user would do it, by certutil: nothing is ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import jwt
import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.support import chromium, clients, factories, redirect_app
from tests.support.chromium import Windows
from tests.support.pages import PASSWORD, make_app, make_user
from tests.support.redirect_app import RedirectApp
from tests.support.server import Server, drop_database, new_server


@pytest.fixture(scope="module")
def secure() -> Iterator[Server]:
    running = new_server("--dev", "--tls").start()
    yield running
    running.stop()
    if "DATABASE_URL" in running.environment:
        drop_database(running.environment["DATABASE_URL"])
    assert "Traceback" not in running.log, running.log


@pytest.fixture(scope="module")
def chromium_browser(secure: Server) -> Iterator[Browser]:
    """One that trusts the server's authority."""
    with chromium.running(authority=secure.authority) as browser:
        yield browser


@pytest.fixture(scope="module")
def pool_id(secure: Server) -> str:
    idp = clients.idp(secure)
    pool_id: str = factories.make_pool(idp)["Id"]
    make_user(idp, pool_id, email="ada@example.com")
    idp.create_user_pool_domain(Domain="acme", UserPoolId=pool_id)
    return pool_id


@pytest.fixture(scope="module")
def app(secure: Server, pool_id: str) -> Iterator[RedirectApp]:
    with redirect_app.running() as running:
        client = make_app(
            clients.idp(secure), pool_id, CallbackURLs=[running.url], LogoutURLs=[running.url], ClientName="app"
        )
        running.configuration = {
            "userPoolId": pool_id,
            "userPoolClientId": client["ClientId"],
            "userPoolEndpoint": secure.url,
            "loginWith": {
                "oauth": {
                    "domain": f"acme.auth.localhost:{secure.port}",
                    "scopes": ["openid", "email", "aws.cognito.signin.user.admin"],
                    "redirectSignIn": [running.url],
                    "redirectSignOut": [running.url],
                    "responseType": "code",
                }
            },
        }
        yield running


def sign_in(page: Page, app: RedirectApp) -> None:
    page.goto(app.url)
    expect(page.locator("#state")).to_have_text("signed out")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"^https://acme\.auth\.localhost:\d+/login\?"))
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(re.escape(app.url)))
    expect(page.locator("#state")).to_have_text("signed in")


def text(page: Page, element: str) -> str:
    found = page.locator(f"#{element}").text_content()
    assert found
    return found


def test_a_person_signs_in_by_redirect_and_the_app_has_their_tokens(
    windows: Windows, secure: Server, app: RedirectApp, pool_id: str
) -> None:
    page = windows.open()
    sign_in(page, app)
    assert page.url == app.url
    assert text(page, "custom-state") == "from the test"
    assert json.loads(text(page, "user"))["username"] == "ada"
    assert json.loads(text(page, "attributes"))["email"] == "ada@example.com"
    claims = jwt.decode(text(page, "access-token"), options={"verify_signature": False})
    assert claims["iss"] == f"{secure.url}/{pool_id}"
    assert set(claims["scope"].split()) == {"openid", "email", "aws.cognito.signin.user.admin"}
    assert not page.locator("#error").text_content()


def test_the_app_refreshes_its_tokens(windows: Windows, app: RedirectApp) -> None:
    page = windows.open()
    sign_in(page, app)
    before = text(page, "access-token")
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#state")).to_have_text("refreshed")
    assert text(page, "access-token") != before


def test_a_second_sign_in_asks_nothing_while_the_browser_is_signed_in(windows: Windows, app: RedirectApp) -> None:
    page = windows.open()
    sign_in(page, app)
    page.evaluate("localStorage.clear()")
    page.goto(app.url)
    expect(page.locator("#state")).to_have_text("signed out")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#state")).to_have_text("signed in")


def test_signing_out_by_redirect_ends_the_browsers_session_too(windows: Windows, app: RedirectApp) -> None:
    page = windows.open()
    sign_in(page, app)
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#state")).to_have_text("signed out")
    assert page.url == app.url
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"^https://acme\.auth\.localhost:\d+/login\?"))
    expect(page.get_by_label("Password")).to_be_visible()


def test_the_pages_are_in_a_browsers_session_of_their_host_alone(
    windows: Windows, secure: Server, app: RedirectApp
) -> None:
    page = windows.open()
    sign_in(page, app)
    cookies = page.context.cookies()
    session = [cookie for cookie in cookies if cookie["name"].startswith("__Host-cognito-")]
    assert [cookie["domain"] for cookie in session] == ["acme.auth.localhost"]
    assert all(cookie["secure"] for cookie in cookies if cookie["domain"] == "acme.auth.localhost")
    assert all(cookie["httpOnly"] for cookie in session)


def test_chromium_refuses_what_the_authority_did_not_sign_for(windows: Windows, secure: Server) -> None:
    with pytest.raises(Error, match="ERR_CERT_COMMON_NAME_INVALID"):
        windows.open().goto(f"https://a.b.auth.localhost:{secure.port}/error")
