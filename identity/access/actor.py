"""Who is calling, as the domain and the audit see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    OPERATOR = "operator"
    USER = "user"
    ANONYMOUS = "anonymous"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """`event` is the AWS name of what is being done; `address` the caller's, from trusted proxies only."""

    kind: Kind
    event: str
    at: datetime
    request_id: str
    address: str
    user_agent: str = ""
    region: str | None = None
    arn: str | None = None
    access_key_id: str | None = None
