"""Two users who take names from each other at the same moment, at the very point where they would wait in a circle."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import connection, transaction

from identity import ids
from identity.access.actor import Actor, Kind
from identity.clock import now
from identity.errors import UserNotFound
from pools.accounts import administer, attributes, profile, rivals, verification
from pools.config import pool as pool_config
from pools.models import Code, Pool, SignInName, User
from pools.triggers.origin import Origin

pytestmark = pytest.mark.django_db(transaction=True)

OPERATOR = Actor(Kind.OPERATOR, "AdminCreateUser", now(), "request", "127.0.0.1", arn="arn")
EMAIL, PHONE = "ada@example.com", "+4915112349934"

has_row_locks = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")


@pytest.fixture
def pool() -> Pool:
    settings = pool_config.created({"AliasAttributes": ["email", "phone_number", "preferred_username"]})
    return Pool.objects.create(id=ids.pool_id("us-east-1"), name="pool", region="us-east-1", settings=settings)


def _user(pool: Pool, username: str, **given: str) -> User:
    return administer.create_user(
        pool,
        username=username,
        attributes=given,
        temporary_password="Correct-Horse-1",
        channels=None,
        suppress_message=True,
        force_alias=False,
        origin=Origin(),
        by=OPERATOR,
    )


def _code(user: User, attribute: str) -> str:
    return verification.renew(user, Code.Kind(attribute), attribute)


def _holder(kind: str) -> str:
    return SignInName.objects.select_related("user").get(kind=kind).user.username


@has_row_locks
@pytest.mark.parametrize("forced_creation", [False, True])
def test_takers_wait_in_line(pool: Pool, monkeypatch: pytest.MonkeyPatch, forced_creation: bool) -> None:
    """Both have locked what they lock, and neither has written a name: were that possible, they would now deadlock."""
    one = _user(pool, "one", email=EMAIL, email_verified="true", phone_number=PHONE)
    other = _user(pool, "other", email=EMAIL, phone_number=PHONE, phone_number_verified="true")
    barrier = Barrier(2)
    claim = attributes.claim_names

    def claim_when_both_are_here(user: User, *, force: bool = False) -> None:
        with contextlib.suppress(BrokenBarrierError):  # the other one waits, as it should
            barrier.wait(timeout=1)
        claim(user, force=force)

    def verify(user: User, attribute: str, code: str) -> None:
        try:
            profile.verify(user, attribute, code)
        finally:
            connection.close()

    def create() -> None:
        both = {"email": EMAIL, "email_verified": "true", "phone_number": PHONE, "phone_number_verified": "true"}
        try:
            administer.create_user(
                pool,
                username="third",
                attributes=both,
                temporary_password="Correct-Horse-1",
                channels=None,
                suppress_message=True,
                force_alias=True,
                origin=Origin(),
                by=OPERATOR,
            )
        finally:
            connection.close()

    codes = _code(one, "phone_number"), _code(other, "email")
    monkeypatch.setattr(attributes, "claim_names", claim_when_both_are_here)
    with ThreadPoolExecutor(2) as threads:
        tasks = [threads.submit(verify, one, "phone_number", codes[0])]
        tasks.append(threads.submit(create) if forced_creation else threads.submit(verify, other, "email", codes[1]))
        for task in tasks:
            task.result()
    for user in User.objects.filter(pool=pool):
        held = set(SignInName.objects.filter(user=user).values_list("kind", flat=True))
        for kind in ("email", "phone_number"):
            assert (user.attributes.get(f"{kind}_verified") == "true") == (kind in held)
    if not forced_creation:
        assert (_holder("email"), _holder("phone_number")) == ("other", "one")


def test_rows_of_rivals_are_locked_with_ones_own(
    pool: Pool, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_email = _user(pool, "one", email=EMAIL, email_verified="true")
    of_name = _user(pool, "two", preferred_username="ada")
    _user(pool, "three", phone_number=PHONE)
    user = _user(pool, "four")
    locked: list[set[int]] = []
    lock = rivals._lock
    monkeypatch.setattr(rivals, "_lock", lambda keys: locked.append(set(keys)) or lock(keys))
    with transaction.atomic():
        fresh = rivals.locked(user, {"email": EMAIL, "preferred_username": "ada", "phone_number": PHONE, "name": "x"})
        rivals.locked(user, {"name": "ada", "email": "other@example.com"})
        rivals.lock(User(pool=pool, attributes={"preferred_username": "one", "email": EMAIL}))
        with django_assert_num_queries(0):
            rivals.lock(User(pool=pool, attributes={"name": "x"}))
    assert fresh == user
    assert fresh.pool is user.pool
    assert locked == [{user.pk, of_email.pk, of_name.pk}, {user.pk}, {of_email.pk}, set()]


def test_user_who_is_gone_is_not_locked(pool: Pool) -> None:
    _user(pool, "one", email=EMAIL, email_verified="true")
    gone = _user(pool, "two")
    User.objects.filter(pk=gone.pk).delete()
    with transaction.atomic(), pytest.raises(UserNotFound):
        rivals.locked(gone, {"email": EMAIL})
