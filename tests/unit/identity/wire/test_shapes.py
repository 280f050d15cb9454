"""Shapes of the service model as parsers and serialisers: types, constraints, their texts, time on hostile input."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.model import DenormalizedStructureBuilder, Shape
from hypothesis import given
from hypothesis import strategies as st

from identity.errors import InvalidParameter, Serialization, ServiceError
from identity.wire.services import cognito_idp
from identity.wire.shapes import Problems, UnknownMember, compile_parser, compile_serialiser

MODEL = cognito_idp.model
INPUTS = {
    name: shape
    for name in sorted(MODEL.operation_names)
    if (shape := MODEL.operation_model(name).input_shape) is not None
}


def built(**members: dict[str, Any]) -> Shape:
    return DenormalizedStructureBuilder().with_members(members).build_model()


def parsed(shape: Shape, body: Any) -> Any:
    problems = Problems()
    value = compile_parser(shape)(body, "", problems)
    problems.raise_if_any()
    return value


def told(shape: Shape, body: Any) -> str:
    """The text of the refusal."""
    with pytest.raises(InvalidParameter) as caught:
        parsed(shape, body)
    return caught.value.message


# Types


@pytest.mark.parametrize(
    ("kind", "given_value", "value"),
    [
        ("string", "text", "text"),
        ("string", "", ""),
        ("integer", 5, 5),
        ("integer", 5.0, 5),
        ("integer", -0.0, 0),
        ("integer", 2**31 - 1, 2**31 - 1),
        ("integer", -(2**31), -(2**31)),
        ("long", 2**63 - 1, 2**63 - 1),
        ("boolean", True, True),
        ("boolean", False, False),
        ("blob", "aGVsbG8=", b"hello"),
        ("blob", "", b""),
        ("timestamp", 1700000000.123, 1700000000.123),
    ],
)
def test_values_of_the_right_type_are_taken(kind: str, given_value: Any, value: Any) -> None:
    found = parsed(built(Member={"type": kind}), {"Member": given_value})["Member"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "given_value", "text"),
    [
        ("string", 5, "NUMBER_VALUE can not be converted to a String"),
        ("string", True, "TRUE_VALUE can not be converted to a String"),
        ("string", {}, "Start of structure or map found where not expected."),
        ("string", [], "Start of list found where not expected."),
        ("string", "a\x00b", "NULL characters are not allowed in strings"),
        ("integer", "5", "STRING_VALUE can not be converted to an Integer"),
        ("integer", 1.5, "NUMBER_VALUE can not be converted to an Integer"),
        ("integer", True, "TRUE_VALUE can not be converted to an Integer"),
        ("integer", 2**31, "NUMBER_VALUE can not be converted to an Integer"),
        ("integer", -(2**31) - 1, "NUMBER_VALUE can not be converted to an Integer"),
        ("integer", 1e300, "NUMBER_VALUE can not be converted to an Integer"),
        ("integer", float("inf"), "NUMBER_VALUE can not be converted to an Integer"),
        ("long", 2**63, "NUMBER_VALUE can not be converted to a Long"),
        ("boolean", 0, "NUMBER_VALUE can not be converted to a Boolean"),
        ("boolean", "true", "STRING_VALUE can not be converted to a Boolean"),
        ("blob", "no base64!", "Blob is not valid Base64"),
        ("blob", "aGVsbG8", "Blob is not valid Base64"),
        ("blob", "é", "Blob is not valid Base64"),
        ("blob", 5, "NUMBER_VALUE can not be converted to a Blob"),
        ("timestamp", "2026-01-01T00:00:00Z", "STRING_VALUE can not be converted to a Timestamp"),
        ("timestamp", True, "TRUE_VALUE can not be converted to a Timestamp"),
        ("structure", "x", "Unexpected STRING_VALUE where start of structure or map was expected."),
        ("list", "x", "Unexpected STRING_VALUE where start of list was expected."),
        ("list", {}, "Start of structure or map found where not expected."),
        ("map", [], "Start of list found where not expected."),
    ],
)
def test_values_of_another_type_are_refused(kind: str, given_value: Any, text: str) -> None:
    inner = {"structure": {"members": {}}, "list": {"member": {"type": "string"}}}.get(kind, {})
    if kind == "map":
        inner = {"key": {"type": "string"}, "value": {"type": "string"}}
    with pytest.raises(Serialization) as caught:
        parsed(built(Member={"type": kind, **inner}), {"Member": given_value})
    assert caught.value.message == text


def test_null_members_are_absent_and_unknown_ones_ignored() -> None:
    shape = built(Member={"type": "string"}, Other={"type": "string"})
    assert parsed(shape, {"Member": None, "member": "x", "Nonsense": {"a": [None]}}) == {}


def test_null_is_refused_in_a_list_and_ignored_in_a_map() -> None:
    strings = built(Member={"type": "list", "member": {"type": "string"}})
    assert told(strings, {"Member": ["a", None]}) == (
        "1 validation error detected: Value null at 'member.2.member' failed to satisfy constraint: "
        "Member must not be null"
    )
    entries = built(Member={"type": "map", "key": {"type": "string"}, "value": {"type": "string"}})
    assert parsed(entries, {"Member": {"a": None, "b": "x"}}) == {"Member": {"b": "x"}}


# Constraints


def constrained(**metadata: Any) -> Shape:
    return built(Member={"type": "string", **metadata})


@pytest.mark.parametrize(
    ("metadata", "value", "constraint"),
    [
        ({"min": 3}, "ab", "Member must have length greater than or equal to 3"),
        ({"max": 3}, "abcd", "Member must have length less than or equal to 3"),
        ({"enum": ["A", "B"]}, "C", "Member must satisfy enum value set: [A, B]"),
        ({"pattern": "[a-z]+"}, "A", "Member must satisfy regular expression pattern: [a-z]+"),
        ({"pattern": "[a-z]+"}, "a\n", "Member must satisfy regular expression pattern: [a-z]+"),
        ({"pattern": "^[a-z]+$"}, "a\n", "Member must satisfy regular expression pattern: ^[a-z]+$"),
        ({"pattern": r"\w+"}, "é", r"Member must satisfy regular expression pattern: \w+"),
        ({"pattern": r"\d+"}, "٣", r"Member must satisfy regular expression pattern: \d+"),
    ],
)
def test_a_violated_constraint_is_told_with_value_and_path(
    metadata: dict[str, Any], value: str, constraint: str
) -> None:
    assert told(constrained(**metadata), {"Member": value}) == (
        f"1 validation error detected: Value '{value}' at 'member' failed to satisfy constraint: {constraint}"
    )


def test_constraints_of_one_value_come_in_the_order_length_enum_pattern() -> None:
    shape = constrained(max=1, enum=["a"], pattern="[a]")
    items = told(shape, {"Member": "bb"}).split("; ")
    assert [item.rpartition(": ")[2] for item in items] == [
        "Member must have length less than or equal to 1",
        "[a]",
        "[a]",
    ]
    assert "enum value set" in items[1]
    assert "pattern" in items[2]


def test_a_sensitive_member_hides_its_value_and_that_of_everything_in_it() -> None:
    inner = {"type": "list", "member": {"type": "string", "max": 1}, "max": 1}
    shape = built(Member={"type": "structure", "members": {"Inner": inner}, "sensitive": True})
    text = told(shape, {"Member": {"Inner": ["secret", "s"]}})
    assert text == (
        "2 validation errors detected: Value at 'member.inner' failed to satisfy constraint: "
        "Member must have length less than or equal to 1; "
        "Value at 'member.inner.1.member' failed to satisfy constraint: "
        "Member must have length less than or equal to 1"
    )


def test_every_sensitive_member_of_the_service_is_hidden() -> None:
    """A value that violates every constraint is put everywhere; no sensitive member repeats it."""
    for name in ("SignUp", "InitiateAuth", "RespondToAuthChallenge", "ChangePassword", "ConfirmForgotPassword"):
        sensitive = [member for member, shape in INPUTS[name].members.items() if shape.metadata.get("sensitive")]
        strings = [member for member in sensitive if INPUTS[name].members[member].type_name == "string"]
        assert strings
        with pytest.raises(InvalidParameter) as caught:
            parsed(INPUTS[name], dict.fromkeys(strings, "se cret" * 1000))
        assert "se cret" not in caught.value.message


@pytest.mark.parametrize("password", ["a b", "a", "pass word with spaces", "päss wörd", "٣ ٣"])
def test_passwords_may_have_inner_spaces(password: str) -> None:
    body = {"ClientId": "x", "Username": "u", "Password": password}
    assert parsed(INPUTS["SignUp"], body)["Password"] == password


@pytest.mark.parametrize("password", [" a", "a ", " ", "", "a\n", "\ta"])
def test_passwords_neither_begin_nor_end_with_a_space(password: str) -> None:
    body = {"ClientId": "x", "Username": "u", "Password": password}
    assert r"at 'password' failed to satisfy constraint: Member must satisfy regular expression pattern: [\S]+" in told(
        INPUTS["SignUp"], body
    )


@pytest.mark.parametrize("name", ["a@b.example", "ä@b", "@@@", "a@@", "@@a"])
def test_addresses_to_reply_to_have_an_at_sign_inside(name: str) -> None:
    body = {"PoolName": "p", "EmailConfiguration": {"ReplyToEmailAddress": name}}
    assert parsed(INPUTS["CreateUserPool"], body)["EmailConfiguration"] == {"ReplyToEmailAddress": name}


@pytest.mark.parametrize("name", ["a", "@a", "a@", "@", "@@", "a b@c", "a@b c", "", "a@\n"])
def test_addresses_to_reply_to_have_text_on_both_sides(name: str) -> None:
    body = {"PoolName": "p", "EmailConfiguration": {"ReplyToEmailAddress": name}}
    assert "emailConfiguration.replyToEmailAddress" in told(INPUTS["CreateUserPool"], body)


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("Click {##here##}", True),
        ("{####}", True),
        ("{##a##} and {##b##}\nthank you", True),
        ("Click here", False),
        ("{##here", False),
        ("here##} {##", False),
        ("{##}", False),
        ("{##a##}\x01", False),
    ],
)
def test_messages_with_a_link_hold_the_words_of_the_link(text: str, is_right: bool) -> None:
    body = {"PoolName": "p", "VerificationMessageTemplate": {"EmailMessageByLink": text}}
    if is_right:
        assert parsed(INPUTS["CreateUserPool"], body)["VerificationMessageTemplate"] == {"EmailMessageByLink": text}
    else:
        assert "emailMessageByLink" in told(INPUTS["CreateUserPool"], body)


def test_violations_are_all_counted_and_the_first_hundred_told() -> None:
    shape = built(Member={"type": "list", "member": {"type": "string", "min": 1}})
    text = told(shape, {"Member": [""] * 5000})
    assert text.startswith("5000 validation errors detected: Value '' at 'member.1.member'")
    assert text.endswith(
        "at 'member.100.member' failed to satisfy constraint: Member must have length greater than or equal to 1"
    )


def test_violations_in_map_values_are_counted_too() -> None:
    entry = {"type": "structure", "members": {"Inner": {"type": "string", "min": 1}}}
    shape = built(Member={"type": "map", "key": {"type": "string"}, "value": entry})
    text = told(shape, {"Member": {str(number): {"Inner": ""} for number in range(500)}})
    assert text.startswith("500 validation errors detected: Value '' at 'member.0.member.inner'")


HOSTILE = ["a", "_a", "a ", "a.", "a@", "-", ":", "%", "é", "{####}", "{##", "{username}", "arn:aws:", "http://a."]


def test_no_pattern_of_the_model_takes_long_on_a_hostile_text() -> None:
    """Of the longest length that is allowed, and of one that only types without a greatest length let through."""
    shapes = [shape for name in MODEL.shape_names if "pattern" in (shape := MODEL.shape_for(name)).metadata]
    assert len(shapes) > 50
    texts = {
        length: [(unit * length)[: length - 1] + "\x01" for unit in HOSTILE]
        for length in {400_000, *(shape.metadata.get("max", 0) for shape in shapes)}
    }
    for shape in shapes:
        parse = compile_parser(shape)
        for length in (shape.metadata.get("max", 0), 400_000):
            for text in texts[length]:
                begun = time.process_time()
                parse(text, "", Problems())
                assert time.process_time() - begun < 1, (shape.name, text[:20])


# All of the service


def test_every_shape_of_the_service_can_be_parsed_and_serialised() -> None:
    for name in MODEL.operation_names:
        operation = MODEL.operation_model(name)
        for shape in (operation.input_shape, operation.output_shape):
            if shape is not None:
                compile_parser(shape)
                compile_serialiser(shape)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(data=st.data())
def test_any_json_is_parsed_or_refused(data: st.DataObject) -> None:
    shape = INPUTS[data.draw(st.sampled_from(sorted(INPUTS)))]
    body = data.draw(st.dictionaries(st.sampled_from([*shape.members, "Nonsense"]), JSON, max_size=4) | JSON)
    try:
        assert isinstance(parsed(shape, body), dict)
    except ServiceError as error:
        assert error.status == 400


# Answers


def test_none_is_dropped_at_every_depth_and_other_empty_values_stay() -> None:
    inner = {"type": "structure", "members": {"A": {"type": "string"}, "B": {"type": "string"}}}
    shape = built(One=inner, Many={"type": "list", "member": inner}, Flag={"type": "boolean"}, Text={"type": "string"})
    answer = {"One": {"A": None, "B": "b"}, "Many": [{"A": None}], "Flag": False, "Text": ""}
    assert compile_serialiser(shape)(answer, "") == {"One": {"B": "b"}, "Many": [{}], "Flag": False, "Text": ""}


@pytest.mark.parametrize("answer", [{"Nonsense": 1}, {"Nonsense": None}, {"One": {"Nonsense": 1}}])
def test_an_unknown_member_is_an_error_even_when_it_is_none(answer: dict[str, Any]) -> None:
    shape = built(One={"type": "structure", "members": {}})
    with pytest.raises(UnknownMember, match="Nonsense"):
        compile_serialiser(shape)(answer, "")


def test_timestamps_are_epoch_seconds_with_milliseconds() -> None:
    shape = built(At={"type": "timestamp"})
    moment = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
    assert compile_serialiser(shape)({"At": moment}, "") == {"At": 1767323045.679}


def test_blobs_are_base64_and_maps_keep_their_keys() -> None:
    shape = built(Blob={"type": "blob"}, Map={"type": "map", "key": {"type": "string"}, "value": {"type": "timestamp"}})
    answer = {"Blob": b"\x00\xff", "Map": {"aB": datetime(1970, 1, 1, tzinfo=UTC)}}
    assert compile_serialiser(shape)(answer, "") == {
        "Blob": base64.b64encode(b"\x00\xff").decode(),
        "Map": {"aB": 0.0},
    }


def test_documents_pass_as_they_are_both_ways() -> None:
    shape = MODEL.shape_for("Document")
    content = {"any": [1, None, {"thing": True}]}
    assert parsed(shape, content) == content
    assert compile_serialiser(shape)(content, "") == content
