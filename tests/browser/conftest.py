"""A chromium for each file, and windows that end with their test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support import chromium
from tests.support.chromium import Windows


@pytest.fixture(scope="module")
def chromium_browser() -> Iterator[Browser]:
    with chromium.running() as browser:
        yield browser


@pytest.fixture
def windows(chromium_browser: Browser) -> Iterator[Windows]:
    """`windows.open(javascript=False, dark=True, viewport=chromium.PHONE, locale="de-DE")` is a Playwright page."""
    opened = Windows(chromium_browser)
    yield opened
    opened.close()
