"""Where a client hides who exists, nothing in SRP's answers tells users and nobodies apart.

What takes time is counted in tests/unit/pools/signin/test_existence.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.support import factories
from tests.support.clients import TARGET_PREFIX, refused
from tests.support.clock import Clock
from tests.support.factories import PASSWORD
from tests.support.server import Server
from tests.support.srp import Exchange, SignIn

WRONG = "Wrong-Password-1"
INCORRECT = "Incorrect username or password."
LOCKED = "Password attempts exceeded"
FLOWS = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
MANY = 24
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Json = dict[str, Any]


def client_of(idp: Any, **members: Any) -> Json:
    """At a new pool, hiding who exists."""
    pool = factories.make_pool(idp, **members)
    return factories.make_client(idp, pool, ExplicitAuthFlows=FLOWS, PreventUserExistenceErrors="ENABLED")


def alike(number: int) -> tuple[str, str]:
    """Two names of one form and length: one for a user, one for nobody."""
    return f"user-{number:03}-{'x' * (number % 5)}", f"none-{number:03}-{'x' * (number % 5)}"


POOLS: dict[str, tuple[Json, Callable[[str], str]]] = {
    "names": ({}, str),
    "names without case": ({"UsernameConfiguration": {"CaseSensitive": False}}, str.title),
    "addresses": ({"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"]}, "{}@example.com".format),
    "numbers": (
        {"UsernameAttributes": ["phone_number"]},
        lambda name: "+49151" + name[5:8] + ("0" if name.startswith("user") else "1") * (1 + len(name) % 5),
    ),
}


@pytest.mark.parametrize("kind", POOLS)
def test_answers_have_one_shape(server: Server, idp: Any, kind: str) -> None:
    """Of both requests, right down to the number of bytes, over many names."""
    members, form = POOLS[kind]
    client = client_of(idp, **members)
    exchange = Exchange(client["UserPoolId"], WRONG)
    pairs = [tuple(map(form, alike(number))) for number in range(MANY)]
    for user, nobody in pairs:
        factories.make_user(idp, {"Id": client["UserPoolId"]}, user)
        of_user, of_nobody = (shapes(server, client, exchange, name) for name in (user, nobody))
        assert of_user == of_nobody, (user, nobody)


def shapes(server: Server, client: Json, exchange: Exchange, name: str) -> list[Any]:
    """Every answer of a sign-in that fails, with what must differ between any two sign-ins left out."""
    begun = {"AuthFlow": "USER_SRP_AUTH", "AuthParameters": {"USERNAME": name, "SRP_A": exchange.srp_a}}
    challenge = call(server, "InitiateAuth", client, begun)
    parameters = challenge.json()["ChallengeParameters"]
    answers = {"ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": exchange.answers(parameters)}
    refusal = call(server, "RespondToAuthChallenge", client, answers)
    again = call(server, "RespondToAuthChallenge", client, answers)
    choice = call(server, "InitiateAuth", client, {"AuthFlow": "USER_AUTH", "AuthParameters": {"USERNAME": name}})
    return [
        {key: (len(value), shape(value)) for key, value in parameters.items() if key != "SRP_B"},
        re.fullmatch(r"[0-9a-f]+", parameters["SRP_B"]) is not None,
        len(parameters["SRP_B"]) % 2,
        parameters["USERNAME"].lower() in {name.lower(), parameters["USER_ID_FOR_SRP"]},
        challenge.json().keys(),
        headers(challenge, length=False),
        [(each.status_code, each.text, headers(each)) for each in (refusal, again)],
        (choice.status_code, choice.json()["AvailableChallenges"], choice.json()["ChallengeParameters"]),
        (len(choice.json()["Session"]), shape(choice.json()["Session"]), headers(choice)),
    ]


def shape(value: str) -> str:
    """The alphabet that a text keeps to."""
    forms = {"hex": r"[0-9a-f]+", "UUID": UUID.pattern, "Base64": r"[A-Za-z0-9+/]+=*"}
    return next((name for name, form in forms.items() if re.fullmatch(form, value)), "text")


def headers(answer: requests.Response, *, length: bool = True) -> Json:
    differs = {"x-amzn-requestid", "date"} | (set() if length else {"content-length"})
    return {name.lower(): value for name, value in answer.headers.items() if name.lower() not in differs}


def call(server: Server, operation: str, client: Json, members: Json) -> requests.Response:
    target = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{TARGET_PREFIX}.{operation}"}
    body = {"ClientId": client["ClientId"], **members}
    return requests.post(f"{server.url}/", json=body, headers=target, timeout=30)


def test_a_simulated_challenge_is_the_same_each_time(idp: Any, public: Any) -> None:
    client = client_of(idp, AliasAttributes=["email"])
    app = SignIn(public, client)
    for name in ("nobody", "nobody@example.com", "Nobody", "李", "n" * 128):
        seen = [app.challenged(name, app.exchange(PASSWORD)) for _ in range(3)]
        assert len({(each["SALT"], each["USER_ID_FOR_SRP"], each["USERNAME"]) for each in seen}) == 1
        assert len({each["SRP_B"] for each in seen}) == len({each["SECRET_BLOCK"] for each in seen}) == 3


def test_a_simulated_challenge_is_the_same_after_a_restart(idp: Any, public: Any, server: Server) -> None:
    app = SignIn(public, client_of(idp))
    one = app.challenged("nobody", app.exchange(PASSWORD))
    code = (
        "from pools.accounts.srp import Verifier\n"
        f"print(Verifier.decoy({app.client['UserPoolId']!r}, 'nobody').salt.hex())"
    )
    assert server.manage("shell", "--no-imports", "-v0", "-c", code).split() == [one["SALT"]]


def test_each_name_and_each_pool_has_its_own_simulated_challenge(idp: Any, public: Any) -> None:
    apps = [SignIn(public, client_of(idp)) for _ in range(2)]
    salts = {app.challenged(name, app.exchange(PASSWORD))["SALT"] for app in apps for name in ("one", "other")}
    assert len(salts) == 4


def test_two_clients_of_a_pool_simulate_alike(idp: Any, public: Any) -> None:
    client = client_of(idp)
    other = factories.make_client(
        idp, {"Id": client["UserPoolId"]}, ExplicitAuthFlows=FLOWS, PreventUserExistenceErrors="ENABLED"
    )
    salts = {SignIn(public, each).challenged("nobody", Exchange("x_y", PASSWORD))["SALT"] for each in (client, other)}
    assert len(salts) == 1


def test_where_case_does_not_count_spellings_of_nobody_are_alike(idp: Any, public: Any) -> None:
    app = SignIn(public, client_of(idp, UsernameConfiguration={"CaseSensitive": False}))
    pool = {"Id": app.client["UserPoolId"]}
    factories.make_user(idp, pool, "Somebody")
    for name in ("Somebody", "Nobody00"):
        seen = [app.challenged(spelling, app.exchange(PASSWORD)) for spelling in (name, name.lower(), name.upper())]
        assert {(each["USER_ID_FOR_SRP"], each["USERNAME"]) for each in seen} == {(name.lower(), name.lower())}
        assert len({each["SALT"] for each in seen}) == 1


def test_where_addresses_are_names_users_and_nobodies_have_made_up_ids(idp: Any, public: Any) -> None:
    app = SignIn(public, client_of(idp, UsernameAttributes=["email", "phone_number"]))
    factories.make_user(idp, {"Id": app.client["UserPoolId"]}, "ada@example.com")
    for name in ("ada@example.com", "eve@example.com", "+4915112345678", "neither"):
        parameters = app.challenged(name, app.exchange(PASSWORD))
        assert UUID.fullmatch(parameters["USER_ID_FOR_SRP"])
        assert parameters["USERNAME"] == parameters["USER_ID_FOR_SRP"]


def test_a_name_that_gets_a_user_gets_a_salt_of_its_own(idp: Any, public: Any) -> None:
    """The simulated one must not come back as the real one: it would have told that there was nobody."""
    app = SignIn(public, client_of(idp))
    before = app.challenged("later", app.exchange(PASSWORD))
    factories.make_user(idp, {"Id": app.client["UserPoolId"]}, "later")
    exchange = app.exchange(PASSWORD)
    assert app.challenged("later", exchange)["SALT"] != before["SALT"]
    with refused("NotAuthorizedException"):
        app.respond(exchange.answers(before))
    assert "AuthenticationResult" in app.sign_in("later", PASSWORD)


@pytest.mark.parametrize("kind", ["srp", "password", "choice"])
def test_nobody_is_locked_out_as_a_user_is(idp: Any, public: Any, clock: Clock, kind: str) -> None:
    app = SignIn(public, client_of(idp))
    factories.make_user(idp, {"Id": app.client["UserPoolId"]}, "somebody")
    told = {name: failures(app, clock, name, kind) for name in ("somebody", "nobody00")}
    assert told["somebody"] == told["nobody00"]
    assert told["somebody"] == [INCORRECT] * 9 + [LOCKED]


def failures(app: SignIn, clock: Clock, name: str, kind: str) -> list[str]:
    """Nine failures, each when the lock before it is over; then one in the lock of sixteen seconds."""
    told = []
    for failure in range(1, 11):
        with refused("NotAuthorizedException") as refusal:
            if kind == "srp":
                app.sign_in(name, WRONG)
            elif kind == "password":
                app.initiate("USER_PASSWORD_AUTH", USERNAME=name, PASSWORD=WRONG)
            else:
                app.initiate("USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE="PASSWORD", PASSWORD=WRONG)
        told.append(refusal.message)
        if 5 <= failure < 9:
            clock.advance(seconds=2 ** (failure - 5))
    return told


def test_a_lock_of_nobody_is_one_for_srp_and_for_passwords_in_clear(idp: Any, public: Any, clock: Clock) -> None:
    app = SignIn(public, client_of(idp))
    failures(app, clock, "nobody", "srp")
    for attempt in (
        lambda: app.initiate("USER_PASSWORD_AUTH", USERNAME="nobody", PASSWORD=WRONG),
        lambda: app.initiate("USER_AUTH", USERNAME="nobody", PREFERRED_CHALLENGE="PASSWORD", PASSWORD=WRONG),
        lambda: app.sign_in("nobody", WRONG),
    ):
        with refused("NotAuthorizedException", LOCKED):
            attempt()


STATES: dict[str, Callable[[Any, Json, str], Any]] = {
    "disabled": lambda idp, pool, name: idp.admin_disable_user(UserPoolId=pool["Id"], Username=name),
    "invited": lambda idp, pool, name: idp.admin_set_user_password(
        UserPoolId=pool["Id"], Username=name, Password=PASSWORD, Permanent=False
    ),
}


@pytest.mark.parametrize("state", STATES)
def test_a_users_state_is_not_told_without_the_password(idp: Any, public: Any, state: str) -> None:
    app = SignIn(public, client_of(idp))
    pool = {"Id": app.client["UserPoolId"]}
    factories.make_user(idp, pool, "somebody")
    STATES[state](idp, pool, "somebody")
    for name in ("somebody", "nobody00"):
        with refused("NotAuthorizedException", INCORRECT):
            app.sign_in(name, WRONG)
        session = app.initiate("USER_AUTH", USERNAME=name)["Session"]
        with refused("NotAuthorizedException", INCORRECT):
            app.respond({"USERNAME": name, "ANSWER": "PASSWORD", "PASSWORD": WRONG}, "SELECT_CHALLENGE", session)
