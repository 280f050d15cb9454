"""What a pool's CustomMessage function makes of a message, before it is sent."""

from __future__ import annotations

from dataclasses import replace

from pools.config.messages import Template
from pools.config.schema import VERIFIED_FLAGS
from pools.messages.message import Channel, Message
from pools.triggers import custom_message
from pools.triggers.custom_message import Wording


def is_open(message: Message) -> bool:
    """Whether there is a function to be asked, and it has not been."""
    return message.worded is None and custom_message.is_asked(message.pool, message.attribute)


def worded(message: Message) -> Message:
    """The message as the function words it, or as it is where none is to be asked.

    Raises: UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests.
    """
    if not is_open(message):
        return message
    said = custom_message.custom_message(message.user, message.kind, _new_address(message), message.origin)
    return message if said is None else replace(message, worded=_merged(message, said))


def _merged(message: Message, said: Wording) -> Template:
    own = message.template
    if message.channel is Channel.SMS:
        return Template(said.sms or own.body)
    return Template(said.email or own.body, said.subject or own.subject)


def _new_address(message: Message) -> dict[str, str]:
    """The address that waits to be verified, where it is not the user's yet."""
    if message.user.attributes.get(message.attribute) == message.to:
        return {}
    return {message.attribute: message.to, VERIFIED_FLAGS[message.attribute]: "false"}
