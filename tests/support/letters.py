"""A mail server that keeps what it is given, for installations that send e-mail for real."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from tests.support.server import free_port

LONGEST_SECONDS = 25
"""A letter on its way when its worker is killed comes once the lease is over."""


class Letters(MessageHandler):
    """`environment` makes an installation send its e-mail here."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.environment = {
            "GATEHOUSE_EMAIL_URL": f"smtp+plain://127.0.0.1:{port}",
            "GATEHOUSE_EMAIL_FROM": "accounts@gatehouse.example",
        }
        self.newest: dict[str, Message] = {}
        """By address."""

    def handle_message(self, message: Message) -> None:
        self.newest[str(message["To"])] = message

    def code_to(self, address: str) -> str:
        """The code in the newest letter to an address; waits for the first. Raises: TimeoutError."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while address not in self.newest:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no letter to {address} came")
            time.sleep(0.02)
        text = next(part for part in self.newest[address].walk() if part.get_content_type() == "text/plain")
        found = re.search(r"\b\d{6}\b", str(text.get_payload()))
        assert found
        return found[0]


@contextmanager
def delivered() -> Iterator[Letters]:
    """A running mail server."""
    port = free_port()
    letters = Letters(port)
    controller = Controller(letters, hostname="127.0.0.1", port=port)
    controller.start()
    yield letters
    controller.stop()
