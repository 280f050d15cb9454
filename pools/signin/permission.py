"""What a pool's functions have to say before the first proof of a sign-in and after the last.

Neither is called where the pool has none; both are called outside transactions, and either may have changed the user.
Source: guide, "Pre authentication Lambda trigger" and "Post authentication Lambda trigger".
"""

from __future__ import annotations

from identity.errors import NotAuthorized
from pools import lookup
from pools.config.client import ClientSettings
from pools.models import Attempt
from pools.signin import standing
from pools.triggers import authentication


def to_begin(attempt: Attempt) -> None:
    """Once for each sign-in, before anything is proven; also about a name that nobody has, where that is hidden.

    Raises: UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests; NotAuthorized (deleted or
    disabled meanwhile).
    """
    if not authentication.pre_authentication(attempt.client, attempt.user, attempt.origin):
        return
    look_again(attempt)
    if not ClientSettings.of(attempt.client).hides_existence:
        standing.check_enabled(attempt.user)


def to_finish(attempt: Attempt) -> None:
    """After every proof, before any token.

    Raises: UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests; NotAuthorized,
    PasswordResetRequired (deleted, disabled or reset meanwhile).
    """
    if authentication.post_authentication(attempt.client, attempt.user, attempt.origin):
        look_again(attempt)
        standing.check_may_go_on(attempt, attempt.user)


def look_again(attempt: Attempt) -> None:
    """Read the user anew: a function had time to change them. Raises: NotAuthorized, when they are gone."""
    if attempt.user.is_decoy:
        return
    fresh = lookup.user_by_key(attempt.client.pool, attempt.user.key)
    if fresh is None:
        raise NotAuthorized()
    attempt.user = fresh
