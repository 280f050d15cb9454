"""What triggers are told about the request that fires them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

NO_CLIENT = "CLIENT_ID_NOT_APPLICABLE"


@dataclass(frozen=True, slots=True)
class Origin:
    """`client_id` is None for an administrator's request without a client.

    The metadata are the caller's own, for functions alone; which triggers get which is told in the reference of each
    operation.
    """

    client_id: str | None = None
    user_agent: str = ""
    client_metadata: Mapping[str, str] | None = None
    validation_data: Mapping[str, str] | None = None


NOBODY = Origin()
"""Where nothing is known of the request."""
