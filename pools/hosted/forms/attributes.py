"""Inputs for users' attributes: which ones sign-up asks for, and how each is filled in.

Asked for is what the schema requires and what sign-up verifies. An operator chooses more of them, which may stay empty,
by naming them in the client's WriteAttributes. A client that may write every standard attribute has chosen none: that
is what consoles send for "no restriction". (Ours: AWS's pages ask for what is required alone.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from pools.accounts import verification
from pools.config.client import ClientSettings
from pools.config.schema import CUSTOM_PREFIX, MAX_LENGTH, STANDARD, VERIFIED_FLAGS, Attribute, Schema
from pools.config.sign_in import SignInSettings
from pools.hosted.forms.names import PhoneField
from pools.models import Client

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

_NEVER = frozenset({"sub", "updated_at", *VERIFIED_FLAGS.values()})
"""Ours to say, not the user's."""


@dataclass(frozen=True, slots=True)
class _Input:
    """`autocomplete` is a field name of HTML's autofill."""

    label: StrPromise
    autocomplete: str = ""
    widget: type[forms.Widget] = forms.TextInput


_INPUTS: Mapping[str, _Input] = {
    "name": _Input(_("Name"), "name"),
    "given_name": _Input(_("Given name"), "given-name"),
    "family_name": _Input(_("Family name"), "family-name"),
    "middle_name": _Input(_("Middle name"), "additional-name"),
    "nickname": _Input(_("Nickname"), "nickname"),
    "preferred_username": _Input(_("Preferred username"), "nickname"),
    "profile": _Input(_("Profile page"), "url", forms.URLInput),
    "picture": _Input(_("Address of a picture"), "photo", forms.URLInput),
    "website": _Input(_("Website"), "url", forms.URLInput),
    "email": _Input(_("Email"), "email", forms.EmailInput),
    "gender": _Input(_("Gender"), "sex"),
    "birthdate": _Input(_("Birthdate"), "bday"),
    "zoneinfo": _Input(_("Time zone")),
    "locale": _Input(_("Language"), "language"),
    "phone_number": _Input(_("Phone number"), "tel", forms.TelInput),
    "address": _Input(_("Address"), "street-address"),
}


class _TypedInput(forms.TextInput):
    """An input whose value is kept as it comes: `date`, `datetime-local` and `number` send one form everywhere."""

    def __init__(self, input_type: str, attrs: Mapping[str, str] | None = None) -> None:
        super().__init__(dict(attrs or {}))
        self.input_type = input_type


class _FlagField(forms.BooleanField):
    """A box to tick, as the attribute's text."""

    def clean(self, value: object) -> str:
        return "true" if super().clean(value) else "false"


def field_name(attribute: str) -> str:
    """As AWS's pages call it."""
    return f"requiredAttributes[{attribute}]"


def asked_for(client: Client) -> list[Attribute]:
    """What sign-up asks for, beside the user name: what is required first, each in schema order."""
    pool = client.pool
    attributes = Schema.of(pool).attributes
    writable = ClientSettings.of(client).writable
    verified, named = set(verification.auto_verified(pool)), SignInSettings.of(pool).username_attributes
    left_out = _NEVER
    if len(named) == 1 or not any(attributes[name].is_required for name in named):
        left_out |= named  # the field of the name takes it
    if "preferred_username" in SignInSettings.of(pool).alias_attributes:  # which is for users who are confirmed
        left_out |= {"preferred_username"}
    asked = [name for name, found in attributes.items() if found.is_required or name in verified]
    asked += [name for name in attributes if name in _chosen(writable) and name not in asked]
    return [
        attributes[name]
        for name in asked
        if name not in left_out and (writable is None or name in writable) and not attributes[name].is_developer_only
    ]


def _chosen(writable: frozenset[str] | None) -> frozenset[str]:
    if writable is None or set(STANDARD) - _NEVER <= writable:
        return frozenset()
    return writable


def fields(attributes: Sequence[Attribute], needed: frozenset[str]) -> dict[str, forms.Field]:
    """By field name; what is `needed` cannot be left empty, whatever the schema says."""
    return {
        field_name(attribute.name): field(attribute, is_required=attribute.is_required or attribute.name in needed)
        for attribute in attributes
    }


def field(attribute: Attribute, *, is_required: bool) -> forms.Field:
    known = _INPUTS.get(attribute.name)
    label: str | StrPromise = known.label if known else _own_label(attribute.name)
    if attribute.kind == "Boolean":
        return _FlagField(label=label, required=False)
    kind = PhoneField if attribute.name == "phone_number" else forms.CharField
    return kind(
        label=label,
        required=is_required,
        min_length=attribute.min_length if is_required else None,
        max_length=attribute.max_length or MAX_LENGTH,
        widget=_widget(attribute, known),
    )


def _widget(attribute: Attribute, known: _Input | None) -> forms.Widget:
    hints = {"autocomplete": known.autocomplete} if known and known.autocomplete else {}
    if attribute.name == "birthdate":
        return _TypedInput("date", hints)
    if attribute.kind == "DateTime":
        return _TypedInput("datetime-local")
    if attribute.kind == "Number":
        bounds = {"min": attribute.min_value, "max": attribute.max_value}
        return _TypedInput(
            "number", {"step": "any", **{name: str(bound) for name, bound in bounds.items() if bound is not None}}
        )
    return (known.widget if known else forms.TextInput)(hints)


def _own_label(name: str) -> str:
    """`custom:favourite_colour` is "Favourite colour": there is nobody to translate it."""
    words = name.removeprefix(CUSTOM_PREFIX).replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]
