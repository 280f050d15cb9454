"""CUSTOM_CHALLENGE: a question that a function of the pool makes up, and another one checks.

Source: guide, "Create Auth challenge Lambda trigger" and "Verify Auth challenge response Lambda trigger".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pools.models import Attempt
from pools.signin import lock_out, proofs, rounds
from pools.signin.challenges.base import Proof, required
from pools.triggers import custom_auth


class Custom:
    """A wrong answer is an answer: what comes of it is for DefineAuthChallenge to say."""

    name: ClassVar[str] = "CUSTOM_CHALLENGE"
    unasked: ClassVar[tuple[str, ...]] = ()

    def offer(self, attempt: Attempt) -> dict[str, str]:
        """Raises: NotAuthorized (too many wrong answers, at the first question of a sign-in), InvalidParameter (no such
        trigger), UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests."""
        user = attempt.user
        answered = rounds.of(attempt)
        if all(each.challenge != self.name for each in answered):
            lock_out.check_may_ask(user, attempt.name, self.name)
        question = custom_auth.create(attempt.client, user, answered, self.name, attempt.origin)
        rounds.put(attempt, question)
        return {**question.public, "USERNAME": user.username}

    def check(self, attempt: Attempt, answers: Mapping[str, str]) -> Proof:
        """Every answer counts as a guess until the function says that it is right, and right ones make up for no wrong
        ones before tokens are issued: one easy question does not pay for endless tries at another.

        Raises: InvalidParameter, NotAuthorized (too many wrong answers), UserLambdaValidation, UnexpectedLambda,
        InvalidLambdaResponse, TooManyRequests.
        """
        given = required(answers, "ANSWER")
        guard = lock_out.of_answer(attempt.user, attempt.name, self.name)
        private = rounds.private(attempt)
        is_right = custom_auth.verify(attempt.client, attempt.user, private, given, attempt.origin)
        if is_right:
            guard.take_back()
        return Proof(proofs.ANSWER, is_right=is_right)
