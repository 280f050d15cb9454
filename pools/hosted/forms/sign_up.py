"""The form of `/signup`, made for a client: a name, attributes, a password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from pools.accounts import sign_up, verification
from pools.config.sign_in import SignInSettings
from pools.hosted.forms import attributes, names, passwords
from pools.models import Client


class SignUpForm(forms.Form):
    """`username`, `password` and `attributes` are what `sign_up.register` takes."""

    def __init__(self, client: Client, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, label_suffix="")
        asked = {attribute.name: attribute for attribute in attributes.asked_for(client)}
        allowed = SignInSettings.of(client.pool).username_attributes
        self._names = [
            attributes.field_name(name) for name in ("email", "phone_number") if name in allowed & set(asked)
        ]
        """Addresses that are asked for anyway, and one of which is the name."""
        if not self._names:
            self.fields["username"] = names.new_name_field(client.pool)
        reachable = [name for name in verification.auto_verified(client.pool) if name in asked and not allowed]
        self._one_of = [attributes.field_name(name) for name in reachable]
        """Who gives none of these could never be confirmed."""
        needed = frozenset(reachable if len(reachable) == 1 else ())
        self.fields.update(attributes.fields(list(asked.values()), needed))
        self.fields["password"] = self._password(client)

    def _password(self, client: Client) -> forms.Field:
        is_required = not sign_up.passwordless_attributes(client)
        field = passwords.new_password_field(client.pool, is_required=is_required)
        if not is_required:
            field.help_text = _("You can leave this empty, and sign in with codes that we send you.")
        return field

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if self._one_of and not any(given.get(name) for name in self._one_of) and not self.errors:
            self.add_error(self._one_of[0], _("Enter an email address or a phone number."))
        return given

    @property
    def username(self) -> str:
        given: dict[str, str] = self.cleaned_data
        return given.get("username") or next(given[name] for name in self._names if given[name])

    @property
    def password(self) -> str | None:
        return self.cleaned_data["password"] or None

    @property
    def attributes(self) -> dict[str, str]:
        """What was left empty is not among them."""
        return {
            name.partition("[")[2].removesuffix("]"): value
            for name, value in self.cleaned_data.items()
            if name.startswith("requiredAttributes[") and value
        }
