"""Groups in tokens: their order, their roles, the preferred one, and what reading them costs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from identity import ids
from pools.models import Group, Membership, Pool, User
from pools.models.user import UserStatus
from pools.tokens.groups import Groups

A, B = "arn:aws:iam::000000000000:role/a", "arn:aws:iam::000000000000:role/b"


@pytest.mark.parametrize(
    ("rows", "names", "roles", "preferred"),
    [
        ([], (), (), None),
        ([(None, "g", "")], ("g",), (), None),
        ([(3, "g", A)], ("g",), (A,), A),
        ([(None, "g", A)], ("g",), (A,), A),
        # the lowest number wins, zero is a number, none is the lowest rank
        ([(2, "y", B), (1, "z", A)], ("z", "y"), (A, B), A),
        ([(None, "a", B), (2_000_000_000, "z", A)], ("z", "a"), (A, B), A),
        ([(1, "a", B), (0, "z", A)], ("z", "a"), (A, B), A),
        # ties
        ([(1, "y", A), (1, "x", A)], ("x", "y"), (A,), A),
        ([(1, "y", A), (1, "x", B)], ("x", "y"), (B, A), None),
        ([(1, "y", A), (1, "x", B), (2, "w", A)], ("x", "y", "w"), (B, A), None),
        ([(None, "y", A), (None, "x", B)], ("x", "y"), (B, A), None),
        ([(None, "y", A), (None, "x", A)], ("x", "y"), (A,), A),
        ([(1, "x", A), (2, "y", B), (2, "z", A)], ("x", "y", "z"), (A, B), A),
        # groups without a role take no part
        ([(0, "sorted", ""), (1, "x", A)], ("sorted", "x"), (A,), A),
        ([(1, "sorted", ""), (1, "x", A)], ("sorted", "x"), (A,), A),
        ([(0, "sorted", ""), (1, "x", A), (1, "y", B)], ("sorted", "x", "y"), (A, B), None),
        # names by code point
        ([(None, "b", ""), (None, "B", ""), (None, "é", ""), (None, "a", "")], ("B", "a", "b", "é"), (), None),
    ],
)
def test_groups_by_rank(
    rows: list[tuple[int | None, str, str]], names: tuple[str, ...], roles: tuple[str, ...], preferred: str | None
) -> None:
    for given_rows in (rows, rows[::-1]):
        assert Groups.ranked(given_rows) == Groups(names, roles, preferred)


@given(st.lists(st.tuples(st.none() | st.integers(0, 3), st.text(max_size=2), st.sampled_from(["", A, B])), max_size=6))
def test_the_preferred_role_is_one_of_the_roles_or_absent(rows: list[tuple[int | None, str, str]]) -> None:
    found = Groups.ranked(rows)
    assert sorted(found.names) == sorted(name for _, name, _ in rows)
    assert set(found.roles) == {role for _, _, role in rows if role}
    assert found.preferred_role is None or found.preferred_role in found.roles


@pytest.mark.parametrize(
    ("groups", "access", "identity"),
    [
        (Groups(), {}, {}),
        (Groups(("g",)), {"cognito:groups": ["g"]}, {"cognito:groups": ["g"]}),
        (
            Groups(("g", "h"), (A, B)),
            {"cognito:groups": ["g", "h"]},
            {"cognito:groups": ["g", "h"], "cognito:roles": [A, B]},
        ),
        (
            Groups(("g",), (A,), A),
            {"cognito:groups": ["g"]},
            {"cognito:groups": ["g"], "cognito:roles": [A], "cognito:preferred_role": A},
        ),
    ],
)
def test_claims(groups: Groups, access: dict[str, Any], identity: dict[str, Any]) -> None:
    assert groups.in_access_token() == access
    assert groups.in_id_token() == identity


@pytest.mark.django_db
@pytest.mark.parametrize(("may_be", "statements"), [(False, 0), (True, 1)])
def test_who_may_be_in_groups_costs_one_statement_and_who_may_not_none(
    may_be: bool, statements: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    pool = Pool.objects.create(id=ids.pool_id("us-east-1"), name="pool", region="us-east-1", settings={})
    user = User.objects.create(
        pool=pool, sub=ids.sub(), username="bob", status=UserStatus.CONFIRMED, may_be_in_groups=may_be
    )
    group = Group.objects.create(pool=pool, name="g", role_arn=A, precedence=1)
    Membership.objects.create(user=user, group=group)
    with django_assert_num_queries(statements):
        found = Groups.of(user)
    assert found == (Groups(("g",), (A,), A) if may_be else Groups())
