"""The form of `/login`: a name, and a password where the client's users begin with both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pools.hosted.forms import names
from pools.models import Pool


class PasswordField(forms.CharField):
    """A password that exists: taken as it is."""

    def __init__(self) -> None:
        widget = forms.PasswordInput({"autocomplete": "current-password"})
        super().__init__(label=_("Password"), strip=False, widget=widget)


class SignInForm(forms.Form):
    """`name` is what the link suggests."""

    def __init__(
        self, pool: Pool, data: Mapping[str, Any] | None = None, *, has_password: bool, name: str = ""
    ) -> None:
        super().__init__(data, initial={"username": name}, label_suffix="")
        self.fields["username"] = names.name_field(pool)
        if has_password:
            self.fields["password"] = PasswordField()
