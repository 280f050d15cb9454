"""From the release before second factors: its users sign in, by the new ways too, and what waited goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import clients, factories, former_release, second_factors
from tests.support.clients import refused
from tests.support.former_release import CLIENT_ID, POOL_ID, REFRESH_TOKEN, SESSION
from tests.support.second_factors import TOTP
from tests.support.server import Server, drop_database
from tests.support.waiting import enrol
from tests.support.walk import Walk

POOL = {"Id": POOL_ID}
CLIENT = {"ClientId": CLIENT_ID}


@pytest.fixture(scope="module")
def upgraded() -> Iterator[Server]:
    server = former_release.installed(former_release.BEFORE_SECOND_FACTORS)
    yield server.start()
    server.stop()
    if "DATABASE_URL" in server.environment:
        drop_database(server.environment["DATABASE_URL"])
    assert "Traceback" not in server.log, server.log


@pytest.fixture(scope="module")
def idp(upgraded: Server) -> Any:
    return clients.idp(upgraded)


@pytest.fixture(scope="module")
def public(upgraded: Server) -> Any:
    return clients.idp(upgraded, signed=False)


def test_a_sign_in_that_waited_goes_on(public: Any) -> None:
    walk = Walk(public, CLIENT, "bob")
    walk.answer = {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": SESSION}
    with refused("NotAuthorizedException", "Invalid session for the user."):
        Walk(public, CLIENT, "ada").respond("NEW_PASSWORD_REQUIRED", SESSION, NEW_PASSWORD="Another-Horse-2")
    assert walk.respond(NEW_PASSWORD="Another-Horse-2").tokens
    assert walk.by_password("Another-Horse-2").tokens
    walk.begin("USER_SRP_AUTH", SRP_A=walk.srp_a(POOL, "Another-Horse-2"))
    assert walk.respond(**walk.srp_answers()).tokens


def test_refresh_tokens_stay_good(public: Any) -> None:
    assert Walk(public, CLIENT, "ada").begin("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=REFRESH_TOKEN).tokens


def test_srp_works_from_the_first_sign_in_by_the_password_itself(public: Any) -> None:
    """The hash alone makes no verifier."""
    walk = Walk(public, CLIENT, "ada")
    walk.begin("USER_SRP_AUTH", SRP_A=walk.srp_a(POOL))
    with refused("NotAuthorizedException", "Incorrect username or password."):
        walk.respond(**walk.srp_answers())
    assert walk.prefer("PASSWORD", PASSWORD=factories.PASSWORD).tokens
    walk.begin("USER_SRP_AUTH", SRP_A=walk.srp_a(POOL))
    assert walk.respond(**walk.srp_answers()).tokens


def test_the_pool_has_no_mfa_until_it_is_turned_on(idp: Any, public: Any) -> None:
    answer = idp.get_user_pool_mfa_config(UserPoolId=POOL_ID)
    assert answer["MfaConfiguration"] == "OFF"
    person = idp.admin_get_user(UserPoolId=POOL_ID, Username="ada")
    assert "UserMFASettingList" not in person
    second_factors.set_mfa(idp, POOL, TOTP, mode="ON")
    walk = Walk(public, CLIENT, "ada").by_password()
    assert walk.challenge == "MFA_SETUP"
    assert walk.respond(session=enrol(public, walk.session)).tokens
