"""What an operation tells triggers about its request."""

from __future__ import annotations

from collections.abc import Mapping

from identity.wire.call import Call
from pools.models import Client
from pools.triggers.origin import Origin


def origin(
    call: Call,
    client: Client | None = None,
    client_metadata: Mapping[str, str] | None = None,
    validation_data: Mapping[str, str] | None = None,
) -> Origin:
    return Origin(
        client.client_id if client else None,
        call.actor.user_agent,
        client_metadata or None,
        validation_data or None,
    )
