"""An SMTP server that keeps what it is given, refuses or holds what a test tells it to."""

from __future__ import annotations

import asyncio
import email
import email.policy
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from threading import Event
from typing import Any

from aiosmtpd.controller import Controller

from tests.support.server import free_port

DELIVERY_SECONDS = 45
"""The longest wait for a mail from the background."""


@dataclass
class Postman:
    """`received` holds sender, recipients and mail of what was taken; `refused` the mails that were not.

    `peers` are the other ends of the connections that mails came over; with `hangs_up` there is one mail to each.
    """

    port: int = field(default_factory=free_port)
    received: list[tuple[str, list[str], EmailMessage]] = field(default_factory=list)
    refused: list[EmailMessage] = field(default_factory=list)
    refuses: str = ""
    delay_seconds: float = 0
    hangs_up: bool = False
    peers: list[Any] = field(default_factory=list)
    _answers: Event = field(default_factory=Event)
    _controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp+plain://127.0.0.1:{self.port}"

    def open(self) -> None:
        self._answers.set()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def close(self) -> None:
        assert self._controller is not None
        self._controller.stop()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Mails are read, and nothing is said to them until the end."""
        self._answers.clear()
        yield
        self._answers.set()

    def mails_to(self, address: str) -> list[EmailMessage]:
        return [mail for _, recipients, mail in self.received if address in recipients]

    def mail_to(self, address: str) -> EmailMessage:
        """The one mail to an address."""
        [mail] = self.mails_to(address)
        return mail

    def wait_for(self, address: str, count: int = 1) -> EmailMessage:
        """The newest mail to an address, once there are so many."""
        deadline = time.monotonic() + DELIVERY_SECONDS
        while len(mails := self.mails_to(address)) < count:
            assert time.monotonic() < deadline, "it did not arrive"
            time.sleep(0.05)
        return mails[-1]

    def wait_for_any(self) -> None:
        """Until there is a mail to anybody."""
        deadline = time.monotonic() + DELIVERY_SECONDS
        while not self.received:
            assert time.monotonic() < deadline, "none arrived"
            time.sleep(0.01)

    def code_to(self, address: str) -> str:
        """The code in the newest mail to an address."""
        body = self.mails_to(address)[-1].get_body(("plain",))
        assert body is not None
        return str(body.get_content()).strip().rstrip(".").split()[-1]

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if self.refuses == "recipient":
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = email.message_from_bytes(envelope.content, EmailMessage, policy=email.policy.default)
        await asyncio.sleep(self.delay_seconds)
        if self.refuses == "content":
            self.refused.append(mail)
            return "554 5.7.1 Not wanted"
        self.received.append((envelope.mail_from, envelope.rcpt_tos, mail))
        self.peers.append(session.peer)
        while not self._answers.is_set():
            await asyncio.sleep(0.02)
        if self.hangs_up:
            asyncio.get_running_loop().call_soon(server.transport.close)
        return "250 OK"


@contextmanager
def opened() -> Iterator[Postman]:
    postman = Postman()
    postman.open()
    yield postman
    postman.close()
