"""CUSTOM_AUTH: after each answer a function of the pool decides what comes next.

The decision is kept on the attempt, so that `order` needs nothing else.

Source: guide, "Custom authentication challenge Lambda triggers".
"""

from __future__ import annotations

from identity.errors import InvalidLambdaResponse, NotAuthorized
from pools.models import Attempt
from pools.signin import flows, lock_out, order, permission, proofs, rounds, standing
from pools.signin.challenges.custom import Custom
from pools.signin.challenges.srp import PasswordVerifier
from pools.triggers import custom_auth

MOST_ROUNDS = 20
"""Answers in one sign-in. A function that never comes to an end would keep ever longer sessions."""


def make(attempt: Attempt) -> None:
    """Ask, at the beginning and after every accepted answer, until the function issues tokens. Outside CUSTOM_AUTH
    nothing is asked.

    Raises: NotAuthorized (the function says so, or too many rounds), what `standing.check` raises for who is to get
    tokens, InvalidParameter (no such trigger), UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse (also for
    a challenge that cannot be asked), TooManyRequests.
    """
    if attempt.flow != flows.CUSTOM or proofs.CUSTOM in attempt.proofs:
        return
    answered = rounds.of(attempt)
    decision = custom_auth.define(attempt.client, attempt.user, answered, attempt.origin)
    if decision.fails:
        raise NotAuthorized()
    if decision.issues_tokens:
        _end(attempt)
        return
    if decision.challenge not in order.ASKED or (
        decision.challenge == PasswordVerifier.name and "srp_a" not in attempt.data
    ):
        raise InvalidLambdaResponse()
    if len(answered) >= MOST_ROUNDS:
        raise NotAuthorized()
    rounds.ask(attempt, decision.challenge)


def _end(attempt: Attempt) -> None:
    """Only who gets this far is told their status, and has no more to guess."""
    permission.look_again(attempt)
    if not attempt.user.is_decoy:
        standing.check(attempt.user)
        if any(each.challenge == Custom.name for each in rounds.of(attempt)):
            lock_out.forget_answers(attempt.user, attempt.name, Custom.name)
    rounds.ask(attempt, None)
    attempt.proofs = [*attempt.proofs, proofs.CUSTOM]
