"""What a sign-in still lacks, as a table of (status, flow, channel, proofs). Nothing here reads the database."""

from __future__ import annotations

import itertools

import pytest

from pools.config import pool as pool_config
from pools.models import Attempt, Pool, User
from pools.models.user import UserStatus
from pools.signin import order
from pools.signin.challenges.new_password import NewPassword

FLOWS = ["USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"]


def missing(status: str, proofs: list[str], flow: str = "USER_PASSWORD_AUTH", channel: str = "api") -> str | None:
    """The AWS name of the next challenge."""
    attempt = Attempt(flow=flow, channel=channel, proofs=proofs, data={"first": "PASSWORD"})
    attempt.user = User(status=status, pool=Pool(settings=pool_config.created({})))
    challenge = order.next_challenge(attempt)
    return None if challenge is None else challenge.name


@pytest.mark.parametrize(
    ("status", "proofs", "challenge"),
    [
        (UserStatus.CONFIRMED, ["password"], None),
        (UserStatus.FORCE_CHANGE_PASSWORD, ["password"], "NEW_PASSWORD_REQUIRED"),
        (UserStatus.CONFIRMED, ["password", "new_password"], None),
    ],
)
def test_next_challenge(status: UserStatus, proofs: list[str], challenge: str | None) -> None:
    assert missing(status, proofs) == challenge


@pytest.mark.parametrize("status", list(UserStatus))
def test_a_new_password_is_asked_of_temporary_ones_alone(status: UserStatus) -> None:
    wanted = "NEW_PASSWORD_REQUIRED" if status == UserStatus.FORCE_CHANGE_PASSWORD else None
    assert missing(status, ["password"]) == wanted


@pytest.mark.parametrize(("flow", "channel"), list(itertools.product(FLOWS, Attempt.Channel)))
@pytest.mark.parametrize("status", [UserStatus.CONFIRMED, UserStatus.FORCE_CHANGE_PASSWORD])
def test_flow_and_channel_do_not_change_the_order(status: UserStatus, flow: str, channel: str) -> None:
    assert missing(status, ["password"], flow, channel) == missing(status, ["password"])


def test_a_proof_alone_does_not_lift_a_temporary_password() -> None:
    """What counts is that the user has set one, not that an attempt says so."""
    assert missing(UserStatus.FORCE_CHANGE_PASSWORD, ["password", "new_password"]) == "NEW_PASSWORD_REQUIRED"


def test_the_challenge_is_known_by_its_aws_name() -> None:
    assert NewPassword.name == "NEW_PASSWORD_REQUIRED"
