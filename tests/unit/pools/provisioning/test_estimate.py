"""EstimatedNumberOfUsers: exact while it is small, near enough above, the same when nothing changes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from identity import ids
from pools.models import Pool, User
from pools.provisioning import estimate

pytestmark = pytest.mark.django_db
TOLERANCE = 0.15


@pytest.fixture
def pool() -> Pool:
    return Pool.objects.create(id=ids.pool_id("eu-west-1"), name="counted", region="eu-west-1")


@pytest.fixture
def other() -> Pool:
    return Pool.objects.create(id=ids.pool_id("eu-west-1"), name="among the same ids", region="eu-west-1")


def fill(pools: Iterable[Pool]) -> None:
    """A user in each of the pools, in this order."""
    User.objects.bulk_create(
        [User(pool=each, sub=ids.sub(), username=f"user-{number}") for number, each in enumerate(pools)],
        batch_size=1000,
    )


@pytest.mark.parametrize("count", [0, 1, 7, 998, 999])
def test_few_users_are_counted(pool: Pool, other: Pool, count: int) -> None:
    fill([other] * 100 + [pool, other] * count + [other] * 100)
    assert estimate.users(pool) == count


@pytest.mark.parametrize(
    "is_ours",
    [
        pytest.param(lambda number: True, id="alone"),
        pytest.param(lambda number: number % 2 == 0, id="every other id"),
        pytest.param(lambda number: number % 10 == 3, id="every tenth id"),
        pytest.param(lambda number: number * 7919 % 1009 < 300, id="three of ten, irregularly"),
        pytest.param(lambda number: number * 7919 % 1009 < 90, id="one of eleven, irregularly"),
        pytest.param(lambda number: number % 200 < 100, id="by hundreds, as two imports at once"),
        pytest.param(lambda number: number % 6_000 < 700, id="a few blocks far apart"),
        pytest.param(lambda number: number < 1_500 or number > 10_500, id="the first and the last"),
    ],
)
def test_many_users_are_estimated(pool: Pool, other: Pool, is_ours: Callable[[int], bool]) -> None:
    fill(pool if is_ours(number) else other for number in range(12_000))
    count = sum(is_ours(number) for number in range(12_000))
    assert estimate.users(pool) == pytest.approx(count, rel=TOLERANCE)


def test_deleted_users_do_not_count(pool: Pool) -> None:
    fill([pool] * 9_000)
    gone = itertools.islice(User.objects.filter(pool=pool).order_by("id").values_list("pk", flat=True), 0, None, 3)
    User.objects.filter(pk__in=list(gone)).delete()
    assert estimate.users(pool) == pytest.approx(6_000, rel=TOLERANCE)


def test_an_estimate_is_never_below_a_thousand_and_stays_the_same(pool: Pool, other: Pool) -> None:
    fill(pool if number % 4 == 0 else other for number in range(4_004))
    found = {estimate.users(pool) for _ in range(3)}
    assert len(found) == 1
    assert found.pop() >= 1000


def test_an_estimate_costs_the_same_whatever_the_number(
    pool: Pool, other: Pool, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fill(pool if number % 12 == 0 else other for number in range(12_000))
    with django_assert_max_num_queries(3 + 2 * 16):
        estimate.users(pool)
