"""Users whom only another directory knows.

Where a sign-in brings a password in clear, a function of the pool may know them, and they become users of the pool.
Source: guide, "Migrate user Lambda trigger".
"""

from __future__ import annotations

from identity.errors import UserLambdaValidation
from pools.accounts import migration
from pools.models import Attempt, User
from pools.signin import decoy, lock_out
from pools.triggers.migration import is_configured


def migrated(attempt: Attempt, password: str) -> User | None:
    """A user made for an attempt whose name nobody has; None where the pool has no such function, or it knows nobody.

    Wrong passwords lock the name out as a user's do: the other directory is no place to guess at, either.
    Raises: NotAuthorized (too many wrong passwords), and what `accounts.migration.migrate` raises.
    """
    if not is_configured(attempt.pool):
        return None
    attempted = lock_out.of_migration(decoy.of(attempt.pool, attempt.name), attempt.name)
    try:
        user = migration.migrate(attempt.client, username=attempt.name, password=password, origin=attempt.origin)
    except UserLambdaValidation:
        attempted.failed()
        raise
    if user is None:
        attempted.failed()
    else:
        attempted.passed()
    return user
