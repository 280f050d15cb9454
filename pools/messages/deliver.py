"""What carries a message, and handing it over: after the commit of what caused it, never inside a transaction.

Requests send by `queue`, which knows what they wait for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import connection

from identity.config import config
from identity.errors import CodeDeliveryFailure
from pools.messages.message import ATTRIBUTES, Channel, Message
from pools.messages.senders import function, http, outbox, smtp, sns
from pools.models import Pool
from pools.triggers import custom_sender

log = logging.getLogger(__name__)

Send = Callable[[Message], None]


def send(message: Message) -> None:
    """Hand a message to its carrier and wait until it is accepted.

    Raises: CodeDeliveryFailure, when there is no carrier or it refuses; InvalidSmsRoleAccessPolicy and
    InvalidSmsRoleTrustRelationship, which are two of its kind, when the pool's role is why.
    """
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise RuntimeError("A message must not be sent inside a transaction.")
    carrier = check(message.pool, message.channel)
    try:
        carrier(message)
    except OSError as error:  # smtplib's errors are OSErrors; ValueError is an address it cannot use
        log.warning("%s %s was not delivered: %s", message.channel, message.kind, type(error).__name__)
        raise CodeDeliveryFailure() from error
    except ValueError as error:
        log.warning("%s %s has an unusable address", message.channel, message.kind)
        raise CodeDeliveryFailure() from error


def check(pool: Pool, channel: Channel) -> Send:
    """What carries a pool's messages. Raises: CodeDeliveryFailure, when nothing at all could."""
    carrier = _carrier_of(pool, channel)
    if carrier is None:
        log.error("no way to send %s is configured; see GATEHOUSE_%s_URL", channel, channel)
        raise CodeDeliveryFailure()
    if carrier is sns.send:
        sns.check(pool)
    return carrier


def is_carried(pool: Pool, channel: Channel) -> bool:
    """Whether `check` finds a carrier."""
    carrier = _carrier_of(pool, channel)
    return carrier is not None and (carrier is not sns.send or sns.has_role(pool))


def is_kept(pool: Pool, channel: Channel) -> bool:
    """Whether messages go to the outbox of development, which is a row like any other: there at once."""
    return _carrier_of(pool, channel) is outbox.send


def has_sender(pool: Pool, channel: Channel) -> bool:
    """Whether a function of the pool carries its messages."""
    return custom_sender.is_set(pool, ATTRIBUTES[channel])


def _carrier_of(pool: Pool, channel: Channel) -> Send | None:
    return function.send if has_sender(pool, channel) else _carrier(channel)


def _carrier(channel: Channel) -> Send | None:
    if channel is Channel.EMAIL and config.email_url:
        return smtp.send
    if channel is Channel.SMS and config.sms_url:
        return sns.send if config.sms_url.startswith("sns:") else http.send
    return outbox.send if config.dev else None
