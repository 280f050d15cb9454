"""Lock-out after failed password sign-ins, and that parallel tries get past neither it nor an hourly limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import factories
from tests.support.clients import burst
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, unique
from tests.support.server import Server

WRONG = "Wrong-Password-1"
INCORRECT = "Incorrect username or password."
LOCKED = "Password attempts exceeded"
UNKNOWN = "User does not exist."
OK = "signed in"

FREE_FAILURES = 5
IDLE_MINUTES = 15


# Users are fresh for each test; the pool and its clients can be shared.


@pytest.fixture(scope="module")
def pool(idp: Any) -> dict[str, Any]:
    return factories.make_pool(idp, AliasAttributes=["email"], UsernameConfiguration={"CaseSensitive": False})


@pytest.fixture(scope="module")
def client(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    return factories.make_client(idp, pool)


@pytest.fixture(scope="module")
def hiding_client(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    """A client that does not tell whether a user exists."""
    return factories.make_client(idp, pool, PreventUserExistenceErrors="ENABLED")


def sign_in(caller: Any, client: dict[str, Any], username: str, password: str = WRONG) -> str:
    """What a sign-in through the public operation answers: `OK`, or the refusal's message."""
    return told(
        lambda: caller.initiate_auth(
            ClientId=client["ClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": password},
        )
    )


def admin_sign_in(caller: Any, client: dict[str, Any], username: str, password: str = WRONG) -> str:
    return told(
        lambda: caller.admin_initiate_auth(
            UserPoolId=client["UserPoolId"],
            ClientId=client["ClientId"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": password},
        )
    )


def told(call: Callable[[], Any]) -> str:
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Message"])
    return OK


def fail(caller: Any, client: dict[str, Any], username: str, clock: Clock, times: int) -> None:
    """So many failures in a row, each as soon as the lock before it is over."""
    for failure in range(1, times + 1):
        assert sign_in(caller, client, username) == INCORRECT, f"failure {failure}"
        if failure >= FREE_FAILURES and failure < times:
            clock.advance(seconds=lock_seconds(failure))


def lock_seconds(failures: int) -> int:
    return int(min(2 ** (failures - FREE_FAILURES), IDLE_MINUTES * 60))


def test_the_fifth_failure_locks_even_for_the_right_password(
    public: Any, client: dict[str, Any], user: str, clock: Clock
) -> None:
    assert [sign_in(public, client, user) for _ in range(FREE_FAILURES)] == [INCORRECT] * FREE_FAILURES
    assert sign_in(public, client, user) == LOCKED
    assert sign_in(public, client, user, PASSWORD) == LOCKED
    clock.advance(seconds=1)
    assert sign_in(public, client, user, PASSWORD) == OK


def test_four_failures_do_not_lock(public: Any, client: dict[str, Any], user: str) -> None:
    assert [sign_in(public, client, user) for _ in range(FREE_FAILURES - 1)] == [INCORRECT] * 4
    assert sign_in(public, client, user, PASSWORD) == OK


@pytest.mark.parametrize("failures", [6, 7, 8, 10, 12])
def test_each_further_failure_doubles_the_lock(
    public: Any, client: dict[str, Any], user: str, clock: Clock, failures: int
) -> None:
    fail(public, client, user, clock, failures)
    lock = lock_seconds(failures)
    clock.advance(seconds=lock / 2 + 0.1)
    assert sign_in(public, client, user, PASSWORD) == LOCKED, "the lock was no longer than the one before"
    clock.advance(seconds=lock / 2 - 0.1)
    assert sign_in(public, client, user, PASSWORD) == OK


def test_no_lock_is_longer_than_fifteen_minutes(public: Any, client: dict[str, Any], user: str, clock: Clock) -> None:
    fail(public, client, user, clock, 15)
    clock.advance(minutes=14, seconds=30)
    assert sign_in(public, client, user, PASSWORD) == LOCKED
    clock.advance(seconds=30)
    assert sign_in(public, client, user, PASSWORD) == OK


def test_tries_while_locked_do_not_count(public: Any, client: dict[str, Any], user: str, clock: Clock) -> None:
    fail(public, client, user, clock, 8)
    assert [sign_in(public, client, user) for _ in range(5)] == [LOCKED] * 5
    clock.advance(seconds=lock_seconds(8))
    assert sign_in(public, client, user) == INCORRECT
    clock.advance(seconds=lock_seconds(9))
    assert sign_in(public, client, user, PASSWORD) == OK


def test_a_success_starts_the_count_again(public: Any, client: dict[str, Any], user: str, clock: Clock) -> None:
    for _ in range(3):
        assert [sign_in(public, client, user) for _ in range(4)] == [INCORRECT] * 4
        assert sign_in(public, client, user, PASSWORD) == OK
    fail(public, client, user, clock, 9)
    clock.advance(seconds=lock_seconds(9))
    assert sign_in(public, client, user, PASSWORD) == OK
    assert [sign_in(public, client, user) for _ in range(4)] == [INCORRECT] * 4
    assert sign_in(public, client, user, PASSWORD) == OK


def test_fifteen_idle_minutes_start_the_count_again(
    public: Any, client: dict[str, Any], user: str, clock: Clock
) -> None:
    assert [sign_in(public, client, user) for _ in range(4)] == [INCORRECT] * 4
    clock.advance(minutes=IDLE_MINUTES)
    assert [sign_in(public, client, user) for _ in range(4)] == [INCORRECT] * 4
    assert sign_in(public, client, user, PASSWORD) == OK


def test_fourteen_idle_minutes_do_not(public: Any, client: dict[str, Any], user: str, clock: Clock) -> None:
    fail(public, client, user, clock, 7)
    clock.advance(minutes=IDLE_MINUTES - 1)
    assert sign_in(public, client, user) == INCORRECT
    assert sign_in(public, client, user, PASSWORD) == LOCKED


def test_a_user_has_one_count_over_names_clients_and_operations(
    idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any], hiding_client: dict[str, Any], clock: Clock
) -> None:
    email = f"{unique()}@example.com"
    name = factories.make_user(idp, pool, email=email, email_verified="true")
    sub = factories.attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=name))["sub"]
    tries = [
        (sign_in, public, client, name),
        (sign_in, public, hiding_client, email),
        (admin_sign_in, idp, client, sub),
        (sign_in, public, client, name.upper()),
        (admin_sign_in, idp, hiding_client, email.upper()),
    ]
    assert [how(caller, at, known_as) for how, caller, at, known_as in tries] == [INCORRECT] * 5
    clock.advance(seconds=1)  # to a lock that lasts long enough to look at it from every side
    fail(public, client, name, clock, 1)
    clock.advance(seconds=2)
    fail(public, client, name, clock, 1)
    assert [how(caller, at, known_as, PASSWORD) for how, caller, at, known_as in tries] == [LOCKED] * 5


def test_a_lock_is_one_users_alone(
    idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any], user: str, clock: Clock
) -> None:
    fail(public, client, user, clock, 8)
    assert sign_in(public, client, factories.make_user(idp, pool), PASSWORD) == OK
    assert sign_in(public, client, user, PASSWORD) == LOCKED


def test_a_lock_stops_signing_in_and_nothing_else(public: Any, client: dict[str, Any], user: str, clock: Clock) -> None:
    tokens = factories.sign_in(public, client, user)
    fail(public, client, user, clock, 8)
    assert public.get_user(AccessToken=tokens["AccessToken"])["Username"] == user
    public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )
    assert sign_in(public, client, user, PASSWORD) == LOCKED


# Unknown names


def test_an_unknown_name_is_locked_like_a_known_one(
    public: Any, hiding_client: dict[str, Any], user: str, clock: Clock
) -> None:
    """Step for step the same answers, so that a lock does not tell who exists."""

    def story(name: str) -> list[str]:
        def tries(count: int) -> list[str]:
            return [sign_in(public, hiding_client, name) for _ in range(count)]

        answers = tries(FREE_FAILURES)
        for failures in (5, 6, 7, 8):
            clock.advance(seconds=lock_seconds(failures))
            answers += tries(1)
        answers += tries(2)
        clock.advance(seconds=lock_seconds(9))
        answers += tries(1)
        clock.advance(minutes=IDLE_MINUTES)
        answers += tries(FREE_FAILURES)
        clock.reset()
        return answers

    known = story(user)
    assert known == [INCORRECT] * 9 + [LOCKED] * 2 + [INCORRECT] * 6
    assert story(unique("nobody")) == known


def test_spellings_of_an_unknown_name_are_one_name_where_case_does_not_count(
    public: Any, hiding_client: dict[str, Any], clock: Clock
) -> None:
    name = unique("nobody")
    fail(public, hiding_client, name, clock, 8)
    assert sign_in(public, hiding_client, name.upper()) == LOCKED
    assert sign_in(public, hiding_client, unique("nobody")) == INCORRECT


def test_an_unknown_name_of_one_pool_is_not_locked_in_another(
    idp: Any, public: Any, hiding_client: dict[str, Any], clock: Clock
) -> None:
    other = factories.make_client(idp, factories.make_pool(idp), PreventUserExistenceErrors="ENABLED")
    name = unique("nobody")
    fail(public, hiding_client, name, clock, 8)
    assert sign_in(public, other, name) == INCORRECT


def test_an_unknown_name_is_never_locked_where_its_absence_is_told(public: Any, client: dict[str, Any]) -> None:
    name = unique("nobody")
    assert [sign_in(public, client, name) for _ in range(7)] == [UNKNOWN] * 7


def test_a_user_made_after_failures_under_the_name_is_not_locked(
    idp: Any, public: Any, pool: dict[str, Any], hiding_client: dict[str, Any], clock: Clock
) -> None:
    name = unique("later")
    fail(public, hiding_client, name, clock, 8)
    factories.make_user(idp, pool, name)
    assert sign_in(public, hiding_client, name, PASSWORD) == OK


# Many at once


def guesses_at_once(server: Server, client: dict[str, Any], username: str, passwords: list[str]) -> Counter[str]:
    """How often each answer came to sign-ins that were under way together."""
    answers = burst(
        server,
        "InitiateAuth",
        [
            {
                "ClientId": client["ClientId"],
                "AuthFlow": "USER_PASSWORD_AUTH",
                "AuthParameters": {"USERNAME": username, "PASSWORD": password},
            }
            for password in passwords
        ],
    )
    return Counter(answer.get("message", OK) for answer in answers)


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "unknown"])
def test_of_parallel_guesses_at_the_limit_one_is_looked_at(
    server: Server, public: Any, hiding_client: dict[str, Any], user: str, clock: Clock, is_known: bool
) -> None:
    name = user if is_known else unique("nobody")
    fail(public, hiding_client, name, clock, 8)
    for failures in (8, 9, 10, 11):
        clock.advance(seconds=lock_seconds(failures))
        answers = guesses_at_once(server, hiding_client, name, [WRONG] * 12)
        assert answers == {INCORRECT: 1, LOCKED: 11}


def test_parallel_guesses_exceed_the_limit_by_no_more_than_are_under_way(
    server: Server, public: Any, client: dict[str, Any], user: str
) -> None:
    """Four at a time, forty in all: a fresh count lets five through and what was under way then."""
    under_way = 4
    answers: Counter[str] = Counter()
    for _ in range(10):
        answers += guesses_at_once(server, client, user, [WRONG] * under_way)
    assert FREE_FAILURES <= answers[INCORRECT] <= FREE_FAILURES + under_way + 2  # locks of a second or two may end
    assert answers[INCORRECT] + answers[LOCKED] == 40


def test_every_parallel_failure_counts(
    server: Server, public: Any, client: dict[str, Any], user: str, clock: Clock
) -> None:
    """Twelve that were all looked at lock for as long as twelve in a row."""
    looked_at = guesses_at_once(server, client, user, [WRONG] * 12)[INCORRECT]
    assert looked_at >= FREE_FAILURES
    lock = lock_seconds(looked_at)
    clock.advance(seconds=lock / 2)
    if lock >= 8:  # a shorter one may end while we look
        assert sign_in(public, client, user, PASSWORD) == LOCKED
    clock.advance(seconds=lock / 2)
    assert sign_in(public, client, user, PASSWORD) == OK


def test_the_right_password_many_times_at_once_is_right_every_time(
    server: Server, client: dict[str, Any], user: str
) -> None:
    assert guesses_at_once(server, client, user, [PASSWORD] * 12) == {OK: 12}


def test_parallel_first_tries_do_not_trip_an_hourly_limit(
    idp: Any, server: Server, public: Any, pool: dict[str, Any], client: dict[str, Any]
) -> None:
    """Five wrong previous passwords an hour are looked at, however they come in."""
    exceeded = "Attempt limit exceeded, please try after some time."
    for _ in range(6):
        token = factories.sign_in(public, client, factories.make_user(idp, pool))["AccessToken"]
        change = {"AccessToken": token, "PreviousPassword": WRONG, "ProposedPassword": "Another-Horse-2"}
        answers = Counter(answer["message"] for answer in burst(server, "ChangePassword", [change] * 8))
        assert answers == {INCORRECT: 5, exceeded: 3}
