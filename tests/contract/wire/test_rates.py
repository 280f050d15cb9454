"""Request rates as clients meet them: off unless set, refused with AWS's words, counted by all workers together."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import clients, factories
from tests.support.clients import post, refused
from tests.support.server import ROOT, Server, drop_database, new_server

Limited = Callable[..., Server]


@pytest.fixture(scope="module")
def limited() -> Iterator[Limited]:
    """Starts servers that keep rates, and ends them."""
    started: list[Server] = []

    def start(rates: str, **environment: str) -> Server:
        started.append(new_server("--dev", GATEHOUSE_REQUEST_RATES=rates, **environment).start())
        return started[-1]

    yield start
    for server in started:
        server.stop()
        if "DATABASE_URL" in server.environment:
            drop_database(server.environment["DATABASE_URL"])


@pytest.fixture(scope="module")
def alone(limited: Limited) -> Server:
    return limited("UserList=2,UserCreation=2,PerUserPool=1")


def outcome(call: Callable[..., Any], **members: Any) -> str:
    try:
        call(**members)
    except ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return "passed"


def outcomes(call: Callable[..., Any], times: int, **members: Any) -> tuple[Counter[str], int]:
    """What came of so many calls, and in how many seconds of the clock they fell."""
    begun = int(time.time())
    found = Counter(outcome(call, **members) for _ in range(times))
    return found, int(time.time()) - begun + 1


def test_more_than_the_rate_is_refused_and_waiting_helps(alone: Server) -> None:
    idp = clients.idp(alone)
    pool = factories.make_pool(idp)
    found, seconds = outcomes(idp.list_users, 40, UserPoolId=pool["Id"])
    assert set(found) == {"passed", "TooManyRequestsException: Rate exceeded"}
    assert 2 <= found["passed"] <= 2 * seconds
    time.sleep(1)
    idp.list_users(UserPoolId=pool["Id"])
    assert outcomes(idp.describe_user_pool, 20, UserPoolId=pool["Id"])[0] == {"passed": 20}


def test_the_refusal_on_the_wire(alone: Server) -> None:
    for _ in range(40):
        answer = post(alone, "SignUp", b'{"ClientId": "nobody", "Username": "u", "Password": "p"}')
        if answer.json()["__type"] == "TooManyRequestsException":
            break
    assert answer.status_code == 400
    assert answer.json() == {"__type": "TooManyRequestsException", "message": "Rate exceeded"}
    assert answer.headers["x-amzn-ErrorType"] == "TooManyRequestsException:"


def test_signature_permission_and_constraints_come_first_and_cost_nothing(alone: Server) -> None:
    nobody = clients.idp(alone, access_key_id="AKIANOBODY0000000000")
    for _ in range(10):
        with refused("UnrecognizedClientException"):
            nobody.list_users(UserPoolId="us-east-1_None00000")
        with refused("InvalidParameterException"):
            clients.idp(alone).list_users(UserPoolId="")
    with refused("ResourceNotFoundException"):
        clients.idp(alone, region="eu-west-1").list_users(UserPoolId="us-east-1_None00000")


def test_one_operation_on_one_pool_is_slowed_where_aws_does_so(alone: Server) -> None:
    idp = clients.idp(alone)
    one, other = factories.make_pool(idp), factories.make_pool(idp)
    found, seconds = outcomes(idp.list_user_pool_clients, 40, UserPoolId=one["Id"])
    assert 1 <= found["passed"] <= seconds
    assert outcome(idp.list_user_pool_clients, UserPoolId=other["Id"]) == "passed"


def test_without_the_setting_no_rate_is_kept(idp: Any, pool: dict[str, Any]) -> None:
    assert outcomes(idp.list_user_pool_clients, 30, UserPoolId=pool["Id"])[0] == {"passed": 30}


@pytest.mark.skipif(not os.environ.get("REDIS_URL"), reason="REDIS_URL names no Redis to count in")
def test_two_workers_with_redis_count_together(limited: Limited) -> None:
    server = limited("UserList=10", GATEHOUSE_WEB_WORKERS="2", REDIS_URL=os.environ["REDIS_URL"])
    region = f"test-{uuid.uuid4().hex[:8]}"  # whoever else uses this Redis has other regions
    pool = factories.make_pool(clients.idp(server, region=region))
    callers = [clients.idp(server, region=region) for _ in range(8)]
    with ThreadPoolExecutor(len(callers)) as threads:
        begun = int(time.time())
        answers = threads.map(lambda caller: outcomes(caller.list_users, 20, UserPoolId=pool["Id"])[0], callers)
        found = sum(answers, Counter[str]())
        seconds = int(time.time()) - begun + 1
    assert found["passed"] + found["TooManyRequestsException: Rate exceeded"] == 160
    assert 10 <= found["passed"] <= 10 * seconds


def test_a_category_that_there_is_not_is_told_at_the_start() -> None:
    server = new_server("--dev", database_url="sqlite:////nowhere", GATEHOUSE_REQUEST_RATES="aws,UserLists=3")
    done = subprocess.run(
        [sys.executable, "manage.py", "serve", "--dev", "--port", str(server.port)],
        cwd=ROOT,
        env=server.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "GATEHOUSE_REQUEST_RATES is not usable: there is no category 'UserLists'; there are aws, UserAuth" in (
        done.stderr
    )
