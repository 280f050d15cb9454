"""A user leaves."""

from __future__ import annotations

from django.db import transaction

from pools.accounts import attributes
from pools.models import User


def delete(user: User) -> None:
    """Delete a user and everything that is theirs; the name is free again.

    The row is locked first, so that no session or code is born between the search for what is theirs and its end.
    Raises: UserNotFound, when somebody else was faster.
    """
    with transaction.atomic():
        attributes.locked(user).delete()
