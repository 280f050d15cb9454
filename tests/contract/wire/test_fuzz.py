"""Hostile requests made from the service model: whatever comes, the answer is a declared one and never a crash.

`GATEHOUSE_TEST_FUZZ` says how many requests are made, `GATEHOUSE_TEST_FUZZ_SEED` which ones.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from identity.wire.services import cognito_idp
from tests.support.clients import post
from tests.support.fuzz import bodies, wire
from tests.support.fuzz.cast import KINDS, Cast
from tests.support.server import ROOT, Server

REQUESTS = int(os.environ.get("GATEHOUSE_TEST_FUZZ", "1500"))
SEED = int(os.environ.get("GATEHOUSE_TEST_FUZZ_SEED", "1"))
OPERATIONS = sorted(cognito_idp.operations)
TOLD = 10
"""Faults that one failure shows."""

# What a request of these has done, the next ones could miss.
SPOILS = re.compile(r"Delete|Revoke|SignOut|Password|Disable|Confirm|RespondTo|GetTokensFrom|Update|Verify")
SPOILT_BEFORE_MENDING = 3
SPOILS_POOL = re.compile(r"DeleteUserPool|UpdateUserPool|SetUserPool|ClientSecret")


@pytest.fixture(scope="module")
def casts(server: Server) -> list[Cast]:
    return [Cast(server, kind) for kind in KINDS]


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[wire.Connection]:
    """One for all, kept alive: no answer may spoil it for the next request."""
    opened = wire.Connection(server)
    yield opened
    opened.close()


def fuzz(casts: list[Cast], connection: wire.Connection, names: list[str], count: int, number: int) -> dict[str, int]:
    """Make `count` requests to operations of these names, drawn by `number`; returns how many got which answer."""
    faults: list[str] = []
    tally: dict[str, int] = {}
    spoilt = [0] * len(casts)

    @seed(f"{SEED} {number} {names[0]}")
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        operation = cognito_idp.operations[data.draw(st.sampled_from(names))]
        cast, members = data.draw(bodies.bodies(operation, casts))
        request = data.draw(wire.requests(operation, members))
        try:
            answer = connection.send(request)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            faults.append(f"{error!r} to {request}")
            return
        if complaint := wire.complaint(request, answer):
            faults.append(f"{complaint} in {answer.status} {answer.content[:500]!r} to {request}")
        outcome = answer.headers.get("x-amzn-ErrorType", str(answer.status))
        tally[outcome] = tally.get(outcome, 0) + 1
        if answer.status == 200 and len(names) == 1 and SPOILS.search(operation.name):
            spoilt[cast] += 1
            if spoilt[cast] % SPOILT_BEFORE_MENDING == 0:
                casts[cast].mend()

    check()
    for cast, times in zip(casts, spoilt, strict=True):
        if times % SPOILT_BEFORE_MENDING:
            cast.mend()
    shown = "\n\n".join(faults[:TOLD])
    assert not faults, f"{len(faults)} faults with GATEHOUSE_TEST_FUZZ={REQUESTS} and seed {SEED}:\n{shown}"
    return tally


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_a_declared_one(casts: list[Cast], connection: wire.Connection, name: str) -> None:
    tally = fuzz(casts, connection, [name], REQUESTS // (3 * len(OPERATIONS)) + 1, 0)
    print(f"{name}: {tally}")
    if SPOILS_POOL.search(name):
        for cast in casts:
            cast.renew()


def test_so_it_is_when_all_operations_spoil_one_another_s_work(casts: list[Cast], connection: wire.Connection) -> None:
    names = [name for name in OPERATIONS if name != "DeleteUserPool"]
    rounds = max(REQUESTS // 1500, 2)
    for number in range(1, rounds + 1):
        print(fuzz(casts, connection, names, REQUESTS * 2 // (3 * rounds), number))
        for cast in casts:
            cast.renew()


def test_names_and_searches_agree_with_the_attributes_afterwards(server: Server, casts: list[Cast]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.fuzz.sanity"],
        cwd=ROOT,
        env={**server.environment, "GATEHOUSE_DEV": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) > len(casts)


def part(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "RS256", "kid": "\x00"},
        {"alg": "RS256", "kid": "\ud800"},
        {"alg": "RS256", "kid": "k" * 100_000},
        {"alg": "RS256", "kid": "' OR 1=1 --"},
        {"alg": "RS256", "kid": ["list"]},
        {"alg": "RS256", "kid": None},
        {"alg": "RS256"},
        {"alg": "none"},
        {"alg": ["RS256"], "kid": "k"},
        {"alg": "RS256", "kid": "k", "crit": ["x"], "b64": False},
        [],
        "text",
        None,
    ],
)
def test_a_forged_token_is_an_invalid_one_whatever_its_header_says(
    server: Server, casts: list[Cast], header: Any
) -> None:
    for pool_id in (casts[0].pool["Id"], "us-east-1_None00000", "\x00", "", 5, None):
        payload = {"iss": f"{server.url}/{pool_id}" if isinstance(pool_id, str) else pool_id, "token_use": "access"}
        token = f"{part(header)}.{part(payload)}.{part('signature')}"
        answer = post(server, "GetUser", json.dumps({"AccessToken": token}).encode())
        assert answer.json() == {"__type": "NotAuthorizedException", "message": "Invalid Access Token"}


@pytest.mark.parametrize("pool_id", ["%00", "%FF", "%ED%A0%80", "%D0%B0", "a%0D%0AX-Evil:%201", "'--", "x" * 5000])
@pytest.mark.parametrize("document", ["jwks.json", "openid-configuration"])
def test_an_issuer_that_no_pool_has_is_not_found(server: Server, pool_id: str, document: str) -> None:
    answer = requests.get(f"{server.url}/{pool_id}/.well-known/{document}", timeout=10)
    assert answer.status_code == 404
    assert "X-Evil" not in answer.headers


def test_the_server_has_logged_no_crash(server: Server) -> None:
    """Runs after the requests above, in the same process; no test of this server means to crash it."""
    crashes = re.findall(r"request [0-9a-f-]{36} failed.*|Internal Server Error.*|Traceback.*", server.log)
    assert crashes == []
