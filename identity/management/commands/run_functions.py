"""`run_functions`: the process that runs kept functions, by hand; `serve` and workers start their own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pools.triggers.runner import client


class Command(BaseCommand):
    help = "Run functions that are kept here, for the processes whose GATEHOUSE_FUNCTIONS_SOCKET names the socket."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--socket", type=Path, required=True, help="a path in a folder that is yours alone")

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["socket"].absolute()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.parent.stat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise CommandError(f"Others can reach {path.parent}: choose a folder of mode 0700 that is yours.")
        # It becomes a process without Django, and with nothing in its environment.
        command = client.command(str(path), None)
        os.execve(command[0], command, client.environment())  # noqa: S606
