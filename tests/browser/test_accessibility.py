"""Every page is usable by everybody: axe, narrow windows, the keyboard; and it brings all that it needs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, expect

from tests.browser.conftest import SceneIn
from tests.browser.scenes import PAGES, Scene
from tests.support import chromium
from tests.support.chromium import Windows
from tests.support.server import Server

MOST_BYTES = 60_000
_VISIT = Callable[[Scene], None]
# A page that is refused is answered with its status, which chromium reports as a failure to load.
_EXPECTED = "Failed to load resource: the server responded with a status of 4"
_IN_ORDER = """() => [...document.querySelectorAll('a[href], button, input, select, summary')]
    .filter(element => element.tabIndex >= 0 && element.type !== 'hidden' && element.checkVisibility()
        && (!element.closest('details') || element.tagName === 'SUMMARY'))
    .map(element => element.name || element.id || element.textContent.trim())"""
_FOCUSED = """() => (element => element.name || element.id || element.textContent.trim())(document.activeElement)"""
_TOO_SMALL = """() => [...document.querySelectorAll('main button, main .input, main .choice, summary, a.button')]
    .filter(element => element.checkVisibility() && element.getBoundingClientRect().height < 24)
    .map(element => element.outerHTML)"""


@pytest.mark.parametrize("visit", PAGES.values(), ids=PAGES.keys())
@pytest.mark.parametrize("locale", ["en-US", "ar-EG"])
def test_a_page_is_usable_by_everybody(
    server: Server, scene_in: SceneIn, windows: Windows, visit: _VISIT, locale: str, request: pytest.FixtureRequest
) -> None:
    page = windows.open(locale=locale)
    said, asked = watch(page)
    visit(scene_in(page))
    comes_in_one_answer(page.content())
    name = f"{request.node.callspec.id}"
    for dark in (False, True):
        page.emulate_media(color_scheme="dark" if dark else "light")
        for size, viewport in (("desktop", chromium.DESKTOP), ("phone", chromium.PHONE)):
            page.set_viewport_size(viewport)
            chromium.screenshot(page, f"{name}-{'dark' if dark else 'light'}-{size}")
        assert chromium.violations(page) == []
    assert page.locator("html").get_attribute("dir") == ("rtl" if locale == "ar-EG" else "ltr")
    assert page.locator("h1").count() == 1
    assert page.locator("h1").inner_text().strip()
    assert page.title().strip()
    assert is_as_wide_as_its_window(page)
    assert page.evaluate(_TOO_SMALL) == []
    assert said == []
    assert [address for address in asked if not address.startswith((server.url, "data:"))] == []


def is_as_wide_as_its_window(page: Page) -> bool:
    """Source: WCAG 2.2, 1.4.10, and 1.4.4: 640 pixels at 200 percent are 320."""
    page.set_viewport_size(chromium.SMALLEST)
    page.keyboard.press("Escape")
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def comes_in_one_answer(html: str) -> None:
    """Style, script and pictures travel within the page, but for an operator's logo."""
    assert len(html.encode()) < MOST_BYTES
    assert 'rel="stylesheet"' not in html
    assert "<script src" not in html
    assert " style=" not in html


def watch(page: Page) -> tuple[list[str], list[str]]:
    """What the console says is wrong, and which addresses were asked for."""
    said: list[str] = []
    asked: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_EXPECTED):
            said.append(message.text)

    def see(request: Request) -> None:
        asked.append(request.url)

    page.on("console", hear)
    page.on("request", see)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said, asked


def test_the_keyboard_goes_through_a_page_in_its_order(scene_in: SceneIn, windows: Windows) -> None:
    page = windows.open()
    PAGES["login"](scene_in(page))
    order = page.evaluate(_IN_ORDER)
    assert order[0] == "username"
    expect(page.locator("[name=username]")).to_be_focused()
    for name in order[1:]:
        page.keyboard.press("Tab")
        assert page.evaluate(_FOCUSED) == name


def test_the_languages_open_and_close_by_keyboard(scene_in: SceneIn, windows: Windows) -> None:
    page = windows.open()
    PAGES["login"](scene_in(page))
    page.locator(".language summary").focus()
    page.keyboard.press("Enter")
    assert page.get_by_role("button", name="Deutsch").is_visible()
    assert chromium.violations(page) == []
    page.keyboard.press("Escape")
    assert not page.get_by_role("button", name="Deutsch").is_visible()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Deutsch").press("Enter")
    page.wait_for_url("**&lang=de")
    assert page.locator("h1").inner_text() == "Anmelden"


def test_a_password_can_be_shown(scene_in: SceneIn, windows: Windows) -> None:
    page = windows.open()
    PAGES["login"](scene_in(page))
    page.get_by_label("Password").fill("a secret")
    page.get_by_role("button", name="Show password").click()
    assert page.get_by_label("Password").get_attribute("type") == "text"
    page.get_by_role("button", name="Show password").click()
    assert page.get_by_label("Password").get_attribute("type") == "password"


def test_what_is_wrong_is_read_with_its_field(scene_in: SceneIn, windows: Windows) -> None:
    page = windows.open()
    PAGES["login refused"](scene_in(page))
    expect(page.locator("[name=password]")).to_be_focused()
    described = page.locator("[name=password]").get_attribute("aria-describedby") or ""
    assert page.locator(f"#{described}").inner_text() == "Incorrect username or password."


def test_a_form_is_sent_once(scene_in: SceneIn, windows: Windows) -> None:
    page = windows.open()
    PAGES["login"](scene_in(page))
    page.evaluate("""() => {
        const form = document.querySelector('main form');
        window.sent = 0;
        form.addEventListener('submit', event => { sent += !event.defaultPrevented; event.preventDefault(); });
    }""")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("a secret")
    button = page.locator("main form [type=submit]")
    button.click()
    button.click(force=True)
    assert page.evaluate("sent") == 1
    assert button.get_attribute("aria-disabled") == "true"
