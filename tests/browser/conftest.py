"""A chromium for each file, and windows that end with their test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.scenes import Scene
from tests.support import chromium
from tests.support.chromium import Windows
from tests.support.hooks import Hooks
from tests.support.server import Server

SceneIn = Callable[[Page], Scene]


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


@pytest.fixture
def scene_in(server: Server, idp: Any, hooks: Hooks) -> SceneIn:
    """`scene_in(page)` is a window that `tests.browser.scenes` leads somewhere."""
    return partial(Scene, server, idp, hooks)
