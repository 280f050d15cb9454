"""What tests of the pages around accounts share: opening them, their inputs, and comparing them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, quote_plus

from tests.support.pages import CALLBACK, Browser, request_of
from tests.support.server import Server

EMAIL = "requiredAttributes[email]"
REQUIRED_EMAIL = {"Name": "email", "Required": True}
WRONG_CODE = "Invalid verification code provided, please try again."


def opened(server: Server, client: dict[str, Any], page: str, **query: str) -> Browser:
    browser = Browser(server, client["UserPoolId"])
    browser.open(page, **request_of(client), **query)
    return browser


def inputs(browser: Browser) -> dict[str, dict[str, str]]:
    """The attributes of the inputs of the page's first form by their names."""
    return browser.forms[0].inputs if browser.forms else {}


def is_signed_in(browser: Browser) -> bool:
    assert browser.at is not None
    arrived = browser.at.headers.get("Location", browser.at.url)
    session = f"cognito-{browser.base.rpartition('/')[2]}"
    return session in browser.session.cookies and arrived.startswith(CALLBACK)


def seen(browser: Browser, name: str) -> tuple[int, str, str]:
    """All that a page and its address tell, but what is new on every page and the name that was asked about."""
    assert browser.at is not None
    text = re.sub(r'(name="_csrf" value|nonce)="[^"]*"', r'\1=""', browser.at.text)
    address = browser.at.url
    for form in (quote_plus(name), quote(name), name):
        text, address = text.replace(form, "NAME"), address.replace(form, "NAME")
    return browser.at.status_code, address, text
