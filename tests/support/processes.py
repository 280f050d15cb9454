"""The processes of a live server, read from /proc: who they are, what they have used, which connection is whose."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.support.server import Server

_SCHEDULER_CLOCK = 2
"""Of a process's CPU clocks the precise one, as clock_getcpuclockid(3) makes it."""
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """A process as it was when it was looked at."""

    pid: int
    parent: int
    session: int
    command: str
    cpu_seconds: float


def of(server: Server) -> list[Process]:
    """Everything that descends from `serve`, orphans included: the server's session is its own."""
    assert server.process is not None
    return [process for process in _alive() if process.session == server.process.pid]


def web(server: Server) -> Process:
    """The process that starts and watches the web workers."""
    return next(process for process in _children(server) if "granian" in process.command)


def web_workers(server: Server) -> list[Process]:
    """The processes that answer requests."""
    parent = web(server).pid
    return [process for process in of(server) if process.parent == parent]


def background(server: Server) -> Process:
    """The process that runs what is not a request."""
    return next(process for process in _children(server) if "celery" in process.command)


def kill(server: Server, random: Random) -> set[int]:
    """End everything of the server at once as nothing can prevent, in any order; returns what was killed."""
    assert server.process is not None
    killed = set()
    while found := of(server):
        random.shuffle(found)
        for process in found:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
                killed.add(process.pid)
    server.process.wait()
    return killed


def using(data: Path) -> list[int]:
    """Processes, of whatever session, that were started with an installation's folder."""
    wanted = f"GATEHOUSE_DATA={data}".encode()
    found = []
    for process in _alive():
        with suppress(OSError):
            if wanted in Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0"):
                found.append(process.pid)
    return found


def gone(server: Server, *, within_seconds: float) -> bool:
    """Whether nothing of the server is left when the time is over."""
    deadline = time.monotonic() + within_seconds
    while of(server):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def connections(server: Server) -> set[int]:
    """The local ports of this process's open connections to the server."""
    own = _sockets(os.getpid())
    return {local for local, remote, inode in _tcp() if remote == server.port and inode in own}


def worker_of(server: Server, local_port: int) -> int:
    """The web worker (its pid) at the other end of one of this process's connections."""
    inode = next(inode for local, remote, inode in _tcp() if (local, remote) == (server.port, local_port))
    return next(worker.pid for worker in web_workers(server) if inode in _sockets(worker.pid))


def _children(server: Server) -> list[Process]:
    assert server.process is not None
    return [process for process in of(server) if process.parent == server.process.pid]


def cpu_seconds(pid: int) -> float:
    """What a process has used to the nanosecond, of whatever program; 0 when it is gone."""
    try:
        return time.clock_gettime(~pid << 3 | _SCHEDULER_CLOCK)
    except OSError:
        return 0.0


def _alive() -> list[Process]:
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        fields = _stat(int(folder.name))
        if fields and fields[0] not in "ZX":
            with suppress(OSError):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found.append(Process(int(folder.name), int(fields[1]), int(fields[3]), command, _cpu_seconds(fields)))
    return found


def _stat(pid: int) -> list[str]:
    """The fields of proc_pid_stat(5) from the state on; empty when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _cpu_seconds(fields: list[str]) -> float:
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def _tcp() -> list[tuple[int, int, str]]:
    """Local port, remote port and inode of each established IPv4 connection of this machine."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [(_port(row[1]), _port(row[2]), row[9]) for row in rows if row[3] == "01"]


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


def _sockets(pid: int) -> set[str]:
    """Inodes of a process's sockets."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(descriptor)
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target.removeprefix("socket:[").removesuffix("]"))
    return inodes
