"""What a sign-in in CUSTOM_AUTH has been through, as its attempt keeps it: what was asked and how it was answered.

Kept under one key of `Attempt.data`. Decides nothing: that is the pool's function's affair (`signin.decision`).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import orjson

from identity import keyring
from pools.models import Attempt
from pools.triggers.custom_auth import Question, Round

_KEY = "custom"
_PLACE = "CUSTOM_CHALLENGE"


def begun(*passed: str) -> dict[str, Any]:
    """The data of an attempt that begins, with the names of the challenges that its first request has passed."""
    return {_KEY: {"rounds": [[name, True, None] for name in passed]}}


def of(attempt: Attempt) -> list[Round]:
    """The answers so far, oldest first."""
    return [Round(*each) for each in _kept(attempt).get("rounds", ())]


def asked(attempt: Attempt) -> str | None:
    """The name of the challenge that the pool's function has asked for last; None outside CUSTOM_AUTH, and at its
    ends."""
    name: str | None = _kept(attempt).get("asked")
    return name


def ask(attempt: Attempt, challenge: str | None) -> None:
    """Remember what the function has decided."""
    _keep(attempt, asked=challenge)


def put(attempt: Attempt, question: Question) -> None:
    """Keep what the check of the answer needs, encrypted: it often holds the answer."""
    sealed = keyring.encrypt(orjson.dumps(dict(question.private)), place=_PLACE)
    _keep(attempt, private=base64.b64encode(sealed).decode(), metadata=question.metadata)


def private(attempt: Attempt) -> dict[str, str]:
    """What the function keeps to itself of the question that waits."""
    kept: dict[str, str] = orjson.loads(keyring.decrypt(base64.b64decode(_kept(attempt)["private"]), place=_PLACE))
    return kept


def add(attempt: Attempt, challenge: str, *, is_passed: bool) -> None:
    """Remember an answer; what its question was kept for is over."""
    kept = _kept(attempt)
    rounds = [*kept.get("rounds", ()), [challenge, is_passed, kept.get("metadata")]]
    _keep(attempt, rounds=rounds, private="", metadata=None)


def _kept(attempt: Attempt) -> Mapping[str, Any]:
    kept: Mapping[str, Any] = attempt.data.get(_KEY, {})
    return kept


def _keep(attempt: Attempt, **changes: Any) -> None:
    attempt.data = {**attempt.data, _KEY: {**_kept(attempt), **changes}}
