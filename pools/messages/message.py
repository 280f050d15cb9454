"""A message to a user, rendered and addressed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from html import escape, unescape

from django.utils.html import strip_tags

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
    FORGOT_PASSWORD = "ForgotPassword"  # noqa: S105
    UPDATE_USER_ATTRIBUTE = "UpdateUserAttribute"
    VERIFY_USER_ATTRIBUTE = "VerifyUserAttribute"
    AUTHENTICATION = "Authentication"


CHANNELS = {"email": Channel.EMAIL, "phone_number": Channel.SMS}


@dataclass(frozen=True, slots=True)
class Message:
    """`code` is the secret in it: a one-time code or a temporary password. `name` is what `{username}` becomes.

    `message_id` is the Message-ID, angle brackets included, of one that may be sent more than once.
    """

    pool: Pool
    username: str
    channel: Channel
    to: str
    kind: Kind
    code: str
    template: Template
    name: str
    message_id: str = ""

    @property
    def text(self) -> Template:
        """As the template's author wrote it: for an SMS, and for reading."""
        return self.template.render(self.code, self.name)

    @property
    def html(self) -> str:
        """The body as HTML, in which a name or a password is never markup."""
        return self.template.render(escape(self.code), escape(self.name)).body

    @property
    def plain(self) -> str:
        """The body without the template's markup; names and passwords stay whole."""
        return Template(unescape(strip_tags(self.template.body))).render(self.code, self.name).body


def template(pool: Pool, kind: Kind, channel: Channel) -> Template:
    """What the pool's messages of a kind say."""
    templates = MessageTemplates.of(pool)
    by_email, by_sms = templates.verification_email, templates.verification_sms
    if kind is Kind.AUTHENTICATION:
        by_email, by_sms = templates.authentication_email, templates.authentication_sms
    if kind is Kind.ADMIN_CREATE_USER:
        by_email, by_sms = templates.invitation_email, templates.invitation_sms
    return by_email if channel is Channel.EMAIL else by_sms


def verification(pool: Pool, username: str, attribute: str, to: str, kind: Kind, code: str) -> Message:
    """A verification code to an `email` or `phone_number`."""
    return _message(pool, username, attribute, to, kind, code, username)


def authentication(pool: Pool, username: str, attribute: str, to: str, code: str) -> Message:
    """A sign-in code to an `email` or `phone_number`: a second factor, or the first without a password."""
    return _message(pool, username, attribute, to, Kind.AUTHENTICATION, code, username)


def invitation(pool: Pool, username: str, name: str, attribute: str, to: str, password: str) -> Message:
    """A temporary password to an `email` or `phone_number`; `name` is what people know the user by."""
    return _message(pool, username, attribute, to, Kind.ADMIN_CREATE_USER, password, name)


def _message(pool: Pool, username: str, attribute: str, to: str, kind: Kind, code: str, name: str) -> Message:
    channel = CHANNELS[attribute]
    return Message(pool, username, channel, to, kind, code, template(pool, kind, channel), name)
