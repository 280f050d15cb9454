"""What a sign-in still lacks. The only place where the order of challenges is decided.

Source: guide, "Authentication flow"; the order is AWS's. Second factors and devices take their places behind
`forced_new_password`.
"""

from __future__ import annotations

from pools.models import Attempt
from pools.models.user import UserStatus
from pools.signin.challenges.base import Challenge
from pools.signin.challenges.new_password import NewPassword


def next_challenge(attempt: Attempt) -> type[Challenge] | None:
    """What is still missing, or None when the user is signed in. Reads the attempt and its user, nothing else."""
    for rule in (forced_new_password,):
        if challenge := rule(attempt):
            return challenge
    return None


def forced_new_password(attempt: Attempt) -> type[Challenge] | None:
    """A temporary password lets its user set a new one, and nothing more."""
    return NewPassword if attempt.user.status == UserStatus.FORCE_CHANGE_PASSWORD else None
