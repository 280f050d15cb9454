"""Sessions of every challenge: used once, by whom they were given to, for what they wait for, in time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import factories
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.mailbox import Mailbox
from tests.support.waiting import MAKERS, Ground, waiting
from tests.support.walk import Walk, make_client

INVALID = "Invalid session for the user."
USED = "Invalid session for the user, session can only be used once."
EXPIRED = "Invalid session for the user, session is expired."
ANY_ANSWER = {
    "ANSWER": "PASSWORD",
    "PASSWORD": factories.PASSWORD,
    "SRP_A": "2",
    "PASSWORD_CLAIM_SIGNATURE": "eA==",
    "PASSWORD_CLAIM_SECRET_BLOCK": "eA==",
    "TIMESTAMP": "Tue Apr 7 09:05:03 UTC 2026",
    "EMAIL_OTP_CODE": "12345678",
    "SMS_OTP_CODE": "12345678",
    "NEW_PASSWORD": "Another-Horse-2",
    "SMS_MFA_CODE": "123456",
    "SOFTWARE_TOKEN_MFA_CODE": "123456",
}
CHALLENGES = sorted({kind.split()[0] for kind in MAKERS})

every_kind = pytest.mark.parametrize("kind", MAKERS)


@pytest.fixture(scope="module")
def ground(idp: Any, public: Any, mailbox: Mailbox) -> Ground:
    return Ground(idp, public, mailbox)


@every_kind
def test_a_session_is_used_once(ground: Ground, kind: str) -> None:
    held = waiting(ground, kind)
    right, session = held.right(), held.walk.session
    challenge = held.walk.challenge
    held.walk.respond(**right)
    assert held.walk.answer.get("Session") != session
    for answers in (right, ANY_ANSWER):
        with refused("NotAuthorizedException", USED):
            held.walk.respond(challenge, session, **answers)


@every_kind
def test_a_session_is_good_for_its_challenge_alone(ground: Ground, kind: str) -> None:
    held = waiting(ground, kind)
    for challenge in CHALLENGES:
        if challenge != held.walk.challenge:
            with refused("NotAuthorizedException", INVALID):
                held.walk.respond(challenge, **ANY_ANSWER)
    held.walk.respond(**held.right())


@every_kind
def test_a_session_is_good_for_its_client_alone(ground: Ground, idp: Any, kind: str) -> None:
    held = waiting(ground, kind)
    own_pool = ground.pool_of(kind)
    other_pool = ground.optional if own_pool is ground.required else ground.required
    right = held.right()
    for client in (make_client(idp, own_pool), ground.clients[other_pool["Id"]]):
        thief = Walk(held.walk.api, client, held.walk.username)
        thief.answer = held.walk.answer
        with refused("NotAuthorizedException", INVALID):
            thief.respond(**right)
    held.walk.respond(**right)


@every_kind
def test_a_session_is_good_for_its_user_alone(ground: Ground, idp: Any, kind: str) -> None:
    held = waiting(ground, kind)
    right = held.right()
    for name in (factories.make_user(idp, ground.pool_of(kind)), factories.unique("nobody")):
        thief = Walk(held.walk.api, held.walk.client, name)
        thief.answer = held.walk.answer
        with refused("NotAuthorizedException", INVALID):
            thief.respond(**right)
    held.walk.respond(**right)


@every_kind
@pytest.mark.parametrize("is_admin", [False, True], ids=["public", "administrators"])
def test_a_session_is_good_for_its_pair_of_operations_alone(
    ground: Ground, idp: Any, kind: str, is_admin: bool
) -> None:
    held = waiting(ground, kind, is_admin=is_admin)
    right = held.right()
    other = Walk(
        ground.public if is_admin else idp,
        held.walk.client,
        held.walk.username,
        pool=None if is_admin else ground.pool_of(kind),
    )
    other.answer = held.walk.answer
    with refused("NotAuthorizedException", INVALID):
        other.respond(**right)
    held.walk.respond(**right)


@every_kind
def test_a_session_ends_in_time(ground: Ground, clock: Clock, kind: str) -> None:
    held = waiting(ground, kind)
    right = held.right()
    clock.advance(minutes=3)
    with refused("NotAuthorizedException", EXPIRED):
        held.walk.respond(**right)


@every_kind
def test_what_is_no_session_opens_nothing(ground: Ground, kind: str) -> None:
    held = waiting(ground, kind)
    right, session = held.right(), held.walk.session
    handle, _, secret = session.partition(".")
    other = waiting(ground, kind).walk.session
    for spoilt in (
        "x" * 20,
        "." * 20,
        session[:-1],
        f"{session}A",
        session.swapcase(),
        f"{handle}.{'A' * len(secret)}",
        f"{other.partition('.')[0]}.{secret}",
    ):
        with refused("NotAuthorizedException", INVALID):
            held.walk.respond(session=spoilt, **right)
    if kind != "PASSWORD_VERIFIER":  # which goes without one in USER_SRP_AUTH
        with refused("InvalidParameterException", "Missing required parameter Session"):
            held.walk.respond(session="", **right)
    held.walk.respond(**right)


@every_kind
def test_a_session_goes_with_its_user(ground: Ground, idp: Any, kind: str) -> None:
    held = waiting(ground, kind)
    right = held.right()
    idp.admin_delete_user(**held.holder.named)
    with refused("NotAuthorizedException", INVALID):
        held.walk.respond(**right)
    # Nor does it come back to somebody who gets the name.
    factories.make_user(idp, ground.pool_of(kind), held.holder.username)
    with refused("NotAuthorizedException", INVALID):
        held.walk.respond(**right)


@every_kind
def test_a_session_goes_with_its_client(ground: Ground, idp: Any, kind: str) -> None:
    pool = ground.pool_of(kind)
    kept = ground.clients[pool["Id"]]
    try:
        ground.clients[pool["Id"]] = make_client(idp, pool)
        held = waiting(ground, kind)
    finally:
        ground.clients[pool["Id"]] = kept
    right = held.right()
    idp.delete_user_pool_client(UserPoolId=pool["Id"], ClientId=held.walk.client["ClientId"])
    with refused("ResourceNotFoundException"):
        held.walk.respond(**right)
    thief = Walk(held.walk.api, kept, held.walk.username)
    thief.answer = held.walk.answer
    with refused("NotAuthorizedException", INVALID):
        thief.respond(**right)


@every_kind
def test_a_user_is_known_by_any_of_their_names(ground: Ground, kind: str) -> None:
    held = waiting(ground, kind)
    held.walk.username = held.holder.shown["sub"]
    if kind == "PASSWORD_SRP":
        held.walk.srp_a(ground.optional)
    held.walk.respond(**held.right())


@pytest.mark.parametrize("kind", ["SMS_MFA", "SELECT_CHALLENGE", "PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED"])
def test_sessions_of_other_challenges_set_no_app_up(ground: Ground, kind: str) -> None:
    held = waiting(ground, kind)
    with refused("NotAuthorizedException", INVALID):
        ground.public.associate_software_token(Session=held.walk.session)
    with refused("NotAuthorizedException", INVALID):
        ground.public.verify_software_token(Session=held.walk.session, UserCode="123456")
    held.walk.respond(**held.right())
