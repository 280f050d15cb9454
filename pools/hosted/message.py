"""Pages that only say something: what is closed, what is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from pools.hosted.authorization import Authorization
from pools.hosted.page import Request, render
from pools.models import Client

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


@dataclass(frozen=True, slots=True)
class Message:
    """`kind` is `success`, `info` or `error`, as `ui/alert.html` knows them."""

    kind: str
    heading: str | StrPromise
    text: str | StrPromise


SIGN_UP_CLOSED = Message(
    "info", _("Sign up"), _("You cannot sign up here yourself. Ask an administrator for an account.")
)
RECOVERY_BY_ADMINISTRATOR = Message(
    "info",
    _("Forgot your password?"),
    _("You cannot reset your password here yourself. Ask an administrator for a new one."),
)
CONFIRMED_BY_ADMINISTRATOR = Message(
    "info", _("Confirm your account"), _("An administrator has to confirm your account before you can sign in.")
)
CONFIRMED = Message(
    "success",
    _("Your registration has been confirmed!"),
    _("You can close this page now, and go back to where you have signed up."),
)
LINK_USED = Message(
    "error",
    _("Confirm your account"),
    _("This link does not work, or not any more. If you have followed it before, your account is confirmed."),
)


def problem(text: str) -> Message:
    """What is wrong with a link that confirms."""
    return Message("error", _("Confirm your account"), text)


def show(
    request: Request,
    authorization: Authorization | None,
    message: Message,
    *,
    client: Client | None = None,
    status: int = 200,
) -> HttpResponse:
    """With an authorization request there is a way on, to the sign-in page; without one the page wears `client`'s."""
    said = {"message": message, "sign_in": authorization.to("login") if authorization else ""}
    return render(
        request, "message.html", said, client=authorization.client if authorization else client, status=status
    )
