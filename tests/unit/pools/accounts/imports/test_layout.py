"""The CSV's columns and escapes."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pools.accounts.imports import layout
from pools.config import pool as pool_settings
from pools.models import Pool

CUSTOM = [
    {"Name": "role", "AttributeDataType": "String"},
    {"Name": "secret", "AttributeDataType": "String", "DeveloperOnlyAttribute": True},
    {"Name": "age", "AttributeDataType": "Number"},
]
# As the guide lists them.
COLUMNS = (
    "cognito:username,name,given_name,family_name,middle_name,nickname,preferred_username,profile,picture,website,"
    "email,email_verified,gender,birthdate,zoneinfo,locale,phone_number,phone_number_verified,address,updated_at,"
    "cognito:mfa_enabled"
)


def _pool(**members: Any) -> Pool:
    return Pool(id="us-east-1_AbCdEf123", settings=pool_settings.created(members))


def test_header_is_the_guides_with_the_pools_own_attributes_behind() -> None:
    assert ",".join(layout.header(_pool(), with_hash=False)) == COLUMNS
    pool = _pool(Schema=CUSTOM)
    assert ",".join(layout.header(pool, with_hash=False)) == f"{COLUMNS},custom:role,custom:age"
    assert ",".join(layout.header(pool, with_hash=True)) == f"{COLUMNS},custom:role,custom:age,password_hash"


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_columns_come_in_any_order(end: str) -> None:
    pool = _pool(Schema=CUSTOM)
    names = layout.header(pool, with_hash=True)[::-1]
    found = layout.check_header(pool, " , ".join(names) + end, with_hash=True)
    assert found.columns == tuple(names)
    assert found.positions["password_hash"] == 0
    assert found.positions["cognito:username"] == len(names) - 1
    assert found.with_hash
    assert not layout.check_header(_pool(), COLUMNS, with_hash=False).with_hash


def test_custom_attribute_may_have_a_comma_in_its_name() -> None:
    pool = _pool(Schema=[{"Name": "a,b\\", "AttributeDataType": "String"}])
    line = layout.join(layout.header(pool, with_hash=False))
    assert layout.check_header(pool, line, with_hash=False).columns[-1] == "custom:a,b\\"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("", "The CSV header has a column without a name."),
        ("name", "The CSV header has no column cognito:username."),
        (COLUMNS.replace("birthdate,", ""), "The CSV header has no column birthdate."),
        (f"{COLUMNS},", "The CSV header has a column without a name."),
        (f"{COLUMNS},sub", "The CSV header has an unknown column: sub."),
        (f"{COLUMNS},custom:role", "The CSV header has an unknown column: custom:role."),
        (COLUMNS.replace("email,", "Email,"), "The CSV header has an unknown column: Email."),
        (f"{COLUMNS},email", "The CSV header has the column email twice."),
        (f"{COLUMNS},=cmd()\x00\x1b[2J", "The CSV header has an unknown column: =cmd()??[2J."),
        (f"{COLUMNS},{'x' * 500}", f"The CSV header has an unknown column: {'x' * 40}...."),
        (f"{COLUMNS},password_hash", "The CSV column password_hash needs a job with a password hashing algorithm."),
        (f"\ufeff{COLUMNS}", "The CSV file must not begin with a byte order mark."),
        (COLUMNS.replace(",", ";"), f"The CSV header has an unknown column: {COLUMNS.replace(',', ';')[:40]}...."),
        ("," * 16_003, "The CSV header is longer than 16000 characters."),
    ],
)
def test_wrong_header_names_the_first_column_that_is_wrong(line: str, complaint: str) -> None:
    with pytest.raises(ValueError) as refusal:
        layout.check_header(_pool(), line, with_hash=False)
    assert str(refusal.value) == complaint
    assert len(complaint) <= 128, "as much as CompletionMessage holds"


def test_hashes_need_their_column() -> None:
    with pytest.raises(ValueError, match=r"^The CSV header has no column password_hash\.$"):
        layout.check_header(_pool(), COLUMNS, with_hash=True)


def test_a_million_columns_are_refused_at_once() -> None:
    line = ",".join(["email"] * 1_000_000)
    begun = time.process_time()
    with pytest.raises(ValueError, match="longer than 16000"):
        layout.check_header(_pool(), line, with_hash=False)
    assert time.process_time() - begun < 0.1


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("", [""]),
        (",", ["", ""]),
        (" a ,\tb c\t\r\n", ["a", "b c"]),
        (r"12 St James's Square\, London,x", ["12 St James's Square, London", "x"]),
        (r"a\\,b", ["a\\", "b"]),
        (r"a\\\,b", [r"a\,b"]),
        (r"\,\,,\,", [",,", ","]),
        (r"line\nline\r", ["line\nline\r"]),
        (r"\\n", [r"\n"]),
        (r"C:\temp\x,\"q\"", [r"C:\temp\x", r"\"q\""]),
        ("a\\", ["a\\"]),
        ("a,\\", ["a", "\\"]),
        ("a\\ ,b", ["a\\", "b"]),
        ('"a,b"', ['"a', 'b"']),
        (r" \n x \n ", ["\n x \n"]),
        ("=1+1,+1,-1,@x", ["=1+1", "+1", "-1", "@x"]),
    ],
)
def test_backslash_is_the_only_escape(line: str, values: list[str]) -> None:
    assert layout.split(line) == values


CELLS = st.text(st.sampled_from(list("\\,nr \t\"'=a\n\r")) | st.characters(exclude_categories=["Cs"]))


@given(st.lists(CELLS, min_size=1))
def test_what_was_joined_is_split_again(values: list[str]) -> None:
    line = layout.join(values)
    assert "\n" not in line
    assert "\r" not in line
    assert layout.split(line) == [value.strip(" \t") for value in values]
    assert layout.split(f"{line}\n") == layout.split(f"{line}\r\n") == layout.split(line)


@given(CELLS)
def test_any_line_is_split(line: str) -> None:
    values = layout.split(line)
    assert layout.split(layout.join(values)) == [value.strip(" \t") for value in values]


def test_backslashes_take_no_quadratic_time() -> None:
    begun = time.process_time()
    assert layout.split("\\," * 500_000) == ["," * 500_000]
    assert layout.split("\\" * 1_000_001) == ["\\" * 500_001]
    assert time.process_time() - begun < 2
