"""The first page of a sign-in, which asks who somebody is, without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import factories
from tests.support.pages import PASSWORD, Browser, make_app, make_user, request_of
from tests.support.server import Server

WRONG = "Wrong-horse-9-battery"
PASSWORDLESS = {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}}}


@pytest.fixture
def pool_id(idp: Any) -> str:
    pool_id: str = factories.make_pool(idp)["Id"]
    make_user(idp, pool_id)
    return pool_id


@pytest.fixture
def browser(server: Server, pool_id: str) -> Browser:
    return Browser(server, pool_id)


def signed_in(browser: Browser, idp: Any, pool_id: str, client: dict[str, Any] | None = None) -> dict[str, Any]:
    client = client or make_app(idp, pool_id)
    browser.open("login", **request_of(client))
    browser.submit(username="ada", password=PASSWORD)
    assert "code" in browser.arrival
    return client


def session_cookie(browser: Browser) -> str | None:
    return browser.session.cookies.get(f"cognito-{browser.base.rpartition('/')[2]}")


def test_the_right_password_brings_a_code_to_the_app(browser: Browser, idp: Any, pool_id: str) -> None:
    client = make_app(idp, pool_id)
    browser.open("login", **request_of(client))
    browser.submit(username="ada", password=PASSWORD)
    assert browser.arrival["state"] == "a state"
    assert browser.arrival["code"]
    assert session_cookie(browser)


def test_a_wrong_password_is_told_on_the_page(browser: Browser, idp: Any, pool_id: str) -> None:
    browser.open("login", **request_of(make_app(idp, pool_id)))
    browser.submit(username="ada", password=WRONG)
    assert "Incorrect username or password." in browser.text
    assert browser.forms[0].fields["username"] == "ada"
    assert browser.forms[0].fields["password"] == ""
    assert session_cookie(browser) is None


def test_an_unknown_name_and_a_wrong_password_look_the_same(server: Server, idp: Any, pool_id: str) -> None:
    client = make_app(idp, pool_id)
    pages = []
    for name in ("ada", "eve"):
        browser = Browser(server, pool_id)
        browser.open("login", **request_of(client))
        page = browser.submit(username=name, password=WRONG)
        pages.append((page.status_code, page.url, browser.text, sorted(page.headers)))
    assert pages[0] == pages[1]


def test_a_client_that_hides_nothing_says_who_does_not_exist(browser: Browser, idp: Any, pool_id: str) -> None:
    browser.open("login", **request_of(make_app(idp, pool_id, PreventUserExistenceErrors="LEGACY")))
    browser.submit(username="eve", password=PASSWORD)
    assert "User does not exist." in browser.text


def test_a_disabled_user_is_told_so_after_the_right_password_alone(browser: Browser, idp: Any, pool_id: str) -> None:
    idp.admin_disable_user(UserPoolId=pool_id, Username="ada")
    browser.open("login", **request_of(make_app(idp, pool_id)))
    browser.submit(username="ada", password=WRONG)
    assert "User is disabled." not in browser.text
    browser.submit(username="ada", password=PASSWORD)
    assert "User is disabled." in browser.text
    assert session_cookie(browser) is None


def test_who_guesses_too_often_waits(browser: Browser, idp: Any, pool_id: str) -> None:
    browser.open("login", **request_of(make_app(idp, pool_id)))
    for _ in range(6):
        browser.submit(username="ada", password=WRONG)
    browser.submit(username="ada", password=PASSWORD)
    assert "Password attempts exceeded" in browser.text


def test_who_has_to_confirm_is_led_there(browser: Browser, idp: Any, public: Any, pool_id: str) -> None:
    client = make_app(idp, pool_id)
    public.sign_up(ClientId=client["ClientId"], Username="bob", Password=PASSWORD)
    browser.open("login", **request_of(client))
    page = browser.submit(username="bob", password=PASSWORD)
    assert f"/{pool_id}/confirm?" in page.url
    assert "username=bob" in page.url


def test_who_has_to_reset_is_led_there(browser: Browser, idp: Any, pool_id: str) -> None:
    make_user(idp, pool_id, "bob", email="bob@example.com", email_verified="true")
    idp.admin_reset_user_password(UserPoolId=pool_id, Username="bob")
    browser.open("login", **request_of(make_app(idp, pool_id)))
    page = browser.submit(username="bob", password=PASSWORD)
    assert f"/{pool_id}/forgotPassword?" in page.url
    assert "username=bob" in page.url


@pytest.mark.parametrize(
    ("members", "label", "kind"),
    [
        ({}, "Username", "text"),
        ({"UsernameAttributes": ["email"]}, "Email", "email"),
        ({"UsernameAttributes": ["phone_number"]}, "Phone number", "tel"),
        ({"UsernameAttributes": ["email", "phone_number"]}, "Email or phone number", "text"),
        ({"AliasAttributes": ["email"]}, "Username or email", "text"),
        ({"AliasAttributes": ["phone_number", "email"]}, "Username, email or phone number", "text"),
        ({"AliasAttributes": ["preferred_username"]}, "Username", "text"),
    ],
)
def test_the_field_asks_for_what_the_pool_signs_in_by(
    server: Server, idp: Any, members: dict[str, Any], label: str, kind: str
) -> None:
    pool = factories.make_pool(idp, **members)
    browser = Browser(server, pool["Id"])
    browser.open("login", **request_of(make_app(idp, pool["Id"])))
    assert f" {label} Password" in browser.text
    name, password = browser.forms[0].inputs["username"], browser.forms[0].inputs["password"]
    assert (name["type"], name["autocomplete"], password["autocomplete"]) == (kind, "username", "current-password")


def test_the_app_may_suggest_a_name(browser: Browser, idp: Any, pool_id: str) -> None:
    browser.open("login", **request_of(make_app(idp, pool_id), login_hint='ada"><b>'))
    assert browser.at is not None
    assert "<b>" not in browser.at.text
    assert browser.forms[0].fields["username"] == 'ada"><b>'


def test_links_are_shown_where_they_lead_somewhere(server: Server, idp: Any, browser: Browser, pool_id: str) -> None:
    browser.open("login", **request_of(make_app(idp, pool_id)))
    assert "Sign up" in browser.text
    assert "Forgot your password?" in browser.text
    closed = factories.make_pool(
        idp,
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
        AccountRecoverySetting={"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]},
    )
    other = Browser(server, closed["Id"])
    other.open("login", **request_of(make_app(idp, closed["Id"])))
    assert "Sign in" in other.text
    assert "Sign up" not in other.text
    assert "Forgot your password?" not in other.text


def test_a_client_without_the_pools_own_users_has_no_form(browser: Browser, idp: Any, pool_id: str) -> None:
    browser.open("login", **request_of(make_app(idp, pool_id, SupportedIdentityProviders=[])))
    assert "There is no way to sign in to this app yet." in browser.text
    assert browser.forms == []


def test_a_known_browser_goes_on_without_a_password(browser: Browser, idp: Any, pool_id: str) -> None:
    client = signed_in(browser, idp, pool_id)
    browser.open("login", **request_of(client))
    assert browser.forms == []
    browser.click("Continue as ada")
    assert "code" in browser.arrival


def test_somebody_else_signs_in_in_the_same_browser(browser: Browser, idp: Any, pool_id: str) -> None:
    make_user(idp, pool_id, "bob")
    client = signed_in(browser, idp, pool_id)
    browser.open("login", **request_of(client))
    browser.click("Sign in as somebody else")
    browser.submit(username="bob", password=PASSWORD)
    assert "code" in browser.arrival
    browser.open("login", **request_of(client))
    assert "Continue as bob" in browser.text


@pytest.mark.parametrize("more", [{"prompt": "login"}, {"max_age": "0"}])
def test_what_asks_for_a_sign_in_gets_one(browser: Browser, idp: Any, pool_id: str, more: dict[str, str]) -> None:
    client = signed_in(browser, idp, pool_id)
    browser.open("login", **request_of(client, **more))
    assert "Continue as" not in browser.text
    assert browser.forms


def test_each_sign_in_has_a_new_session_and_ends_the_one_before(browser: Browser, idp: Any, pool_id: str) -> None:
    client = signed_in(browser, idp, pool_id)
    first = session_cookie(browser)
    browser.open("login", **request_of(client, prompt="login"))
    browser.submit(username="ada", password=PASSWORD)
    second = session_cookie(browser)
    assert first
    assert second
    assert first != second
    browser.session.cookies.clear()
    browser.session.cookies.set(f"cognito-{pool_id}", first)
    browser.open("login", **request_of(client))
    assert "Continue as" not in browser.text


def test_a_client_for_choices_asks_for_the_name_alone(browser: Browser, server: Server, idp: Any) -> None:
    pool = factories.make_pool(idp, **PASSWORDLESS)
    make_user(idp, pool["Id"])
    client = make_app(idp, pool["Id"], ExplicitAuthFlows=["ALLOW_USER_AUTH"])
    browser = Browser(server, pool["Id"])
    browser.open("login", **request_of(client))
    assert "password" not in browser.forms[0].inputs
    browser.submit(username="ada")
    assert "Enter your password" in browser.text, "one method alone is no choice"
    browser.submit(PASSWORD=WRONG)
    assert "Incorrect username or password." in browser.text
    browser.submit(PASSWORD=PASSWORD)
    assert "code" in browser.arrival
