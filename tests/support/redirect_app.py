"""An app of one page, on an address of its own, that signs in by redirect: `tests/javascript/redirect_app.js`."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support import javascript

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>App</title></head><body>
<button id="sign-in">Sign in</button><button id="refresh">Refresh</button><button id="sign-out">Sign out</button>
<p id="state"></p><p id="error"></p><p id="custom-state"></p><p id="user"></p><p id="attributes"></p>
<p id="id-token"></p><p id="access-token"></p>
<script src="/app.js"></script></body></html>"""


class RedirectApp(ThreadingHTTPServer):
    """`configuration` is Amplify's `Auth.Cognito`; it is asked for with each page."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.configuration: dict[str, Any] = {}
        self.script = _bundle()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: RedirectApp

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/":
            self._answer("text/html", _PAGE.encode())
        elif path == "/app.js":
            self._answer("text/javascript", self.server.script)
        elif path == "/configuration.json":
            self._answer("application/json", json.dumps(self.server.configuration).encode())
        else:
            self._answer("text/plain", b"", 404)

    def _answer(self, content_type: str, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Tests say what went wrong by themselves."""


def _bundle() -> bytes:
    javascript.install()
    command = ["node_modules/.bin/esbuild", "redirect_app.js", "--bundle", "--format=iife", "--log-level=error"]
    return subprocess.run(command, cwd=javascript.FOLDER, check=True, capture_output=True, timeout=120).stdout


@contextmanager
def running() -> Iterator[RedirectApp]:
    app = RedirectApp()
    thread = threading.Thread(target=app.serve_forever)
    thread.start()
    yield app
    app.shutdown()
    thread.join()
    app.server_close()
