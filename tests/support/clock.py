"""The settable clock of a development server."""

from __future__ import annotations

from datetime import datetime, timedelta

import requests

from tests.support.server import Server


class Clock:
    """Moves a server's time; the fixture puts it back."""

    def __init__(self, server: Server) -> None:
        self._url = f"{server.url}/_dev/clock"

    def now(self) -> datetime:
        """The server's time."""
        answer = requests.get(self._url, timeout=10)
        answer.raise_for_status()
        return datetime.fromisoformat(answer.json()["now"])

    def advance(self, **duration: float) -> None:
        """`advance(hours=1, seconds=1)`"""
        seconds = timedelta(**duration).total_seconds()
        requests.post(self._url, json={"advance_seconds": seconds}, timeout=10).raise_for_status()

    def reset(self) -> None:
        requests.post(self._url, json={"reset": True}, timeout=10).raise_for_status()
