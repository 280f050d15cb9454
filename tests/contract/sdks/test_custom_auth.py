"""Custom challenges, as apps with amazon-cognito-identity-js walk them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import factories
from tests.support.factories import PASSWORD, Make, claims_of
from tests.support.hooks import Hooks
from tests.support.javascript import App, StartApp, rejected

INCORRECT = "Incorrect username or password."
TRIO = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")


def riddle(event: dict[str, Any]) -> dict[str, Any]:
    """The guide's functions: the password where SRP begins, then a question, which may be answered twice."""
    request, response = event["request"], event["response"]
    match event["triggerSource"].partition("_")[0]:
        case "DefineAuthChallenge":
            last = request["session"][-1] if request["session"] else {}
            asked = [each for each in request["session"] if each["challengeName"] == "CUSTOM_CHALLENGE"]
            response["issueTokens"] = last.get("challengeName") == "CUSTOM_CHALLENGE" and last["challengeResult"]
            response["failAuthentication"] = len(asked) == 2 and not last["challengeResult"]
            is_srp = last.get("challengeName") == "SRP_A"
            response["challengeName"] = "PASSWORD_VERIFIER" if is_srp else "CUSTOM_CHALLENGE"
        case "CreateAuthChallenge":
            response["publicChallengeParameters"] = {"question": "What is the answer?"}
            response["privateChallengeParameters"] = {"answer": "42"}
        case "VerifyAuthChallengeResponse":
            response["answerCorrect"] = request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]
    return event


@pytest.fixture
def pool(make_pool: Make, hooks: Hooks) -> dict[str, Any]:
    made = make_pool(LambdaConfig=dict.fromkeys(TRIO, hooks.arn))
    hooks.on(made, riddle)
    return made


@pytest.fixture
def app(pool: dict[str, Any], make_client: Make, identity_js: StartApp) -> App:
    return identity_js(make_client(pool, ExplicitAuthFlows=["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]))


@pytest.fixture
def alice(idp: Any, pool: dict[str, Any], app: App) -> str:
    name = factories.make_user(idp, pool)
    app("setAuthenticationFlowType", name, "CUSTOM_AUTH")
    return name


def test_a_question_is_answered_at_the_second_try(app: App, alice: str, pool: dict[str, Any], hooks: Hooks) -> None:
    asked = app("initiateAuth", alice)
    calls = hooks.on(pool, riddle)
    assert (asked["callback"], asked["values"][0]["question"]) == ("customChallenge", "What is the answer?")
    assert app("sendCustomChallengeAnswer", alice, "41")["callback"] == "customChallenge"
    answer = app("sendCustomChallengeAnswer", alice, "42", {"from": "an app"})
    assert answer["callback"] == "onSuccess"
    assert claims_of(answer["session"]["idToken"])["cognito:username"] == alice
    assert [call["request"].get("clientMetadata") for call in calls[-2:]] == [{"from": "an app"}] * 2
    assert app("refreshSession", alice)["isValid"]


def test_wrong_answers_fail(app: App, alice: str) -> None:
    app("initiateAuth", alice)
    app("sendCustomChallengeAnswer", alice, "41")
    with rejected("NotAuthorizedException", INCORRECT):
        app("sendCustomChallengeAnswer", alice, "41")


def test_a_question_after_the_password(app: App, alice: str) -> None:
    with rejected("NotAuthorizedException", INCORRECT):
        app("authenticateUser", alice, "Wrong-Password-1")
    assert app("authenticateUser", alice, PASSWORD)["callback"] == "customChallenge"
    assert app("sendCustomChallengeAnswer", alice, "42")["callback"] == "onSuccess"
