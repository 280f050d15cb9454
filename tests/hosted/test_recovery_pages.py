"""A forgotten password on the pages, without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import factories
from tests.support.account_pages import WRONG_CODE, inputs, is_signed_in, opened, seen
from tests.support.clock import Clock
from tests.support.factories import address_of, unique
from tests.support.hooks import Hooks
from tests.support.mailbox import Mailbox, wrong
from tests.support.pages import PASSWORD, Browser, make_app, make_user
from tests.support.server import Server

NEW_PASSWORD = "Another-horse-9-battery"
NOT_POSSIBLE = "Could not reset password for the account, please contact support or try again"


@pytest.fixture
def pool(idp: Any) -> dict[str, Any]:
    return factories.make_pool(idp, AutoVerifiedAttributes=["email"])


@pytest.fixture
def app(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    """A client that hides who exists."""
    return make_app(idp, pool["Id"])


@pytest.fixture
def name(idp: Any, pool: dict[str, Any]) -> str:
    name = unique()
    make_user(idp, pool["Id"], name, email=address_of(pool), email_verified="true")
    return name


def asked(server: Server, app: dict[str, Any], name: str) -> Browser:
    browser = opened(server, app, "forgotPassword")
    browser.submit(username=name)
    return browser


def given(code: str, password: str = NEW_PASSWORD, repeated: str = "") -> dict[str, str]:
    return {"confirmation_code": code, "password": password, "confirmPassword": repeated or password}


def test_a_new_password_is_set_with_the_code_and_signs_in(
    server: Server, pool: dict[str, Any], app: dict[str, Any], name: str, mailbox: Mailbox
) -> None:
    browser = asked(server, app, name)
    assert "We have sent a password reset code by email to a***@e***" in browser.text
    assert inputs(browser)["username"]["value"] == name
    assert inputs(browser)["confirmation_code"]["autocomplete"] == "one-time-code"
    assert inputs(browser)["password"]["autocomplete"] == "new-password"
    browser.submit(**given(mailbox.code(address_of(pool))))
    assert "Your password has been changed." in browser.text
    browser.submit(username=name, password=PASSWORD)
    assert "Incorrect username or password." in browser.text
    browser.submit(username=name, password=NEW_PASSWORD)
    assert is_signed_in(browser)


def test_a_code_sets_one_password(
    server: Server, pool: dict[str, Any], app: dict[str, Any], name: str, mailbox: Mailbox
) -> None:
    browser, other = asked(server, app, name), opened(server, app, "confirmforgotPassword", username=name)
    code = mailbox.code(address_of(pool))
    browser.submit(**given(code))
    other.submit(**given(code, f"{NEW_PASSWORD}-2"))
    assert WRONG_CODE in other.text


def test_what_is_wrong_is_told_beside_it(
    server: Server, pool: dict[str, Any], app: dict[str, Any], name: str, mailbox: Mailbox
) -> None:
    browser = asked(server, app, name)
    code = mailbox.code(address_of(pool))
    browser.submit(**given(code, NEW_PASSWORD, "Something-else-9"))
    assert "The passwords are not the same." in browser.text
    browser.submit(**given(code, "short-9A"[:5]))
    assert "This password is too short." in browser.text
    browser.submit(**given(wrong(code)))
    assert WRONG_CODE in browser.text
    assert "value" not in inputs(browser)["password"]
    browser.submit(**given(code))
    assert "Your password has been changed." in browser.text


def test_an_expired_code_is_told_to_who_has_it(
    server: Server, pool: dict[str, Any], app: dict[str, Any], name: str, mailbox: Mailbox, clock: Clock
) -> None:
    browser = asked(server, app, name)
    clock.advance(hours=1, seconds=1)
    browser.submit(**given(mailbox.code(address_of(pool))))
    assert "Invalid code provided, please request a code again." in browser.text


@pytest.mark.parametrize("state", ["known", "disabled", "without an address", "invited"])
def test_pages_do_not_tell_who_exists(server: Server, idp: Any, state: str) -> None:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"])
    app = make_app(idp, pool["Id"])
    known, unknown = (f"{letter}a.{unique()}@example.com" for letter in "aa")
    address = {} if state == "without an address" else {"email": known, "email_verified": "true"}
    if state == "invited":
        attributes = [{"Name": key, "Value": value} for key, value in address.items()]
        idp.admin_create_user(
            UserPoolId=pool["Id"], Username=known, MessageAction="SUPPRESS", UserAttributes=attributes
        )
    else:
        make_user(idp, pool["Id"], known, **address)
    if state == "disabled":
        idp.admin_disable_user(UserPoolId=pool["Id"], Username=known)
    shown: list[list[tuple[int, str, str]]] = []
    for name in (known, unknown):
        browser = asked(server, app, name)
        shown.append([seen(browser, name)])
        browser.submit(**given("000000"))
        shown[-1].append(seen(browser, name))
        assert WRONG_CODE in browser.text
    assert shown[0] == shown[1]


def test_a_client_that_hides_nobody_says_what_is_wrong(
    server: Server, idp: Any, pool: dict[str, Any], name: str
) -> None:
    app = make_app(idp, pool["Id"], PreventUserExistenceErrors="LEGACY")
    assert "User does not exist." in asked(server, app, "nobody").text
    make_user(idp, pool["Id"], "grace", email="grace@example.com")
    assert NOT_POSSIBLE in asked(server, app, "grace").text
    idp.admin_disable_user(UserPoolId=pool["Id"], Username=name)
    assert "User is disabled." in asked(server, app, name).text


def test_where_only_administrators_help_the_pages_say_so(server: Server, idp: Any) -> None:
    admin_only = {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]}
    pool = factories.make_pool(idp, AccountRecoverySetting=admin_only)
    app = make_app(idp, pool["Id"])
    for page in ("forgotPassword", "confirmforgotPassword"):
        browser = opened(server, app, page)
        assert browser.at is not None
        assert browser.at.status_code == 403
        assert "You cannot reset your password here yourself." in browser.text
        assert not inputs(browser)


def test_who_was_reset_by_an_administrator_comes_here_from_the_sign_in(
    server: Server, idp: Any, pool: dict[str, Any], app: dict[str, Any], name: str, mailbox: Mailbox
) -> None:
    idp.admin_reset_user_password(UserPoolId=pool["Id"], Username=name)
    browser = opened(server, app, "login")
    browser.submit(username=name, password=PASSWORD)
    assert browser.at is not None
    assert "/forgotPassword?" in browser.at.url
    assert inputs(browser)["username"]["value"] == name
    browser.submit()
    browser.submit(**given(mailbox.code(address_of(pool))))
    browser.submit(username=name, password=NEW_PASSWORD)
    assert is_signed_in(browser)


def test_another_code_may_be_asked_for(
    server: Server, pool: dict[str, Any], app: dict[str, Any], name: str, mailbox: Mailbox
) -> None:
    browser = asked(server, app, name)
    browser.click("Ask for another")
    assert inputs(browser)["username"]["value"] == name
    browser.submit()
    assert len(mailbox.messages(address_of(pool))) == 2
    browser.submit(**given(mailbox.code(address_of(pool))))
    assert "Your password has been changed." in browser.text


def test_requests_come_to_an_end_for_everybody_alike(
    server: Server, pool: dict[str, Any], app: dict[str, Any], name: str
) -> None:
    for who in (name, "nobody"):
        for _ in range(10):
            asked(server, app, who)
        assert "Attempt limit exceeded, please try after some time." in asked(server, app, who).text


def test_functions_are_told(server: Server, idp: Any, hooks: Hooks, mailbox: Mailbox) -> None:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"], LambdaConfig={"PostConfirmation": hooks.arn})
    make_user(idp, pool["Id"], "ada", email=address_of(pool), email_verified="true")
    calls = hooks.on(pool)
    app = make_app(idp, pool["Id"])
    asked(server, app, "ada").submit(**given(mailbox.code(address_of(pool))))
    assert [call["triggerSource"] for call in calls] == ["PostConfirmation_ConfirmForgotPassword"]
    assert calls[0]["callerContext"]["clientId"] == app["ClientId"]


def test_the_authorization_request_travels_along(
    server: Server, pool: dict[str, Any], app: dict[str, Any], name: str, mailbox: Mailbox
) -> None:
    browser = opened(server, app, "login", code_challenge="a" * 43, code_challenge_method="S256", nonce="n")
    browser.click("Forgot your password?")
    browser.submit(username=name)
    browser.submit(**given(mailbox.code(address_of(pool))))
    browser.submit(username=name, password=NEW_PASSWORD)
    assert browser.arrival["state"] == "a state"
    assert browser.arrival["code"]
