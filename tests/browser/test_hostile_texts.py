"""Texts of strangers on the pages, in a real browser: what names, links and functions say is shown, and never runs."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Page

from pools.hosted.urls import urlpatterns
from tests.support import factories
from tests.support.chromium import Windows
from tests.support.clients import refused
from tests.support.hooks import Hooks
from tests.support.pages import PASSWORD, make_app, make_user, request_of
from tests.support.server import Server

HOSTILE = {
    "an image": "\"'><img src=https://evil.example/x onerror=window.ran=1>",
    "an end of everything": "</title></style></textarea></script></svg><script>window.ran=1</script>",
    "an attribute": '" autofocus onfocus=window.ran=1 style=background:url(https://evil.example/y) x="',
    "a script": "javascript:window.ran=1//",
    "a vector image": "<svg/onload=window.ran=1><use href=https://evil.example/z#a>",
    "a template": "{{constructor.constructor('window.ran=1')()}}{% debug %}${window.ran=1}",
    "a frame": "<iframe srcdoc='<script>parent.ran=1</script>'></iframe><base href=https://evil.example/>",
    "a comment": "<!--><meta http-equiv=refresh content='0;url=https://evil.example/m'>-->",
}
PATHS = sorted({str(pattern.pattern).rstrip("/") for pattern in urlpatterns if "<" not in str(pattern.pattern)})
PARAMETERS = (
    *("login_hint", "username", "state", "nonce", "lang", "ui_locales", "notice", "sent_to", "factor", "scope"),
    *("error", "error_description", "user_name", "confirmation_code", "prompt", "logout_uri", "client"),
)


class Watch:
    """What a page does besides being there."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.foreign: list[str] = []
        self.dialogs: list[str] = []
        own = urlsplit(server.url).netloc

        def asked(request: Any) -> None:
            address = urlsplit(request.url)
            if address.scheme not in {"data", "about"} and address.netloc != own:
                self.foreign.append(request.url)

        def told(dialog: Any) -> None:
            self.dialogs.append(dialog.message)
            dialog.dismiss()

        page.on("request", asked)
        page.on("dialog", told)

    def assert_calm(self, what: str) -> None:
        assert (self.foreign, self.dialogs) == ([], []), what
        assert self.page.evaluate("window.ran") is None, what
        injected = (
            "img[src*=evil], [onerror], [onload], [onfocus], [style], iframe, base, use[href^=http], meta[http-equiv]"
        )
        assert self.page.locator(injected).count() == 0, what
        scripts = self.page.locator("script").evaluate_all("all => all.filter(one => !one.nonce).length")
        assert scripts == 0, what


@pytest.mark.parametrize("path", PATHS)
def test_what_a_link_says_does_not_run(windows: Windows, server: Server, idp: Any, path: str) -> None:
    pool_id = factories.make_pool(idp, AutoVerifiedAttributes=["email"])["Id"]
    client = make_app(idp, pool_id)
    page = windows.open()
    watch = Watch(page, server)
    for name, text in HOSTILE.items():
        query = {**dict.fromkeys(PARAMETERS, text), **request_of(client, state=text)}
        page.goto(f"{server.url}/{pool_id}/{path}?{urlencode(query)}")
        watch.assert_calm(name)


def test_a_suggested_name_stands_in_the_field_as_it_is(windows: Windows, server: Server, idp: Any) -> None:
    pool_id = factories.make_pool(idp)["Id"]
    page = windows.open()
    client = make_app(idp, pool_id)
    for name, text in HOSTILE.items():
        page.goto(f"{server.url}/{pool_id}/login?{urlencode(request_of(client, login_hint=text))}")
        assert page.locator("[name=username]").input_value() == text, name


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_what_a_function_says_is_text(
    windows: Windows, server: Server, idp: Any, hooks: Hooks, javascript: bool
) -> None:
    pool = factories.make_pool(idp, LambdaConfig={"PreAuthentication": hooks.arn})
    make_user(idp, pool["Id"])
    client = make_app(idp, pool["Id"])
    page = windows.open(javascript=javascript)
    watch = Watch(page, server)
    for name, text in HOSTILE.items():

        def refuse(event: dict[str, Any], text: str = text) -> Any:
            raise RuntimeError(text)

        hooks.on(pool, refuse)
        page.goto(f"{server.url}/{pool['Id']}/login?{urlencode(request_of(client))}")
        page.locator("[name=username]").fill("ada")
        page.locator("[name=password]").fill(PASSWORD)
        page.locator(".submitButton-customizable").click()
        page.locator("[role=alert]").wait_for()
        watch.assert_calm(name)
        assert text in page.locator("[role=alert]").inner_text(), name


def test_what_a_user_calls_themselves_is_text(windows: Windows, server: Server, idp: Any) -> None:
    """On the page that offers to go on as who has signed in before."""
    pool_id = factories.make_pool(idp)["Id"]
    client = make_app(idp, pool_id)
    for number, (name, text) in enumerate(list(HOSTILE.items())[:3]):
        make_user(idp, pool_id, f"user{number}", name=text)
        page = windows.open()
        watch = Watch(page, server)
        page.route("https://app.example/**", lambda route: route.fulfill(body="the app"))
        page.goto(f"{server.url}/{pool_id}/login?{urlencode(request_of(client))}")
        page.locator("[name=username]").fill(f"user{number}")
        page.locator("[name=password]").fill(PASSWORD)
        page.locator(".submitButton-customizable").click()
        page.wait_for_url("https://app.example/**")
        watch.foreign.clear()
        page.goto(f"{server.url}/{pool_id}/login?{urlencode(request_of(client))}")
        watch.assert_calm(name)
        assert text in page.locator("main").inner_text(), name


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_apps_and_pools_are_called_holds_no_markup(idp: Any, text: str) -> None:
    with refused("InvalidParameterException"):
        factories.make_pool(idp, PoolName=text)
    with refused("InvalidParameterException"):
        make_app(idp, factories.make_pool(idp)["Id"], ClientName=text)
