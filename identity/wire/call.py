"""What an operation is told about its request besides the members: who calls, in which region, under which id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from identity.access.actor import Actor

Answer = Mapping[str, object]
"""An operation's result in AWS member names; members that are None are left out on the wire."""


@dataclass(frozen=True, slots=True)
class Call:
    """`region` is the one in the credential scope, or None for an operation that needs no signature."""

    operation: str
    request_id: str
    region: str | None
    actor: Actor

    def binding(self, *parts: object) -> list[object]:
        """What a page's token is bound to: this operation, its caller and region, and `parts` of the request."""
        return [self.operation, self.actor.arn, self.region, *parts]
