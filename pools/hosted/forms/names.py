"""The field for the name that somebody signs in with: what the pool takes for a user name decides its form."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from pools.config.sign_in import SignInSettings
from pools.models import Pool

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

LONGEST = 128
_LABELS: dict[frozenset[str], StrPromise] = {
    frozenset({"email"}): _("Email"),
    frozenset({"phone_number"}): _("Phone number"),
    frozenset({"email", "phone_number"}): _("Email or phone number"),
}
_WITH_ALIASES: dict[frozenset[str], StrPromise] = {
    frozenset({"email"}): _("Username or email"),
    frozenset({"phone_number"}): _("Username or phone number"),
    frozenset({"email", "phone_number"}): _("Username, email or phone number"),
}
_INPUTS: dict[frozenset[str], type[forms.Widget]] = {
    frozenset({"email"}): forms.EmailInput,
    frozenset({"phone_number"}): forms.TelInput,
}
_NUMBER_NOISE = str.maketrans("", "", " -./()\N{NO-BREAK SPACE}")


class PhoneField(forms.CharField):
    """As people write numbers, made what E.164 wants: `+49 (170) 123-45` and `0049 …`."""

    widget = forms.TelInput

    def __init__(self, **more: Any) -> None:
        super().__init__(help_text=_("With the code of the country, for example +14155550100."), **more)

    def to_python(self, value: str | None) -> str:
        number = (super().to_python(value) or "").translate(_NUMBER_NOISE)
        return f"+{number[2:]}" if number.startswith("00") else number


class NameField(forms.CharField):
    """A number among the names that a pool takes is written as in `PhoneField`."""

    def to_python(self, value: str | None) -> str:
        name = super().to_python(value) or ""
        number = name.translate(_NUMBER_NOISE)
        return number if number.startswith("+") and number[1:].isdigit() else name


class HiddenName(forms.HiddenInput):
    """Of a page that knows the name already: not seen, but found by password managers."""

    input_type = "text"

    def __init__(self) -> None:
        super().__init__({"autocomplete": "username", "readonly": True, "hidden": True})

    @property
    def is_hidden(self) -> bool:
        return True


def new_name_field(pool: Pool) -> forms.CharField:
    """For a name that somebody takes."""
    field = _field(pool)
    if not SignInSettings.of(pool).username_attributes:
        field.validators.append(_check_characters)
    return field


def name_field(pool: Pool, known: str = "") -> forms.CharField:
    """For a name that somebody has; `known` is what the link says it is."""
    field = _field(pool)
    aliases = SignInSettings.of(pool).alias_attributes & {"email", "phone_number"}
    field.label = _WITH_ALIASES.get(aliases, field.label)
    if known:
        field.widget, field.initial = HiddenName(), known
    return field


def _field(pool: Pool) -> forms.CharField:
    allowed = SignInSettings.of(pool).username_attributes
    widget = _INPUTS.get(allowed, forms.TextInput)(
        {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
    )
    kind = NameField if "phone_number" in allowed else forms.CharField
    # What names have in common with addresses is what the service model of SignUp says.
    return kind(label=_LABELS.get(allowed, _("Username")), max_length=LONGEST, widget=widget)


def _check_characters(name: str) -> None:
    """Source: the service model, UsernameType. Raises: ValidationError."""
    if not all(unicodedata.category(character)[0] in "LMSNP" for character in name):
        raise ValidationError(_("A username has no spaces."))
