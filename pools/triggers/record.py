"""The record of invocations: what was asked and answered, without secrets."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import orjson
from django.db import Error

from identity.statement import Insertion
from pools.models.invocation import Invocation as Record
from pools.triggers.redaction import Redaction
from pools.triggers.targets.base import Answer, Invocation

LONGEST = 64 << 10
"""Characters that are kept of an event, an answer, a log."""

_MOST_READ = 1 << 20
"""Bytes; longer answers are not searched for secrets, and so not kept."""
_DEEPEST = 100
_CUT = "…"

log = logging.getLogger(__name__)

_insertion = Insertion(Record, waits_for_disk=False)
"""Somebody signs in meanwhile, and the disk would take longer than the function."""


def write(
    invocation: Invocation,
    source: str,
    username: str | None,
    attempt: int,
    outcome: Record.Outcome,
    detail: str,
    answer: Answer | None,
    seconds: float,
) -> None:
    """Keep one try. What cannot be kept is logged: no call fails because of its record."""
    answered = answer or Answer()
    asked, said = _parsed(invocation.event), _parsed(answered.payload)
    redaction = Redaction(invocation.secrets, asked, said)
    row = Record(
        pool_id=invocation.pool_id or None,
        target=invocation.arn,
        source=source[:64],
        username=_plain(username or "")[:384],
        attempt=attempt,
        outcome=outcome,
        detail=_kept(redaction.text(detail)),
        duration_ms=round(seconds * 1000, 3),
        request=_kept(_json(redaction, asked, invocation.event)),
        response=_kept(_json(redaction, said, answered.payload)),
        log=_kept(redaction.text(answered.log)),
    )
    try:
        _insertion.insert(row)
    except Error as error:  # of a pool that was deleted meanwhile, say
        log.warning("an invocation of %s is not in the record: %s", invocation.arn, type(error).__name__)


def _parsed(payload: bytes) -> Any:
    """What JSON says, or None where it is none. What would take long to search is replaced by a word about it."""
    if len(payload) > _MOST_READ:
        return f"({len(payload)} bytes)"
    try:
        said = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    return "(nested too deeply)" if _is_deep(said) else said


def _is_deep(said: object) -> bool:
    layer = [said]
    for _ in range(_DEEPEST):
        layer = [inner for value in layer for inner in _inner(value)]
        if not layer:
            return False
    return True


def _inner(value: object) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []


def _json(redaction: Redaction, said: object, payload: bytes) -> str:
    """What is no JSON is kept as the text that it is."""
    return redaction.json(said) if said is not None else redaction.text(payload.decode(errors="replace"))


def _kept(text: str) -> str:
    return _plain(text if len(text) <= LONGEST else text[:LONGEST] + _CUT)


def _plain(text: str) -> str:
    """PostgreSQL keeps no NUL, and no database half of a surrogate pair."""
    return text.replace("\0", "").encode(errors="replace").decode()
