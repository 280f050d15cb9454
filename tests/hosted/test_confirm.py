"""Confirming an account with a code, on the pages and without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import factories
from tests.support.account_pages import (
    EMAIL,
    REQUIRED_EMAIL,
    WRONG_CODE,
    inputs,
    is_signed_in,
    opened,
    seen,
)
from tests.support.clock import Clock
from tests.support.factories import address_of, unique
from tests.support.hooks import Hooks
from tests.support.mailbox import Mailbox, wrong
from tests.support.pages import PASSWORD, Browser, make_app, make_user
from tests.support.server import Server

OTHER_PASSWORD = "Another-horse-9-battery"


@pytest.fixture
def pool(idp: Any) -> dict[str, Any]:
    return factories.make_pool(idp, AutoVerifiedAttributes=["email"], Schema=[REQUIRED_EMAIL])


@pytest.fixture
def app(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    """A client that hides who exists."""
    return make_app(idp, pool["Id"])


def signed_up(server: Server, app: dict[str, Any], name: str, address: str) -> Browser:
    browser = opened(server, app, "signup")
    browser.submit(username=name, password=PASSWORD, **{EMAIL: address})
    return browser


def test_another_code_takes_the_place_of_the_first(
    server: Server, pool: dict[str, Any], app: dict[str, Any], mailbox: Mailbox
) -> None:
    address = address_of(pool)
    browser = signed_up(server, app, unique(), address)
    first = mailbox.code(address)
    browser.submit("Resend it")
    assert "We have sent you a new message." in browser.text
    assert len(mailbox.messages(address)) == 2
    if first != mailbox.code(address):
        browser.submit(code=first)
        assert WRONG_CODE in browser.text
    browser.submit(code=mailbox.code(address))
    assert is_signed_in(browser)


@pytest.mark.parametrize("state", ["unconfirmed", "confirmed", "disabled"])
@pytest.mark.parametrize("page", ["confirm", "resendcode"])
def test_pages_do_not_tell_who_exists(
    server: Server, idp: Any, pool: dict[str, Any], app: dict[str, Any], page: str, state: str
) -> None:
    known, unknown = f"ada-{unique()}", f"bob-{unique()}"
    if state == "unconfirmed":
        signed_up(server, app, known, address_of(pool, "n"))
    else:
        make_user(idp, pool["Id"], known, email=address_of(pool, "n"), email_verified="true")
    if state == "disabled":
        idp.admin_disable_user(UserPoolId=pool["Id"], Username=known)
    shown = []
    for name in (known, unknown):
        browser = opened(server, app, "confirm", username=name)
        shown.append([seen(browser, name)])
        if page == "confirm":
            browser.submit(code="000000")
            assert WRONG_CODE in browser.text
        else:
            browser.submit("Resend it")
            assert "We have sent you a new message." in browser.text
        shown[-1].append(_without_mask(seen(browser, name)))
    assert shown[0] == shown[1]


def _without_mask(page: tuple[int, str, str]) -> tuple[int, str, str]:
    """Of an unknown user an address is made up, whose first letters are all that is shown."""
    status, address, text = page
    parameter = address.partition("sent_to=")[2].partition("&")[0]
    masked = parameter.replace("%2A", "*").replace("%40", "@")
    if not masked:
        return page
    assert masked[1:5] == "***@"
    return status, address.replace(parameter, "MASK"), text.replace(parameter, "MASK").replace(masked, "MASK")


def test_a_client_that_hides_nobody_says_who_is_unknown(server: Server, idp: Any, pool: dict[str, Any]) -> None:
    app = make_app(idp, pool["Id"], PreventUserExistenceErrors="LEGACY")
    browser = opened(server, app, "confirm", username="nobody")
    browser.submit(code="000000")
    assert "User does not exist." in browser.text
    make_user(idp, pool["Id"], "ada", email=address_of(pool))
    browser = opened(server, app, "confirm", username="ada")
    browser.submit(code="000000")
    assert "User cannot be confirmed. Current status is CONFIRMED" in browser.text
    browser.submit("Resend it")
    assert "User is already confirmed." in browser.text
    browser.submit(code="000000")
    assert "User cannot be confirmed. Current status is CONFIRMED" in browser.text


def test_who_comes_without_a_name_gives_it(
    server: Server, pool: dict[str, Any], app: dict[str, Any], mailbox: Mailbox
) -> None:
    name = unique()
    signed_up(server, app, name, address_of(pool))
    browser = opened(server, app, "confirm")
    assert "hidden" not in inputs(browser)["username"]
    browser.submit(username=name, code=mailbox.code(address_of(pool)))
    assert browser.at is not None
    assert "notice=confirmed" in browser.at.url


def test_a_link_cannot_put_words_on_the_page(server: Server, app: dict[str, Any]) -> None:
    for text in ("call +1 900 555 0100", "a***@e*** or call", "<b>x***@y***", "+*"):
        browser = opened(server, app, "confirm", username="ada", sent_to=text, notice="Call us")
        assert "Enter the code that we have sent you" in browser.text
        assert "all " not in browser.text.replace("small ", "")


def test_an_expired_code_is_told_to_who_has_it(
    server: Server, pool: dict[str, Any], app: dict[str, Any], mailbox: Mailbox, clock: Clock
) -> None:
    address = address_of(pool)
    browser = signed_up(server, app, unique(), address)
    clock.advance(hours=24, seconds=1)
    browser.submit(code=mailbox.code(address))
    assert "Invalid code provided, please request a code again." in browser.text


def test_a_browser_that_waited_too_long_signs_in(
    server: Server, pool: dict[str, Any], app: dict[str, Any], mailbox: Mailbox, clock: Clock
) -> None:
    address = address_of(pool)
    browser = signed_up(server, app, unique(), address)
    clock.advance(minutes=61)
    browser.submit(code=mailbox.code(address))
    assert browser.at is not None
    assert "notice=confirmed" in browser.at.url
    assert not is_signed_in(browser)


def test_nobody_is_signed_in_by_the_code_of_somebody_else(
    server: Server, pool: dict[str, Any], app: dict[str, Any], mailbox: Mailbox
) -> None:
    mine, theirs = address_of(pool, "mine"), address_of(pool, "theirs")
    name = unique()
    signed_up(server, app, name, theirs)
    browser = signed_up(server, app, unique(), mine)
    browser.open("confirm", **dict(_query(browser)), username=name)
    browser.submit(code=mailbox.code(theirs))
    assert not is_signed_in(browser)


def _query(browser: Browser) -> list[tuple[str, str]]:
    assert browser.at is not None
    parameters = (part.partition("=")[::2] for part in browser.at.url.partition("?")[2].split("&"))
    return [(name, value) for name, value in parameters if name in {"client_id", "response_type"}]


def test_a_password_that_was_replaced_meanwhile_does_not_sign_in(
    server: Server, idp: Any, pool: dict[str, Any], app: dict[str, Any], mailbox: Mailbox, clock: Clock
) -> None:
    address, name = address_of(pool), unique()
    browser = signed_up(server, app, name, address)
    clock.advance(seconds=5)
    code = mailbox.code(address)
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=name, Password=OTHER_PASSWORD, Permanent=True)
    browser.submit(code=code)
    assert not is_signed_in(browser)


def test_the_functions_of_the_pool_are_told(server: Server, idp: Any, hooks: Hooks, mailbox: Mailbox) -> None:
    names = ("PostConfirmation", "PreAuthentication", "PostAuthentication")
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"], LambdaConfig=dict.fromkeys(names, hooks.arn))
    calls = hooks.on(pool)
    browser = signed_up(server, make_app(idp, pool["Id"]), unique(), address_of(pool))
    browser.submit(code=mailbox.code(address_of(pool)))
    assert is_signed_in(browser)
    assert [call["triggerSource"] for call in calls][:3] == [
        "PostConfirmation_ConfirmSignUp",
        "PreAuthentication_Authentication",
        "PostAuthentication_Authentication",
    ]


def test_where_nothing_is_verified_there_is_no_code_to_give(server: Server, idp: Any) -> None:
    pool = factories.make_pool(idp)
    browser = opened(server, make_app(idp, pool["Id"]), "confirm", username="ada")
    assert "An administrator has to confirm your account" in browser.text
    assert not inputs(browser)


def test_guesses_at_a_code_come_to_an_end(
    server: Server, pool: dict[str, Any], app: dict[str, Any], mailbox: Mailbox
) -> None:
    address = address_of(pool)
    browser = signed_up(server, app, unique(), address)
    for _ in range(15):
        browser.submit(code=wrong(mailbox.code(address)))
    browser.submit(code=mailbox.code(address))
    assert "Attempt limit exceeded, please try after some time." in browser.text
