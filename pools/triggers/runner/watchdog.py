"""What the processes of functions use, read from /proc."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pools.triggers.runner.sandbox import left_by

_PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Use:
    """Of a process and all that it began."""

    memory_bytes: int
    processes: int
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class _Process:
    parent: int
    cpu_ticks: int
    memory_bytes: int


class Watched:
    """One sandbox: `uid` where it has a user but no namespace, else by namespace, or as the last resort by descent."""

    def __init__(self, pid: int, uid: int | None, *, has_namespace: bool) -> None:
        self._pid = pid
        self._uid = uid
        self._has_namespace = has_namespace
        self._proc: int | None = None

    def use(self) -> Use:
        if self._has_namespace and self._proc is None:
            self._proc = _inner_proc(self._pid)
        if self._proc is not None:
            return _sum(_inside(self._proc))
        if self._uid is not None and not self._has_namespace:
            return _sum(_of_user(self._uid))
        return _sum(_descendants(self._pid))

    def close(self) -> None:
        if self._proc is not None:
            os.close(self._proc)
            self._proc = None


def _inner_proc(pid: int) -> int | None:
    """The /proc of the sandbox that bubblewrap's process `pid` holds, once it stands."""
    with suppress(OSError, IndexError):
        inner = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0]
        folder = os.open(f"/proc/{inner}/root/proc", os.O_RDONLY | os.O_DIRECTORY)
        if os.fstat(folder).st_dev != os.stat("/proc").st_dev and os.fstat(folder).st_ino == os.stat("/proc").st_ino:
            return folder
        os.close(folder)
    return None


def _inside(folder: int) -> list[_Process]:
    names = os.listdir(folder)
    return _read(names, lambda path, flags: os.open(path, flags, dir_fd=folder))


def _of_user(uid: int) -> list[_Process]:
    names = [entry.name for entry in os.scandir("/proc") if entry.name.isdigit() and _owner(entry) == uid]
    return _read(names, lambda path, flags: os.open(f"/proc/{path}", flags))


def _owner(entry: os.DirEntry[str]) -> int | None:
    with suppress(OSError):
        return entry.stat().st_uid
    return None


def _descendants(pid: int) -> list[_Process]:
    table = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (found := _read([name], lambda path, flags: os.open(f"/proc/{path}", flags))):
            table[int(name)] = found[0]
    inside = {pid}
    while more := {number for number, process in table.items() if process.parent in inside} - inside:
        inside |= more
    return [table[number] for number in inside if number in table]


def _read(names: Iterable[str], opener: Callable[[str, int], int]) -> list[_Process]:
    found = []
    for name in names:
        if not name.isdigit():
            continue
        with suppress(OSError), open(f"{name}/stat", "rb", opener=opener) as file:
            fields = file.read().rpartition(b")")[2].split()
            found.append(_Process(int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[21]) * _PAGE))
    return found


def _sum(processes: list[_Process]) -> Use:
    memory = sum(process.memory_bytes for process in processes)
    return Use(memory, len(processes), sum(process.cpu_ticks for process in processes) / TICKS_PER_SECOND)


def written_by(uid: int, folders: Iterable[Path]) -> int:
    """Bytes of files that a user has in the folders that all may write to, and in its own ones."""
    return sum(_size(path) for path in (*left_by(uid), *folders))


def _size(path: Path) -> int:
    with suppress(OSError):
        status = path.lstat()
        own = status.st_blocks * 512
        if path.is_dir() and not path.is_symlink():
            return own + sum(_size(Path(entry.path)) for entry in os.scandir(path))
        return own
    return 0
