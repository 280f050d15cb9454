"""`function_log`: what the invocations of a function wrote, and how they ended."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pools.models import Function, Invocation

_POLL_SECONDS = 0.5


class Command(BaseCommand):
    help = "Print the log of a function's invocations, the oldest first."
    # It reads: what keeps a server from starting keeps nobody from what is there.
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--region", help="Where functions of several regions have this name.")
        parser.add_argument("--last", type=int, default=20, help="How many invocations to begin with. Default: 20.")
        parser.add_argument("--follow", action="store_true", help="Go on with those that come, until Ctrl-C.")

    def handle(self, *args: Any, **options: Any) -> None:
        target = _function(options["name"], options["region"]).arn
        newest = Invocation.objects.filter(target=target).order_by("-id")
        for invocation in reversed(newest[: max(options["last"], 0)]):
            self._tell(invocation)
        seen = newest.values_list("pk", flat=True).first() or 0
        if options["follow"]:
            with suppress(KeyboardInterrupt):
                self._follow(target, seen)

    def _follow(self, target: str, seen: int) -> None:
        while True:
            time.sleep(_POLL_SECONDS)
            for invocation in Invocation.objects.filter(target=target, pk__gt=seen).order_by("id"):
                self._tell(invocation)
                seen = invocation.pk

    def _tell(self, invocation: Invocation) -> None:
        line = f"{invocation.at:%Y-%m-%dT%H:%M:%S.%fZ} {invocation.source} {invocation.outcome}"
        line += f" {invocation.duration_ms:.2f} ms"
        self.stdout.write(_plain(f"{line}: {invocation.detail}" if invocation.detail else line))
        for written in invocation.log.split("\n"):
            if written:
                self.stdout.write(f"    {_plain(written)}")
        self.stdout.flush()


def _plain(text: str) -> str:
    """Functions' own words, without what would steer the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def _function(name: str, region: str | None) -> Function:
    """Raises: CommandError."""
    functions = Function.objects.filter(name=name, **({"region": region} if region else {}))
    found = list(functions.order_by("region")[:2])
    if not found:
        raise CommandError(f"There is no function {name}.")
    if len(found) > 1:
        raise CommandError(f"Functions of several regions are called {name}: say which with --region.")
    return found[0]
