"""The attribute schema: what values it takes, and what may be declared."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.errors import InvalidParameter
from pools.config import schema
from pools.config.schema import STANDARD, Schema


def _schema(*attributes: dict[str, Any]) -> Schema:
    return Schema.read({"SchemaAttributes": schema.stored_schema(attributes)})


def _complaint(value: str, **attribute: Any) -> str | None:
    return _schema({"Name": "x", **attribute}).get("custom:x").complaint(value)


def _string(low: str | None = None, high: str | None = None) -> dict[str, Any]:
    bounds = {"MinLength": low, "MaxLength": high}
    return {"StringAttributeConstraints": {name: bound for name, bound in bounds.items() if bound is not None}}


def _number(low: str | None = None, high: str | None = None) -> dict[str, Any]:
    bounds = {"MinValue": low, "MaxValue": high}
    constraints = {name: bound for name, bound in bounds.items() if bound is not None}
    return {"AttributeDataType": "Number", "NumberAttributeConstraints": constraints}


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ({}, "x" * 2048),
        (_string("2", "3"), "ab"),
        (_string("2", "3"), "abc"),
        (_string("1", "1"), "界"),
        (_string(high=""), "x" * 2048),
        (_string(high="0005"), "abcde"),
        (_number(), "-12.5"),
        (_number(), "+7"),
        (_number("1", "9"), "1"),
        (_number("1", "9"), "9.0"),
        (_number("-1.5", "-0.5"), "-1"),
        (_number(high="9007199254740993"), "9007199254740993"),
        (_number("9007199254740993"), "9007199254740993"),
        ({"AttributeDataType": "Boolean"}, "true"),
        ({"AttributeDataType": "Boolean"}, "False"),
        ({"AttributeDataType": "DateTime"}, "1700000000"),
        ({"AttributeDataType": "DateTime"}, "2024-02-29"),
        ({"AttributeDataType": "DateTime"}, "2024-02-29T12:30:00Z"),
    ],
)
def test_value_that_conforms_is_taken(attribute: dict[str, Any], value: str) -> None:
    assert _complaint(value, **attribute) is None


@pytest.mark.parametrize(
    ("attribute", "value", "complaint"),
    [
        ({}, "x" * 2049, "String must be less than 2048 characters long"),
        (_string("2", "3"), "a", "String must be at least 2 characters long"),
        (_string("2", "3"), "abcd", "String must be less than 3 characters long"),
        (_string(high="0"), "a", "String must be less than 0 characters long"),
        (_number(), "many", "Invalid number value"),
        (_number(), "1e3", "Invalid number value"),
        (_number(), "nan", "Invalid number value"),
        (_number(), "٣", "Invalid number value"),
        (_number(), "1_000", "Invalid number value"),
        (_number(), " 1", "Invalid number value"),
        (_number(), "1\n", "Invalid number value"),
        (_number("1", "9"), "0.99", "Number must be at least 1"),
        (_number("1", "9"), "9.01", "Number must be at most 9"),
        (_number(high="1000000"), "1000001", "Number must be at most 1000000"),
        (_number(high="9007199254740992"), "9007199254740993", "Number must be at most 9007199254740992"),
        (_number("9007199254740993"), "9007199254740992", "Number must be at least 9007199254740993"),
        ({"AttributeDataType": "Boolean"}, "yes", "Invalid boolean value"),
        ({"AttributeDataType": "Boolean"}, "1", "Invalid boolean value"),
        ({"AttributeDataType": "DateTime"}, "tomorrow", "Invalid date time value"),
        ({"AttributeDataType": "DateTime"}, "2023-02-29", "Invalid date time value"),
    ],
)
def test_value_that_does_not_conform_is_complained_of(attribute: dict[str, Any], value: str, complaint: str) -> None:
    assert _complaint(value, **attribute) == complaint


@given(st.sampled_from(["String", "Number", "Boolean", "DateTime"]), st.text(max_size=60))
def test_any_text_is_either_taken_or_complained_of(kind: str, value: str) -> None:
    found = _complaint(value, AttributeDataType=kind)
    assert found is None or "must" in found or "Invalid" in found


@given(st.integers(-(10**30), 10**30), st.integers(-(10**30), 10**30), st.integers(-(10**30), 10**30))
def test_bounds_of_numbers_are_exact(low: int, high: int, value: int) -> None:
    if high < low:
        with pytest.raises(InvalidParameter, match=r"^Max value cannot be less than min value\.$"):
            _complaint(str(value), **_number(str(low), str(high)))
    else:
        assert (_complaint(str(value), **_number(str(low), str(high))) is None) == (low <= value <= high)


@pytest.mark.parametrize(
    "attribute",
    [
        _string("ten"),
        _string("-1"),
        _string("1.5"),
        _string("²"),
        _string(high="٣"),
        _number("few"),
        _number("nan"),
        _number(high="Infinity"),
        _number("1_000"),
        _number("1e3"),
        _number(" 1"),
    ],
)
def test_constraint_that_is_no_number_is_refused(attribute: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameter):
        _schema({"Name": "x", **attribute})


def test_standard_attributes_stay_as_they_are_for_the_next_pool() -> None:
    before = {name: dict(entry) for name, entry in STANDARD.items()}
    changes = {"Required": True, **_string("5", "6")}
    changed = schema.stored_schema([{"Name": "email", **changes}])
    assert {name: dict(entry) for name, entry in STANDARD.items()} == before
    assert schema.stored_schema([]) == list(before.values()) != changed


def test_required_names_are_those_a_user_must_bring() -> None:
    found = _schema({"Name": "email", "Required": True}, {"Name": "birthdate", "Required": True}, {"Name": "role"})
    assert found.required == ["email", "birthdate"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("custom:missing", "user.custom:missing: Attribute does not exist in the schema."),
        ("dev:custom:missing", "user.dev:custom:missing: Attribute does not exist in the schema."),
        ("missing", "Type for attribute {missing} could not be determined"),
    ],
)
def test_unknown_attribute_is_named(name: str, text: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        _schema().get(name)
    assert (caught.value.message, caught.value.field) == (text, name)


@pytest.mark.parametrize(
    "address",
    [
        "a@example.com",
        "first.last+tag@sub.example.co.uk",
        "jürgen@bücher.example",
        "o'brien@example.com",
        "a@127.0.0.1",
        "x" * 64 + "@example.com",
    ],
)
def test_email_address_is_recognised(address: str) -> None:
    assert schema.is_email(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "alice",
        "@example.com",
        "alice@",
        "alice@example",
        "alice@example.",
        "alice@@example.com",
        "a@b@example.com",
        "a b@example.com",
        "alice@exam ple.com",
        "alice@example.com\n",
        "Alice <alice@example.com>",
        "a,b@example.com",
        "alice@example.com;bob@example.com",
        "x" * 2040 + "@example.com",
    ],
)
def test_what_is_no_email_address_is_not(address: str) -> None:
    assert not schema.is_email(address)


@pytest.mark.parametrize("number", ["+12065550100", "+49301234567", "+123456789012345"])
def test_phone_number_is_recognised(number: str) -> None:
    assert schema.is_phone_number(number)


@pytest.mark.parametrize(
    "number",
    ["", "12065550100", "+02065550100", "+1 206 555 0100", "+1-206-555", "+", "+1", "+1234567890123456", "+1206555٣"],
)
def test_what_is_no_phone_number_is_not(number: str) -> None:
    assert not schema.is_phone_number(number)
