"""Writing the audit trail."""

from __future__ import annotations

from typing import Any

from identity.access.actor import Actor, Kind
from identity.models import AuditEvent


def record(by: Actor, resource: str, **detail: Any) -> None:
    """Write the audit row of an operator's change; call it inside the change's transaction.

    `detail` holds names and settings, never secrets. What users do to themselves leaves no row here.
    """
    if by.kind is not Kind.OPERATOR:
        return
    AuditEvent.objects.create(
        at=by.at,
        event=by.event,
        actor=by.arn or "",
        access_key_id=by.access_key_id or "",
        address=by.address,
        user_agent=by.user_agent[:256],
        request_id=by.request_id,
        resource=resource,
        detail=detail,
    )
