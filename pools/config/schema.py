"""The attribute schema: twenty standard attributes and the pool's own.

Source: developer guide, "Working with user attributes"; DescribeUserPool's SchemaAttributes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from identity.errors import InvalidParameter
from pools.config.view import View

MAX_CUSTOM = 50
MAX_LENGTH = 2048
CUSTOM_PREFIX = "custom:"
DEVELOPER_PREFIX = "dev:"
VERIFIED_FLAGS = {"email": "email_verified", "phone_number": "phone_number_verified"}

_STRINGS = (
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "email",
)
_NOT_IN_EMAIL = r"""\s@,;:<>()\[\]"\\\x00-\x1f\x7f"""
_EMAIL = re.compile(rf"[^{_NOT_IN_EMAIL}]{{1,256}}@[^{_NOT_IN_EMAIL}]{{1,255}}\.[^.{_NOT_IN_EMAIL}]+")
_PHONE = re.compile(r"\+[1-9][0-9]{1,14}")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def _entry(name: str, kind: str = "String", **changes: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "Name": name,
        "AttributeDataType": kind,
        "DeveloperOnlyAttribute": False,
        "Mutable": True,
        "Required": False,
    }
    if kind == "String":
        entry["StringAttributeConstraints"] = {"MinLength": "0", "MaxLength": str(MAX_LENGTH)}
    return entry | changes


def _standard_entries() -> dict[str, dict[str, Any]]:
    entries = [
        _entry(
            "sub",
            Mutable=False,
            Required=True,
            StringAttributeConstraints={"MinLength": "1", "MaxLength": str(MAX_LENGTH)},
        ),
        *(_entry(name) for name in _STRINGS),
        _entry("email_verified", "Boolean"),
        _entry("gender"),
        _entry("birthdate", StringAttributeConstraints={"MinLength": "10", "MaxLength": "10"}),
        _entry("zoneinfo"),
        _entry("locale"),
        _entry("phone_number"),
        _entry("phone_number_verified", "Boolean"),
        _entry("address"),
        _entry("updated_at", "Number", NumberAttributeConstraints={"MinValue": "0"}),
    ]
    return {entry["Name"]: entry for entry in entries}


STANDARD: Mapping[str, Mapping[str, Any]] = _standard_entries()


def stored_schema(given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """SchemaAttributes of a new pool: the standard ones with the request's changes, then the custom ones.

    Raises: InvalidParameter.
    """
    changed: dict[str, dict[str, Any]] = {}
    customs = []
    for attribute in given:
        name = _required_name(attribute)
        if name in changed:
            raise _taken(name)
        if name in STANDARD:
            changed[name] = _changed_standard(STANDARD[name], attribute)
        else:
            customs.append(attribute)
    return with_custom([changed.get(name, dict(entry)) for name, entry in STANDARD.items()], customs)


def with_custom(schema: list[dict[str, Any]], given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A schema with custom attributes added.

    Raises: InvalidParameter (taken name, too many, contradictory constraints).
    """
    added = list(schema)
    taken = {entry["Name"] for entry in schema}
    for attribute in given:
        entry = _custom_entry(attribute)
        if entry["Name"] in taken:
            raise _taken(entry["Name"])
        taken.add(entry["Name"])
        added.append(entry)
    if sum(1 for name in taken if name not in STANDARD) > MAX_CUSTOM:
        raise InvalidParameter(f"A user pool can have at most {MAX_CUSTOM} custom attributes.", field="schema")
    return added


def _taken(name: str) -> InvalidParameter:
    return InvalidParameter(f"{name}: Existing attribute already has name {name}.", field="schema")


def _required_name(attribute: Mapping[str, Any]) -> str:
    name = attribute.get("Name")
    if not name:
        raise InvalidParameter("Attribute name must be specified.", field="schema")
    return str(name)


def _changed_standard(standard: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    name = standard["Name"]
    if name == "sub":
        raise InvalidParameter("You can not change the standard schema attribute sub", field="schema")
    if given.get("AttributeDataType", standard["AttributeDataType"]) != standard["AttributeDataType"] or given.get(
        "DeveloperOnlyAttribute"
    ):
        raise InvalidParameter(
            f"You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute {name}",
            field="schema",
        )
    changed = {**standard, **{key: given[key] for key in ("Mutable", "Required") if key in given}}
    for key in ("StringAttributeConstraints", "NumberAttributeConstraints"):
        if key in given and key in standard:
            changed[key] = {**standard[key], **given[key]}
    _check_constraints(name, changed)
    return changed


def _custom_entry(given: Mapping[str, Any]) -> dict[str, Any]:
    name = _required_name(given)
    if given.get("Required"):
        raise InvalidParameter("Required custom attributes are not supported currently.", field="schema")
    kind = given.get("AttributeDataType", "String")
    developer_only = given.get("DeveloperOnlyAttribute", False)
    entry: dict[str, Any] = {
        "Name": f"{DEVELOPER_PREFIX if developer_only else ''}{CUSTOM_PREFIX}{name}",
        "AttributeDataType": kind,
        "DeveloperOnlyAttribute": developer_only,
        "Mutable": given.get("Mutable", True),
        "Required": False,
    }
    if kind == "String":
        entry["StringAttributeConstraints"] = dict(given.get("StringAttributeConstraints", {}))
    elif kind == "Number":
        entry["NumberAttributeConstraints"] = dict(given.get("NumberAttributeConstraints", {}))
    _check_constraints(name, entry)
    return entry


def _check_constraints(name: str, entry: Mapping[str, Any]) -> None:
    lengths = entry.get("StringAttributeConstraints", {})
    numbers = entry.get("NumberAttributeConstraints", {})
    low, high = _whole(lengths.get("MinLength"), name), _whole(lengths.get("MaxLength"), name)
    if max(low or 0, high or 0) > MAX_LENGTH:
        raise InvalidParameter(
            f"user.{name}: String attributes cannot have a length of more than {MAX_LENGTH}", field="schema"
        )
    if low is not None and high is not None and high < low:
        raise InvalidParameter("Max length cannot be less than min length.", field="schema")
    least, most = _number(numbers.get("MinValue"), name), _number(numbers.get("MaxValue"), name)
    if least is not None and most is not None and most < least:
        raise InvalidParameter("Max value cannot be less than min value.", field="schema")


def _whole(text: str | None, name: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise InvalidParameter(f"user.{name}: Invalid length constraint {text}", field="schema")
    return int(text.lstrip("0")[:10] or 0)


def _number(text: str | None, name: str) -> Decimal | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise InvalidParameter(f"user.{name}: Invalid value constraint {text}", field="schema")
    return Decimal(text)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of the schema with what its values must satisfy; lengths in characters."""

    name: str
    kind: str
    is_developer_only: bool
    is_mutable: bool
    is_required: bool
    min_length: int | None = None
    max_length: int | None = None
    min_value: Decimal | None = None
    max_value: Decimal | None = None

    def complaint(self, value: str) -> str | None:
        """What is wrong with a value, or None."""
        if self.kind == "String":
            return self._length_complaint(value)
        if self.kind == "Boolean":
            return None if value.lower() in {"true", "false"} else "Invalid boolean value"
        if self.kind == "DateTime":
            return None if _is_date_time(value) else "Invalid date time value"
        return self._number_complaint(value)

    def _length_complaint(self, value: str) -> str | None:
        if self.max_length is not None and len(value) > self.max_length:
            return f"String must be less than {self.max_length} characters long"
        if self.min_length is not None and len(value) < self.min_length:
            return f"String must be at least {self.min_length} characters long"
        return None

    def _number_complaint(self, value: str) -> str | None:
        if not _NUMBER.fullmatch(value):
            return "Invalid number value"
        if self.min_value is not None and Decimal(value) < self.min_value:
            return f"Number must be at least {self.min_value}"
        if self.max_value is not None and Decimal(value) > self.max_value:
            return f"Number must be at most {self.max_value}"
        return None


def _is_date_time(value: str) -> bool:
    if value.isascii() and value.isdigit():
        return True
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def is_email(value: str) -> bool:
    return len(value) <= MAX_LENGTH and _EMAIL.fullmatch(value) is not None


def is_phone_number(value: str) -> bool:
    """E.164: `+` and up to fifteen digits."""
    return _PHONE.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class Schema(View):
    """A pool's attributes by name, in schema order."""

    attributes: Mapping[str, Attribute]

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self:
        attributes = (_attribute(entry) for entry in settings["SchemaAttributes"])
        return cls({attribute.name: attribute for attribute in attributes})

    @property
    def required(self) -> list[str]:
        """Names a new user must bring; `sub` is ours to give."""
        return [name for name, attribute in self.attributes.items() if attribute.is_required and name != "sub"]

    def get(self, name: str) -> Attribute:
        """Raises: InvalidParameter for a name the schema does not have."""
        attribute = self.attributes.get(name)
        if attribute is not None:
            return attribute
        if name.startswith((CUSTOM_PREFIX, DEVELOPER_PREFIX)):
            raise InvalidParameter(f"user.{name}: Attribute does not exist in the schema.", field=name)
        raise InvalidParameter(f"Type for attribute {{{name}}} could not be determined", field=name)


def _attribute(entry: Mapping[str, Any]) -> Attribute:
    lengths = entry.get("StringAttributeConstraints", {})
    numbers = entry.get("NumberAttributeConstraints", {})
    is_string = entry["AttributeDataType"] == "String"
    max_length = _whole(lengths.get("MaxLength"), entry["Name"])
    return Attribute(
        name=entry["Name"],
        kind=entry["AttributeDataType"],
        is_developer_only=entry["DeveloperOnlyAttribute"],
        is_mutable=entry["Mutable"],
        is_required=entry["Required"],
        min_length=_whole(lengths.get("MinLength"), entry["Name"]),
        max_length=MAX_LENGTH if max_length is None and is_string else max_length,
        min_value=_number(numbers.get("MinValue"), entry["Name"]),
        max_value=_number(numbers.get("MaxValue"), entry["Name"]),
    )
