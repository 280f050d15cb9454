"""The outbox: messages are kept for `/_dev/outbox` instead of being sent. Development only."""

from __future__ import annotations

from pools.messages.message import Message
from pools.models import Outgoing


def send(message: Message) -> None:
    Outgoing.objects.create(
        to=message.to,
        channel=message.channel,
        kind=message.kind,
        code=message.code,
        link=message.link,
        subject=message.text.subject,
        body=message.text.body,
        pool=message.pool,
        username=message.username,
    )
