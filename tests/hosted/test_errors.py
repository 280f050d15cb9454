"""The error page: what it says, what it never says, and the reference that leads to the log."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from tests.support.pages import Browser, make_app, request_of
from tests.support.server import Server

AS_A_BROWSER = {"Accept": "text/html,application/xhtml+xml"}
KNOWN = [
    ("redirect_mismatch", "an address that is not registered"),
    ("Client does not exist.", "This app is not known here"),
    ("Required parameters missing", "is not complete"),
    ("unauthorized_client", "may not ask for a sign-in in this way"),
    ("invalid_request", "could not be understood"),
]


@pytest.fixture
def browser(server: Server, pool: dict[str, Any]) -> Browser:
    return Browser(server, pool["Id"])


@pytest.mark.parametrize(("error", "text"), KNOWN)
def test_a_known_error_is_explained(browser: Browser, error: str, text: str) -> None:
    response = browser.open("error", error=error, client_id="some-client")
    assert response.status_code == 400
    assert text in browser.text
    assert error in browser.text


def test_what_a_link_says_is_not_shown(browser: Browser) -> None:
    browser.open("error", error="Call 555-0100 now", error_description="Your account is lost", client_id="<b>evil</b>")
    assert "An error was encountered with the requested page." in browser.text
    assert browser.at is not None
    main = browser.at.text.partition("<main")[2].partition("</main>")[0]
    for said in ("555-0100", "account is lost", "evil"):
        assert said not in main


def test_the_reference_leads_to_the_log(server: Server, browser: Browser) -> None:
    browser.open("error", error="redirect_mismatch", client_id="client\nforged line")
    found = re.search(r"Reference\s+([2-9A-Z]{4}-[2-9A-Z]{4})", browser.text)
    assert found
    line = next(line for line in server.log.splitlines() if found[1] in line)
    assert "redirect_mismatch" in line
    assert r"'client\nforged line'" in line


def test_a_page_of_an_unknown_client_says_so(browser: Browser) -> None:
    response = browser.open("login", client_id="nobody")
    assert response.status_code == 400
    assert "This app is not known here" in browser.text


def test_an_expired_form_can_be_opened_again(browser: Browser, idp: Any, pool: dict[str, Any]) -> None:
    browser.open("login", **request_of(make_app(idp, pool["Id"])))
    browser.session.cookies.clear()
    response = browser.submit(username="ada", password="whatever")
    assert response.status_code == 403
    assert "This form has expired" in browser.text
    assert browser.at is not None
    again = re.search(r'<a class="button" href="([^"]+)"', browser.at.text)
    assert again
    assert again[1].replace("&amp;", "&") == response.url.removeprefix(browser.host)


@pytest.mark.parametrize("path", ["us-east-1_nobodys/login", "us-east-1_nobodys/oauth2/authorize", "no/such/path"])
def test_a_browser_that_finds_nothing_gets_a_page(server: Server, path: str) -> None:
    response = requests.get(f"{server.url}/{path}", headers=AS_A_BROWSER, timeout=20)
    assert response.status_code == 404
    assert "Page not found" in response.text
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_a_program_that_finds_nothing_gets_no_page(server: Server) -> None:
    assert requests.get(f"{server.url}/no/such/path", timeout=20).text == "Not found\n"
    assert requests.get(f"{server.url}/us-east-1_nobodys/.well-known/jwks.json", timeout=20).json()


def test_a_method_that_a_page_does_not_take_is_refused(browser: Browser) -> None:
    response = browser.session.put(f"{browser.base}/login", timeout=20)
    assert response.status_code == 405
    assert "This page cannot be opened like this" in response.text
