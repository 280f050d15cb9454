"""Groups of users, and who is in them."""

from __future__ import annotations

from django.db import models

from identity import clock
from pools.models.pool import Pool
from pools.models.user import User


def rank(precedence: int | None, name: str) -> tuple[bool, int, str]:
    """What groups are sorted by: precedence, those without one last, then name; the same on every database."""
    return (precedence is None, precedence or 0, name)


class Group(models.Model):
    """A named set of users of a pool, with a role and a rank: the lowest precedence wins, none is the lowest rank."""

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, db_index=False)
    name = models.CharField(max_length=128)
    description = models.CharField(max_length=2048, null=True)  # noqa: DJ001  # an empty one was given, none was not
    role_arn = models.CharField(max_length=2048, blank=True, default="")
    precedence = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    modified_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pool", "name"], name="one_group_per_name")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A user is in a group. `User.may_be_in_groups` is set in the same transaction."""

    pk = models.CompositePrimaryKey("user_id", "group_id")
    user = models.ForeignKey(User, on_delete=models.CASCADE, db_index=False, related_name="memberships")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, db_index=False, related_name="memberships")

    class Meta:
        indexes = [models.Index(fields=["group", "user"], name="users_of_a_group")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.group_id}"
