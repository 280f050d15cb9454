"""A user's groups as tokens show them. Source: guide, "Adding groups to a user pool", "Assigning precedence values"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from identity.statement import Statement
from pools.models import Membership, User
from pools.models.group import rank
from pools.triggers.token_generation import GroupConfiguration

_groups_of = Statement(
    lambda user_id: Membership.objects.filter(user_id=user_id).values_list(
        "group__precedence", "group__name", "group__role_arn"
    ),
    int,
)


@dataclass(frozen=True, slots=True)
class Groups:
    """Names and roles in order of rank; a role that several groups have is told once."""

    names: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    preferred_role: str | None = None

    @classmethod
    def of(cls, user: User) -> Self:
        """The groups that a user is in now. Who is in none costs no statement."""
        return cls.ranked(_groups_of.rows(user.pk)) if user.may_be_in_groups else cls()

    @classmethod
    def ranked(cls, rows: Iterable[tuple[int | None, str, str]]) -> Self:
        """`rows` are precedence, name and role of each group.

        The first rank with a role decides which one is preferred, and none is when it has several. A group without a
        role takes no part (assumed: a group that only sorts users must not take a role from them).
        """
        found = sorted(rows, key=lambda row: rank(row[0], row[1]))
        roles = [(precedence, role) for precedence, _, role in found if role]
        first = {role for precedence, role in roles if precedence == roles[0][0]}
        return cls(
            names=tuple(name for _, name, _ in found),
            roles=tuple(dict.fromkeys(role for _, role in roles)),
            preferred_role=first.pop() if len(first) == 1 else None,
        )

    @property
    def configuration(self) -> GroupConfiguration:
        """What a function is told."""
        return GroupConfiguration(self.names, self.roles, self.preferred_role)

    def in_access_token(self) -> dict[str, Any]:
        return {"cognito:groups": list(self.names)} if self.names else {}

    def in_id_token(self) -> dict[str, Any]:
        claims = self.in_access_token()
        if self.roles:
            claims["cognito:roles"] = list(self.roles)
        if self.preferred_role is not None:
            claims["cognito:preferred_role"] = self.preferred_role
        return claims
