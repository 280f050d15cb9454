"""A pool that signs in by questions of its functions (CUSTOM_AUTH)."""

from __future__ import annotations

from typing import Any

from tests.support import factories
from tests.support.hooks import Hooks

TRIO = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")


def make_pool(idp: Any, hooks: Hooks) -> dict[str, Any]:
    pool = factories.make_pool(idp, LambdaConfig=dict.fromkeys(TRIO, hooks.arn))
    hooks.on(pool, ask_until_right)
    return pool


def ask_until_right(event: dict[str, Any]) -> dict[str, Any]:
    """Of 21, two and two are asked for, three times at most."""
    source, request = event["triggerSource"], event["request"]
    if source == "DefineAuthChallenge_Authentication":
        session = request["session"]
        is_right = bool(session) and session[-1]["challengeResult"]
        response: dict[str, Any] = {"issueTokens": is_right, "failAuthentication": not is_right and len(session) > 2}
        if not is_right:
            response["challengeName"] = "CUSTOM_CHALLENGE"
    elif source == "CreateAuthChallenge_Authentication":
        response = {
            "publicChallengeParameters": {"question": "<i>2 + 2</i>?", "token": "for the app alone"},
            "privateChallengeParameters": {"answer": "4"},
        }
    elif source == "VerifyAuthChallengeResponse_Authentication":
        response = {"answerCorrect": request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]}
    else:
        response = {}
    return {**event, "response": response}
