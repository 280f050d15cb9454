"""What this machine offers to keep functions from everything else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

BUBBLEWRAP_AND_UID = "bubblewrap and user ids"
BUBBLEWRAP = "bubblewrap"
UID = "user ids"
NOTHING = "nothing"

_CAPABILITIES = 1 << 5 | 1 << 6 | 1 << 7
"""CAP_KILL, CAP_SETGID, CAP_SETUID."""
_PROBE_SECONDS = 10

NAMESPACES = (
    *("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    *("--die-with-parent", "--new-session"),
)
AS_ROOT = ("--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
AS_USER = ("--unshare-user", "--uid", "993", "--gid", "990")
"""Inside; the ids that AWS Lambda's functions see."""


@cache
def level() -> str | None:
    """The best isolation there is, tried once; None where there is none."""
    if sys.platform != "linux":
        return None
    if os.geteuid() != 0:
        return BUBBLEWRAP if _bubblewrap_works(AS_USER) else None
    if not _may_change_user():
        return None
    return BUBBLEWRAP_AND_UID if _bubblewrap_works(AS_ROOT) else UID


def _may_change_user() -> bool:
    status = Path("/proc/self/status").read_text()
    effective = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:"))
    return int(effective, 16) & _CAPABILITIES == _CAPABILITIES


def _bubblewrap_works(options: tuple[str, ...]) -> bool:
    program = shutil.which("bwrap")
    if program is None:
        return False
    mounts = ("--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--size", "65536", "--tmpfs", "/tmp")  # noqa: S108
    try:
        done = subprocess.run(  # noqa: S603
            [program, *NAMESPACES, *options, *mounts, "--remount-ro", "/dev", "true"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
