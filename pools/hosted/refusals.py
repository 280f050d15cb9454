"""What the error page says: a title and a sentence for each status and each error that we know, in our own words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Refusal:
    """`code` is what developers look for, if there is one; `can_retry` offers the same page again."""

    title: str | Promise
    text: str | Promise
    code: str = ""
    can_retry: bool = False


_WRONG = _("Something went wrong")
_NOT_SET_UP = _("This app is not set up correctly")
_ASK = _("Please go back to the app and try again. If it happens again, tell the people who run the app.")

BY_STATUS = {
    400: Refusal(_WRONG, _("An error was encountered with the requested page.")),
    403: Refusal(
        _("This form has expired"),
        _("It was open for too long, or cookies are blocked in your browser. Please try again."),
        can_retry=True,
    ),
    404: Refusal(_("Page not found"), _("There is nothing at this address. Please check the link.")),
    405: Refusal(_("This page cannot be opened like this"), _("Please go back to the app and start again.")),
    429: Refusal(
        _("Too many attempts"),
        _("There have been too many attempts from your network. Please wait five minutes, then go back and try again."),
    ),
    500: Refusal(_WRONG, _("The problem is on our side. Please try again in a moment.")),
}

_BY_ERROR = {
    "redirect_mismatch": (_NOT_SET_UP, _("It asked to send you to an address that is not registered for it.")),
    "Client does not exist.": (_("This app is not known here"), _("The link that brought you here is out of date.")),
    "Client is not enabled for OAuth2.0 flows.": (_NOT_SET_UP, _("It may not use these sign-in pages.")),
    "Required parameters missing": (_NOT_SET_UP, _("Its request to sign you in is not complete.")),
    "Required String parameter 'client_id' is not present": (
        _NOT_SET_UP,
        _("Its request does not say which app it is."),
    ),
    "Required String parameter 'redirect_uri' is not present": (
        _NOT_SET_UP,
        _("Its request does not say where to send you afterwards."),
    ),
    "Required String parameter 'response_type' is not present": (
        _NOT_SET_UP,
        _("Its request to sign you in is not complete."),
    ),
    "unauthorized_client": (_NOT_SET_UP, _("It may not ask for a sign-in in this way.")),
    "invalid_client": (_NOT_SET_UP, _("The app could not be recognised.")),
    "invalid_request": (_NOT_SET_UP, _("Its request to sign you in could not be understood.")),
    "invalid_scope": (_NOT_SET_UP, _("It asked for access that it may not have.")),
    "unsupported_response_type": (_NOT_SET_UP, _("It asked for an answer that is not supported here.")),
    "invalid_grant": (_WRONG, _ASK),
    "access_denied": (_("Access was not granted"), _("You can go back to the app and try again.")),
    "server_error": (_WRONG, _("The problem is on our side. Please try again in a moment.")),
    "temporarily_unavailable": (_WRONG, _("The problem is on our side. Please try again in a moment.")),
}


def of_error(error: str) -> Refusal | None:
    """Only known values have words of their own: what a link says is never shown."""
    if error not in _BY_ERROR:
        return None
    title, text = _BY_ERROR[error]
    return Refusal(title, text, code=error)


def of_status(status: int) -> Refusal:
    return BY_STATUS.get(status, BY_STATUS[400])
