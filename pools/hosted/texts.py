"""What pages say when something is wrong: AWS's texts for its hosted pages, in the language of the page.

Source: reference of the hosted pages, "Error texts"; where it has none, the text is the API's, or ours (*assumed*).
"""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from identity import errors
from identity.errors import LambdaFailure, ServiceError, UserLambdaValidation

_WRONG_CODE = _("Invalid verification code provided, please try again.")
_GENERIC = _("An error was encountered with the requested page.")
_TOO_MANY = _("Attempt limit exceeded, please try after some time.")
_TEXTS: Mapping[str, str | Promise] = {
    errors.NotAuthorized.text: _("Incorrect username or password."),
    errors.UserNotFound.text: _("User does not exist."),
    errors.NAME_CLIENT_NOT_FOUND: _("User does not exist."),
    errors.USER_DISABLED: _("User is disabled."),
    errors.PASSWORD_ATTEMPTS_EXCEEDED: _("Password attempts exceeded"),
    errors.LimitExceeded.text: _TOO_MANY,
    errors.TooManyRequests.text: _TOO_MANY,
    errors.TEMPORARY_PASSWORD_EXPIRED: _("Temporary password has expired and must be reset by an administrator."),
    errors.CodeMismatch.text: _WRONG_CODE,
    errors.CODE_OR_STATE: _WRONG_CODE,
    errors.SOFTWARE_TOKEN_CODE_WRONG: _WRONG_CODE,
    errors.EnableSoftwareTokenMFA.text: _WRONG_CODE,
    errors.ExpiredCode.text: _("Invalid code provided, please request a code again."),
    errors.SOFTWARE_TOKEN_USED: _("This code has been used already. Please wait for the next one."),
    errors.SOFTWARE_TOKEN_NOT_ASSOCIATED: _("This key is no longer valid. Please start again."),
    errors.MFAMethodNotFound.text: _("There is no address that a code could be sent to. Please contact support."),
    errors.CodeDeliveryFailure.text: _("The code could not be sent. Please try again later."),
    errors.UsernameExists.text: _("User already exists"),
    errors.AliasExists.text: _("An account with the given email already exists."),
    errors.UserNotConfirmed.text: _("User is not confirmed."),
    errors.ALREADY_CONFIRMED: _("User is already confirmed."),
    errors.SIGN_UP_NOT_PERMITTED: _("Sign-up is not available here."),
    errors.PasswordHistoryPolicyViolation.text: _("Password has previously been used."),
    errors.NO_RECOVERY_ADDRESS: _("Could not reset password for the account, please contact support or try again"),
    errors.NOT_RESETTABLE: _("Could not reset password for the account, please contact support or try again"),
    errors.CONTACT_ADMINISTRATOR: _("Could not reset password for the account, please contact support or try again"),
    "Invalid email address format.": _("Please enter a valid email address."),
    "Invalid phone number format.": _("Please enter a phone number with the code of its country."),
    "Password did not conform with policy: Password not long enough": _("This password is too short."),
    "Password did not conform with policy: Password too long": _("This password is too long."),
    "Password did not conform with policy: Password must have uppercase characters": _(
        "Password must contain an upper case letter"
    ),
    "Password did not conform with policy: Password must have lowercase characters": _(
        "Password must contain a lower case letter"
    ),
    "Password did not conform with policy: Password must have numeric characters": _("Password must contain a number"),
    "Password did not conform with policy: Password must have symbol characters": _(
        "Password must contain a special character or a space"
    ),
    "Password did not conform with policy: Password must not begin or end with white space": _(
        "Password must not contain a leading or trailing space"
    ),
}
_SESSION_OVER = frozenset({errors.SESSION_INVALID, errors.SESSION_USED, errors.SESSION_EXPIRED})
NOTICES: Mapping[str, str | Promise] = {
    "expired": _("Your sign-in took too long or was used already. Please start again."),
    "password_changed": _("Your password has been changed. Please sign in with your new password."),
    "confirmed": _("Your account has been confirmed. Please sign in."),
    "created": _("Your account has been created. An administrator has to confirm it before you can sign in."),
    "not_sent": _("Your account has been created, but the message that confirms it could not be sent."),
    "sent_again": _("We have sent you a new message. The earlier one does not work any more."),
}
"""What `notice` in a page's query can say."""
BAD_NEWS = frozenset({"expired", "not_sent"})


def of(error: ServiceError) -> str:
    """The page's text for an error. A function speaks for itself; why one failed is for the operator's log."""
    if isinstance(error, LambdaFailure) and not isinstance(error, UserLambdaValidation):
        return str(_GENERIC)
    known = _TEXTS.get(error.message)
    if known is not None:
        return str(known)
    return gettext(error.message) if error.message else str(_GENERIC)


def put(form: forms.Form, error: ServiceError) -> None:
    """Beside the field that it is about, if the form has that field, else above them all."""
    form.add_error(error.field if error.field in form.fields else None, of(error))


def is_session_over(error: ServiceError) -> bool:
    """Whether a sign-in cannot go on from where it was."""
    return error.message in _SESSION_OVER
