"""Functions that do harm, as triggers of a pool: what the caller sees, and what others do not notice."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import factories
from tests.support.clients import refused
from tests.support.factories import Make, unique
from tests.support.functions import Functions
from tests.support.server import Server

AT_ONCE = 20
UNDISTURBED_SECONDS = 3.0
"""The longest that others may wait for a sign-in, on a machine that is busy with other tests."""
SECRET = "Old-Secret-Horse-7"
LATE = "PreAuthentication failed with error Socket timeout while invoking Lambda function."


@pytest.fixture
def hostile(idp: Any, kept: Functions) -> Make:
    """Makes a pool with a user, one of whose triggers is a function of `hostile.py`."""

    def make(trigger: str, handler: str, **members: Any) -> dict[str, Any]:
        arn = kept.deploy("hostile.py", handler=handler, **members)
        pool = factories.make_pool(idp, LambdaConfig={trigger: arn})
        kept.permit(pool, arn)
        user = factories.make_user(idp, pool)
        return {"pool": pool, "client": factories.make_client(idp, pool), "user": user, "arn": arn}

    return make


@pytest.mark.parametrize(
    "handler, error",
    [
        ("garbage", "Unrecognizable lambda output"),
        ("scalars", "Unrecognizable lambda output"),
    ],
)
def test_answer_that_is_no_event_lets_nobody_in(public: Any, hostile: Make, handler: str, error: str) -> None:
    made = hostile("PreAuthentication", handler)
    with refused("InvalidLambdaResponseException", error):
        factories.sign_in(public, made["client"], made["user"])


@pytest.mark.parametrize(
    "handler, says",
    [
        ("not_json", "Unable to marshal response"),
        ("leave", "Runtime exited with error: exit status 3"),
    ],
)
def test_function_that_ends_without_an_answer_is_told_as_its_error(
    public: Any, hostile: Make, handler: str, says: str
) -> None:
    made = hostile("PreAuthentication", handler)
    for _ in range(2):  # the second one meets a process of its own
        with refused("UserLambdaValidationException") as refusal:
            factories.sign_in(public, made["client"], made["user"])
        assert refusal.message.startswith("PreAuthentication failed with error ")
        assert says in refusal.message


def test_function_that_never_ends_is_ended_and_tried_three_times(server: Server, public: Any, hostile: Make) -> None:
    made = hostile("PreAuthentication", "loop", Timeout=1)
    with refused("UnexpectedLambdaException", LATE):
        factories.sign_in(public, made["client"], made["user"])
    tries = server.manage("invocations", "--target", made["arn"]).splitlines()
    assert [" timed out" in line for line in tries] == [True, True, True]


def test_sign_ins_that_hang_leave_others_undisturbed(
    idp: Any, public: Any, hostile: Make, client: dict[str, Any], user: str
) -> None:
    """Those that find no room are refused at once, not queued behind those that hang."""
    made = hostile("PreAuthentication", "hang", Timeout=2)
    kinds: dict[str, list[float]] = {}

    def hang(_: int) -> None:
        began = time.monotonic()
        try:
            factories.sign_in(public, made["client"], made["user"])
        except ClientError as error:
            kinds.setdefault(error.response["Error"]["Code"], []).append(time.monotonic() - began)

    waits = []
    with ThreadPoolExecutor(AT_ONCE) as threads:
        hanging = [threads.submit(hang, number) for number in range(AT_ONCE)]
        while not all(each.done() for each in hanging):
            began = time.monotonic()
            factories.sign_in(public, client, user)
            waits.append(time.monotonic() - began)
    assert max(waits) < UNDISTURBED_SECONDS
    assert len(waits) > AT_ONCE
    assert kinds.keys() == {"UnexpectedLambdaException", "TooManyRequestsException"}
    assert min(kinds["UnexpectedLambdaException"]) >= 6  # three tries of two seconds
    assert max(kinds["TooManyRequestsException"]) < UNDISTURBED_SECONDS
    assert sum(map(len, kinds.values())) == AT_ONCE
    assert factories.sign_in(public, client, user)


def test_secrets_that_a_function_prints_are_in_no_record(server: Server, public: Any, hostile: Make) -> None:
    made = hostile("UserMigration", "tell")
    nobody = unique("nobody")
    with refused("UserLambdaValidationException"):
        factories.sign_in(public, made["client"], nobody, SECRET)
    name = made["arn"].rpartition(":")[2]
    log = server.manage("function_log", name)
    assert "UserMigration_Authentication" in log
    assert nobody in log, "what it printed is there"
    kept = server.manage("invocations", "--target", made["arn"], "--json")
    assert nobody in kept
    for text in (log, kept, server.log):
        assert SECRET not in text


def test_function_reaches_no_pool_but_the_one_that_called_it(idp: Any, public: Any, kept: Functions) -> None:
    other = factories.make_pool(idp)
    victim = factories.make_user(idp, other)
    arn = kept.deploy("hostile.py", handler="reach", environment={"POOL": other["Id"], "VICTIM": victim})
    pool = factories.make_pool(idp, LambdaConfig={"PreAuthentication": arn})
    kept.permit(pool, arn)
    client, user = factories.make_client(idp, pool), factories.make_user(idp, pool)
    with refused(
        "UserLambdaValidationException",
        "PreAuthentication failed with error AccessDeniedException AccessDeniedException AccessDeniedException.",
    ):
        factories.sign_in(public, client, user)
