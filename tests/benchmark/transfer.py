"""Users in bulk: out by `manage.py export-users`, in by an import job of the API."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass

from tests.support.server import ROOT, Server

MIB = 1024 * 1024
AIM_EXPORT_MIB = 200


@dataclass(frozen=True)
class Export:
    """`cpu` is of the command alone, without the database's."""

    users: int
    seconds: float
    cpu: float
    peak_bytes: int

    def row(self) -> str:
        return (
            f"export of {self.users:,} users: {self.users / self.seconds:,.0f} a second, {self.users / self.cpu:,.0f}"
            f" a second of CPU, {self.peak_bytes / MIB:.0f} MiB at most   (aim: under {AIM_EXPORT_MIB} MiB)"
        )


def export(server: Server, pool_id: str) -> Export:
    file = server.data / "export.csv"
    begun = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "manage.py", "export-users", pool_id, "--output", str(file)],
        cwd=ROOT,
        env=server.environment,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"export-users ended with {child.returncode}")
    with open(file, "rb") as lines:
        users = sum(1 for _ in lines) - 1
    file.unlink()
    return Export(users, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
