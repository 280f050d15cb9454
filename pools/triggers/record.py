"""The record of invocations: what was asked and answered, without secrets."""

from __future__ import annotations

from pools.models.invocation import Invocation as Record
from pools.triggers.targets.base import Answer, Invocation


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
    """Keep one try."""
    Record.objects.create(
        pool_id=invocation.pool_id or None,
        target=invocation.arn,
        source=source,
        username=username or "",
        attempt=attempt,
        outcome=outcome,
        detail=detail,
        duration_ms=seconds * 1000,
        log=answer.log if answer else "",
    )
