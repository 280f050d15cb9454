"""Signing in by password in a real browser, with JavaScript and without."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support import chromium, factories
from tests.support.chromium import Windows
from tests.support.pages import CALLBACK, PASSWORD, make_app, make_user, query, request_of
from tests.support.server import Server


@pytest.fixture
def login(server: Server, idp: Any) -> str:
    """The address of a sign-in page; ada can sign in."""
    pool_id: str = factories.make_pool(idp)["Id"]
    make_user(idp, pool_id)
    return f"{server.url}/{pool_id}/login?{query(request_of(make_app(idp, pool_id)))}"


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_the_right_password_signs_in(windows: Windows, login: str, javascript: bool) -> None:
    page = windows.open(javascript=javascript)
    page.goto(login)
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    with page.expect_request(re.compile(rf"^{re.escape(CALLBACK)}\?")) as back:  # where nobody listens
        page.get_by_role("button", name="Sign in").click()
    assert "code=" in back.value.url
    assert [cookie for cookie in page.context.cookies() if cookie["name"].startswith("cognito-")]


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_wrong_password_is_told(windows: Windows, login: str, javascript: bool) -> None:
    page = windows.open(javascript=javascript)
    page.goto(login)
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("Wrong-horse-9-battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Incorrect username or password.")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_wrong_with_the_sign_in_page(windows: Windows, login: str, dark: bool) -> None:
    page = windows.open(dark=dark)
    page.goto(login)
    chromium.screenshot(page, f"login-{'dark' if dark else 'light'}")
    assert chromium.violations(page) == []


def test_axe_sees_what_is_wrong(windows: Windows, login: str) -> None:
    page = windows.open()
    page.goto(login)
    page.evaluate("document.documentElement.removeAttribute('lang')")
    assert any(text.startswith("html-has-lang: ") for text in chromium.violations(page))
