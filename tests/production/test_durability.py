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
from contextlib import closing
from dataclasses import dataclass

import pytest

from tests.production.conftest import PRODUCTION, Install
from tests.support import clients, factories, load, processes, rows, second_factors, writes
from tests.support.journal import Journal, Person, Thing
from tests.support.letters import delivered
from tests.support.load import Load
from tests.support.mailbox import Mailbox
from tests.support.server import Server
from tests.support.wire import Caller
from tests.support.writer import Ground, Writer

pytestmark = pytest.mark.xdist_group("durability")

GROUPS = ("readers", "writers", "editors")
MOST_WRITES = 150
"""A kill comes after so many acknowledged writes at most."""


KILLS = int(os.environ.get("GATEHOUSE_TEST_KILLS", "2"))
SEED = int(os.environ.get("GATEHOUSE_TEST_SEED") or random.randrange(10**9))


@dataclass(frozen=True)
class Installation:
    """A running server, what tells the newest code that it has sent to an address, and how long its start took."""

    server: Server
    code_to: Callable[[str], str]
    first_start_seconds: float


@pytest.fixture(scope="module")
def installation(install: Install) -> Iterator[Installation]:
    if not os.environ.get("DATABASE_URL"):
        server = install("--dev", GATEHOUSE_WEB_WORKERS="2")
        yield Installation(server, Mailbox(server).code, started(server))
        return
    redis = {"REDIS_URL": os.environ["REDIS_URL"]} if os.environ.get("REDIS_URL") else {}
    with delivered() as letters:
        server = install(**PRODUCTION, **redis, **letters.environment, GATEHOUSE_WEB_WORKERS="2")
        server.manage("migrate", "--verbosity", "0")
        server.manage("bootstrap")
        yield Installation(server, letters.code_to, started(server))


def started(server: Server) -> float:
    """Start it; returns the seconds until it answered."""
    begun = time.monotonic()
    server.start()
    return time.monotonic() - begun


@pytest.fixture
def ground(installation: Installation) -> Ground:
    """A pool whose verified e-mail addresses sign in, with a client and groups."""
    idp = clients.idp(installation.server)
    pool = second_factors.make_pool(
        idp, second_factors.TOTP, second_factors.EMAIL, AutoVerifiedAttributes=["email"], AliasAttributes=["email"]
    )
    client = factories.make_client(idp, pool, ClientName="app", PreventUserExistenceErrors="LEGACY")
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    rotating = factories.make_client(
        idp,
        pool,
        ClientName="rotating",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        RefreshTokenRotation=rotation,
    )
    for group in GROUPS:
        idp.create_group(UserPoolId=pool["Id"], GroupName=group, Description="there from the beginning")
    return Ground(pool["Id"], pool["Arn"], client["ClientId"], rotating["ClientId"], GROUPS, installation.code_to)


@pytest.fixture
def journal(ground: Ground) -> Journal:
    known = Journal()
    known.know("app", Thing("clients", "app", 30, ground.client_id, ("CreateUserPoolClient",)))
    made = ("CreateUserPoolClient",)
    known.know("rotating", Thing("clients", "rotating", 30, ground.rotating_client_id, made))
    for group in GROUPS:
        known.know(group, Thing("groups", group, "there from the beginning", group, ("CreateGroup",)))
    return known


@pytest.fixture
def caller(installation: Installation) -> Iterator[Caller]:
    with closing(Caller(installation.server)) as made:
        yield made


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
    return Ending(len(killed), started(server))


def wait_for_a_random_moment(journal: Journal, rng: random.Random) -> None:
    """By writes and not by the clock alone, so that slow machines get as far as fast ones."""
    goal = journal.acknowledged.total() + rng.randrange(10, MOST_WRITES)
    deadline = time.monotonic() + 60
    while journal.acknowledged.total() < goal and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(rng.uniform(0, 0.1))


def test_what_was_acknowledged_is_there_after_kill_9_and_nothing_is_half_written(
    installation: Installation, ground: Ground, journal: Journal
) -> None:
    server, rng = installation.server, random.Random(SEED)
    print(f"GATEHOUSE_TEST_SEED={SEED} {'PostgreSQL' if 'DATABASE_URL' in server.environment else 'SQLite'}")
    endings = []
    for number in range(KILLS):
        running = Load(server, journal, ground, random.Random(rng.random()))
        wait_for_a_random_moment(journal, rng)
        endings.append(kill_and_start(server, running, rng))
        print(f"kill {number + 1}: {endings[-1]}, {journal.acknowledged.total()} acknowledged", flush=True)
        assert journal.settle(rows.of(server, ground.pool_id)) == []
        assert load.asked(server, journal, ground, running.touched) + journal.failures == []
    # what the questions above have changed in turn, and everybody whom a later load has left alone
    assert journal.settle(rows.of(server, ground.pool_id)) == []
    print(f"acknowledged: {dict(journal.acknowledged.most_common())}")
    print(f"cut off: {dict(journal.cut_off.most_common())}, {dict(journal.ends)}, limited: {dict(journal.limited)}")
    assert "Traceback" not in server.log
    assert journal.cut_off, "the kills found nobody at work"
    slowest = max(ending.seconds_to_answer for ending in endings)
    print(f"answers again after {slowest:.1f} s at most, the first start took {installation.first_start_seconds:.1f} s")
    assert slowest < 3 * installation.first_start_seconds + 5, "a kill makes the next start slow"


# --- whoever checks is checked: each of these must be noticed

SPOILED = {
    "a user is gone": "User.objects.get(pool=pool_id, username='confirmed').delete()",
    "a deleted user is back": "User.objects.filter(pool=pool_id, username='confirmed').update(username='deleted')",
    "a user nobody asked for": "User.objects.create(pool_id=pool_id, username='x', sub='x', status='CONFIRMED')",
    "no password": "Credential.objects.get(user__pool=pool_id, user__username='confirmed').delete()",
    "the password before": (
        "Credential.objects.filter(user__pool=pool_id, user__username='confirmed').update(password_hash="
        "Credential.objects.get(user__pool=pool_id, user__username='invited').password_hash)"
    ),
    "a temporary password that lasts": "Credential.objects.filter(user__username='invited').update(expires_at=None)",
    "another status": "User.objects.filter(pool=pool_id, username='confirmed').update(status='UNCONFIRMED')",
    "disabled": "User.objects.filter(pool=pool_id, username='confirmed').update(enabled=False)",
    "a second factor more": "User.objects.filter(pool=pool_id, username='confirmed').update(mfa_factors=['SMS_MFA'])",
    "an app that nobody has": "User.objects.filter(pool=pool_id, username='invited').update(has_software_token=True)",
    "a second factor is gone": "User.objects.filter(pool=pool_id, username='careful').update(mfa_factors=[])",
    "an app is gone": "SoftwareToken.objects.filter(user__pool=pool_id).delete()",
    "an attribute less": "User.objects.filter(pool=pool_id, username='confirmed').update(attributes={})",
    "a sign-in name less": "SignInName.objects.get(pool=pool_id, user__username='invited', kind='email').delete()",
    "a sign-in name that is not verified": (
        "User.objects.get(pool=pool_id, username='pending').sign_in_names.create("
        "pool_id=pool_id, kind='email', folded=b'pending@example.com')"
    ),
    "a search value less": "SearchValue.objects.filter(user__pool=pool_id, attribute='email').delete()",
    "a search value of before": "SearchValue.objects.filter(pool=pool_id, attribute='given_name').update(key=b'a')",
    "a revoked session lives": "Session.objects.filter(pool=pool_id).update(revoked_at=None)",
    "a session is gone": "Session.objects.filter(pool=pool_id, revoked_at=None).delete()",
    "a session nobody asked for": (
        "Session.objects.filter(pool=pool_id, client__name='app', user__username='confirmed', revoked_at=None)"
        ".update(refresh_digest=b'another'.ljust(32))"
    ),
    "a spent refresh token is good again": "RefreshToken.objects.filter(session__pool=pool_id).update(spent_at=None)",
    "the successor of a refresh token is gone": (
        "RefreshToken.objects.filter(session__pool=pool_id, spent_at=None).delete()"
    ),
    "a used code is back": (
        "[Code.objects.filter(user__pool=pool_id, user__username='pending').update("
        "user=User.objects.get(pool=pool_id, username='confirmed'))]"
    ),
    "a code is gone": "Code.objects.filter(pool=pool_id).delete()",
    "a membership is gone": "Membership.objects.filter(user__pool=pool_id).delete()",
    "a membership that tokens would not tell": (
        "User.objects.filter(pool=pool_id, username='confirmed').update(may_be_in_groups=False)"
    ),
    "an audit row is gone": "AuditEvent.objects.filter(event='AdminCreateUser').delete()",
    "an audit row without its effect": (
        "AuditEvent.objects.filter(event='AdminCreateUser').update(detail={'sub': 'somebody else'})"
    ),
    "an accepted answer without its password": (
        "Attempt.objects.create(pool_id=pool_id, holder=User.objects.get(pool=pool_id, username='invited'), "
        "handle='h', "
        "client=Client.objects.get(pool=pool_id, name='app'), channel='api', flow='f', digest=b'', "
        "proofs=['new_password'], "
        "expires_at=Attempt._meta.get_field('created_at').get_default())"
    ),
    "a group says something else": "Group.objects.filter(pool=pool_id).update(description='')",
    "a client is gone": "Client.objects.filter(pool=pool_id, name='app').delete()",
    "a client has other settings": "Client.objects.filter(pool=pool_id).update(settings={})",
    "a tag nobody acknowledged": "Tag.objects.filter(key='team').update(value='b')",
}


def change_a_little(writer: Callable[[str], Writer], journal: Journal, caller: Caller, ground: Ground) -> None:
    """One user in each state that the checks tell apart, and a tag."""
    for name in ("confirmed", "invited", "pending", "deleted", "careful"):
        journal.know(name, Person(name))
    for change in (
        *(writes.create, writes.take_temporary_password, writes.sign_out),
        *(writes.sign_in_where_tokens_rotate, writes.refresh, writes.sign_in, writes.join_or_leave),
    ):
        change(writer("confirmed"))
    for change in (
        *(writes.create, writes.take_temporary_password, writes.set_up_app),
        *(writes.switch_mfa_on, writes.sign_in_with_a_code),
    ):
        change(writer("careful"))
    writes.create(writer("invited"))
    writes.sign_up(writer("pending"))
    writes.sign_up(writer("deleted"))
    writes.delete_as_operator(writer("deleted"))
    journal.know("team", Thing("tags", "team", subject="team"))
    done = journal["team"].noting("TagResource", "a")
    members = {"ResourceArn": ground.pool_arn, "Tags": {"team": "a"}}
    journal.ask(caller, "team", "TagResource", members, lambda answer: done)


def test_the_check_notices_whatever_is_lost_or_half_written(
    installation: Installation, ground: Ground, journal: Journal, caller: Caller
) -> None:
    server = installation.server
    change_a_little(
        lambda name: Writer(journal, caller, ground, random.Random(1), journal[name]), journal, caller, ground
    )
    assert journal.settle(rows.of(server, ground.pool_id)) == []
    known = dict(journal.states)
    unnoticed = []
    for name, found in zip(SPOILED, rows.spoiled(server, ground.pool_id, list(SPOILED.values())), strict=True):
        journal.states = dict(known)
        if not journal.settle(found):
            unnoticed.append(name)
    assert unnoticed == []


def test_a_request_that_was_cut_off_is_there_wholly_or_not_at_all(
    installation: Installation, ground: Ground, journal: Journal, caller: Caller
) -> None:
    """Both ends are accepted, and nothing between them."""
    server = installation.server
    journal.know("person", Person("person"))
    for change in (writes.create, writes.set_password):
        change(Writer(journal, caller, ground, random.Random(1), journal["person"]))
    before = journal["person"]
    renamed = before.noting("AdminUpdateUserAttributes", attributes={**before.attributes, "nickname": "New"})
    members = {
        "UserPoolId": ground.pool_id,
        "Username": "person",
        "UserAttributes": [{"Name": "nickname", "Value": "New"}],
    }
    journal.ask(caller, "person", "AdminUpdateUserAttributes", members, lambda answer: renamed)
    there = "None"
    nowhere = (
        "AuditEvent.objects.filter(event='AdminUpdateUserAttributes').delete(); user = User.objects.get("
        "pool=pool_id, username='person'); del user.attributes['nickname']; user.save()"
    )
    without_audit = "AuditEvent.objects.filter(event='AdminUpdateUserAttributes').delete()"
    without_effect = nowhere.partition(";")[2].strip()
    states = []
    for found in rows.spoiled(server, ground.pool_id, [there, nowhere, without_audit, without_effect]):
        journal.states["person"] = [before, renamed]
        states.append(journal["person"] if not journal.settle(found) else "half written")
    assert states == [renamed, before, "half written", "half written"]
