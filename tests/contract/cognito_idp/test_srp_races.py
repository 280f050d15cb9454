"""SRP answered many times at the same moment, by two web workers: one answer is looked at, and tries are counted."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.support import clients, factories
from tests.support.clients import burst
from tests.support.factories import PASSWORD, unique
from tests.support.server import Server
from tests.support.srp import VERIFIER, SignIn

CROWD = 8
ROUNDS = 6
WRONG = "Wrong-Password-1"
INCORRECT = "Incorrect username or password."
LOCKED = "Password attempts exceeded"
USED = "Invalid session for the user, session can only be used once."
TOKENS = "tokens"
FLOWS = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]

Json = dict[str, Any]


@pytest.fixture(scope="module")
def idp(busy: Server) -> Any:
    return clients.idp(busy)


@pytest.fixture(scope="module")
def pool(idp: Any) -> Json:
    return factories.make_pool(idp)


@pytest.fixture(scope="module")
def app(busy: Server, idp: Any, pool: Json) -> SignIn:
    """At a client that hides who exists."""
    client = factories.make_client(idp, pool, ExplicitAuthFlows=FLOWS, PreventUserExistenceErrors="ENABLED")
    return SignIn(clients.idp(busy, signed=False), client)


@pytest.fixture(params=["user", "nobody"])
def name(request: pytest.FixtureRequest, idp: Any, pool: Json) -> str:
    return factories.make_user(idp, pool) if request.param == "user" else unique("nobody")


def members(app: SignIn, answers: dict[str, str], session: str | None = None) -> Json:
    chosen = {"Session": session} if session else {}
    return {"ClientId": app.client["ClientId"], "ChallengeName": VERIFIER, "ChallengeResponses": answers, **chosen}


def outcomes(busy: Server, requests: list[Json]) -> Counter[str]:
    answers = burst(busy, "RespondToAuthChallenge", requests)
    return Counter(TOKENS if "AuthenticationResult" in each else str(each.get("message", each)) for each in answers)


def test_of_many_right_answers_with_one_block_one_signs_in(busy: Server, app: SignIn, user: str) -> None:
    for _ in range(ROUNDS):
        exchange = app.exchange(PASSWORD)
        answers = exchange.answers(app.challenged(user, exchange))
        assert outcomes(busy, [members(app, answers)] * CROWD) == {TOKENS: 1, USED: CROWD - 1}


def test_of_many_wrong_answers_with_one_block_one_is_looked_at(busy: Server, app: SignIn, name: str) -> None:
    """A block is no way to try many passwords at once, nor to find out who exists."""
    for _ in range(3):
        exchange = app.exchange(WRONG)
        answers = exchange.answers(app.challenged(name, exchange))
        assert outcomes(busy, [members(app, answers)] * CROWD) == {INCORRECT: 1, USED: CROWD - 1}


def test_of_right_and_wrong_answers_with_one_block_one_is_looked_at(busy: Server, app: SignIn, user: str) -> None:
    for _ in range(ROUNDS):
        exchange = app.exchange(PASSWORD)
        right = exchange.answers(app.challenged(user, exchange))
        wrong = {**right, "PASSWORD_CLAIM_SIGNATURE": "wrong"}
        told = outcomes(busy, [members(app, answers) for answers in (right, wrong) * (CROWD // 2)])
        assert told in ({TOKENS: 1, USED: CROWD - 1}, {INCORRECT: 1, USED: CROWD - 1})


def test_of_many_answers_to_one_choice_one_signs_in(busy: Server, app: SignIn, user: str) -> None:
    for _ in range(ROUNDS):
        exchange = app.exchange(PASSWORD)
        asked = app.initiate("USER_AUTH", USERNAME=user, PREFERRED_CHALLENGE="PASSWORD_SRP", SRP_A=exchange.srp_a)
        answers = exchange.answers(asked["ChallengeParameters"])
        told = outcomes(busy, [members(app, answers, asked["Session"])] * CROWD)
        assert told == {TOKENS: 1, USED: CROWD - 1}


def test_of_many_keys_for_one_choice_one_is_taken(busy: Server, app: SignIn, user: str) -> None:
    """One Session, eight public keys: one block comes of it, and it is the only one that signs in."""
    for _ in range(ROUNDS):
        session = app.initiate("USER_AUTH", USERNAME=user, PREFERRED_CHALLENGE="PASSWORD_SRP")["Session"]
        exchanges = [app.exchange(PASSWORD) for _ in range(CROWD)]
        requests = [
            {
                "ClientId": app.client["ClientId"],
                "ChallengeName": "PASSWORD_SRP",
                "Session": session,
                "ChallengeResponses": {"USERNAME": user, "SRP_A": exchange.srp_a},
            }
            for exchange in exchanges
        ]
        answers = burst(busy, "RespondToAuthChallenge", requests)
        taken = [number for number, answer in enumerate(answers) if "Session" in answer]
        assert len(taken) == 1, answers
        assert Counter(answer.get("message") for answer in answers) == {None: 1, USED: CROWD - 1}
        won = answers[taken[0]]
        proof = exchanges[taken[0]].answers(won["ChallengeParameters"])
        assert "AuthenticationResult" in app.respond(proof, session=won["Session"])


def test_many_blocks_at_once_lock_like_many_in_a_row(busy: Server, app: SignIn, name: str) -> None:
    exchange = app.exchange(WRONG)
    requests = [members(app, exchange.answers(app.challenged(name, exchange))) for _ in range(3 * CROWD)]
    told = outcomes(busy, requests)
    assert set(told) == {INCORRECT, LOCKED}
    assert told[LOCKED] >= CROWD
