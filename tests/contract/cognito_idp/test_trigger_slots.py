"""Functions that hang, and functions that call back: neither stops what else the server does.

Shown by UserMigration on a server with few threads.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support import clients, factories
from tests.support.clients import OK, at_once
from tests.support.factories import PASSWORD, unique
from tests.support.hooks import Hooks
from tests.support.server import Server, running

THREADS = 8
KNOWN = {"userAttributes": {"name": "Ada"}, "finalUserStatus": "CONFIRMED", "messageAction": "SUPPRESS"}
TOO_MANY = "TooManyRequestsException"

Members = dict[str, Any]


def knowing(event: Members) -> Members:
    return {**event, "response": KNOWN}


@pytest.fixture(scope="module")
def few() -> Iterator[Server]:
    """A server of one worker with few threads."""
    with running("--dev", GATEHOUSE_WEB_THREADS=str(THREADS)) as started:
        yield started


@pytest.fixture(scope="module")
def idp(few: Server) -> Any:
    return clients.idp(few)


@pytest.fixture(scope="module")
def hooks(few: Server) -> Iterator[Hooks]:
    made = Hooks(few)
    yield made
    made.close()


@pytest.fixture(scope="module")
def other_hooks(few: Server) -> Iterator[Hooks]:
    """Another target."""
    made = Hooks(few, "others")
    yield made
    made.close()


def migrating(idp: Any, arn: str) -> tuple[Members, Members]:
    pool = factories.make_pool(idp, LambdaConfig={"UserMigration": arn})
    return pool, factories.make_client(idp, pool)


def test_hook_that_hangs_in_twenty_sign_ins_disturbs_nobody_else(idp: Any, hooks: Hooks, other_hooks: Hooks) -> None:
    hung, hung_client = migrating(idp, hooks.arn)
    quick, quick_client = migrating(idp, other_hooks.arn)
    plain = factories.make_pool(idp)
    plain_client, name = factories.make_client(idp, plain), factories.make_user(idp, plain)
    token = factories.sign_in(idp, plain_client, name)["AccessToken"]
    end = threading.Event()
    calls = hooks.on(hung, lambda event: end.wait(10) and knowing(event))
    other_hooks.on(quick, knowing)

    with ThreadPoolExecutor(1) as threads:
        twenty = threads.submit(at_once, *[lambda: factories.sign_in(idp, hung_client, unique())] * 20)
        while not calls:
            time.sleep(0.01)
        time.sleep(0.5)  # until it is known to hang
        slowest, until = Counter[str](), time.monotonic() + 2.5
        while time.monotonic() < until:
            for what, call in {
                "GetUser": lambda: idp.get_user(AccessToken=token),
                "sign-in": lambda: factories.sign_in(idp, plain_client, name),
                "migration": lambda: factories.sign_in(idp, quick_client, unique()),
            }.items():
                begun = time.monotonic()
                call()
                slowest[what] = max(slowest[what], time.monotonic() - begun)  # type: ignore[type-var]
        end.set()
        outcomes = Counter(twenty.result())

    assert max(slowest.values()) < 1.5, slowest
    assert outcomes == {OK: outcomes[OK], TOO_MANY: 20 - outcomes[OK]}
    assert 1 <= outcomes[OK] <= THREADS // 2 - 1
    assert len(calls) == outcomes[OK]


def test_burst_of_quick_functions_is_not_refused(few: Server, idp: Any, hooks: Hooks) -> None:
    pool, client = migrating(idp, hooks.arn)
    hooks.on(pool, knowing)
    members = {"ClientId": client["ClientId"], "AuthFlow": "USER_PASSWORD_AUTH"}
    asked = [{**members, "AuthParameters": {"USERNAME": unique(), "PASSWORD": PASSWORD}} for _ in range(20)]
    answers = clients.burst(few, "InitiateAuth", asked)
    assert ["AuthenticationResult" in answer for answer in answers] == [True] * 20, answers


def callback_to(idp: Any, pool: Members, client: Members) -> Any:
    """A function that makes a user, and signs another one in whom the pool asks for again, before it answers."""

    def hook(event: Members) -> Members:
        idp.admin_create_user(UserPoolId=pool["Id"], Username=unique("made"), MessageAction="SUPPRESS")
        depth = event["userName"].count("+")
        if depth:
            nested = unique() + "+" * (depth - 1)
            factories.sign_in(idp, client, nested, PASSWORD)
        return knowing(event)

    return hook


def test_function_that_calls_back_is_answered(idp: Any, hooks: Hooks) -> None:
    pool, client = migrating(idp, hooks.arn)
    hooks.on(pool, callback_to(idp, pool, client))
    factories.sign_in(idp, client, unique() + "++")
    assert len(hooks.sources(pool)) == 3


def test_functions_that_call_back_by_the_dozen_come_to_their_end(idp: Any, hooks: Hooks) -> None:
    """Each call needs a second one within: some are refused, none waits for itself, and soon all is well again."""
    pool, client = migrating(idp, hooks.arn)
    hooks.on(pool, callback_to(idp, pool, client))
    begun = time.monotonic()
    outcomes = Counter(at_once(*[lambda: factories.sign_in(idp, client, unique() + "++")] * 24))
    assert time.monotonic() - begun < 10
    assert set(outcomes) <= {OK, TOO_MANY, "UserLambdaValidationException"}
    factories.sign_in(idp, client, unique() + "++")
