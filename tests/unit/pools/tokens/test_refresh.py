"""Refresh tokens in their rows: what an exchange reads and writes, and who is the first of two."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from identity import clock, ids
from identity.errors import NotAuthorized, RefreshTokenReuse
from identity.keys import rotation, signing
from pools.config import client as client_config
from pools.config import pool as pool_config
from pools.config.schema import Schema
from pools.models import Client, Pool, RefreshToken, Session, User
from pools.models.user import UserStatus
from pools.tokens import refresh, revoke
from pools.tokens.issue import digest
from pools.triggers.origin import Origin

pytestmark = pytest.mark.django_db

FIRST = "first"
POOL = "us-east-1_refreshed"
ROTATION = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}


@pytest.fixture(autouse=True)
def real_time() -> Iterator[None]:
    yield
    clock.reset()


def configured(client: Client, **members: Any) -> Client:
    client.settings = client_config.stored(
        members, pool_id=client.pool.id, schema=Schema.of(client.pool), tier="ESSENTIALS", has_secret=False
    )
    return client


@pytest.fixture
def client() -> Client:
    """A client that does not rotate, and one session of one user at it."""
    pool = Pool.objects.create(id=POOL, name="pool", region="us-east-1", settings=pool_config.created({}))
    if not signing.keys_of(pool.id, pool.revision).signers:  # then they stay in the cache, for all tests
        rotation.assign(pool.id)
        signing.keys_of(pool.id, pool.revision)
    made = configured(Client(pool=pool, client_id=ids.client_id(), name="client"))
    made.save()
    user = User.objects.create(pool=pool, sub=ids.sub(), username="bob", status=UserStatus.CONFIRMED)
    now = clock.now()
    Session.objects.create(
        pool=pool,
        user=user,
        client=made,
        scope="s",
        refresh_digest=digest(FIRST),
        authenticated_at=now,
        expires_at=now + timedelta(days=1),
    )
    return made


def rows() -> list[bool]:
    """Spent or not, in the order of their birth."""
    return [token.spent_at is not None for token in RefreshToken.objects.order_by("pk")]


def successor_of(client: Client, token: str) -> str:
    successor = refresh.renew(client, token, Origin()).refresh_token
    assert successor is not None
    return successor


def test_without_rotation_an_exchange_is_one_statement_and_leaves_nothing(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        refresh.open_session(client, FIRST)
    with django_assert_num_queries(1):
        assert refresh.renew(client, FIRST, Origin()).refresh_token is None
    assert rows() == []


def test_the_first_exchange_leaves_two_rows_and_each_later_one_more(client: Client) -> None:
    configured(client, RefreshTokenRotation=ROTATION)
    second = successor_of(client, FIRST)
    assert rows() == [True, False]
    successor_of(client, second)
    assert rows() == [True, True, False]


def test_tokens_are_kept_as_hashes(client: Client) -> None:
    configured(client, RefreshTokenRotation=ROTATION)
    second = successor_of(client, FIRST)
    assert [bytes(token.digest) for token in RefreshToken.objects.order_by("pk")] == [digest(FIRST), digest(second)]


def test_grace_adds_successors_and_moves_no_time(client: Client) -> None:
    configured(client, RefreshTokenRotation=ROTATION)
    successor_of(client, FIRST)
    spent_at = RefreshToken.objects.get(digest=digest(FIRST)).spent_at
    clock.advance(9)
    successor_of(client, FIRST)
    assert rows() == [True, False, False]
    assert RefreshToken.objects.get(digest=digest(FIRST)).spent_at == spent_at


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("grace", [0, 10])
def test_who_finds_the_token_spent_by_another_is_answered_as_if_later(
    client: Client, monkeypatch: pytest.MonkeyPatch, is_first: bool, grace: int
) -> None:
    configured(client, RefreshTokenRotation={**ROTATION, "RetryGracePeriodSeconds": grace})
    token = FIRST if is_first else successor_of(client, FIRST)
    read_before = refresh._find(digest(token))
    winner = successor_of(client, token)
    finds = iter([read_before])
    find = refresh._find
    monkeypatch.setattr(refresh, "_find", lambda given: next(finds, None) or find(given))
    if grace:
        assert successor_of(client, token) != winner
    else:
        with pytest.raises(RefreshTokenReuse):
            refresh.renew(client, token, Origin())
        assert Session.objects.get().revoked_at is not None


def test_session_that_goes_meanwhile_is_none(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(client, RefreshTokenRotation=ROTATION)
    token = successor_of(client, FIRST)
    finds = iter([refresh._find(digest(token))])
    find = refresh._find
    monkeypatch.setattr(refresh, "_find", lambda given: next(finds, None) or find(given))
    Session.objects.all().delete()
    with pytest.raises(NotAuthorized, match="Invalid Refresh Token"):
        refresh.renew(client, token, Origin())
    assert rows() == []


def test_no_grace_is_none_whatever_the_clock_says(client: Client) -> None:
    configured(client, RefreshTokenRotation={"Feature": "ENABLED"})
    successor_of(client, FIRST)
    RefreshToken.objects.filter(digest=digest(FIRST)).update(spent_at=clock.now() + timedelta(seconds=5))
    with pytest.raises(RefreshTokenReuse):
        refresh.renew(client, FIRST, Origin())


def test_tokens_go_with_their_session(client: Client) -> None:
    configured(client, RefreshTokenRotation=ROTATION)
    successor_of(client, successor_of(client, FIRST))
    Session.objects.all().delete()
    assert rows() == []


def test_family_is_revoked_once(client: Client) -> None:
    session = Session.objects.get()
    revoke.family(session)
    revoked_at = Session.objects.get().revoked_at
    clock.advance(3600)
    revoke.family(session)
    assert revoked_at is not None
    assert Session.objects.get().revoked_at == revoked_at
