"""The same answer sent many times at one moment: one gets through, on every database, whichever worker it reaches."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest

from tests.support import clients, factories, second_factors, totp
from tests.support.clients import burst
from tests.support.factories import PASSWORD
from tests.support.mailbox import Mailbox
from tests.support.second_factors import EMAIL
from tests.support.second_factors import TOTP as APP
from tests.support.server import Server
from tests.support.waiting import MAKERS, Ground, waiting
from tests.support.walk import Walk, contacts, make_client

ROUNDS = 3
LOST = {
    "NotAuthorizedException: Invalid session for the user, session can only be used once.",
    # A code is tried once at a time, so that parallel guesses are no more than those in a row.
    "CodeMismatchException: Invalid code or auth state for the user.",
    "CodeMismatchException: Invalid code received for user",
    "ExpiredCodeException: Your software token has already been used once.",
}
WON = ""

every_crowd = pytest.mark.parametrize("crowd", [4, 8])


@pytest.fixture(scope="module")
def idp(busy: Server) -> Any:
    return clients.idp(busy)


@pytest.fixture(scope="module")
def public(busy: Server) -> Any:
    return clients.idp(busy, signed=False)


@pytest.fixture(scope="module")
def ground(busy: Server, idp: Any, public: Any) -> Ground:
    return Ground(idp, public, Mailbox(busy))


def outcomes(busy: Server, operation: str, requests: list[dict[str, Any]]) -> Counter[str]:
    """What went through is ""; anything else is an error and its text."""
    answers = burst(busy, operation, requests)
    return Counter(f"{answer['__type']}: {answer['message']}" if "__type" in answer else WON for answer in answers)


@every_crowd
@pytest.mark.parametrize("kind", MAKERS)
def test_one_of_many_answers_at_once_goes_through(busy: Server, ground: Ground, kind: str, crowd: int) -> None:
    for _ in range(ROUNDS):
        held = waiting(ground, kind)
        found = outcomes(busy, "RespondToAuthChallenge", [held.walk.members(**held.right())] * crowd)
        assert found[WON] == 1, found
        assert found.keys() - {WON} <= LOST


@every_crowd
def test_one_code_of_an_app_signs_in_once_however_many_sign_ins_wait_for_it(
    busy: Server, ground: Ground, crowd: int
) -> None:
    client = ground.clients[ground.optional["Id"]]
    for _ in range(ROUNDS):
        holder = ground.holder(ground.optional).switch_on(APP)
        walks = [Walk(ground.public, client, holder.username).by_password() for _ in range(crowd)]
        code = holder.code(APP)
        requests = [walk.members(SOFTWARE_TOKEN_MFA_CODE=code) for walk in walks]
        found = outcomes(busy, "RespondToAuthChallenge", requests)
        assert found[WON] == 1, found
        assert found.keys() - {WON} <= LOST


@every_crowd
def test_an_app_is_set_up_once_on_the_way_in(busy: Server, ground: Ground, crowd: int) -> None:
    for _ in range(ROUNDS):
        holder = ground.holder(ground.required, nickname="Ada")
        walk = Walk(ground.public, ground.clients[ground.required["Id"]], holder.username).by_password()
        answers = burst(busy, "AssociateSoftwareToken", [{"Session": walk.session}] * crowd)
        [associated] = [answer for answer in answers if "SecretCode" in answer]
        code = totp.code(associated["SecretCode"], time.time())
        requests = [{"Session": associated["Session"], "UserCode": code}] * crowd
        answers = burst(busy, "VerifySoftwareToken", requests)
        [verified] = [answer for answer in answers if answer.get("Status") == "SUCCESS"]
        found = outcomes(busy, "RespondToAuthChallenge", [walk.members(session=verified["Session"])] * crowd)
        assert found[WON] == 1, found
        assert found.keys() - {WON} <= LOST


def test_of_two_factors_set_up_at_once_one_becomes_the_users(busy: Server, ground: Ground) -> None:
    client = ground.clients[ground.required["Id"]]
    for _ in range(ROUNDS):
        holder = ground.holder(ground.required, nickname="Ada")
        walks = [Walk(ground.public, client, holder.username).by_password() for _ in range(4)]
        requests = []
        for walk in walks:
            address = contacts()["email"]
            walk.respond(email=address)
            requests.append(walk.members(EMAIL_OTP_CODE=ground.mailbox.code(address)))
        found = outcomes(busy, "RespondToAuthChallenge", requests)
        assert found[WON] == 1, found
        answer = ground.idp.admin_get_user(**holder.named)
        assert (answer["UserMFASettingList"], answer["PreferredMfaSetting"]) == ([EMAIL], EMAIL)


@every_crowd
def test_the_session_of_a_confirmed_user_signs_in_once(busy: Server, ground: Ground, crowd: int) -> None:
    policy = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    pool = second_factors.make_pool(ground.idp, EMAIL, Policies=policy, AutoVerifiedAttributes=["email"])
    client = make_client(ground.idp, pool)
    for _ in range(ROUNDS):
        name = factories.unique()
        listed = [{"Name": key, "Value": value} for key, value in contacts(email=True).items()]
        member = {"ClientId": client["ClientId"], "Username": name}
        session = ground.public.sign_up(**member, UserAttributes=listed, Password=PASSWORD)["Session"]
        code = {"ConfirmationCode": ground.mailbox.code(name), "Session": session}
        [confirmed] = [
            answer for answer in burst(busy, "ConfirmSignUp", [{**member, **code}] * crowd) if "Session" in answer
        ]
        request = {
            "ClientId": client["ClientId"],
            "AuthFlow": "USER_AUTH",
            "AuthParameters": {"USERNAME": name},
            "Session": confirmed["Session"],
        }
        found = outcomes(busy, "InitiateAuth", [request] * crowd)
        assert found[WON] == 1, found
        assert found.keys() - {WON} <= LOST
