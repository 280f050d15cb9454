"""The system's chromium, driven by Playwright: a fresh window for each look at a page.

With GATEHOUSE_TEST_SCREENSHOTS naming a folder, `screenshot` keeps what a page looks like there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from tests.support import javascript

PHONE: ViewportSize = {"width": 360, "height": 740}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
SMALLEST: ViewportSize = {"width": 320, "height": 640}
"""What WCAG 2.2 asks to work without scrolling sideways (1.4.10, Reflow)."""
LONGEST_WAIT_MS = 15_000
# `.ci/run` sets it: there, a test that is skipped is a test that failed.
IS_REQUIRED = bool(os.environ.get("GATEHOUSE_TEST_CHROMIUM_REQUIRED"))
_SCREENSHOTS = os.environ.get("GATEHOUSE_TEST_SCREENSHOTS", "")
_AXE = javascript.FOLDER / "node_modules" / "axe-core" / "axe.min.js"
# Rules of WCAG 2.2, levels A and AA, and what axe's authors hold for good practice.
_AXE_OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
# A colour on its way from light to dark has no contrast to speak of.
_AT_REST = "() => Promise.allSettled(document.getAnimations().map(animation => animation.finished))"


@dataclass
class Windows:
    """Opens windows of one browser, each with cookies of its own. `close` ends them all."""

    browser: Browser
    _open: list[BrowserContext] = field(default_factory=list)

    def open(
        self,
        *,
        javascript: bool = True,
        dark: bool = False,
        viewport: ViewportSize = DESKTOP,
        locale: str = "en-US",
        **more: Any,
    ) -> Page:
        """A page of a new window. `more` goes to Playwright's `new_context`."""
        context = self.browser.new_context(
            java_script_enabled=javascript,
            color_scheme="dark" if dark else "light",
            viewport=viewport,
            locale=locale,
            **more,
        )
        context.set_default_timeout(LONGEST_WAIT_MS)
        self._open.append(context)
        return context.new_page()

    def close(self) -> None:
        for context in self._open:
            context.close()
        self._open.clear()


@contextmanager
def running(*arguments: str, authority: Path | None = None) -> Iterator[Browser]:
    """A browser with further command-line arguments; skips where there is no chromium.

    It trusts `authority`, a certificate, as that of a user who imported it does: in the NSS database of its home.

    Its driver keeps an event loop in this thread as long as it runs, in which Django's ORM refuses to work: hence one
    browser a file, not one a process.
    """
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        (pytest.fail if IS_REQUIRED else pytest.skip)("there is no chromium")
    given = ["--no-sandbox", *arguments] if os.getuid() == 0 else arguments
    expect.set_options(timeout=LONGEST_WAIT_MS)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, sync_playwright() as driver:
        if authority is not None:
            _trust(authority, Path(home))
        browser = driver.chromium.launch(executable_path=executable, args=given, env={**os.environ, "HOME": home})
        yield browser
        browser.close()


def _trust(authority: Path, home: Path) -> None:
    if shutil.which("certutil") is None:
        (pytest.fail if IS_REQUIRED else pytest.skip)("there is no certutil, of Debian's libnss3-tools")
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    for command in (
        ["-N", "--empty-password"],
        ["-A", "-n", "gatehouse", "-t", "C,,", "-i", str(authority)],
    ):
        subprocess.run(["certutil", *command, "-d", f"sql:{database}"], check=True, capture_output=True)


def screenshot(page: Page, name: str) -> None:
    """Keep a picture of the whole page, as `{name}.png`, where a folder for them is named."""
    if _SCREENSHOTS:
        Path(_SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        file = re.sub(r"[^\w.-]+", "-", name) + ".png"
        page.screenshot(path=Path(_SCREENSHOTS, file), full_page=True, animations="disabled")


def violations(page: Page) -> list[str]:
    """What axe finds wrong on a page: rule, help and the elements. Needs a window with JavaScript.

    Evaluated by the debugger, which the page's Content-Security-Policy does not hold.
    """
    javascript.install()
    page.evaluate(_AXE.read_text())
    page.evaluate(_AT_REST)
    found: dict[str, Any] = page.evaluate("options => axe.run(document, options)", _AXE_OPTIONS)
    assert found["passes"], "axe did not look at anything"
    return [
        f"{rule['id']}: {rule['help']}: {node['target']} {node['html']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
