"""The password policy: what it stores, what it refuses and what it generates."""

from __future__ import annotations

import string
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.errors import InvalidPassword
from pools.config.passwords import SYMBOLS, PasswordPolicy, stored_policy

RULES = ("RequireUppercase", "RequireLowercase", "RequireNumbers", "RequireSymbols")
LOOSE: dict[str, Any] = {"MinimumLength": 6}


def _policy(given: dict[str, Any] | None = None) -> PasswordPolicy:
    return PasswordPolicy.read({"Policies": {"PasswordPolicy": stored_policy(given, None)}})


def _refusal(policy: PasswordPolicy, password: str) -> str | None:
    try:
        policy.check(password)
    except InvalidPassword as error:
        assert error.field == "password"
        return error.message
    return None


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("", "Password not long enough"),
        ("Ab1!", "Password not long enough"),
        ("abcdefg", "Password not long enough"),
        ("abcdefgh", "Password must have uppercase characters"),
        ("ABCDEFGH", "Password must have lowercase characters"),
        ("Abcdefgh", "Password must have numeric characters"),
        ("Abcdefg1", "Password must have symbol characters"),
        ("ÄBCDEFG1!", "Password must have lowercase characters"),
        ("äbcdefg1!", "Password must have uppercase characters"),
        ("Abcdefg٣!", "Password must have numeric characters"),
        ("Abcdefg1§", "Password must have symbol characters"),
    ],
)
def test_first_rule_that_fails_is_named(password: str, rule: str) -> None:
    assert _refusal(_policy(), password) == f"Password did not conform with policy: {rule}"


@pytest.mark.parametrize("symbol", "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- ")
def test_each_documented_symbol_counts(symbol: str) -> None:
    assert _refusal(_policy(), f"Abcd{symbol}efg1") is None


def test_space_at_an_end_is_no_symbol() -> None:
    policy = _policy({**LOOSE, "RequireSymbols": True})
    for password in (" abcdefg", "abcdefg "):
        assert str(_refusal(policy, password)).endswith("Password must have symbol characters")
    assert _refusal(policy, "abc defg") is None


def test_length_is_counted_in_characters() -> None:
    policy = _policy({"MinimumLength": 8})
    assert _refusal(policy, "界" * 8) is None
    assert _refusal(policy, "界" * 7) is not None


def test_password_has_at_most_256_characters() -> None:
    policy = _policy(LOOSE)
    assert _refusal(policy, "a" * 256) is None
    assert _refusal(policy, "a" * 257) is not None


@pytest.mark.parametrize(
    ("rule", "password"),
    [
        ("RequireUppercase", "abcdef"),
        ("RequireLowercase", "ABCDEF"),
        ("RequireNumbers", "abcdef"),
        ("RequireSymbols", "abcdef"),
    ],
)
def test_each_rule_can_be_turned_on_alone(rule: str, password: str) -> None:
    assert _refusal(_policy(LOOSE), password) is None
    assert _refusal(_policy({**LOOSE, rule: True}), password) is not None
    assert _refusal(_policy({**LOOSE, rule: False}), password) is None


@given(st.integers(6, 99), st.sets(st.sampled_from(RULES)))
def test_generated_password_satisfies_its_policy(length: int, required: set[str]) -> None:
    policy = _policy({"MinimumLength": length, **dict.fromkeys(required, True)})
    first, second = policy.generate(), policy.generate()
    assert _refusal(policy, first) is None
    assert first != second
    assert len(first) == max(length, 12)
    assert set(first) <= set(string.ascii_letters + string.digits + SYMBOLS) - set("0O1lI")


def test_policy_left_out_is_the_strict_default() -> None:
    assert stored_policy(None, None) == {
        "MinimumLength": 8,
        **dict.fromkeys(RULES, True),
        "TemporaryPasswordValidityDays": 7,
    }


@pytest.mark.parametrize("given", [{}, {"RequireNumbers": True}, {"MinimumLength": 10, "RequireSymbols": True}])
def test_policy_given_in_part_is_lenient_in_the_rest(given: dict[str, Any]) -> None:
    lenient = {"MinimumLength": 6, **dict.fromkeys(RULES, False), "TemporaryPasswordValidityDays": 7}
    assert stored_policy(given, None) == lenient | given


@pytest.mark.parametrize(
    ("policy_days", "unused_days", "days"),
    [(None, None, 7), (0, 0, 7), (3, None, 3), (None, 3, 3), (0, 3, 3), (3, 0, 3), (365, 365, 365)],
)
def test_temporary_password_lasts_the_days_that_are_given(
    policy_days: int | None, unused_days: int | None, days: int
) -> None:
    given = {} if policy_days is None else {"TemporaryPasswordValidityDays": policy_days}
    stored = stored_policy(given, unused_days)
    assert stored["TemporaryPasswordValidityDays"] == days
    read = PasswordPolicy.read({"Policies": {"PasswordPolicy": stored}})
    assert read.temporary_lifetime == timedelta(days=days)
