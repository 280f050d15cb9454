"""A user leaves."""

from __future__ import annotations

from pools.models import User


def delete(user: User) -> None:
    """Delete a user's own account and everything that is theirs; the name is free again."""
    user.delete()
