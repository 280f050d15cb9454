"""Forms that take a code from a message: to confirm an account, and to set a new password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pools.hosted.forms import names, passwords
from pools.models import Pool

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

_LONGEST = 2048


class CodeField(forms.CharField):
    """Blanks in it, as people type and copy them, are not part of it."""

    def __init__(self, label: str | StrPromise, more: Mapping[str, bool] | None = None) -> None:
        hints = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false", **(more or {})}
        super().__init__(label=label, max_length=_LONGEST, widget=forms.TextInput(hints))

    def to_python(self, value: str | None) -> str:
        return "".join((super().to_python(value) or "").split())


class NameForm(forms.Form):
    """Who it is about; `known` is the name in the link."""

    def __init__(self, pool: Pool, known: str = "", data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, label_suffix="")
        self.fields = {"username": names.name_field(pool, known), **self.fields}


class ConfirmForm(NameForm):
    code = CodeField(_("Verification code"))


class ResendForm(NameForm):
    """For another code."""


class ForgotForm(forms.Form):
    """The name stays to be seen: it is all that this form asks for."""

    def __init__(self, pool: Pool, known: str = "", data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, label_suffix="", initial={"username": known})
        self.fields["username"] = names.name_field(pool)


class ResetForm(NameForm):
    """A new password, twice."""

    def __init__(self, pool: Pool, known: str = "", data: Mapping[str, Any] | None = None) -> None:
        super().__init__(pool, known, data)
        self.fields |= {
            "confirmation_code": CodeField(_("Code")),
            "password": passwords.new_password_field(pool, label=_("New password")),
            "confirmPassword": passwords.repeated_field(),
        }

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        passwords.check_repeated(self, "password", "confirmPassword")
        return given
