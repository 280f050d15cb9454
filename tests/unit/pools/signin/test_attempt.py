"""The sign-in machine below the wire: what its row holds, and that a refused answer leaves the row as it was."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from identity import clock, ids
from identity.access.actor import Actor, Kind
from identity.errors import (
    SESSION_EXPIRED,
    SESSION_INVALID,
    SESSION_USED,
    InvalidPassword,
    NotAuthorized,
    ServiceError,
)
from identity.models import AuditEvent
from pools.accounts import passwords, sign_up
from pools.config import client as client_config
from pools.config import pool as pool_config
from pools.config.schema import Schema
from pools.models import Attempt, Client, Credential, Pool, User
from pools.models.user import UserStatus
from pools.signin import attempt
from pools.signin import session as session_of
from pools.signin.attempt import Challenged
from pools.signin.finish import SignedIn
from pools.signin.flows import Channel

pytestmark = pytest.mark.django_db

APP = Actor(Kind.ANONYMOUS, "InitiateAuth", clock.now(), "request", "127.0.0.1")
OPERATOR = Actor(Kind.OPERATOR, "AdminRespondToAuthChallenge", clock.now(), "request", "127.0.0.1", arn="arn")
TEMPORARY, PERMANENT = "Correct-Horse-1", "Another-Horse-2"
CHALLENGE = "NEW_PASSWORD_REQUIRED"


@pytest.fixture(autouse=True)
def real_time() -> Iterator[None]:
    yield
    clock.reset()


@pytest.fixture
def client() -> Client:
    pool = Pool.objects.create(
        id=ids.pool_id("us-east-1"), name="pool", region="us-east-1", settings=pool_config.created({})
    )
    members = {"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"]}
    settings = client_config.stored(
        members, pool_id=pool.id, schema=Schema.of(pool), tier="ESSENTIALS", has_secret=False
    )
    made: Client = Client.objects.create(pool=pool, client_id=ids.client_id(), name="client", settings=settings)
    return made


@pytest.fixture
def invited(client: Client) -> User:
    user = sign_up.new_user(client.pool, "bob", {}, UserStatus.FORCE_CHANGE_PASSWORD)
    sign_up.save_new(user, passwords.derive(user, TEMPORARY), temporary=True)
    return user


def begin(client: Client) -> Challenged:
    parameters = {"USERNAME": "bob", "PASSWORD": TEMPORARY}
    outcome = attempt.begin(client, "USER_PASSWORD_AUTH", parameters, channel=Channel.API, by=APP)
    assert isinstance(outcome, Challenged)
    return outcome


def answer(client: Client, session: str, password: str = PERMANENT, by: Actor = APP) -> SignedIn | Challenged:
    answers = {"USERNAME": "bob", "NEW_PASSWORD": password}
    return attempt.answer(client, CHALLENGE, session, "bob", answers, channel=Channel.API, by=by)


class Cut(Exception):
    """The process ended here."""


def cut_at_the_audit_row(execute: Any, sql: str, *rest: Any) -> Any:
    if sql.startswith('INSERT INTO "identity_auditevent"'):
        raise Cut
    return execute(sql, *rest)


def row() -> dict[str, object]:
    return Attempt.objects.values().get()


def test_a_sign_in_that_is_finished_at_once_leaves_no_row(client: Client, invited: User) -> None:
    User.objects.update(status=UserStatus.CONFIRMED)
    parameters = {"USERNAME": "bob", "PASSWORD": TEMPORARY}
    outcome = attempt.begin(client, "USER_PASSWORD_AUTH", parameters, channel=Channel.API, by=APP)
    assert isinstance(outcome, SignedIn)
    assert (outcome.user, outcome.client) == (invited, client)
    assert not Attempt.objects.exists()


def test_the_session_is_kept_as_a_hash(client: Client, invited: User) -> None:
    session = begin(client).session
    kept = Attempt.objects.get()
    assert bytes(kept.digest) == hashlib.sha256(session.encode()).digest()
    assert session.startswith(kept.handle)
    secret = session.removeprefix(f"{kept.handle}.")
    assert len(secret) >= 64
    assert secret not in str(row())


def test_passwords_are_not_in_the_row(client: Client, invited: User) -> None:
    session = begin(client).session
    answer(client, session)
    assert TEMPORARY not in str(row())
    assert PERMANENT not in str(row())


def test_an_accepted_answer_takes_a_step_and_uses_the_session_up(client: Client, invited: User) -> None:
    session = begin(client).session
    outcome = answer(client, session)
    assert isinstance(outcome, SignedIn)
    assert outcome.user.status == UserStatus.CONFIRMED
    kept = Attempt.objects.get()
    assert (kept.step, bytes(kept.digest), kept.proofs) == (1, b"", ["password", "new_password"])
    assert kept.spent == [hashlib.sha256(session.encode()).hexdigest()]


def test_a_refused_answer_changes_nothing(client: Client, invited: User) -> None:
    session = begin(client).session
    before = (row(), User.objects.values().get(), Credential.objects.values().get())
    with pytest.raises(InvalidPassword):
        answer(client, session, "short")
    assert (row(), User.objects.values().get(), Credential.objects.values().get()) == before


def test_an_effect_that_fails_takes_the_step_back(client: Client, invited: User) -> None:
    """The password that began the sign-in is no longer the user's: nothing is written, not even the step."""
    session = begin(client).session
    user = User.objects.select_related("pool").get()
    passwords.store(user, passwords.derive(user, "Third-Horse-33"), temporary=True)
    before = (row(), User.objects.values().get(), Credential.objects.values().get())
    with pytest.raises(NotAuthorized, match=SESSION_INVALID):
        answer(client, session)
    assert (row(), User.objects.values().get(), Credential.objects.values().get()) == before


def test_an_operators_answer_and_its_audit_row_are_one_write(client: Client, invited: User) -> None:
    session = begin(client).session
    before = (row(), User.objects.values().get(), Credential.objects.values().get())
    with connection.execute_wrapper(cut_at_the_audit_row), pytest.raises(Cut):
        answer(client, session, by=OPERATOR)
    assert (row(), User.objects.values().get(), Credential.objects.values().get()) == before
    answer(client, session, by=OPERATOR)
    (event,) = AuditEvent.objects.all()
    assert event.event == OPERATOR.event
    assert event.detail == {"sub": invited.sub, "client_id": client.client_id, "answered": CHALLENGE}


def test_an_operators_challenge_and_its_audit_row_are_one_write(client: Client, invited: User) -> None:
    parameters = {"USERNAME": "bob", "PASSWORD": TEMPORARY}
    with connection.execute_wrapper(cut_at_the_audit_row), pytest.raises(Cut):
        attempt.begin(client, "ADMIN_NO_SRP_AUTH", parameters, channel=Channel.ADMIN, by=OPERATOR)
    assert not Attempt.objects.exists()
    attempt.begin(client, "ADMIN_NO_SRP_AUTH", parameters, channel=Channel.ADMIN, by=OPERATOR)
    (event,) = AuditEvent.objects.all()
    assert event.detail == {"sub": invited.sub, "client_id": client.client_id, "challenge": CHALLENGE}


def test_an_answer_to_a_step_that_was_taken_meanwhile_is_refused(client: Client, invited: User) -> None:
    session = begin(client).session
    Attempt.objects.update(step=7)  # the row as it was read stays behind
    late = Attempt.objects.get()
    late.step = 0
    with pytest.raises(NotAuthorized, match=SESSION_USED):
        session_of.use(late)
    assert Attempt.objects.get().step == 7
    assert isinstance(answer(client, session), SignedIn)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda session: session + "x", SESSION_INVALID),
        (lambda session: session[:-1], SESSION_INVALID),
        (lambda session: session.partition(".")[0], SESSION_INVALID),
        (lambda session: "." + session.partition(".")[2], SESSION_INVALID),
        (lambda session: session.swapcase(), SESSION_INVALID),
        (lambda session: "", SESSION_INVALID),
    ],
)
def test_another_string_is_not_the_session(
    client: Client, invited: User, spoil: Callable[[str], str], message: str
) -> None:
    session = begin(client).session
    with pytest.raises(NotAuthorized) as refusal:
        answer(client, spoil(session))
    assert refusal.value.message == message


def test_a_session_ends_to_the_second(client: Client, invited: User) -> None:
    session = begin(client).session
    kept = Attempt.objects.get()
    assert timedelta(minutes=3) - timedelta(seconds=30) < kept.expires_at - clock.now() <= timedelta(minutes=3)
    clock.advance(180)
    with pytest.raises(NotAuthorized) as refusal:
        answer(client, session)
    assert refusal.value.message == SESSION_EXPIRED


@pytest.mark.parametrize("challenge", ["SMS_MFA", "NEW_PASSWORD_REQUIRED"])
def test_a_session_of_one_channel_is_none_of_another(client: Client, invited: User, challenge: str) -> None:
    session = begin(client).session
    with pytest.raises(ServiceError) as refusal:
        attempt.answer(client, challenge, session, "bob", {"NEW_PASSWORD": PERMANENT}, channel=Channel.ADMIN, by=APP)
    assert refusal.value.message == SESSION_INVALID
