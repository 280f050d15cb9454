"""SRP spoilt step by step: AWS's error for each, for users and nobodies alike, and never an internal one."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import factories
from tests.support.clients import post, refused
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, unique
from tests.support.server import Server
from tests.support.srp import VERIFIER, Exchange, N, SignIn, key_of, scrambler, signature, timestamp

WRONG = "Wrong-Password-1"
INCORRECT = "Incorrect username or password."
BAD_KEY = "Invalid SRP_A parameter."
BAD_TIMESTAMP = "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english."
SESSION_INVALID = "Invalid session for the user."
SESSION_USED = "Invalid session for the user, session can only be used once."
SESSION_EXPIRED = "Invalid session for the user, session is expired."
UNKNOWN = "User does not exist."
FLOWS = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]

Json = dict[str, Any]
Answers = dict[str, str]


@pytest.fixture(scope="module")
def pool(idp: Any) -> Json:
    return factories.make_pool(idp)


@pytest.fixture(scope="module")
def client(idp: Any, pool: Json) -> Json:
    return factories.make_client(idp, pool, ExplicitAuthFlows=FLOWS, PreventUserExistenceErrors="LEGACY")


@pytest.fixture(scope="module")
def hiding_client(idp: Any, pool: Json) -> Json:
    return factories.make_client(idp, pool, ExplicitAuthFlows=FLOWS, PreventUserExistenceErrors="ENABLED")


@pytest.fixture(params=["public", "admin"])
def app(request: pytest.FixtureRequest, idp: Any, public: Any, hiding_client: Json) -> SignIn:
    """At the client that hides who exists."""
    return SignIn(idp, hiding_client, is_admin=True) if request.param == "admin" else SignIn(public, hiding_client)


@pytest.fixture(params=["user", "nobody"])
def name(request: pytest.FixtureRequest, idp: Any, pool: Json) -> str:
    """A user's name, or one that nobody has: what is refused, is refused alike."""
    return factories.make_user(idp, pool) if request.param == "user" else unique("nobody")


def begun(app: SignIn, username: str, password: str = PASSWORD) -> Answers:
    """The answers of an exchange; right ones, if the user exists."""
    exchange = app.exchange(password)
    return exchange.answers(app.challenged(username, exchange))


def is_signed_in(answer: Json) -> bool:
    return "AuthenticationResult" in answer


# SRP_A

NO_KEYS = {
    "0": "0",
    "many 0": "0" * 770,
    "N": f"{N:x}",
    "N, upper case": f"{N:X}",
    "N, padded": f"00{N:x}",
    "2N": f"{2 * N:x}",
    "200N": f"{200 * N:x}",
    "negative": "-1",
    "-N": f"-{N:x}",
    "not hexadecimal": "xyz",
    "prefix": "0x12ab",
    "white space": " 12ab ",
    "line end": "12ab\n",
    "underscore": "12_ab",
    "Base64": base64.b64encode(b"\7" * 384).decode(),
    "too long": "1" * 771,
    "far too long": "a" * 20_000,
    "other digits": "\u0661\u0662\u0663",
    "emoji": "🐴",
    "JSON": '{"a":1}',
    "SQL": "1' OR '1'='1",
}


@pytest.mark.parametrize("srp_a", NO_KEYS.values(), ids=NO_KEYS.keys())
def test_what_is_no_public_key_is_refused(app: SignIn, name: str, srp_a: str) -> None:
    with refused("InvalidParameterException", BAD_KEY):
        app.initiate(USERNAME=name, SRP_A=srp_a)
    with refused("InvalidParameterException", BAD_KEY):
        app.initiate("USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE="PASSWORD_SRP", SRP_A=srp_a)
    session = app.initiate("USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE="PASSWORD_SRP")["Session"]
    with refused("InvalidParameterException", BAD_KEY):
        app.respond({"USERNAME": name, "SRP_A": srp_a}, "PASSWORD_SRP", session)


@pytest.mark.parametrize("multiple", [0, 1, 2])
def test_a_key_of_zero_does_not_sign_in_without_the_password(app: SignIn, user: str, multiple: int) -> None:
    """With A = 0 mod N everybody knows S, which is 0; such a client needs no password."""
    with pytest.raises(ClientError) as caught:
        app.initiate(USERNAME=user, SRP_A=f"{multiple * N:x}")
    assert caught.value.response["Error"]["Code"] == "InvalidParameterException"


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "USERNAME"),
        ({"SRP_A": "12ab"}, "USERNAME"),
        ({"USERNAME": "", "SRP_A": "12ab"}, "USERNAME"),
        ({"USERNAME": "somebody"}, "SRP_A"),
        ({"USERNAME": "somebody", "SRP_A": ""}, "SRP_A"),
        ({"USERNAME": "somebody", "PASSWORD": PASSWORD}, "SRP_A"),
    ],
)
def test_a_missing_parameter_is_named(app: SignIn, given: Answers, missing: str) -> None:
    with refused("InvalidParameterException", f"Missing required parameter {missing}"):
        app.initiate(**given)


@pytest.mark.parametrize("srp_a", ["0", "nonsense", f"{N:x}", "12ab"])
def test_where_existence_is_told_an_unknown_user_is_told_before_the_key_is_looked_at(
    idp: Any, public: Any, client: Json, srp_a: str
) -> None:
    for app in (SignIn(public, client), SignIn(idp, client, is_admin=True)):
        with refused("UserNotFoundException", UNKNOWN):
            app.initiate(USERNAME=unique(), SRP_A=srp_a)


def test_srp_that_is_not_enabled_is_refused(idp: Any, public: Any, pool: Json, user: str) -> None:
    without = factories.make_client(idp, pool, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    with refused("InvalidParameterException", "USER_SRP_AUTH is not enabled for the client."):
        SignIn(public, without).initiate(USERNAME=user, SRP_A="12ab")
    with refused("InvalidParameterException", "Auth flow not enabled for this client"):
        SignIn(idp, without, is_admin=True).initiate(USERNAME=user, SRP_A="12ab")


# The proof

WRONG_SIGNATURES: dict[str, Callable[[str], str]] = {
    "other": lambda right: base64.b64encode(secrets.token_bytes(32)).decode(),
    "no Base64": lambda right: "nonsense",
    "other alphabet": lambda right: "*" + right[1:],
    "cut": lambda right: right[:-1],
    "padded": lambda right: right + "=",
    "in hexadecimal": lambda right: base64.b64decode(right).hex(),
    "letters of other sizes": lambda right: right.swapcase(),
    "long": lambda right: "A" * 10_000,
    "no ASCII": lambda right: "Ωé🐴",
}


@pytest.mark.parametrize("spoil", WRONG_SIGNATURES.values(), ids=WRONG_SIGNATURES.keys())
def test_a_wrong_signature_is_a_wrong_password(app: SignIn, name: str, spoil: Callable[[str], str]) -> None:
    answers = begun(app, name)
    spoilt = spoil(answers["PASSWORD_CLAIM_SIGNATURE"])
    with refused("NotAuthorizedException", INCORRECT):
        app.respond({**answers, "PASSWORD_CLAIM_SIGNATURE": spoilt})


def test_a_signature_under_a_key_that_needs_no_password_is_wrong(app: SignIn, name: str) -> None:
    """S is 0, 1, A or B for a client that hopes so."""
    for attempt in range(4):
        exchange = app.exchange(PASSWORD)
        parameters = app.challenged(name, exchange)
        big_b, said = int(parameters["SRP_B"], 16), timestamp()
        shared = (0, 1, exchange.big_a, big_b)[attempt]
        key = key_of(scrambler(exchange.big_a, big_b), shared)
        block = base64.b64decode(parameters["SECRET_BLOCK"])
        signed = signature(key, exchange.pool_id, parameters["USER_ID_FOR_SRP"], block, said)
        with refused("NotAuthorizedException", INCORRECT):
            app.respond({**exchange.answers(parameters, said), "PASSWORD_CLAIM_SIGNATURE": signed})


def test_a_signature_over_another_time_is_wrong(app: SignIn, user: str) -> None:
    answers = begun(app, user)
    with refused("NotAuthorizedException", INCORRECT):
        app.respond({**answers, "TIMESTAMP": timestamp(seconds=-2)})


def test_a_signature_over_another_name_is_wrong(app: SignIn, user: str) -> None:
    exchange = app.exchange(PASSWORD)
    parameters = app.challenged(user, exchange)
    answers = exchange.answers({**parameters, "USER_ID_FOR_SRP": user.upper()})
    with refused("NotAuthorizedException", INCORRECT):
        app.respond(answers)


@pytest.mark.parametrize("field", ["USERNAME", "PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP"])
def test_a_missing_answer_is_named_and_uses_nothing_up(app: SignIn, user: str, field: str) -> None:
    answers = begun(app, user)
    for spoilt in ({key: value for key, value in answers.items() if key != field}, {**answers, field: ""}):
        with refused("InvalidParameterException", f"Missing required parameter {field}"):
            app.respond(spoilt)
    assert is_signed_in(app.respond(answers))


@pytest.mark.parametrize("other", ["another user", "nobody"])
def test_the_answer_must_name_the_same_user(app: SignIn, idp: Any, pool: Json, name: str, other: str) -> None:
    answers = begun(app, name)
    named = factories.make_user(idp, pool) if other == "another user" else unique()
    with refused("NotAuthorizedException", SESSION_INVALID):
        app.respond({**answers, "USERNAME": named})


def test_addresses_of_a_user_cannot_be_guessed_by_answers(
    app: SignIn, idp: Any, public: Any, pool: Json, clock: Clock
) -> None:
    """The answer's USERNAME is no oracle of what is in a profile, nor of whether there is one."""
    address, number = f"{unique()}@example.com", "+4915112345678"
    user = factories.make_user(idp, pool, email=address, phone_number=number, preferred_username="ada")
    for guessed in (address, number, "ada", "eve@example.com"):
        for name in (user, unique("nobody")):
            answers = begun(app, name, WRONG)
            with refused("NotAuthorizedException", SESSION_INVALID):
                app.respond({**answers, "USERNAME": guessed})
            session = app.initiate("USER_AUTH", USERNAME=name)["Session"]
            with refused("NotAuthorizedException", SESSION_INVALID):
                app.respond({"USERNAME": guessed, "ANSWER": "PASSWORD"}, "SELECT_CHALLENGE", session)


# TIMESTAMP

NO_TIMESTAMPS = {
    "nonsense": "now",
    "ISO 8601": "2026-04-07T09:05:03Z",
    "seconds": "1775552703",
    "French": "mar. avr. 7 09:05:03 UTC 2026",
    "German month": "Tue Mai 5 09:05:03 UTC 2026",
    "long names": "Tuesday April 7 09:05:03 UTC 2026",
    "upper case": "TUE APR 7 09:05:03 UTC 2026",
    "day padded with a blank": "Tue Apr  7 09:05:03 UTC 2026",
    "no leading zero of the hour": "Tue Apr 7 9:05:03 UTC 2026",
    "hour 24": "Tue Apr 7 24:05:03 UTC 2026",
    "minute 60": "Tue Apr 7 09:60:03 UTC 2026",
    "30 February": "Mon Feb 30 09:05:03 UTC 2026",
    "day 0": "Tue Apr 0 09:05:03 UTC 2026",
    "day 32": "Tue Apr 32 09:05:03 UTC 2026",
    "year 0": "Tue Apr 7 09:05:03 UTC 0000",
    "five digits of a year": "Tue Apr 7 09:05:03 UTC 12026",
    "offset": "Tue Apr 7 09:05:03 +0200 2026",
    "other zone": "Tue Apr 7 09:05:03 IST 2026",
    "no zone": "Tue Apr 7 09:05:03 2026",
    "other digits": "Tue Apr 7 0\u0669:05:03 UTC 2026",
    "more before": " Tue Apr 7 09:05:03 UTC 2026",
    "more behind": "Tue Apr 7 09:05:03 UTC 2026\n",
    "long": "Tue" * 10_000,
}


@pytest.mark.parametrize("said", NO_TIMESTAMPS.values(), ids=NO_TIMESTAMPS.keys())
def test_a_malformed_timestamp_is_told_and_uses_nothing_up(app: SignIn, name: str, said: str) -> None:
    exchange = app.exchange(PASSWORD)
    parameters = app.challenged(name, exchange)
    with refused("InvalidParameterException", BAD_TIMESTAMP):
        app.respond(exchange.answers(parameters, said))
    with refused("NotAuthorizedException", INCORRECT):
        app.respond({**exchange.answers(parameters), "PASSWORD_CLAIM_SIGNATURE": "wrong"})


@pytest.mark.parametrize("off", [{"minutes": -6}, {"minutes": 6}, {"days": -1}, {"days": 365}], ids=str)
def test_a_timestamp_that_is_far_off_is_refused(app: SignIn, name: str, off: Mapping[str, float]) -> None:
    exchange = app.exchange(PASSWORD)
    parameters = app.challenged(name, exchange)
    with refused("NotAuthorizedException", INCORRECT):
        app.respond(exchange.answers(parameters, timestamp(**off)))


@pytest.mark.parametrize("off", [{"minutes": -4}, {"minutes": 4}], ids=str)
def test_clocks_of_clients_may_differ_a_little(app: SignIn, user: str, off: Mapping[str, float]) -> None:
    exchange = app.exchange(PASSWORD)
    parameters = app.challenged(user, exchange)
    assert is_signed_in(app.respond(exchange.answers(parameters, timestamp(**off))))


# SECRET_BLOCK


def flipped(block: str, position: int) -> str:
    octets = bytearray(base64.b64decode(block))
    octets[position] ^= 1
    return base64.b64encode(octets).decode()


NO_BLOCKS: dict[str, Callable[[str], str]] = {
    "nonsense": lambda block: "nonsense",
    "no Base64": lambda block: "*" * 40,
    "not ASCII": lambda block: "🐴",
    "URL-safe alphabet": lambda block: "-_" + block[2:],
    "white space": lambda block: f" {block}",
    "line ends": lambda block: "\n".join(block[start : start + 76] for start in range(0, len(block), 76)),
    "cut": lambda block: block[:-4],
    "half": lambda block: block[: len(block) // 2 // 4 * 4],
    "no padding": lambda block: block.rstrip("=")[:-1],
    "one byte": lambda block: "AQ==",
    "version alone": lambda block: block[:4],
    "first bit": lambda block: flipped(block, 0),
    "key id": lambda block: flipped(block, 2),
    "nonce": lambda block: flipped(block, 10),
    "text": lambda block: flipped(block, 60),
    "last bit": lambda block: flipped(block, -1),
    "longer": lambda block: base64.b64encode(base64.b64decode(block) + b"\0").decode(),
    "twice": lambda block: base64.b64encode(base64.b64decode(block) * 2).decode(),
    "random": lambda block: base64.b64encode(b"\1" + secrets.token_bytes(300)).decode(),
    "very long": lambda block: base64.b64encode(b"\1" * 60_000).decode(),
}


@pytest.mark.parametrize("spoil", NO_BLOCKS.values(), ids=NO_BLOCKS.keys())
def test_what_is_no_block_of_ours_is_refused(app: SignIn, name: str, spoil: Callable[[str], str]) -> None:
    exchange = app.exchange(PASSWORD)
    parameters = app.challenged(name, exchange)
    answers = exchange.answers(parameters)
    with refused("NotAuthorizedException", SESSION_INVALID):
        app.respond({**answers, "PASSWORD_CLAIM_SECRET_BLOCK": spoil(parameters["SECRET_BLOCK"])})


BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def signed_over(app: SignIn, exchange: Exchange, parameters: Answers, block: str) -> Answers:
    """Right in everything but that the block is of another exchange."""
    return exchange.answers({**parameters, "SECRET_BLOCK": block})


@pytest.mark.parametrize("whose", ["client", "user", "pool", "pair", "nobody", "choice"])
def test_a_block_is_good_for_its_own_sign_in_alone(
    app: SignIn, idp: Any, public: Any, pool: Json, client: Json, user: str, whose: str
) -> None:
    other_app, other_name = app, user
    if whose == "client":
        other_app = SignIn(app.caller, client, app.is_admin)
    elif whose == "pair":
        other_app = SignIn(public if app.is_admin else idp, app.client, not app.is_admin)
    elif whose == "pool":
        other_pool = factories.make_pool(idp)
        factories.make_user(idp, other_pool, user)
        other_app = SignIn(app.caller, factories.make_client(idp, other_pool, ExplicitAuthFlows=FLOWS), app.is_admin)
    elif whose == "user":
        other_name = factories.make_user(idp, pool)
    elif whose == "nobody":
        other_name = unique("nobody")
    exchange = app.exchange(PASSWORD)
    if whose == "choice":
        asked = app.initiate("USER_AUTH", USERNAME=user, PREFERRED_CHALLENGE="PASSWORD_SRP", SRP_A=exchange.srp_a)
        block = asked["ChallengeParameters"]["SECRET_BLOCK"]
    else:
        block = other_app.challenged(other_name, exchange)["SECRET_BLOCK"]
    parameters = app.challenged(user, exchange)
    with refused("NotAuthorizedException", SESSION_INVALID):
        app.respond(signed_over(app, exchange, parameters, block))
    assert is_signed_in(app.respond(exchange.answers(parameters)))


@pytest.mark.parametrize("first", ["right", "wrong"])
def test_a_block_is_answered_once(app: SignIn, name: str, first: str) -> None:
    answers = begun(app, name, PASSWORD if first == "right" else WRONG)
    with suppress(ClientError):  # it is right for a user alone
        app.respond(answers)
    for again in (answers, {**answers, "PASSWORD_CLAIM_SIGNATURE": "wrong"}):
        with refused("NotAuthorizedException", SESSION_USED):
            app.respond(again)


def test_a_block_in_another_spelling_of_base64_is_the_same_block(app: SignIn) -> None:
    """The last letter before the padding has bits that mean nothing."""
    exchange = app.exchange(WRONG)
    name = next(
        padded
        for padded in (unique("nobody") + "x" * more for more in range(3))
        if app.challenged(padded, exchange)["SECRET_BLOCK"].endswith("=")
    )
    answers = exchange.answers(app.challenged(name, exchange))
    block = answers["PASSWORD_CLAIM_SECRET_BLOCK"]
    bare = block.rstrip("=")
    respelt = bare[:-1] + BASE64[BASE64.index(bare[-1]) ^ 1] + block[len(bare) :]
    assert base64.b64decode(respelt) == base64.b64decode(block)
    with refused("NotAuthorizedException", INCORRECT):
        app.respond(answers)
    with refused("NotAuthorizedException", SESSION_USED):
        app.respond({**answers, "PASSWORD_CLAIM_SECRET_BLOCK": respelt})


def test_a_block_expires_with_the_clients_session(idp: Any, public: Any, pool: Json, user: str, clock: Clock) -> None:
    brief = factories.make_client(idp, pool, ExplicitAuthFlows=FLOWS, AuthSessionValidity=5)
    app = SignIn(public, brief)
    exchange = app.exchange(PASSWORD)
    in_time, late = (app.challenged(user, exchange) for _ in range(2))
    clock.advance(minutes=4, seconds=50)
    assert is_signed_in(app.respond(exchange.answers(in_time)))
    clock.advance(seconds=10)
    with refused("NotAuthorizedException", SESSION_EXPIRED):
        app.respond(exchange.answers(late))


# Steps out of order


def chosen(app: SignIn, username: str, exchange: Exchange) -> tuple[Answers, str]:
    """PASSWORD_VERIFIER within USER_AUTH: right answers, and its Session."""
    asked = app.initiate("USER_AUTH", USERNAME=username, PREFERRED_CHALLENGE="PASSWORD_SRP", SRP_A=exchange.srp_a)
    return exchange.answers(asked["ChallengeParameters"]), asked["Session"]


def test_choice_needs_its_session(app: SignIn, user: str) -> None:
    answers, session = chosen(app, user, app.exchange(PASSWORD))
    with refused("NotAuthorizedException", SESSION_INVALID):
        app.respond(answers)
    with refused("NotAuthorizedException", SESSION_INVALID):
        app.respond(answers, session="x" * 40)
    assert is_signed_in(app.respond(answers, session=session))


def test_the_sessions_of_other_challenges_do_not_verify(app: SignIn, name: str) -> None:
    exchange = app.exchange(PASSWORD)
    answers = exchange.answers(app.challenged(name, exchange))
    select = app.initiate("USER_AUTH", USERNAME=name)["Session"]
    key = app.initiate("USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE="PASSWORD_SRP")["Session"]
    clear = app.initiate("USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE="PASSWORD")["Session"]
    for session in (select, key, clear):
        with refused("NotAuthorizedException", SESSION_INVALID):
            app.respond(answers, session=session)


def test_the_session_of_the_verifier_answers_no_other_challenge(app: SignIn, name: str) -> None:
    _, session = chosen(app, name, app.exchange(WRONG))
    for challenge, answers in (
        ("SELECT_CHALLENGE", {"ANSWER": "PASSWORD", "PASSWORD": PASSWORD}),
        ("PASSWORD", {"PASSWORD": PASSWORD}),
        ("PASSWORD_SRP", {"SRP_A": "12ab"}),
        ("NEW_PASSWORD_REQUIRED", {"NEW_PASSWORD": "Another-Horse-2"}),
        ("SOFTWARE_TOKEN_MFA", {"SOFTWARE_TOKEN_MFA_CODE": "123456"}),
        ("MFA_SETUP", {}),
    ):
        with refused("NotAuthorizedException", SESSION_INVALID):
            app.respond({"USERNAME": name, **answers}, challenge, session)


def test_a_block_of_another_choice_does_not_verify(app: SignIn, user: str) -> None:
    """The block of one sign-in with the Session of another, of the same user."""
    exchange = app.exchange(PASSWORD)
    (one, one_session), (other, other_session) = (chosen(app, user, exchange) for _ in range(2))
    plain = exchange.answers(app.challenged(user, exchange))
    for answers, session in ((one, other_session), (other, one_session), (plain, one_session)):
        with refused("NotAuthorizedException", SESSION_INVALID):
            app.respond(answers, session=session)
    assert is_signed_in(app.respond(one, session=one_session))


def test_another_users_session_does_not_verify(app: SignIn, idp: Any, pool: Json, user: str) -> None:
    """Mallory's right answer with Ada's Session, under either name."""
    mallory = factories.make_user(idp, pool)
    exchange = app.exchange(PASSWORD)
    ours, _ = chosen(app, mallory, exchange)
    _, adas = chosen(app, user, app.exchange(WRONG))
    for named in (mallory, user):
        with refused("NotAuthorizedException", SESSION_INVALID):
            app.respond({**ours, "USERNAME": named}, session=adas)


def test_a_choice_is_bound_to_its_client_and_pair(app: SignIn, idp: Any, public: Any, client: Json, user: str) -> None:
    answers, session = chosen(app, user, app.exchange(PASSWORD))
    elsewhere = [
        SignIn(app.caller, client, app.is_admin),
        SignIn(public if app.is_admin else idp, app.client, not app.is_admin),
    ]
    for other in elsewhere:
        with refused("NotAuthorizedException", SESSION_INVALID):
            other.respond(answers, session=session)
    assert is_signed_in(app.respond(answers, session=session))


def test_a_choice_verifies_once(app: SignIn, user: str) -> None:
    answers, session = chosen(app, user, app.exchange(PASSWORD))
    assert is_signed_in(app.respond(answers, session=session))
    with refused("NotAuthorizedException", SESSION_USED):
        app.respond(answers, session=session)


def test_a_wrong_proof_within_a_choice_has_used_its_block_up(app: SignIn, name: str) -> None:
    answers, session = chosen(app, name, app.exchange(WRONG))
    with refused("NotAuthorizedException", INCORRECT):
        app.respond(answers, session=session)
    with refused("NotAuthorizedException", SESSION_USED):
        app.respond(answers, session=session)


def test_a_choice_expires(app: SignIn, name: str, clock: Clock) -> None:
    answers, session = chosen(app, name, app.exchange(PASSWORD))
    clock.advance(minutes=3, seconds=1)
    with refused("NotAuthorizedException", SESSION_EXPIRED):
        app.respond(answers, session=session)


def test_a_disabled_user_is_told_so_with_the_right_proof_alone(app: SignIn, idp: Any, pool: Json, user: str) -> None:
    """Not before, though the Session would let the server know: guesses would learn who exists."""
    right, session = chosen(app, user, app.exchange(PASSWORD))
    wrong, other_session = chosen(app, user, app.exchange(WRONG))
    select = app.initiate("USER_AUTH", USERNAME=user)["Session"]
    idp.admin_disable_user(UserPoolId=pool["Id"], Username=user)
    assert app.respond({"USERNAME": user, "ANSWER": "PASSWORD"}, "SELECT_CHALLENGE", select)["Session"]
    with refused("NotAuthorizedException", INCORRECT):
        app.respond(wrong, session=other_session)
    with refused("NotAuthorizedException", INCORRECT):
        app.sign_in(user, WRONG)
    for answer in (lambda: app.respond(right, session=session), lambda: app.sign_in(user, PASSWORD)):
        with refused("NotAuthorizedException", "User is disabled."):
            answer()


# Whatever else comes over the wire


@pytest.mark.parametrize("field", ["USERNAME", "PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP"])
@pytest.mark.parametrize("value", ["\u0000", "\ud800", 5, None, [], {}, True, "x" * 200_000])
def test_no_value_is_an_internal_error(
    server: Server, public: Any, hiding_client: Json, user: str, field: str, value: Any
) -> None:
    app = SignIn(public, hiding_client)
    members = {
        "ClientId": hiding_client["ClientId"],
        "ChallengeName": VERIFIER,
        "ChallengeResponses": {**begun(app, user), field: value},
    }
    answer = post(server, "RespondToAuthChallenge", json.dumps(members).encode())
    assert answer.status_code == 400, answer.text
