"""A receiver of triggers: functions of the test, called over HTTP as a webhook that is shared by all pools.

    def test_...(hooks, idp, ...):
        pool = factories.make_pool(idp, LambdaConfig={"PreSignUp": hooks.arn})
        calls = hooks.on(pool, lambda event: {**event, "response": {"autoConfirmUser": True}})
        ...
        assert calls[0]["triggerSource"] == "PreSignUp_SignUp"

`on` takes a function from event to the whole answer: None gives the event back unchanged, bytes are sent as they are,
an exception is what a function raises (its text is the errorMessage). It returns the list of events so far. The fixture
`hooks` is in tests/conftest.py, one for each test process.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.server import Server

Hook = Callable[[dict[str, Any]], Any]


class Hooks:
    """A webhook of `server`, whose events go to the hook of their pool."""

    def __init__(self, server: Server, name: str = "hooks") -> None:
        self._hooks: dict[str, Hook] = {}
        self._calls: dict[str, list[dict[str, Any]]] = {}
        self.headers: list[dict[str, str]] = []
        hooks = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hooks.headers.append(dict(self.headers.items()))
                status, answer = hooks._answer(json.loads(body))
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._receiver = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._receiver.daemon_threads = True
        threading.Thread(target=self._receiver.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._receiver.server_address[1]}/"
        lines = server.manage("webhook", "add", name, self.url).splitlines()
        self.arn = lines[0].split()[-1]
        self.secret = lines[1].split()[-1]

    def on(self, pool: dict[str, Any], hook: Hook = lambda event: event) -> list[dict[str, Any]]:
        """Let `hook` answer the events of a pool; the list grows by each event."""
        self._hooks[pool["Id"]] = hook
        return self._calls.setdefault(pool["Id"], [])

    def sources(self, pool: dict[str, Any]) -> list[str]:
        """The trigger sources that a pool has fired, in order."""
        return [event["triggerSource"] for event in self._calls.get(pool["Id"], [])]

    def _answer(self, event: dict[str, Any]) -> tuple[int, bytes]:
        pool_id = event["userPoolId"]
        self._calls.setdefault(pool_id, []).append(json.loads(json.dumps(event)))
        try:
            answer = self._hooks.get(pool_id, lambda event: event)(event)
        except Exception as error:
            return 400, json.dumps({"errorMessage": str(error), "errorType": type(error).__name__}).encode()
        if isinstance(answer, bytes):
            return 200, answer
        return 200, json.dumps(event if answer is None else answer).encode()

    def close(self) -> None:
        self._receiver.shutdown()
        self._receiver.server_close()
