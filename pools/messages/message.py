"""A message to a user, rendered and addressed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pools.config.messages import MessageTemplates, Template
from pools.models import Pool


class Channel(StrEnum):
    EMAIL = "EMAIL"
    SMS = "SMS"


class Kind(StrEnum):
    """Why a message is sent; the names of AWS's message triggers."""

    SIGN_UP = "SignUp"
    RESEND_CODE = "ResendCode"
    ADMIN_CREATE_USER = "AdminCreateUser"


CHANNELS = {"email": Channel.EMAIL, "phone_number": Channel.SMS}


@dataclass(frozen=True, slots=True)
class Message:
    """`code` is the secret in it: a one-time code or a temporary password."""

    pool: Pool
    username: str
    channel: Channel
    to: str
    kind: Kind
    code: str
    text: Template


def verification(pool: Pool, username: str, attribute: str, to: str, kind: Kind, code: str) -> Message:
    """A verification code to an `email` or `phone_number`."""
    templates = MessageTemplates.of(pool)
    channel = CHANNELS[attribute]
    template = templates.verification_email if channel is Channel.EMAIL else templates.verification_sms
    return Message(pool, username, channel, to, kind, code, template.render(code, username))


def invitation(pool: Pool, username: str, attribute: str, to: str, password: str) -> Message:
    """A temporary password to an `email` or `phone_number`."""
    templates = MessageTemplates.of(pool)
    channel = CHANNELS[attribute]
    template = templates.invitation_email if channel is Channel.EMAIL else templates.invitation_sms
    return Message(pool, username, channel, to, Kind.ADMIN_CREATE_USER, password, template.render(password, username))
