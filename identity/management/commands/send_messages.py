"""`send_messages`: send the messages that wait. The background worker runs it by itself."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from pools.messages import queue


class Command(BaseCommand):
    help = "Send the messages that wait, and those whose worker is gone."
    stealth_options = ("is_ending",)

    def handle(self, *args: Any, **options: Any) -> None:
        queue.send_waiting(options.get("is_ending") or _never)


def _never() -> bool:
    return False
