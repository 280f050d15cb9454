"""Secrets are replaced in what functions wrote, also where only the end of it is kept."""

from __future__ import annotations

import pytest

from pools.triggers.runner.log import MOST_BYTES, Log, redact


@pytest.mark.parametrize(
    ("text", "secrets", "shown"),
    [
        ("the code 123456.", ["123456"], "the code ***."),
        ('{"p": "a\\"b\\u00e9c"}', ['a"béc'], '{"p": "***"}'),
        ("to?p=a%26b%20cd", ["a&b cd"], "to?p=***"),
        ("a7 7 77", ["7"], "a7 *** 77"),
        ("abcdef abcd", ["abcd", "abcdef"], "*** ***"),
        ("nothing", ["", "none"], "nothing"),
    ],
)
def test_a_secret_is_replaced_in_every_form(text: str, secrets: list[str], shown: str) -> None:
    assert redact(text, secrets) == shown


@pytest.mark.parametrize("shift", range(0, 40, 7))
def test_the_part_of_a_secret_that_is_left_of_a_long_log_is_not_shown(shift: int) -> None:
    log = Log()
    secret = "a-very-secret-password"
    log.append(b"x" * shift)
    for _ in range(40):
        log.append((secret * 500).encode())
    shown = log.take([secret])
    assert len(shown) <= MOST_BYTES
    assert shown.strip("*") == ""


def test_what_was_taken_is_gone() -> None:
    log = Log()
    log.append(b"one")
    assert log.take([]) == "one"
    assert log.take([]) == ""
