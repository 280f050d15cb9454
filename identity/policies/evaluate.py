"""The verdict of identity policies on one action and one resource.

Owns "an applicable Deny wins, else one Allow is needed". Not built yet, and therefore read the way that grants least:
conditions and variables. Boundaries, session and resource policies are further calls of the one who combines them.
Source: IAM user guide, "Policy evaluation logic".
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from identity.policies.document import Document, Effect, Statement


class Decision(Enum):
    ALLOW = "allow"
    EXPLICIT_DENY = "explicit deny"
    IMPLICIT_DENY = "implicit deny"


def decide(documents: Iterable[Document], action: str, resource: str) -> Decision:
    """Judge `action` (`cognito-idp:AdminGetUser`) on `resource` (an ARN; `*` for an operation without a resource)."""
    folded = action.lower()
    allowed = False
    for document in documents:
        for statement in document.statements:
            if allowed and statement.effect is Effect.ALLOW:
                continue
            if _applies(statement, folded, resource):
                if statement.effect is Effect.DENY:
                    return Decision.EXPLICIT_DENY
                allowed = True
    return Decision.ALLOW if allowed else Decision.IMPLICIT_DENY


def _applies(statement: Statement, action: str, resource: str) -> bool:
    # Conditions are not evaluated yet: as long as they are not, one never opens anything and always closes.
    if statement.has_condition and statement.effect is Effect.ALLOW:
        return False
    return _covers_action(statement, action) and _covers_resource(statement, resource)


def _covers_action(statement: Statement, action: str) -> bool:
    if statement.actions is not None:
        return statement.actions.cover(action)
    return statement.not_actions is not None and not statement.not_actions.cover(action)


def _covers_resource(statement: Statement, resource: str) -> bool:
    """Read an unresolved variable so that Allow reaches fewer resources and Deny more; NotResource turns it around."""
    denies = statement.effect is Effect.DENY
    if statement.resources is not None:
        return statement.resources.cover(resource, variables_match=denies)
    return statement.not_resources is not None and not statement.not_resources.cover(
        resource, variables_match=not denies
    )
