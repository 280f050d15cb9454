"""The three triggers of CUSTOM_AUTH: functions that say what is asked, ask it, and check the answer.

Source: guide, "Custom authentication challenge Lambda triggers".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from identity.errors import CUSTOM_AUTH_NOT_CONFIGURED, InvalidLambdaResponse, InvalidParameter
from pools.config.triggers import TriggerSettings
from pools.models import Client, Pool, User
from pools.triggers import deliver, event
from pools.triggers.origin import Origin

Reply = TypeVar("Reply")

DEFINE, CREATE, VERIFY = "DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"


@dataclass(frozen=True, slots=True)
class Round:
    """A challenge that was answered, and how. `metadata` is CreateAuthChallenge's name for a challenge of its own."""

    challenge: str
    is_passed: bool
    metadata: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What comes next: the end, good or bad, or a challenge."""

    issues_tokens: bool
    fails: bool
    challenge: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """`public` is for the client, `private` for who checks the answer."""

    public: Mapping[str, str]
    private: Mapping[str, str]
    metadata: str | None


def check_configured(pool: Pool) -> None:
    """Raises: InvalidParameter, where nobody could say what comes first."""
    if DEFINE not in TriggerSettings.of(pool).arns:
        raise InvalidParameter(CUSTOM_AUTH_NOT_CONFIGURED)


def define(client: Client, user: User, rounds: Sequence[Round], origin: Origin) -> Decision:
    """Ask what comes after these answers. Failure prevails over tokens, and tokens over another challenge.

    Raises: InvalidParameter (no such trigger), UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse,
    TooManyRequests.
    """
    request = {**event.about(client, user), "session": _session(rounds)}
    members = ("challengeName", "issueTokens", "failAuthentication")
    return _call(client, user, DEFINE, request, members, origin, _decision)


def _decision(response: Mapping[str, Any]) -> Decision:
    """Raises: InvalidLambdaResponse."""
    decision = Decision(
        issues_tokens=event.flag(response, "issueTokens"),
        fails=event.flag(response, "failAuthentication"),
        challenge=event.text(response, "challengeName") or "",
    )
    if not (decision.challenge or decision.issues_tokens or decision.fails):
        raise InvalidLambdaResponse()
    return decision


def create(client: Client, user: User, rounds: Sequence[Round], challenge: str, origin: Origin) -> Question:
    """Ask for the question itself. Raises: as `define`."""
    request = {**event.about(client, user), "challengeName": challenge, "session": _session(rounds)}
    members = ("publicChallengeParameters", "privateChallengeParameters", "challengeMetadata")
    return _call(client, user, CREATE, request, members, origin, _question)


def _question(response: Mapping[str, Any]) -> Question:
    """Raises: InvalidLambdaResponse."""
    return Question(
        public=event.strings(response, "publicChallengeParameters"),
        private=event.strings(response, "privateChallengeParameters"),
        metadata=event.text(response, "challengeMetadata"),
    )


def verify(client: Client, user: User, private: Mapping[str, str], answer: str, origin: Origin) -> bool:
    """Whether an answer is right. Raises: as `define`."""
    request = {**event.about(client, user), "privateChallengeParameters": dict(private), "challengeAnswer": answer}
    secrets = (answer, *private.values())
    return _call(client, user, VERIFY, request, ("answerCorrect",), origin, _is_right, secrets)


def _is_right(response: Mapping[str, Any]) -> bool:
    """Raises: InvalidLambdaResponse."""
    return event.flag(response, "answerCorrect")


def _session(rounds: Sequence[Round]) -> list[dict[str, Any]]:
    return [
        {"challengeName": each.challenge, "challengeResult": each.is_passed, "challengeMetadata": each.metadata}
        for each in rounds
    ]


def _call(
    client: Client,
    user: User,
    trigger: str,
    request: Mapping[str, Any],
    members: Sequence[str],
    origin: Origin,
    read: Callable[[Mapping[str, Any]], Reply],
    secrets: Sequence[str] = (),
) -> Reply:
    source = f"{trigger}_Authentication"
    said = event.with_metadata(request, origin)
    empty = dict.fromkeys(members)
    reply = deliver.call(client.pool, trigger, source, user.username, said, empty, origin, secrets=secrets, read=read)
    if reply is None:
        raise InvalidParameter(CUSTOM_AUTH_NOT_CONFIGURED)
    return reply
