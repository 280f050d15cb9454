"""A message to a user, rendered and addressed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from html import escape, unescape
from urllib.parse import urlencode

from django.utils.html import strip_tags

from pools.config.messages import BY_LINK, MessageTemplates, Template
from pools.models import Pool, User
from pools.triggers.origin import Origin


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
ATTRIBUTES = {channel: attribute for attribute, channel in CHANNELS.items()}


@dataclass(frozen=True, slots=True)
class Message:
    """To the `email` or `phone_number` of a user, as `attribute` says; `to` may be a new address, not yet theirs.

    `code` is the secret in it: a one-time code or a temporary password. `name` is what `{username}` becomes. `origin`
    is what functions are told about the request. `worded` is what a CustomMessage function has made of it, None where
    it says what the pool's templates say, or has not been asked yet. `message_id` is the Message-ID, angle brackets
    included, of one that may be sent more than once.
    """

    user: User
    attribute: str
    to: str
    kind: Kind
    code: str
    name: str
    origin: Origin
    worded: Template | None = None
    message_id: str = ""

    @property
    def pool(self) -> Pool:
        return self.user.pool

    @property
    def username(self) -> str:
        return self.user.username

    @property
    def channel(self) -> Channel:
        return CHANNELS[self.attribute]

    @property
    def template(self) -> Template:
        return self.worded or template(self.pool, self.kind, self.channel)

    @property
    def link(self) -> str:
        """The page that confirms the user, for e-mail of a pool that confirms by link; else empty."""
        if not is_by_link(self.pool, self.kind, self.channel):
            return ""
        named = {"client_id": self.origin.client_id or "", "user_name": self.username, "confirmation_code": self.code}
        return f"{self.pool.pages_url}/confirmUser?{urlencode(named)}"

    @property
    def text(self) -> Template:
        """As the template's author wrote it: for an SMS, and for reading."""
        return self.template.render(self.code, self.name, self._anchor)

    @property
    def html(self) -> str:
        """The body as HTML, in which a name or a password is never markup."""
        return self.template.render(escape(self.code), escape(self.name), self._anchor).body

    @property
    def plain(self) -> str:
        """The body without the template's markup; names and passwords stay whole."""
        body = Template(unescape(strip_tags(self.template.body)))
        return body.render(self.code, self.name, self._address if self.link else None).body

    @property
    def _anchor(self) -> Callable[[str], str] | None:
        """Makes `<a>` of a text, which is HTML already."""
        link = escape(self.link)
        return (lambda text: f'<a href="{link}">{text}</a>') if link else None

    def _address(self, text: str) -> str:
        return f"{text}: {self.link} "


def is_by_link(pool: Pool, kind: str, channel: Channel) -> bool:
    return channel is Channel.EMAIL and kind in BY_LINK and MessageTemplates.of(pool).confirms_by_link


def template(pool: Pool, kind: Kind, channel: Channel) -> Template:
    """What the pool's own messages of a kind say."""
    templates = MessageTemplates.of(pool)
    if is_by_link(pool, kind, channel):
        return templates.link_email
    by_email, by_sms = templates.verification_email, templates.verification_sms
    if kind is Kind.AUTHENTICATION:
        by_email, by_sms = templates.authentication_email, templates.authentication_sms
    if kind is Kind.ADMIN_CREATE_USER:
        by_email, by_sms = templates.invitation_email, templates.invitation_sms
    return by_email if channel is Channel.EMAIL else by_sms


def verification(user: User, attribute: str, to: str, kind: Kind, code: str, origin: Origin) -> Message:
    """A verification code to an `email` or `phone_number`."""
    return Message(user, attribute, to, kind, code, user.username, origin)


def authentication(user: User, attribute: str, to: str, code: str, origin: Origin) -> Message:
    """A sign-in code to an `email` or `phone_number`: a second factor, or the first without a password."""
    return Message(user, attribute, to, Kind.AUTHENTICATION, code, user.username, origin)


def invitation(user: User, name: str, attribute: str, password: str, origin: Origin) -> Message:
    """A temporary password to the user's `email` or `phone_number`; `name` is what people know the user by."""
    return Message(user, attribute, user.attributes[attribute], Kind.ADMIN_CREATE_USER, password, name, origin)
