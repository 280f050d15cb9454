"""The public JavaScript SDKs, unmodified, as apps: each a Node.js process that calls an SDK for a test.

The packages are installed from `tests/javascript/package-lock.json` when they are first needed.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "javascript"
LOCK_FILE = FOLDER / "package-lock.json"
INSTALLED = FOLDER / "node_modules" / ".installed-lock.json"
OLDEST_NODE = 20
INSTALL_SECONDS = 300
# `.ci/run` sets it: there, a test that is skipped is a test that failed.
IS_REQUIRED = bool(os.environ.get("GATEHOUSE_TEST_NODE_REQUIRED"))


class Rejected(Exception):
    """What a JavaScript SDK threw, or handed to a failure callback."""

    def __init__(self, error: dict[str, str]) -> None:
        super().__init__(f"{error.get('name')}: {error.get('message')}")
        self.name = error.get("name")
        self.message = error.get("message")


@contextmanager
def rejected(name: str, message: str | None = None) -> Iterator[None]:
    """Expect an error by its name, and by its whole text where one is given, both as an app sees them."""
    with pytest.raises(Rejected) as caught:
        yield
    assert caught.value.name == name, caught.value
    if message is not None:
        assert caught.value.message == message


class App:
    """An app on a device, with a storage of its own. `app("signIn", ...)` calls the SDK's function of that name."""

    def __init__(self, sdk: str, configuration: dict[str, Any]) -> None:
        self._complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115  # open as long as the process runs
        self._process = subprocess.Popen(
            ["node", "driver.js", sdk],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
            encoding="utf-8",
        )
        self._calls = 0
        self("configure", configuration)

    def __call__(self, function: str, *arguments: Any) -> Any:
        """Raises: Rejected, with the SDK's error."""
        assert self._process.stdin and self._process.stdout
        self._calls += 1
        self._process.stdin.write(json.dumps({"id": self._calls, "call": function, "args": arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"Node.js ended: {self._read_complaints()}"
        answer = json.loads(line)
        assert answer["id"] == self._calls
        if "error" in answer:
            raise Rejected(answer["error"])
        return answer["ok"]

    def _read_complaints(self) -> str:
        self._complaints.seek(0)
        return self._complaints.read()

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()
        self._complaints.close()


StartApp = Callable[[dict[str, Any]], App]
"""Starts an app for an app client, as CreateUserPoolClient answers it."""


def install() -> None:
    """Have the SDKs in `tests/javascript/node_modules`; skips the test where there is no Node.js to run them."""
    reason = _reason_to_skip()
    if reason:
        (pytest.fail if IS_REQUIRED else pytest.skip)(reason)
    with open(LOCK_FILE) as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)  # one test process installs, the others wait
        wanted = lock_file.read()
        if INSTALLED.exists() and INSTALLED.read_text() == wanted:
            return
        done = subprocess.run(
            ["npm", "ci"], cwd=FOLDER, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        INSTALLED.write_text(wanted)


def _reason_to_skip() -> str | None:
    if not (shutil.which("node") and shutil.which("npm")):
        return "there is no Node.js with npm"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        return f"Node.js {version} is older than {OLDEST_NODE}"
    return None
