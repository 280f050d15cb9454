"""Where a client hides who exists: a sign-in that will fail does as much work for nobody as for any user.

Time itself is not measured here: what takes it is counted, statement by statement and power by power.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from identity import clock, ids
from identity.access.actor import Actor, Kind
from identity.config import config
from identity.errors import CodeMismatch, NotAuthorized
from identity.models import AuditEvent
from pools.accounts import passwords, sign_up
from pools.config import client as client_config
from pools.config import pool as pool_config
from pools.config.schema import Schema
from pools.messages import deliver
from pools.models import Attempt, Client, Credential, Pool, User
from pools.models.user import UserStatus
from pools.signin import attempt, decoy, flows, secret_block
from pools.signin.attempt import Challenged
from pools.signin.flows import Channel
from tests.support import srp

pytestmark = pytest.mark.django_db

PASSWORD, WRONG = "Correct-Horse-1", "Wrong-Password-1"
PUBLIC = Actor(Kind.ANONYMOUS, "InitiateAuth", clock.now(), "request", "127.0.0.1")
OPERATOR = Actor(Kind.OPERATOR, "AdminInitiateAuth", clock.now(), "request", "127.0.0.1", arn="arn")
FLOWS = [
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
]
EXPENSIVE = {"powmod", "powmod_sec", "_power_of_g", "matches", "mac_matches"}
"""Modular powers, password hashes, codes."""


@pytest.fixture(autouse=True)
def real_time() -> Iterator[None]:
    yield
    clock.reset()


@pytest.fixture
def client() -> Client:
    return new_client()


def new_client(**members: Any) -> Client:
    """Of a new pool in which passwords and codes by e-mail begin a sign-in; it hides who exists."""
    factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}}
    made: dict[str, Any] = pool_config.created(members)
    made["Policies"] = {**made["Policies"], **factors}
    pool = Pool.objects.create(id=ids.pool_id("us-east-1"), name="pool", region="us-east-1", settings=made)
    settings = client_config.stored(
        {"ExplicitAuthFlows": FLOWS, "PreventUserExistenceErrors": "ENABLED"},
        pool_id=pool.id,
        schema=Schema.of(pool),
        tier="ESSENTIALS",
        has_secret=False,
    )
    client: Client = Client.objects.create(pool=pool, client_id=ids.client_id(), name="client", settings=settings)
    return client


def set_columns(user: User, **columns: Any) -> None:
    User.objects.filter(pk=user.pk).update(**columns)


def drop_verifier(user: User) -> None:
    Credential.objects.filter(user=user).update(srp_verifier=None)


def drop_password(user: User) -> None:
    Credential.objects.filter(user=user).delete()


KINDS: dict[str, Callable[[User], None]] = {
    "confirmed": lambda user: None,
    "unconfirmed": lambda user: set_columns(user, status=UserStatus.UNCONFIRMED),
    "invited": lambda user: set_columns(user, status=UserStatus.FORCE_CHANGE_PASSWORD),
    "to reset": lambda user: set_columns(user, status=UserStatus.RESET_REQUIRED),
    "external": lambda user: set_columns(user, status=UserStatus.EXTERNAL_PROVIDER),
    "disabled": lambda user: set_columns(user, enabled=False),
    "without verifier": drop_verifier,
    "without password": drop_password,
}
HAVE_PASSWORDS = [kind for kind in KINDS if kind != "without password"]


def make_user(client: Client, name: str, kind: str) -> None:
    addresses = {"email": f"{name}@example.com", "phone_number": "+4915112345678"}
    user = sign_up.new_user(client.pool, name, addresses, UserStatus.CONFIRMED)
    sign_up.save_new(user, passwords.derive(user, PASSWORD))
    KINDS[kind](user)


class Work:
    """What has been done: statements in order, each by its verb and table, and calls of what takes long."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.calls: Counter[str] = Counter()


@contextmanager
def counted(work: Work) -> Iterator[None]:
    def profile(frame: Any, event: str, called: Any) -> None:
        name = frame.f_code.co_name if event == "call" else getattr(called, "__name__", "")
        if event in {"call", "c_call"} and name in EXPENSIVE:
            work.calls[name] += 1

    with CaptureQueriesContext(connection) as captured:
        sys.setprofile(profile)
        try:
            yield
        finally:
            sys.setprofile(None)
    for query in captured.captured_queries:
        words = re.match(
            r"(\w+)(?:.*?(?:FROM|INTO|UPDATE) (\S+))?", query["sql"].replace("UPDATE ", "UPDATE UPDATE ", 1)
        )
        assert words is not None
        work.statements.append(" ".join(filter(None, words.groups())))


Step = Callable[["Walk"], None]


class Walk:
    """One sign-in under a name, request by request."""

    def __init__(self, client: Client, name: str, channel: Channel) -> None:
        self.client, self.name, self.channel = client, name, channel
        self.by = OPERATOR if channel is Channel.ADMIN else PUBLIC
        self.exchange = srp.Exchange(client.pool_id, WRONG, 5)
        self.asked: Challenged | None = None
        self.works: list[Work] = []

    def begin(self, flow: str, **parameters: str) -> None:
        given = {"USERNAME": self.name, **parameters}
        self._do(lambda: attempt.begin(self.client, flow, given, channel=self.channel, by=self.by))

    def answer(self, challenge: str, **answers: str) -> None:
        session = self.asked.session if self.asked else None
        given = {"USERNAME": self.name, **answers}
        self._do(
            lambda: attempt.answer(self.client, challenge, session, self.name, given, channel=self.channel, by=self.by)
        )

    def _do(self, request: Callable[[], Any]) -> None:
        work = Work()
        with counted(work):
            try:
                outcome = request()
            except (NotAuthorized, CodeMismatch) as refusal:
                outcome = refusal
        self.works.append(work)
        if isinstance(outcome, Challenged):
            self.asked = outcome
            work.calls[outcome.name] += 1
        else:
            assert isinstance(outcome, NotAuthorized | CodeMismatch), "a wrong answer has signed in"
            work.calls[outcome.message] += 1


def walk_srp(walk: Walk) -> None:
    walk.begin("USER_SRP_AUTH", SRP_A=walk.exchange.srp_a)
    assert walk.asked is not None
    walk.answer("PASSWORD_VERIFIER", **walk.exchange.answers(walk.asked.parameters))


def walk_password(walk: Walk) -> None:
    flows_of = {Channel.ADMIN: "ADMIN_USER_PASSWORD_AUTH", Channel.API: "USER_PASSWORD_AUTH"}
    walk.begin(flows_of.get(walk.channel, flows.HOSTED), PASSWORD=WRONG)


def walk_preferred_password(walk: Walk) -> None:
    walk.begin("USER_AUTH", PREFERRED_CHALLENGE="PASSWORD", PASSWORD=WRONG)


def walk_chosen_password(walk: Walk) -> None:
    walk.begin("USER_AUTH")
    walk.answer("SELECT_CHALLENGE", ANSWER="PASSWORD", PASSWORD=WRONG)
    walk.answer("SELECT_CHALLENGE", ANSWER="PASSWORD")
    walk.answer("PASSWORD", PASSWORD=WRONG)


def walk_preferred_srp(walk: Walk) -> None:
    walk.begin("USER_AUTH", PREFERRED_CHALLENGE="PASSWORD_SRP", SRP_A=walk.exchange.srp_a)
    assert walk.asked is not None
    walk.answer("PASSWORD_VERIFIER", **walk.exchange.answers(walk.asked.parameters))


def walk_chosen_srp(walk: Walk) -> None:
    walk.begin("USER_AUTH")
    walk.answer("SELECT_CHALLENGE", ANSWER="PASSWORD_SRP")
    walk.answer("PASSWORD_SRP", SRP_A=walk.exchange.srp_a)
    assert walk.asked is not None
    walk.answer("PASSWORD_VERIFIER", **walk.exchange.answers(walk.asked.parameters))


def walk_email_code(walk: Walk) -> None:
    walk.begin("USER_AUTH", PREFERRED_CHALLENGE="EMAIL_OTP")
    walk.answer("EMAIL_OTP", EMAIL_OTP_CODE="00000000")


def walk_chosen_text_code(walk: Walk) -> None:
    walk.begin("USER_AUTH")
    walk.answer("SELECT_CHALLENGE", ANSWER="SMS_OTP")
    walk.answer("SMS_OTP", SMS_OTP_CODE="00000000")


CODES = [walk_email_code, walk_chosen_text_code]
WALKS = [walk_srp, walk_password]
CHANNELS = [(walk, channel) for walk in WALKS for channel in Channel if (walk, channel) != (walk_srp, Channel.HOSTED)]
"""A page has no SRP."""
CHOICES = [walk_preferred_password, walk_chosen_password, walk_preferred_srp, walk_chosen_srp]


def works(client: Client, name: str, walk: Step, channel: Channel, times: int = 1) -> list[Work]:
    walked = Walk(client, name, channel)
    for _ in range(times):
        walked.asked = None
        walk(walked)
    return walked.works


def check_alike(client: Client, kind: str, walk: Step, channel: Channel, times: int = 1) -> None:
    works(client, "warming", walk, channel)  # what is compiled and cached at first use
    make_user(client, "somebody", kind)
    of_user = works(client, "somebody", walk, channel, times)
    of_nobody = works(client, "nobody00", walk, channel, times)
    assert [work.statements for work in of_user] == [work.statements for work in of_nobody]
    assert [work.calls for work in of_user] == [work.calls for work in of_nobody]
    assert sum(sum(work.calls.values()) for work in of_user) > len(of_user), "nothing has been counted"


@pytest.mark.parametrize(("walk", "channel"), CHANNELS)
@pytest.mark.parametrize("kind", KINDS)
def test_nobody_takes_as_much_work_as_a_user(client: Client, kind: str, walk: Step, channel: Channel) -> None:
    check_alike(client, kind, walk, channel)


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("walk", CHOICES)
@pytest.mark.parametrize("kind", HAVE_PASSWORDS)
def test_nobodys_choice_takes_as_much_work_as_a_users(client: Client, kind: str, walk: Step, channel: Channel) -> None:
    check_alike(client, kind, walk, channel)


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("walk", CODES)
@pytest.mark.parametrize("kind", ["confirmed", "unconfirmed", "disabled", "without verifier"])
def test_nobodys_code_takes_as_much_work_as_a_users(
    monkeypatch: pytest.MonkeyPatch, kind: str, walk: Step, channel: Channel
) -> None:
    """Messages wait for a worker, as outside development. Where sign-up verifies both addresses, decoys have both."""
    carriers = {"email_url": "smtp://127.0.0.1:1", "sms_url": "http://127.0.0.1:1"}
    monkeypatch.setattr(deliver, "config", replace(config, **carriers))
    client = new_client(AutoVerifiedAttributes=["email", "phone_number"])
    check_alike(client, kind, walk, channel)


@pytest.mark.parametrize("walk", [*WALKS, walk_preferred_srp])
def test_many_failures_in_a_row_take_as_much_work(client: Client, walk: Step) -> None:
    """Up to the lock, and beyond it."""
    check_alike(client, "confirmed", walk, Channel.API, times=7)


def test_an_srp_sign_in_takes_the_powers_that_it_needs(client: Client) -> None:
    make_user(client, "somebody", "confirmed")
    first, second = works(client, "somebody", walk_srp, Channel.API)
    assert first.calls == {"_power_of_g": 1, "PASSWORD_VERIFIER": 1}
    assert second.calls == {"powmod": 1, "powmod_sec": 1, "Incorrect username or password.": 1}


# What a block and a challenge show


@pytest.mark.parametrize("handle", ["", "h" * 22])
def test_a_block_is_as_long_for_nobody_as_for_any_user(client: Client, handle: str) -> None:
    lengths = set()
    for key in (None, 1, 9, 10, 99_999, 2**31, 2**63 - 1):
        begun = Attempt(pool=client.pool, client=client, channel="api", flow="USER_SRP_AUTH", name="ada")
        begun.handle = handle
        begun.user = User(pk=key, pool=client.pool, username="ada")
        for _ in range(10):
            lengths.add(len(secret_block.seal(begun, "ab" * 384, "cd" * 384, b"\0" * 32)))
    assert len(lengths) == 1


def test_a_block_tells_nothing_of_what_it_holds(client: Client) -> None:
    make_user(client, "somebody", "confirmed")
    walk = Walk(client, "somebody", Channel.API)
    walk_srp(walk)
    assert walk.asked is not None
    block = secret_block.raw(walk.asked.parameters["SECRET_BLOCK"])
    assert b"somebody" not in block
    assert client.pool_id.encode() not in block


# Decoys


def test_a_decoy_is_the_same_each_time_and_another_in_each_pool(client: Client) -> None:
    one, again = decoy.of(client.pool, "nobody"), decoy.of(client.pool, "nobody")
    assert (one.sub, one.username, one.attributes) == (again.sub, again.username, again.attributes)
    assert one.sub != decoy.of(client.pool, "nobody2").sub
    assert one.sub != decoy.of(new_client().pool, "nobody").sub


def test_a_decoy_has_the_form_of_a_user(client: Client) -> None:
    real = sign_up.new_user(client.pool, "Ada", {}, UserStatus.CONFIRMED)
    made_up = decoy.of(client.pool, "Ada")
    assert made_up.username == real.username
    assert [len(part) for part in made_up.sub.split("-")] == [len(part) for part in real.sub.split("-")]


def test_where_case_does_not_count_all_spellings_are_one_decoy() -> None:
    pool = new_client(UsernameConfiguration={"CaseSensitive": False}).pool
    spellings = [decoy.of(pool, name) for name in ("nobody", "Nobody", "NOBODY")]
    assert {(each.sub, each.username, str(each.attributes)) for each in spellings} == {
        (spellings[0].sub, "nobody", str(spellings[0].attributes))
    }


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"UsernameAttributes": ["email"]}, "nobody@example.com"),
        ({"UsernameAttributes": ["phone_number"]}, "+4915112345678"),
        ({"AliasAttributes": ["email"]}, "nobody@example.com"),
        ({"AliasAttributes": ["phone_number"]}, "+4915112345678"),
    ],
)
def test_an_address_is_not_a_decoys_user_name(members: dict[str, Any], name: str) -> None:
    made_up = decoy.of(new_client(**members).pool, name)
    assert made_up.username == made_up.sub


def test_an_address_that_signs_nobody_in_is_a_user_name_like_others() -> None:
    assert decoy.of(new_client().pool, "nobody@example.com").username == "nobody@example.com"


def test_decoys_have_the_addresses_that_their_pools_users_have() -> None:
    """What the name is and what sign-up verifies is always there; the rest some have, and some do not."""
    by_email = new_client(UsernameAttributes=["email"], AutoVerifiedAttributes=["email"]).pool
    attributes = [decoy.of(by_email, f"nobody{number}@example.com").attributes for number in range(64)]
    assert all("email" in each for each in attributes)
    assert 8 < sum("phone_number" in each for each in attributes) < 56
    plain = [decoy.of(new_client().pool, f"nobody{number}").attributes for number in range(64)]
    assert 8 < sum("email" in each for each in plain) < 56


def test_operators_trail_names_nobody_for_a_decoy(client: Client) -> None:
    for walk in (walk_srp, walk_chosen_password):
        works(client, "nobody", walk, Channel.ADMIN)
    assert {event.detail["sub"] for event in AuditEvent.objects.all()} == {None}
    make_user(client, "somebody", "confirmed")
    works(client, "somebody", walk_srp, Channel.ADMIN)
    newest = AuditEvent.objects.order_by("pk").last()
    assert newest is not None
    assert newest.detail["sub"] == User.objects.get().sub
