"""What is acknowledged is kept, and nothing is half written, however the server ends.

GATEHOUSE_TEST_KILLS says how often it is killed (2 without), GATEHOUSE_TEST_SEED repeats a run's choices.
Without DATABASE_URL the installation is `serve --dev` on SQLite with the embedded broker; with it, one as in
production on PostgreSQL, and Redis where REDIS_URL says so.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.production.conftest import PRODUCTION, Install
from tests.support import clients, factories, load, processes, rows
from tests.support.journal import Journal, Thing
from tests.support.letters import delivered
from tests.support.load import Load
from tests.support.mailbox import Mailbox
from tests.support.server import Server
from tests.support.writes import Ground

pytestmark = pytest.mark.xdist_group("durability")

GROUPS = ("readers", "writers", "editors")
ANSWERS_AGAIN_SECONDS = 30
"""The longest a start may take; a few seconds when the machine has nothing else to do."""


KILLS = int(os.environ.get("GATEHOUSE_TEST_KILLS", "2"))
SEED = int(os.environ.get("GATEHOUSE_TEST_SEED") or random.randrange(10**9))


@pytest.fixture(scope="module")
def installation(install: Install) -> Iterator[tuple[Server, Callable[[str], str]]]:
    """A running server, and what tells the newest code that it has sent to an address."""
    if not os.environ.get("DATABASE_URL"):
        server = install("--dev", GATEHOUSE_WEB_WORKERS="2").start()
        yield server, Mailbox(server).code
        return
    redis = {"REDIS_URL": os.environ["REDIS_URL"]} if os.environ.get("REDIS_URL") else {}
    with delivered() as letters:
        server = install(**PRODUCTION, **redis, **letters.environment, GATEHOUSE_WEB_WORKERS="2")
        server.manage("migrate", "--verbosity", "0")
        server.manage("bootstrap")
        yield server.start(), letters.code_to


@pytest.fixture
def ground(installation: tuple[Server, Callable[[str], str]]) -> Ground:
    """A pool whose verified e-mail addresses sign in, with a client and groups."""
    server, code_to = installation
    idp = clients.idp(server)
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"], AliasAttributes=["email"])
    client = factories.make_client(idp, pool, ClientName="app", PreventUserExistenceErrors="LEGACY")
    for group in GROUPS:
        idp.create_group(UserPoolId=pool["Id"], GroupName=group, Description="there from the beginning")
    return Ground(pool["Id"], pool["Arn"], client["ClientId"], GROUPS, code_to)


@pytest.fixture
def journal(ground: Ground) -> Journal:
    known = Journal()
    known.know("app", Thing("clients", "app", 30, ground.client_id, ("CreateUserPoolClient",)))
    for group in GROUPS:
        known.know(group, Thing("groups", group, "there from the beginning", group, ("CreateGroup",)))
    return known


@dataclass
class Ending:
    """One kill, and the start behind it."""

    killed: int
    seconds_to_answer: float


def kill_and_start(server: Server, running: Load, rng: random.Random) -> Ending:
    running.killed.set()
    killed = processes.kill(server, rng)
    running.finish()
    assert processes.of(server) == []
    assert processes.using(server.data) == []
    begun = time.monotonic()
    server.start()
    return Ending(len(killed), time.monotonic() - begun)


def test_what_was_acknowledged_is_there_after_kill_9_and_nothing_is_half_written(
    installation: tuple[Server, Callable[[str], str]], ground: Ground, journal: Journal
) -> None:
    server, _ = installation
    rng = random.Random(SEED)
    print(f"GATEHOUSE_TEST_SEED={SEED} {server.environment.get('DATABASE_URL', 'SQLite')}")
    endings = []
    for number in range(KILLS):
        running = Load(server, journal, ground, random.Random(rng.random()))
        time.sleep(rng.uniform(0.3, 4))
        endings.append(kill_and_start(server, running, rng))
        found = rows.of(server, ground.pool_id)
        complaints = journal.settle(found) + load.asked(server, journal, ground, running.touched)
        print(f"kill {number + 1}: {endings[-1]}, {journal.acknowledged.total()} acknowledged", flush=True)
        assert complaints + journal.failures == []
        assert endings[-1].seconds_to_answer < ANSWERS_AGAIN_SECONDS
    # what the questions above have changed in turn, and everybody whom a later load has left alone
    assert journal.settle(rows.of(server, ground.pool_id)) == []
    print(f"acknowledged: {dict(journal.acknowledged.most_common())}")
    print(f"cut off: {dict(journal.cut_off.most_common())}, limited: {dict(journal.limited)}")
    assert "Traceback" not in server.log
    assert journal.acknowledged.total() > 20 * KILLS
    assert journal.cut_off, "the kills found nobody at work"
