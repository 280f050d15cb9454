"""Confirming by the link of a letter, as the browser that signed up sees it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.support import factories
from tests.support.account_pages import EMAIL, REQUIRED_EMAIL, inputs, is_signed_in, opened
from tests.support.factories import address_of, unique
from tests.support.mailbox import Mailbox
from tests.support.pages import PASSWORD, Browser, make_app
from tests.support.server import Server


@pytest.fixture
def pool(idp: Any) -> dict[str, Any]:
    return factories.make_pool(
        idp,
        AutoVerifiedAttributes=["email"],
        Schema=[REQUIRED_EMAIL],
        VerificationMessageTemplate={"DefaultEmailOption": "CONFIRM_WITH_LINK"},
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
    )


def signed_up(server: Server, app: dict[str, Any], address: str, password: str = PASSWORD) -> Browser:
    browser = opened(server, app, "signup")
    browser.submit(username=unique(), password=password, **{EMAIL: address})
    return browser


def test_who_has_followed_the_link_goes_on_signed_in(
    server: Server, idp: Any, pool: dict[str, Any], mailbox: Mailbox
) -> None:
    address = address_of(pool)
    browser = signed_up(server, make_app(idp, pool["Id"]), address)
    assert f"We have sent a link by email to {address[0]}***@e***" in browser.text
    assert set(inputs(browser)) == {"_csrf"}
    browser.submit("Continue")
    assert "Your account is not confirmed yet. Follow the link first." in browser.text
    requests.get(mailbox.messages(address)[0]["link"], timeout=20)
    browser.submit("Continue")
    assert is_signed_in(browser)


def test_another_link_is_sent_on_demand(server: Server, idp: Any, pool: dict[str, Any], mailbox: Mailbox) -> None:
    address = address_of(pool)
    browser = signed_up(server, make_app(idp, pool["Id"]), address)
    browser.submit("Resend it")
    assert "We have sent you a new message." in browser.text
    assert set(inputs(browser)) == {"_csrf"}
    requests.get(mailbox.messages(address)[0]["link"], timeout=20)
    browser.submit("Continue")
    assert is_signed_in(browser)


def test_another_browser_learns_nothing_and_signs_in(server: Server, idp: Any, pool: dict[str, Any]) -> None:
    app = make_app(idp, pool["Id"])
    signed_up(server, app, address_of(pool))
    browser = opened(server, app, "confirm", username="nobody")
    browser.submit("Continue")
    assert browser.at is not None
    assert "/login?" in browser.at.url
    assert "notice" not in browser.at.url


def test_who_has_no_password_proves_to_read_the_mail_first(
    server: Server, idp: Any, pool: dict[str, Any], mailbox: Mailbox
) -> None:
    """Whoever signs up with the address of somebody else is not signed in by their following the link."""
    address = address_of(pool)
    browser = signed_up(server, make_app(idp, pool["Id"], ExplicitAuthFlows=["ALLOW_USER_AUTH"]), address, "")
    requests.get(mailbox.messages(address)[0]["link"], timeout=20)
    browser.submit("Continue")
    assert browser.at is not None
    assert "/login?" in browser.at.url
    assert not is_signed_in(browser)


def test_the_page_of_the_link_speaks_the_readers_language(
    server: Server, idp: Any, pool: dict[str, Any], mailbox: Mailbox
) -> None:
    signed_up(server, make_app(idp, pool["Id"]), address_of(pool))
    link = mailbox.messages(address_of(pool))[0]["link"]
    answer = requests.get(link, headers={"Accept-Language": "de"}, timeout=20)
    assert '<html lang="de"' in answer.text
