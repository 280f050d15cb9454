"""The record of invocations, as operators read it."""

from __future__ import annotations

import json
from typing import Any

from tests.support.server import Server


def of(server: Server, pool: dict[str, Any], *more: str) -> list[dict[str, Any]]:
    """The tries of a pool, oldest first."""
    printed = server.manage("invocations", "--pool", pool["Id"], "--json", *more)
    return [json.loads(line) for line in reversed(printed.splitlines())]
