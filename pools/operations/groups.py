"""Groups: create, read, change, delete, list; membership both ways."""

from __future__ import annotations

from typing import Any

from identity import paging
from identity.wire.call import Answer, Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.accounts import groups
from pools.models import Group, Membership, User
from pools.models.group import rank
from pools.operations.users import user_summary


@cognito_idp.operation("CreateGroup")
def create_group(
    call: Call,
    *,
    user_pool_id: str,
    group_name: str,
    description: str | None = None,
    role_arn: str | None = None,
    precedence: int | None = None,
) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    group = groups.create(
        pool, name=group_name, description=description, role_arn=role_arn, precedence=precedence, by=call.actor
    )
    return {"Group": group_detail(group)}


@cognito_idp.operation("GetGroup")
def get_group(call: Call, *, user_pool_id: str, group_name: str) -> Answer:
    return {"Group": group_detail(_group(call, user_pool_id, group_name))}


@cognito_idp.operation("UpdateGroup")
def update_group(
    call: Call,
    *,
    user_pool_id: str,
    group_name: str,
    description: str | None = None,
    role_arn: str | None = None,
    precedence: int | None = None,
) -> Answer:
    given = {"description": description, "role_arn": role_arn, "precedence": precedence}
    changes = {name: value for name, value in given.items() if value is not None}
    group = groups.update(_group(call, user_pool_id, group_name), changes, by=call.actor)
    return {"Group": group_detail(group)}


@cognito_idp.operation("DeleteGroup")
def delete_group(call: Call, *, user_pool_id: str, group_name: str) -> None:
    groups.delete(_group(call, user_pool_id, group_name), by=call.actor)


@cognito_idp.operation("ListGroups")
def list_groups(call: Call, *, user_pool_id: str, limit: int | None = None, next_token: str | None = None) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    found = Group.objects.filter(pool=pool)
    page = paging.page(found, order="name", limit=limit, token=next_token, bound_to=call.binding(pool.id))
    return {"Groups": [group_detail(group) for group in page.items], "NextToken": page.next_token}


@cognito_idp.operation("ListUsersInGroup")
def list_users_in_group(
    call: Call, *, user_pool_id: str, group_name: str, limit: int | None = None, next_token: str | None = None
) -> Answer:
    group = _group(call, user_pool_id, group_name)
    found = Membership.objects.filter(group=group)
    page = paging.page(found, order="user_id", limit=limit, token=next_token, bound_to=call.binding(group.pk))
    # Apart from their memberships: a join lets PostgreSQL sort the whole group for one page.
    users = User.objects.in_bulk([membership.user_id for membership in page.items])
    return {"Users": [user_summary(users[pk]) for pk in sorted(users)], "NextToken": page.next_token}


@cognito_idp.operation("AdminAddUserToGroup")
def admin_add_user_to_group(call: Call, *, user_pool_id: str, username: str, group_name: str) -> None:
    user = lookup.user(lookup.pool(user_pool_id, call.region), username)
    groups.add_user(groups.find(user.pool, group_name), user, by=call.actor)


@cognito_idp.operation("AdminRemoveUserFromGroup")
def admin_remove_user_from_group(call: Call, *, user_pool_id: str, username: str, group_name: str) -> None:
    user = lookup.user(lookup.pool(user_pool_id, call.region), username)
    groups.remove_user(groups.find(user.pool, group_name), user, by=call.actor)


@cognito_idp.operation("AdminListGroupsForUser")
def admin_list_groups_for_user(
    call: Call, *, user_pool_id: str, username: str, limit: int | None = None, next_token: str | None = None
) -> Answer:
    user = lookup.user(lookup.pool(user_pool_id, call.region), username)
    page = paging.page_of(
        Group.objects.filter(memberships__user=user),  # at most `groups.MAX_PER_USER`
        key=lambda group: rank(group.precedence, group.name),
        limit=limit,
        token=next_token,
        bound_to=call.binding(user.pk),
    )
    return {"Groups": [group_detail(group) for group in page.items], "NextToken": page.next_token}


def _group(call: Call, user_pool_id: str, name: str) -> Group:
    return groups.find(lookup.pool(user_pool_id, call.region), name)


def group_detail(group: Group) -> dict[str, Any]:
    return {
        "GroupName": group.name,
        "UserPoolId": group.pool_id,
        "Description": group.description,
        "RoleArn": group.role_arn or None,
        "Precedence": group.precedence,
        "CreationDate": group.created_at,
        "LastModifiedDate": group.modified_at,
    }
