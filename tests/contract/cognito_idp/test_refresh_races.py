"""One refresh token, many exchanges at the same moment: with rotation, each is answered as the rules say."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support import clients, factories
from tests.support.clients import OK, burst, refused
from tests.support.server import Server

ROUNDS = 5


@pytest.fixture(scope="module")
def idp(busy: Server) -> Any:
    return clients.idp(busy)


@pytest.fixture(scope="module")
def public(busy: Server) -> Any:
    return clients.idp(busy, signed=False)


@pytest.fixture(scope="module")
def pool(idp: Any) -> dict[str, Any]:
    return factories.make_pool(idp)


def rotating(idp: Any, pool: dict[str, Any], grace: int) -> dict[str, Any]:
    return factories.make_client(
        idp,
        pool,
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": grace},
    )


@pytest.fixture(scope="module")
def strict(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    """Rotates, without a grace period."""
    return rotating(idp, pool, 0)


@pytest.fixture(scope="module")
def patient(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    """Rotates, with a grace period of a minute."""
    return rotating(idp, pool, 60)


def exchange(public: Any, client: dict[str, Any], token: str) -> str:
    """The successor."""
    answer = public.get_tokens_from_refresh_token(ClientId=client["ClientId"], RefreshToken=token)
    successor: str = answer["AuthenticationResult"]["RefreshToken"]
    return successor


def fresh(public: Any, client: dict[str, Any], user: str, is_first: bool) -> str:
    """An unspent refresh token: the one of the sign-in, or one that rotation has made of it."""
    token: str = factories.sign_in(public, client, user)["RefreshToken"]
    return token if is_first else exchange(public, client, token)


def race(busy: Server, client: dict[str, Any], token: str, count: int) -> list[dict[str, Any]]:
    members = {"ClientId": client["ClientId"], "RefreshToken": token}
    return burst(busy, "GetTokensFromRefreshToken", [members] * count)


def outcomes(answers: list[dict[str, Any]]) -> Counter[str]:
    return Counter(answer.get("__type", OK) for answer in answers)


@pytest.mark.parametrize("is_first", [True, False], ids=["the first", "a rotated one"])
def test_one_of_many_exchanges_at_once_is_the_first_and_the_others_are_reuse(
    busy: Server, public: Any, strict: dict[str, Any], user: str, is_first: bool
) -> None:
    for _ in range(ROUNDS):
        answers = race(busy, strict, fresh(public, strict, user, is_first), 20)
        assert outcomes(answers) == {OK: 1, "RefreshTokenReuseException": 19}
        (won,) = [answer["AuthenticationResult"] for answer in answers if "AuthenticationResult" in answer]
        with refused("NotAuthorizedException", "Access Token has been revoked"):
            public.get_user(AccessToken=won["AccessToken"])
        with refused("NotAuthorizedException", "Refresh Token has been revoked"):
            exchange(public, strict, won["RefreshToken"])


@pytest.mark.parametrize("is_first", [True, False], ids=["the first", "a rotated one"])
def test_within_the_grace_period_all_of_many_at_once_get_usable_tokens(
    busy: Server, public: Any, patient: dict[str, Any], user: str, is_first: bool
) -> None:
    answers = race(busy, patient, fresh(public, patient, user, is_first), 20)
    assert outcomes(answers) == {OK: 20}
    successors = {answer["AuthenticationResult"]["RefreshToken"] for answer in answers}
    assert len(successors) == 20
    for successor in successors:
        exchange(public, patient, successor)


def test_family_that_is_revoked_meanwhile_gives_nothing_usable(
    busy: Server, public: Any, patient: dict[str, Any], user: str
) -> None:
    for round_number in range(ROUNDS):
        token = fresh(public, patient, user, round_number % 2 == 0)
        with ThreadPoolExecutor(2) as threads:
            exchanges = threads.submit(race, busy, patient, token, 10)
            public.revoke_token(Token=token, ClientId=patient["ClientId"])
        assert set(outcomes(exchanges.result())) <= {OK, "NotAuthorizedException"}
        for answer in exchanges.result():
            if "AuthenticationResult" in answer:
                with refused("NotAuthorizedException", "Refresh Token has been revoked"):
                    exchange(public, patient, answer["AuthenticationResult"]["RefreshToken"])
                with refused("NotAuthorizedException", "Access Token has been revoked"):
                    public.get_user(AccessToken=answer["AuthenticationResult"]["AccessToken"])


def test_user_who_is_deleted_meanwhile_leaves_no_token(
    busy: Server, idp: Any, public: Any, pool: dict[str, Any], patient: dict[str, Any]
) -> None:
    for round_number in range(ROUNDS * 2):
        name = factories.make_user(idp, pool)
        token = fresh(public, patient, name, round_number % 2 == 0)
        access = factories.sign_in(public, patient, name)["AccessToken"]
        answers = _race_with_deletion(busy, patient, token, access)
        assert set(outcomes(answers)) <= {OK, "NotAuthorizedException"}
        assert {answer["message"] for answer in answers if "message" in answer} <= {"Invalid Refresh Token"}


def _race_with_deletion(busy: Server, client: dict[str, Any], token: str, access: str) -> list[dict[str, Any]]:
    """Eight exchanges while the user leaves."""
    with ThreadPoolExecutor(2) as threads:
        exchanges = threads.submit(race, busy, client, token, 8)
        leaving = threads.submit(burst, busy, "DeleteUser", [{"AccessToken": access}])
        assert leaving.result() == [{}]
        return exchanges.result()
