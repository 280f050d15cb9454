"""Shapes of a service model, compiled once into functions: JSON in, constraints checked; plain dicts out.

Constraint texts and their order (null, length or value, enum, pattern; members in model order) follow AWS. Values of
members the model marks sensitive never appear in a text. Source: service model traits; API reference, CommonErrors.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import regex
from botocore.model import ListShape, MapShape, Shape, StructureShape

from identity.errors import InvalidParameter, Serialization

_LABEL = r"[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?"
_PATTERNS_IN_FORCE = {
    # The model's `[\S]+` would refuse the inner spaces that the documentation of password policies allows.
    "PasswordType": r"\S|\S.*\S",
    # The model's has no dots, and its documentation says `auth.example.com`.
    "DomainType": rf"{_LABEL}(?:\.{_LABEL})*",
}

_VISIBLE = r"\p{L}\p{M}\p{S}\p{N}\p{P}"
_TEXT = rf"[{_VISIBLE}\s*]*"
_WITHOUT_BACKTRACKING = {
    rf"[{_VISIBLE}]+@[{_VISIBLE}]+": rf"[{_VISIBLE}](?:(?!@)[{_VISIBLE}])*+@[{_VISIBLE}]++",
    rf"{_TEXT}\{{####\}}{_TEXT}": rf"(?s)(?={_TEXT}+\Z)(?>.*?\{{####\}}).*+",
    rf"{_TEXT}\{{##{_TEXT}##\}}{_TEXT}": rf"(?s)(?={_TEXT}+\Z)(?>.*?\{{##)(?>.*?##\}}).*+",
}
"""Patterns of the model that take seconds on a long hostile text, and the same languages in linear time."""

_LONGEST_MATCHED = 4096
"""Other patterns take quadratic time; what is longer than this and than allowed is refused without trying them."""

_MOST_TOLD = 100
"""How many violations one answer tells; all are counted. A body of two megabytes can hold half a million."""

_INT_BITS = {"integer": 31, "long": 63}


@dataclass(slots=True)
class Problems:
    """Constraint violations of one request, collected so that all are reported at once."""

    items: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, path: str, constraint: str, value: Any, sensitive: bool) -> None:
        self.count += 1
        if len(self.items) >= _MOST_TOLD:
            return
        shown = "" if sensitive or value is _HIDDEN else f" {_quoted(value)}"
        self.items.append(f"Value{shown} at '{path}' failed to satisfy constraint: {constraint}")

    def raise_if_any(self) -> None:
        if self.count:
            noun = "error" if self.count == 1 else "errors"
            raise InvalidParameter(f"{self.count} validation {noun} detected: {'; '.join(self.items)}")


class _Hidden:
    """Stands for a value that has no short text: lists of structures, maps."""


_HIDDEN = _Hidden()

Parse = Callable[[Any, str, Problems], Any]
Serialise = Callable[[Any, str], Any]


def _quoted(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"'[{', '.join(str(item) for item in value)}]'"
    return f"'{value}'"


def compile_parser(shape: Shape, sensitive: bool = False) -> Parse:
    """A function that turns decoded JSON into Python values (bytes for blobs), noting violations by path.

    Raises (when called): Serialization for a wrong JSON type.
    """
    sensitive = sensitive or bool(shape.metadata.get("sensitive"))
    if isinstance(shape, StructureShape):
        return _document if shape.is_document_type else _structure_parser(shape, sensitive)
    if isinstance(shape, ListShape):
        return _list_parser(shape, sensitive)
    if isinstance(shape, MapShape):
        return _map_parser(shape, sensitive)
    return {
        "string": _string_parser,
        "integer": _number_parser,
        "long": _number_parser,
        "float": _fraction_parser,
        "double": _fraction_parser,
        "boolean": _boolean_parser,
        "blob": _blob_parser,
        "timestamp": _timestamp_parser,
    }[shape.type_name](shape, sensitive)


def lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def _document(value: Any, path: str, problems: Problems) -> Any:
    return value


def _structure_parser(shape: StructureShape, sensitive: bool) -> Parse:
    required = frozenset(shape.required_members)
    members = [
        (name, lower_first(name), name in required, compile_parser(member, sensitive))
        for name, member in shape.members.items()
    ]

    def parse(value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, dict):
            raise unexpected(value, "Start of structure or map")
        prefix = f"{path}." if path else ""
        parsed = {}
        for name, lowered, is_required, parse_member in members:
            given = value.get(name)
            if given is not None:
                parsed[name] = parse_member(given, prefix + lowered, problems)
            elif is_required:
                problems.add(prefix + lowered, "Member must not be null", None, False)
        return parsed

    return parse


def _list_parser(shape: ListShape, sensitive: bool) -> Parse:
    parse_item = compile_parser(shape.member, sensitive)
    check_length = _bounds_check(shape, "length", sensitive)
    printable = shape.member.type_name == "string"

    def parse(value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, list):
            raise unexpected(value, "Start of list")
        check_length(len(value), value if printable else _HIDDEN, path, problems)
        items = []
        for position, item in enumerate(value, start=1):
            item_path = f"{path}.{position}.member"
            if item is None:
                problems.add(item_path, "Member must not be null", None, False)
            else:
                items.append(parse_item(item, item_path, problems))
        return items

    return parse


def _map_parser(shape: MapShape, sensitive: bool) -> Parse:
    parse_key = compile_parser(shape.key, sensitive)
    parse_value = compile_parser(shape.value, sensitive)
    check_length = _bounds_check(shape, "length", sensitive)
    tells_values_by_path = shape.value.type_name == "structure"

    def parse(value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, dict):
            raise unexpected(value, "Start of structure or map")
        check_length(len(value), _HIDDEN, path, problems)
        parsed = {}
        for key, item in value.items():
            of_key = Problems()
            parse_key(key, path, of_key)
            _as_map_constraint(of_key, "Map keys", path, problems, sensitive)
            if item is None:
                continue
            of_value = problems if tells_values_by_path else Problems()
            parsed[key] = parse_value(item, f"{path}.{key}.member", of_value)
            if not tells_values_by_path:
                _as_map_constraint(of_value, "Map value", path, problems, sensitive)
        return parsed

    return parse


def _as_map_constraint(found: Problems, what: str, path: str, problems: Problems, sensitive: bool) -> None:
    if found.items:
        texts = ", ".join(item.partition("failed to satisfy constraint: ")[2] for item in found.items)
        problems.add(path, f"{what} must satisfy constraint: [{texts}]", _HIDDEN, sensitive)


def _string_parser(shape: Shape, sensitive: bool) -> Parse:
    check_length = _bounds_check(shape, "length", sensitive)
    choices = shape.metadata.get("enum") or ()
    shown_pattern = shape.metadata.get("pattern")
    pattern = _PATTERNS_IN_FORCE.get(shape.name) or _WITHOUT_BACKTRACKING.get(shown_pattern, shown_pattern)
    matches = _full_match(pattern) if pattern else None
    longest_matched = max(shape.metadata["max"], _LONGEST_MATCHED) if "max" in shape.metadata else float("inf")
    enum_text = f"Member must satisfy enum value set: [{', '.join(choices)}]"
    pattern_text = f"Member must satisfy regular expression pattern: {shown_pattern}"

    def parse(value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, str):
            raise _not_convertible(value, "a String")
        if "\x00" in value:
            raise Serialization("NULL characters are not allowed in strings")
        check_length(len(value), value, path, problems)
        if choices and value not in choices:
            problems.add(path, enum_text, value, sensitive)
        if matches and len(value) <= longest_matched and not matches(value):
            problems.add(path, pattern_text, value, sensitive)
        return value

    return parse


def _full_match(pattern: str) -> Callable[[str], object]:
    """Java's `\\w`, `\\s`, `\\S` are ASCII; `regex` can have ASCII classes or `\\p{…}`, not both in one pattern."""
    compiled = regex.compile(pattern, regex.UNICODE if r"\p{" in pattern else regex.ASCII)
    full_match: Callable[[str], object] = compiled.fullmatch
    return full_match


def _number_parser(shape: Shape, sensitive: bool) -> Parse:
    check_value = _bounds_check(shape, "value", sensitive)
    limit = 1 << _INT_BITS[shape.type_name]

    def parse(value: Any, path: str, problems: Problems) -> Any:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not -limit <= value < limit:
            raise _not_convertible(value, "an Integer" if limit == 1 << 31 else "a Long")
        check_value(value, value, path, problems)
        return value

    return parse


def _fraction_parser(shape: Shape, sensitive: bool) -> Parse:
    check_value = _bounds_check(shape, "value", sensitive)

    def parse(value: Any, path: str, problems: Problems) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _not_convertible(value, "a Double")
        check_value(value, value, path, problems)
        return value

    return parse


def _boolean_parser(shape: Shape, sensitive: bool) -> Parse:
    def parse(value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, bool):
            raise _not_convertible(value, "a Boolean")
        return value

    return parse


def _blob_parser(shape: Shape, sensitive: bool) -> Parse:
    check_length = _bounds_check(shape, "length", sensitive)

    def parse(value: Any, path: str, problems: Problems) -> Any:
        decoded = value if isinstance(value, bytes) else decode(value)  # bytes: the body itself, never JSON's
        check_length(len(decoded), _HIDDEN, path, problems)
        return decoded

    def decode(value: Any) -> bytes:
        if not isinstance(value, str):
            raise _not_convertible(value, "a Blob")
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise Serialization("Blob is not valid Base64") from None

    return parse


def _timestamp_parser(shape: Shape, sensitive: bool) -> Parse:
    def parse(value: Any, path: str, problems: Problems) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _not_convertible(value, "a Timestamp")
        return value

    return parse


def _bounds_check(shape: Shape, quantity: str, sensitive: bool) -> Callable[[float, Any, str, Problems], None]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")

    def check(measure: float, value: Any, path: str, problems: Problems) -> None:
        if low is not None and measure < low:
            problems.add(path, f"Member must have {quantity} greater than or equal to {low}", value, sensitive)
        if high is not None and measure > high:
            problems.add(path, f"Member must have {quantity} less than or equal to {high}", value, sensitive)

    return check


def unexpected(value: Any, wanted: str) -> Serialization:
    """The refusal of one kind of JSON value where another was `wanted`."""
    if isinstance(value, list | dict):
        found = "list" if isinstance(value, list) else "structure or map"
        return Serialization(f"Start of {found} found where not expected.")
    return Serialization(f"Unexpected {_token(value)} where {wanted[0].lower()}{wanted[1:]} was expected.")


def _not_convertible(value: Any, wanted: str) -> Serialization:
    if isinstance(value, list | dict):
        return unexpected(value, wanted)
    return Serialization(f"{_token(value)} can not be converted to {wanted}")


def _token(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    if isinstance(value, str):
        return "STRING_VALUE"
    return "NULL_VALUE" if value is None else "NUMBER_VALUE"


class UnknownMember(TypeError):
    """An operation answered with a key its output shape does not have: a defect of ours, never of the caller."""


def compile_serialiser(shape: Shape) -> Serialise:
    """A function from a Python answer in AWS names to JSON-ready values; None is dropped, an unknown key refused."""
    if isinstance(shape, StructureShape) and not shape.is_document_type:
        return _structure_serialiser(shape)
    if isinstance(shape, ListShape):
        serialise_item = compile_serialiser(shape.member)
        return lambda value, path: [serialise_item(item, path) for item in value]
    if isinstance(shape, MapShape):
        serialise_value = compile_serialiser(shape.value)
        return lambda value, path: {key: serialise_value(item, path) for key, item in value.items()}
    if shape.type_name == "timestamp":
        return _epoch_seconds
    if shape.type_name == "blob":
        return lambda value, path: base64.b64encode(value).decode()
    return lambda value, path: value


def _epoch_seconds(value: datetime, path: str) -> float:
    return round(value.timestamp(), 3)


def _structure_serialiser(shape: StructureShape) -> Serialise:
    members = {name: compile_serialiser(member) for name, member in shape.members.items()}

    def serialise(value: Mapping[str, Any], path: str) -> dict[str, Any]:
        answer = {}
        for name, item in value.items():
            member = members.get(name)
            if member is None:
                raise UnknownMember(f"{path}{shape.name} has no member {name}")
            if item is not None:
                answer[name] = member(item, path)
        return answer

    return serialise
