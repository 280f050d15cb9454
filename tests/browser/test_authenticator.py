"""Setting up an authenticator app in a real browser: the app reads the QR code off the screen."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.support import chromium, qr_code, second_factors, totp
from tests.support.chromium import Windows
from tests.support.clock import Clock
from tests.support.pages import PASSWORD, make_app, make_user, query, request_of
from tests.support.second_factors import TOTP
from tests.support.server import Server

ARRIVED = re.compile(r"^https://app\.example/callback\?.*\bcode=")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_an_app_that_has_read_the_code_signs_in(
    windows: Windows, server: Server, idp: Any, clock: Clock, javascript: bool, dark: bool
) -> None:
    pool = second_factors.make_pool(idp, TOTP, mode="ON")
    make_user(idp, pool["Id"])
    page = windows.open(javascript=javascript, dark=dark, viewport=chromium.PHONE)
    page.route("https://app.example/**", lambda route: route.fulfill(body="arrived"))
    page.goto(f"{server.url}/{pool['Id']}/login?{query(request_of(make_app(idp, pool['Id'])))}")
    page.locator("[name=username]").fill("ada")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main [type=submit]").first.click()

    address = urlsplit(qr_code.read(windows, page.get_by_role("img", name="QR code for your authenticator app")))
    said = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert unquote(address.path) == f"/{pool['Name']}:ada"
    assert said.keys() == {"secret", "issuer"}
    assert said["issuer"] == pool["Name"]

    page.get_by_text("Show secret key").click()
    assert page.locator("code").inner_text().replace(" ", "") == said["secret"]
    chromium.screenshot(page, f"authenticator-{'dark' if dark else 'light'}")
    page.locator("[name=code]").fill(totp.code(said["secret"], clock.now()))
    page.locator("[name=device]").fill("Ada's phone")
    page.locator("main [type=submit]").first.click()
    page.wait_for_url(ARRIVED)
