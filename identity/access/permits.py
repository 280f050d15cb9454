"""May this principal do this? The identity policies of access keys, evaluated for every signed request."""

from __future__ import annotations

from identity.access.keys import Principal
from identity.errors import AccessDenied
from identity.policies.evaluate import Decision, decide


def require(principal: Principal, action: str, resource: str) -> None:
    """Raises: AccessDenied in AWS's words, which tell an explicit deny from a missing allow."""
    decision = decide(principal.policies, action, resource)
    if decision is Decision.ALLOW:
        return
    reason = (
        "with an explicit deny in an identity-based policy"
        if decision is Decision.EXPLICIT_DENY
        else f"because no identity-based policy allows the {action} action"
    )
    raise AccessDenied(f"User: {principal.arn} is not authorized to perform: {action} on resource: {resource} {reason}")
