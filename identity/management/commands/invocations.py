"""`invocations`: what triggers invoked, on the command line."""

from __future__ import annotations

from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandParser

from pools.models import Invocation


class Command(BaseCommand):
    help = "Print what triggers invoked, newest first: one line a try, or everything that is kept as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--pool", metavar="ID", help="of one user pool")
        parser.add_argument("--target", metavar="ARN", help="of one function or webhook")
        parser.add_argument("--outcome", choices=Invocation.Outcome.values)
        parser.add_argument("--limit", type=int, default=50, metavar="N", help="at most so many (default: 50)")
        parser.add_argument("--json", action="store_true", help="one object a line, with request, response and log")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = {"pool_id": options["pool"], "target": options["target"], "outcome": options["outcome"]}
        rows = Invocation.objects.filter(**{name: value for name, value in wanted.items() if value is not None})
        show = _json if options["json"] else _line
        for row in rows.order_by("-id")[: max(options["limit"], 0)]:
            self.stdout.write(show(row))


def _line(row: Invocation) -> str:
    shown = [
        row.at.isoformat(timespec="milliseconds"),
        row.pool_id or "-",
        row.source,
        row.username or "-",
        row.target,
        f"try {row.attempt}",
        f"{row.duration_ms:.1f} ms",
        row.outcome,
        row.detail,
    ]
    return " ".join(shown).translate(_UNPRINTABLE).rstrip()


_UNPRINTABLE = {code: "?" for code in (*range(32), *range(127, 160))}
"""What a function or a user name could steer a terminal by."""


def _json(row: Invocation) -> str:
    shown = {
        "at": row.at,
        "pool": row.pool_id,
        "source": row.source,
        "username": row.username,
        "target": row.target,
        "attempt": row.attempt,
        "duration_ms": row.duration_ms,
        "outcome": row.outcome,
        "detail": row.detail,
        "request": _said(row.request),
        "response": _said(row.response),
        "log": row.log,
    }
    return orjson.dumps(shown).decode()


def _said(kept: str) -> Any:
    """An object where JSON was kept whole, else the text."""
    try:
        return orjson.loads(kept)
    except orjson.JSONDecodeError:
        return kept
