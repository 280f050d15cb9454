"""The form of NEW_PASSWORD_REQUIRED: a password of the user's own, and what the pool requires and does not know yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from django import forms
from django.utils.translation import gettext_lazy as _

from pools.config.schema import Schema
from pools.hosted.forms import attributes
from pools.hosted.forms.challenge import ChallengeForm
from pools.hosted.forms.passwords import new_password_field
from pools.models import Client
from pools.signin.waiting import Waiting


class NewPasswordForm(ChallengeForm):
    def __init__(self, client: Client, waits: Waiting, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(client, waits, data)
        self.fields["NEW_PASSWORD"] = new_password_field(client.pool, label=_("New password"))
        self.fields["repeated"] = forms.CharField(
            label=_("Enter new password again"),
            strip=False,
            widget=forms.PasswordInput({"autocomplete": "new-password"}),
        )
        schema = Schema.of(client.pool).attributes
        for name in orjson.loads(waits.parameters["requiredAttributes"]):
            self.fields[name] = attributes.field(schema[name.removeprefix("userAttributes.")], is_required=True)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "repeated" in given and given.get("NEW_PASSWORD", given["repeated"]) != given["repeated"]:
            self.add_error("repeated", _("The passwords are not the same."))
        return given

    @property
    def answers(self) -> dict[str, str]:
        return {name: value for name, value in super().answers.items() if name != "repeated"}
