"""`python -m pools.triggers.runner`: the runner as a process of its own, without Django."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
from pathlib import Path

from identity import processes
from pools.triggers.runner import isolation, server


def main() -> None:
    parser = argparse.ArgumentParser(prog="runner", description="Run functions that are kept here.")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--first-uid", type=int, required=True)
    parser.add_argument("--instances", type=int, required=True)
    parser.add_argument("--unisolated", action="store_true")
    parser.add_argument("--private", type=Path, action="append", default=[], help="what other users must not read")
    levels = [isolation.BUBBLEWRAP_AND_UID, isolation.BUBBLEWRAP, isolation.UID, isolation.NOTHING]
    parser.add_argument("--isolation", choices=levels, default="")
    parser.add_argument("--ends-with", type=int, help="the process that started this one")
    given = parser.parse_args()
    if given.ends_with:
        processes.end_with(given.ends_with)
    logging.basicConfig(level=logging.WARNING)
    os.umask(0o022)
    settings = server.Settings(
        socket=given.socket,
        first_uid=given.first_uid,
        instances=given.instances,
        is_unisolated=given.unisolated,
        private=given.private,
        isolation=given.isolation,
    )
    asyncio.run(server.serve(settings))


main()
