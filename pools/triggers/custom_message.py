"""CustomMessage: a function that words a message before it is sent.

Source: guide, "Custom message Lambda trigger".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from identity.errors import InvalidLambdaResponse
from pools.config.messages import BY_LINK, CODE, USERNAME, EmailSettings, MessageTemplates, Template
from pools.config.triggers import TriggerSettings
from pools.models import Pool, User
from pools.triggers import deliver, event
from pools.triggers.origin import Origin

TRIGGER = "CustomMessage"
MOST_IN_SMS = 140
MOST_IN_EMAIL = 20_000
MOST_IN_SUBJECT = 140
"""In characters."""

_SENDERS = {"email": "CustomEmailSender", "phone_number": "CustomSMSSender"}
_LINK = "{##Click Here##}"
_INVITATION = "AdminCreateUser"
_RESPONSE = ("smsMessage", "emailMessage", "emailSubject")


@dataclass(frozen=True, slots=True)
class Wording:
    """With placeholders; what is None is said as the pool's templates say it."""

    sms: str | None
    email: str | None
    subject: str | None


def is_asked(pool: Pool, attribute: str) -> bool:
    """Whether the pool has such a function for what goes to an attribute; not where a custom sender takes it all."""
    arns = TriggerSettings.of(pool).arns
    return TRIGGER in arns and _SENDERS[attribute] not in arns


def custom_message(user: User, kind: str, changes: Mapping[str, str], origin: Origin) -> Wording | None:
    """How a message of a `kind`, the latter half of the source, is worded; None where the pool has no such function.

    `changes` are attributes that the user is to get.
    Raises: UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests.
    """
    request: dict[str, Any] = {
        "userAttributes": event.user_attributes(user, **changes),
        "codeParameter": CODE,
        "linkParameter": _LINK,
    }
    if kind == _INVITATION:
        request["usernameParameter"] = USERNAME
    return deliver.call(
        user.pool,
        TRIGGER,
        f"{TRIGGER}_{kind}",
        user.username,
        event.with_metadata(request, origin),
        dict.fromkeys(_RESPONSE),
        origin,
        read=partial(_read, user.pool, kind),
    )


def _read(pool: Pool, kind: str, response: Mapping[str, Any]) -> Wording:
    """Raises: InvalidLambdaResponse."""
    sms, email, subject = (event.text(response, name) or None for name in _RESPONSE)
    if (email or subject) and not EmailSettings.of(pool).is_developers:
        raise InvalidLambdaResponse()
    for body, is_email in ((sms, False), (email, True)):
        if body is not None and not _has_placeholders(pool, kind, body, is_email=is_email):
            raise InvalidLambdaResponse()
    for given, most in ((sms, MOST_IN_SMS), (email, MOST_IN_EMAIL), (subject, MOST_IN_SUBJECT)):
        if given is not None and len(given) > most:
            raise InvalidLambdaResponse()
    return Wording(sms, email, subject)


def _has_placeholders(pool: Pool, kind: str, body: str, *, is_email: bool) -> bool:
    """A link, of any text, does where the pool confirms by link; so does the code, with which the app confirms."""
    if is_email and kind in BY_LINK and MessageTemplates.of(pool).confirms_by_link and Template(body).has_link:
        return True
    return CODE in body and (kind != _INVITATION or USERNAME in body)
