"""Which language a page speaks, and how somebody chooses another."""

from __future__ import annotations

from typing import Any

import pytest

from pools.hosted.language import closest
from tests.support.pages import Browser, make_app, request_of
from tests.support.server import Server

OF_AWS = ["de", "en", "es", "fr", "id", "it", "ja", "ko", "pt-BR", "zh-CN", "zh-TW"]
"""Source: guide, "Managed login localization"."""
ENGLISH, GERMAN, ARABIC = "Sign in", "Anmelden", "تسجيل الدخول"


@pytest.fixture
def browser(server: Server, pool: dict[str, Any]) -> Browser:
    return Browser(server, pool["Id"])


@pytest.fixture
def request_(idp: Any, pool: dict[str, Any]) -> dict[str, str]:
    return request_of(make_app(idp, pool["Id"]))


def heading(browser: Browser) -> str:
    assert browser.at is not None
    return browser.at.text.partition("<h1>")[2].partition("</h1>")[0].strip()


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("de", GERMAN),
        ("de-AT,en;q=0.5", GERMAN),
        ("fr, de;q=0.4, ar;q=0.8", ARABIC),
        ("fr, de;q=0, ar;q=0.1", ARABIC),
        ("ar-EG", ARABIC),
        ("tlh, *;q=0.5", ENGLISH),
        ("", ENGLISH),
        ("de;q=x" + "," * 5000, ENGLISH),
        ("\u00e9\u00e9, \u00fc", ENGLISH),
    ],
)
def test_a_browser_says_what_it_prefers(browser: Browser, request_: dict[str, str], header: str, text: str) -> None:
    browser.session.headers["Accept-Language"] = header.encode("latin-1")
    assert browser.open("login", **request_).status_code == 200
    assert heading(browser) == text


def test_an_app_asks_for_a_language(browser: Browser, request_: dict[str, str]) -> None:
    browser.open("login", **request_, ui_locales="tlh de-CH en")
    assert heading(browser) == GERMAN


def test_what_was_chosen_is_remembered_and_outweighs_the_browser(browser: Browser, request_: dict[str, str]) -> None:
    browser.session.headers["Accept-Language"] = "en"
    browser.open("login", **request_, lang="ar")
    browser.open("login", **request_)
    assert heading(browser) == ARABIC
    assert browser.at is not None
    assert '<html lang="ar" dir="rtl">' in browser.at.text


@pytest.mark.parametrize("tag", ["", "tlh", "x" * 4000, "de\x00", "../de", '"><script>', "de-" * 900])
def test_a_language_that_is_not_spoken_changes_nothing(browser: Browser, request_: dict[str, str], tag: str) -> None:
    browser.session.headers["Accept-Language"] = "en"
    assert browser.open("login", **request_, lang=tag).status_code == 200
    assert "<script>" not in browser.text
    assert heading(browser) in {ENGLISH, GERMAN}


def test_choosing_a_language_keeps_the_request(browser: Browser, request_: dict[str, str]) -> None:
    """The selector is a form: what it holds is what the page was asked with, but for the language."""
    page = browser.open("login", **request_, lang="de").text
    selector = page.partition('class="language"')[2]
    for name, value in request_.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in selector
    assert '<button name="lang" value="ar" lang="ar">العربيّة</button>' in selector
    assert 'name="lang" value="de" lang="de" aria-current="true"' in selector
    assert 'type="hidden" name="lang"' not in selector


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("pt-BR", "pt-BR"),
        ("pt_br", "pt-BR"),
        ("pt", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("zh-TW", "zh-TW"),
        ("zh-TW-x-private", "zh-TW"),
        ("zh", "zh-CN"),
        ("EN-gb", "en"),
        ("ind", None),
        ("-", None),
        ("*", None),
        ("", None),
    ],
)
def test_the_closest_language_that_is_spoken(tag: str, code: str | None) -> None:
    assert closest(tag, OF_AWS) == code
