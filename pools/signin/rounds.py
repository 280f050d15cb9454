"""What a sign-in in CUSTOM_AUTH has been through, as its attempt keeps it: what was asked and how it was answered.

One key of `Attempt.data`, encrypted but for what was asked: private parameters hold answers, and metadata often do.
Decides nothing: that is the affair of a function of the pool (`signin.decision`).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import orjson

from identity import keyring
from pools.models import Attempt
from pools.triggers.custom_auth import Question, Round

_KEY = "custom"
_PLACE = "CUSTOM_CHALLENGE"


@dataclass(frozen=True, slots=True)
class _Sealed:
    """`rounds` are the answers so far, oldest first; `private` and `metadata` are those of the question that waits."""

    rounds: list[Round] = field(default_factory=list)
    private: dict[str, str] = field(default_factory=dict)
    metadata: str | None = None


def begun(*passed: str) -> dict[str, Any]:
    """The data of an attempt that begins, with the names of the challenges that its first request has passed."""
    return {_KEY: _seal(None, _Sealed([Round(name, True) for name in passed]))}


def of(attempt: Attempt) -> list[Round]:
    """The answers so far, oldest first."""
    return _open(attempt).rounds


def asked(attempt: Attempt) -> str | None:
    """The name of the challenge that the pool's function has asked for last; None outside CUSTOM_AUTH, and at its
    ends."""
    name: str | None = attempt.data.get(_KEY, {}).get("asked")
    return name


def ask(attempt: Attempt, challenge: str | None) -> None:
    """Remember what the function has decided."""
    _keep(attempt, challenge, _open(attempt))


def put(attempt: Attempt, question: Question) -> None:
    """Remember what the check of the answer needs."""
    _keep(attempt, asked(attempt), _Sealed(of(attempt), dict(question.private), question.metadata))


def private(attempt: Attempt) -> dict[str, str]:
    """What the function keeps to itself of the question that waits."""
    return _open(attempt).private


def add(attempt: Attempt, challenge: str, *, is_passed: bool) -> None:
    """Remember an answer; what was kept for its question alone is forgotten."""
    kept = _open(attempt)
    answered = Round(challenge, is_passed, kept.metadata)
    _keep(attempt, challenge, _Sealed([*kept.rounds, answered]))


def _keep(attempt: Attempt, challenge: str | None, kept: _Sealed) -> None:
    attempt.data = {**attempt.data, _KEY: _seal(challenge, kept)}


def _seal(challenge: str | None, kept: _Sealed) -> dict[str, Any]:
    sealed = keyring.encrypt(orjson.dumps(kept), place=_PLACE)
    return {"asked": challenge, "sealed": base64.b64encode(sealed).decode()}


def _open(attempt: Attempt) -> _Sealed:
    kept = orjson.loads(keyring.decrypt(base64.b64decode(attempt.data[_KEY]["sealed"]), place=_PLACE))
    return _Sealed([Round(**each) for each in kept["rounds"]], kept["private"], kept["metadata"])
