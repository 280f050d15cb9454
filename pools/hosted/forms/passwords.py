"""A new password: its field, and what the policy wants of it as a list that a script ticks off.

The script only shows; whether a password will do, `PasswordPolicy.check` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from identity.forms import Field
from pools.config.passwords import LONGEST, PasswordPolicy
from pools.models import Pool

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


@dataclass(frozen=True, slots=True)
class Rule:
    """`check` is the script's name for it."""

    text: str | StrPromise
    check: str
    least: int | None = None


def rules(pool: Pool) -> list[Rule]:
    """Source: reference of the hosted pages, sign-up form; the texts are AWS's."""
    policy = PasswordPolicy.of(pool)
    length = ngettext_lazy(
        "Password must contain at least %(count)d character",
        "Password must contain at least %(count)d characters",
        "count",
    ) % {"count": policy.minimum_length}
    wanted = (
        (policy.require_lowercase, Rule(_("Password must contain a lower case letter"), "lower")),
        (policy.require_uppercase, Rule(_("Password must contain an upper case letter"), "upper")),
        (policy.require_numbers, Rule(_("Password must contain a number"), "number")),
        (True, Rule(length, "length", policy.minimum_length)),
        (policy.require_symbols, Rule(_("Password must contain a special character or a space"), "symbol")),
        (True, Rule(_("Password must not contain a leading or trailing space"), "trimmed")),
    )
    return [rule for is_wanted, rule in wanted if is_wanted]


class _Described(Field):
    """Shown with the list of rules, which describes it beside its help and its errors."""

    @property
    def rules(self) -> list[Rule]:
        return self.field.rules if isinstance(self.field, NewPasswordField) else []

    @property
    def rules_id(self) -> str:
        return f"{self.auto_id}_rules"

    @property
    def aria_describedby(self) -> str:
        return " ".join(filter(None, [self.rules_id, super().aria_describedby]))


class NewPasswordField(forms.CharField):
    """`rules` are shown, and checked by nobody here."""

    bound_field_class = _Described

    def __init__(self, wanted: list[Rule], **more: Any) -> None:
        super().__init__(**more)
        self.rules = wanted


def new_password_field(pool: Pool, *, is_required: bool = True, label: str | StrPromise = "") -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": "new-password", "passwordrules": _for_managers(pool)})
    return NewPasswordField(
        rules(pool), label=label or _("Password"), strip=False, max_length=LONGEST, required=is_required, widget=widget
    )


def repeated_field() -> forms.CharField:
    """The same password again: nobody sees what they type."""
    widget = forms.PasswordInput({"autocomplete": "new-password"})
    return forms.CharField(label=_("Enter new password again"), strip=False, max_length=LONGEST, widget=widget)


def check_repeated(form: forms.Form, password: str, repeated: str) -> None:
    """Both names of fields; an error of the second one where the two are filled in differently."""
    given = form.cleaned_data
    if password in given and repeated in given and given[password] != given[repeated]:
        form.add_error(repeated, _("The passwords are not the same."))


def _for_managers(pool: Pool) -> str:
    """Source: Apple, "Customizing password AutoFill rules", which other password managers read as well."""
    policy = PasswordPolicy.of(pool)
    classes = {
        "lower": policy.require_lowercase,
        "upper": policy.require_uppercase,
        "digit": policy.require_numbers,
        "[-!@#$%^&*+=_?]": policy.require_symbols,
    }
    return " ".join(
        [f"minlength: {policy.minimum_length};", *(f"required: {name};" for name, is_on in classes.items() if is_on)]
    )
