"""What a challenge is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from identity.errors import missing_parameter
from pools.models import Attempt


@dataclass(frozen=True, slots=True)
class Proof:
    """What right answers are worth. `effect` writes what they bring, in the transaction that accepts them."""

    name: str
    effect: Callable[[], None]


class Challenge(Protocol):
    """A step of sign-in under its AWS name. Each takes its attempt's user with `user.pool` loaded."""

    name: ClassVar[str]

    def offer(self, attempt: Attempt) -> dict[str, str]:
        """ChallengeParameters; may send a code."""

    def check(self, attempt: Attempt, answers: Mapping[str, str]) -> Proof:
        """The proof that the answers are worth; writes nothing yet.

        Raises: the AWS error for what is wrong with them.
        """


def required(answers: Mapping[str, str], name: str) -> str:
    """Raises: InvalidParameter."""
    if not answers.get(name):
        raise missing_parameter(name)
    return answers[name]
