"""What a challenge is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from identity.errors import missing_parameter
from pools.models import Attempt, User


def nothing(user: User) -> None:
    """The effect of a proof that brings nothing but itself."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What right answers are worth.

    `effect` writes what they bring to the user, whose row is locked, in the transaction that accepts them; `names` are
    the attributes that it sets and that may sign in; `data` is what the attempt remembers. Only CUSTOM_CHALLENGE takes
    answers that are not right, and goes on.
    """

    name: str
    effect: Callable[[User], None] = nothing
    names: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    is_right: bool = True


class Challenge(Protocol):
    """A step of sign-in under its AWS name. Each takes its attempt's user with `user.pool` loaded.

    `unasked` are the answers that may come before the question, with the request that leads to it.
    """

    name: ClassVar[str]
    unasked: ClassVar[tuple[str, ...]] = ()

    def offer(self, attempt: Attempt) -> dict[str, str]:
        """ChallengeParameters; may send a code and put what the answer needs into `attempt.data`."""

    def check(self, attempt: Attempt, answers: Mapping[str, str]) -> Proof:
        """The proof that the answers are worth; writes nothing yet, save that a try is counted.

        Raises: the AWS error for what is wrong with them.
        """


def required(answers: Mapping[str, str], name: str) -> str:
    """Raises: InvalidParameter."""
    if not answers.get(name):
        raise missing_parameter(name)
    return answers[name]
