"""The outbox of a development server, as a test reads it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import requests

from tests.support.server import Server


class Mailbox:
    """Messages that the server would have sent."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def messages(self, to: str) -> list[dict[str, Any]]:
        """Newest first; `to` is an address, a number or a user name."""
        answer = requests.get(f"{self._server.url}/_dev/outbox?to={quote(to)}", timeout=10)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found

    def code(self, to: str) -> str:
        """The secret of the newest message: a code or a temporary password."""
        return str(self.messages(to)[0]["code"])


def wrong(code: str) -> str:
    """A code of the same length that is not this one."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"
