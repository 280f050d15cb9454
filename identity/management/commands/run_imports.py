"""`run_imports`: do the work of user import jobs. The background worker runs it by itself."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from pools.accounts.imports import run


class Command(BaseCommand):
    help = "Run the user import jobs that wait, and go on with those whose worker is gone."
    stealth_options = ("is_ending",)

    def handle(self, *args: Any, **options: Any) -> None:
        run.waiting(options.get("is_ending") or _never)


def _never() -> bool:
    return False
