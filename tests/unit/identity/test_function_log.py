"""`manage.py function_log`: operators read what functions wrote."""

from __future__ import annotations

import time
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from pools.models import Function, Invocation

pytestmark = pytest.mark.django_db


def function(name: str = "hooks", region: str = "us-east-1") -> Function:
    return Function.objects.create(
        region=region, name=name, environment="{}", code_size=1, runtime="python3.11", handler="h", role="r"
    )


def keep(of: Function, log: str, **columns: Any) -> None:
    given = {"source": "PreSignUp_SignUp", "outcome": "answered", "duration_ms": 1.5, **columns}
    Invocation.objects.create(target=of.arn, log=log, **given)


def told(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("function_log", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_the_log_is_told_invocation_by_invocation() -> None:
    hooks = function()
    keep(hooks, "first line\nsecond line\n")
    keep(hooks, "Traceback", outcome="error", detail="no such user")
    keep(function("others"), "of another function")
    lines = told("hooks")
    assert [line.partition(" ")[2] for line in lines if not line.startswith("    ")] == [
        "PreSignUp_SignUp answered 1.50 ms",
        "PreSignUp_SignUp error 1.50 ms: no such user",
    ]
    assert [line.strip() for line in lines if line.startswith("    ")] == ["first line", "second line", "Traceback"]
    assert told("hooks", "--last", "1") == lines[-2:]
    assert told("hooks", "--last", "0") == []


def test_a_name_of_two_regions_must_be_told_apart() -> None:
    keep(function(), "from here")
    keep(function(region="eu-west-1"), "from away")
    with pytest.raises(CommandError, match="--region"):
        told("hooks")
    assert told("hooks", "--region", "eu-west-1")[1:] == ["    from away"]
    with pytest.raises(CommandError, match=r"There is no function nobody\."):
        told("nobody")


def test_follow_goes_on_with_what_comes_until_it_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = function()
    keep(hooks, "before")
    waits = iter(["after", "later", None])

    def wait(seconds: float) -> None:
        coming = next(waits)
        if coming is None:
            raise KeyboardInterrupt
        keep(hooks, coming)

    monkeypatch.setattr(time, "sleep", wait)
    assert [line.strip() for line in told("hooks", "--follow") if line.startswith("    ")] == [
        "before",
        "after",
        "later",
    ]


def test_a_log_cannot_write_to_the_terminal_that_reads_it() -> None:
    keep(function(), "\x1b]0;title\x07\x1b[2Jcleared\rover")
    (line,) = told("hooks")[1:]
    assert line.isprintable()
    assert "cleared" in line
