"""The form of NEW_PASSWORD_REQUIRED: a password of the user's own, and what the pool requires and does not know yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from django.utils.translation import gettext_lazy as _

from pools.config.schema import Schema
from pools.hosted.forms import attributes, passwords
from pools.hosted.forms.challenge import ChallengeForm
from pools.models import Client
from pools.signin.waiting import Waiting


class NewPasswordForm(ChallengeForm):
    def __init__(self, client: Client, waits: Waiting, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(client, waits, data)
        self.fields["NEW_PASSWORD"] = passwords.new_password_field(client.pool, label=_("New password"))
        self.fields["repeated"] = passwords.repeated_field()
        schema = Schema.of(client.pool).attributes
        for name in orjson.loads(waits.parameters["requiredAttributes"]):
            self.fields[name] = attributes.field(schema[name.removeprefix("userAttributes.")], is_required=True)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        passwords.check_repeated(self, "NEW_PASSWORD", "repeated")
        return given

    @property
    def answers(self) -> dict[str, str]:
        return {name: value for name, value in super().answers.items() if name != "repeated"}
