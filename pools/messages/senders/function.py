"""A pool's own sender: a function that is handed the code, encrypted, and carries it as it likes."""

from __future__ import annotations

import logging

from identity.errors import CodeDeliveryFailure, ServiceError, TooManyRequests
from pools.messages.message import Message
from pools.triggers.custom_sender import custom_sender

log = logging.getLogger(__name__)


def send(message: Message) -> None:
    """Raises: CodeDeliveryFailure; TooManyRequests when so many calls are under way that this one was not made."""
    try:
        custom_sender(message.user, message.attribute, message.to, message.kind, message.code, message.origin)
    except TooManyRequests:
        raise
    except ServiceError as error:  # its text is the function's, and may hold anything
        log.warning("%s %s of pool %s was not sent: %s", message.channel, message.kind, message.pool.id, error.code)
        raise CodeDeliveryFailure() from error
