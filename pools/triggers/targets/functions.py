"""Functions that are kept here."""

from __future__ import annotations

from pools.triggers.targets.base import Answer, Invocation, NotInvoked


def invoke(invocation: Invocation) -> Answer:
    """Raises: NotInvoked, TimedOut."""
    raise NotInvoked("ResourceNotFoundException")
