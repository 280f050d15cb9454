"""Groups: made, changed, deleted; users put in and taken out.

Source: guide, "Adding groups to a user pool"; API reference, the group operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from identity import clock
from identity.access import audit
from identity.access.actor import Actor
from identity.errors import GroupExists, LimitExceeded, group_not_found
from pools import lookup
from pools.accounts.attributes import locked
from pools.models import Group, Membership, Pool, User

MAX_PER_POOL = 10_000
MAX_PER_USER = 100


def find(pool: Pool, name: str) -> Group:
    """A group by name, to the letter.

    Raises: ResourceNotFound.
    """
    found = Group.objects.filter(pool=pool, name=name).first()
    if found is None:
        raise group_not_found()
    found.pool = pool
    return found


def create(
    pool: Pool, *, name: str, description: str | None, role_arn: str | None, precedence: int | None, by: Actor
) -> Group:
    """A new group without users.

    Raises: GroupExists, LimitExceeded, ResourceNotFound (the pool is gone).
    """
    now = clock.now()
    group = Group(
        pool=pool,
        name=name,
        description=description,
        role_arn=role_arn or "",
        precedence=precedence,
        created_at=now,
        modified_at=now,
    )
    try:
        with transaction.atomic():
            _check_room(pool, name)
            group.save(force_insert=True)
            audit.record(by, pool.arn, group=name)
    except IntegrityError:
        raise GroupExists() from None
    return group


def _check_room(pool: Pool, name: str) -> None:
    """Of two groups at once the second waits for the first here, so that the last place is taken once."""
    lookup.locked_pool(pool)
    groups = Group.objects.filter(pool=pool)
    if groups.filter(name=name).exists():
        raise GroupExists()
    if groups.order_by("name")[MAX_PER_POOL - 1 :].exists():
        raise LimitExceeded(f"A user pool can have at most {MAX_PER_POOL} groups.")


def update(group: Group, changes: Mapping[str, Any], *, by: Actor) -> Group:
    """Change `description`, `role_arn` or `precedence`: those among `changes`; the others stay as they are.

    Raises: ResourceNotFound, when somebody has deleted the group meanwhile.
    """
    with transaction.atomic():
        if not Group.objects.filter(pk=group.pk).update(**changes, modified_at=clock.now()):
            raise group_not_found()
        audit.record(by, group.pool.arn, group=group.name, members=sorted(changes))
    return find(group.pool, group.name)


def delete(group: Group, *, by: Actor) -> None:
    """Delete a group; its users stay.

    The row is locked first, so that nobody is put into the group between the search for its members and its end.
    Raises: ResourceNotFound.
    """
    with transaction.atomic():
        found = Group.objects.select_for_update().filter(pk=group.pk).first()
        if found is None:
            raise group_not_found()
        found.delete()
        audit.record(by, group.pool.arn, group=group.name)


def add_user(group: Group, user: User, *, by: Actor) -> None:
    """Put a user into a group; who is in it stays in it.

    Of two groups at once the second waits at the user's row, so that the last place is taken once.
    Raises: LimitExceeded, UserNotFound or ResourceNotFound (user or group deleted meanwhile).
    """
    try:
        with transaction.atomic():
            locked(user)
            held = set(Membership.objects.filter(user=user).values_list("group_id", flat=True))
            if group.pk not in held:
                if len(held) >= MAX_PER_USER:
                    raise LimitExceeded(f"A user can be in at most {MAX_PER_USER} groups.")
                Membership(user=user, group=group).save(force_insert=True)
                User.objects.filter(pk=user.pk, may_be_in_groups=False).update(may_be_in_groups=True)
            audit.record(by, group.pool.arn, group=group.name, sub=user.sub)
    except IntegrityError:  # the user is locked: what the membership misses is its group
        raise group_not_found() from None


def remove_user(group: Group, user: User, *, by: Actor) -> None:
    """Take a user out of a group; who is not in it is none the worse.

    Raises: UserNotFound, when the user has been deleted meanwhile.
    """
    with transaction.atomic():
        locked(user)
        Membership.objects.filter(user=user, group=group).delete()
        if not Membership.objects.filter(user=user).exists():
            User.objects.filter(pk=user.pk, may_be_in_groups=True).update(may_be_in_groups=False)
        audit.record(by, group.pool.arn, group=group.name, sub=user.sub)
