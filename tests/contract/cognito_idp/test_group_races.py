"""Groups under parallel requests: quotas hold, nothing is half-written, no request fails with what it may not."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.support import clients, factories
from tests.support.clients import OK, Call, at_once
from tests.support.factories import unique
from tests.support.server import Server

ROUNDS = 8


@pytest.fixture(scope="module")
def idp(busy: Server) -> Any:
    return clients.idp(busy)


@pytest.fixture(scope="module")
def pool(idp: Any) -> dict[str, Any]:
    return factories.make_pool(idp)


def adding(idp: Any, pool: dict[str, Any], group: str, user: str) -> Call:
    return lambda: idp.admin_add_user_to_group(UserPoolId=pool["Id"], GroupName=group, Username=user)


def removing(idp: Any, pool: dict[str, Any], group: str, user: str) -> Call:
    return lambda: idp.admin_remove_user_from_group(UserPoolId=pool["Id"], GroupName=group, Username=user)


def groups_of(idp: Any, pool: dict[str, Any], user: str) -> set[str]:
    found = idp.admin_list_groups_for_user(UserPoolId=pool["Id"], Username=user)
    return {group["GroupName"] for group in found["Groups"]}


def make(idp: Any, pool: dict[str, Any]) -> str:
    name = unique("group")
    idp.create_group(UserPoolId=pool["Id"], GroupName=name)
    return name


def test_one_of_many_creates_the_group(idp: Any, pool: dict[str, Any]) -> None:
    for _ in range(ROUNDS):
        name = unique("group")
        outcomes = at_once(*[lambda: idp.create_group(UserPoolId=pool["Id"], GroupName=name)] * 6)  # noqa: B023
        assert Counter(outcomes) == {OK: 1, "GroupExistsException": 5}


def test_quota_of_groups_a_pool_is_not_slipped_past(busy: Server, idp: Any) -> None:
    pool = factories.make_pool(idp)
    busy.manage(
        "shell",
        "-c",
        "from pools.models import Group\n"
        f"Group.objects.bulk_create(Group(pool_id={pool['Id']!r}, name=f'full-{{n}}') for n in range(9998))",
    )
    creating = [lambda: idp.create_group(UserPoolId=pool["Id"], GroupName=unique("group"))] * 8
    assert Counter(at_once(*creating)) == {OK: 2, "LimitExceededException": 6}


def test_quota_of_groups_a_user_is_not_slipped_past(busy: Server, idp: Any) -> None:
    pool = factories.make_pool(idp)
    user = factories.make_user(idp, pool)
    busy.manage(
        "shell",
        "-c",
        "from pools.models import Group, Membership, User\n"
        f"user = User.objects.get(pool_id={pool['Id']!r}, username={user!r})\n"
        "groups = [Group(pool_id=user.pool_id, name=f'full-{n}') for n in range(110)]\n"
        "Group.objects.bulk_create(groups)\n"
        "Membership.objects.bulk_create(Membership(user=user, group=group) for group in groups[:97])",
    )
    outcomes = at_once(*[adding(idp, pool, f"full-{number}", user) for number in range(100, 110)])
    assert Counter(outcomes) == {OK: 3, "LimitExceededException": 7}


def test_adding_one_user_to_one_group_by_many_is_one_membership(idp: Any, pool: dict[str, Any]) -> None:
    for _ in range(ROUNDS):
        user, group = factories.make_user(idp, pool), make(idp, pool)
        assert Counter(at_once(*[adding(idp, pool, group, user)] * 6)) == {OK: 6}
        assert groups_of(idp, pool, user) == {group}


def test_user_who_is_added_while_taken_out_elsewhere_is_known_to_be_in_a_group(idp: Any, pool: dict[str, Any]) -> None:
    """The flag that spares tokens the look into the groups must not lag behind."""
    client = factories.make_client(idp, pool)
    for _ in range(ROUNDS):
        user = factories.make_user(idp, pool)
        groups = [make(idp, pool) for _ in range(4)]
        for group in groups[:2]:
            adding(idp, pool, group, user)()
        outcomes = at_once(
            *[removing(idp, pool, group, user) for group in groups[:2]],
            *[adding(idp, pool, group, user) for group in groups[2:]],
        )
        assert set(outcomes) == {OK}
        assert groups_of(idp, pool, user) == set(groups[2:])
        tokens = factories.sign_in(idp, client, user)
        assert sorted(factories.claims_of(tokens["AccessToken"])["cognito:groups"]) == sorted(groups[2:])


def test_group_that_is_deleted_while_users_are_put_into_it_leaves_nothing(idp: Any, pool: dict[str, Any]) -> None:
    for _ in range(ROUNDS):
        users, group = [factories.make_user(idp, pool) for _ in range(4)], make(idp, pool)
        adding(idp, pool, group, users[0])()
        outcomes = at_once(
            *[adding(idp, pool, group, user) for user in users],
            lambda: idp.delete_group(UserPoolId=pool["Id"], GroupName=group),  # noqa: B023
            removing(idp, pool, group, users[0]),
        )
        assert outcomes[4] == OK
        assert set(outcomes) <= {OK, "ResourceNotFoundException"}
        assert [groups_of(idp, pool, user) for user in users] == [set()] * 4


def test_user_who_is_deleted_while_put_into_a_group_is_in_none(idp: Any, pool: dict[str, Any]) -> None:
    for _ in range(ROUNDS):
        user, groups = factories.make_user(idp, pool), [make(idp, pool) for _ in range(4)]
        outcomes = at_once(
            *[adding(idp, pool, group, user) for group in groups],
            lambda: idp.admin_delete_user(UserPoolId=pool["Id"], Username=user),  # noqa: B023
        )
        assert outcomes[4] == OK
        assert set(outcomes) <= {OK, "UserNotFoundException"}
        for group in groups:
            assert idp.list_users_in_group(UserPoolId=pool["Id"], GroupName=group)["Users"] == []
