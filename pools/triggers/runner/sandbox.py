"""How a function's process is started and ended, for each isolation that machines offer.

Source: bwrap(1); what stays open in each is told in the README.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pools.triggers.runner import frames, isolation, runtimes, seccomp

TMP_BYTES = 512 << 20
"""Of /tmp. Source: Lambda guide, quotas, "/tmp directory storage"."""
_SHM_BYTES = 64 << 20
_SLACK_MIB = 1024
"""Beside a function's memory: what Node's threads set aside and hardly use. The watchdog is the limit that counts."""
PROCESSES, _FILES, _NICE = 256, 1024, 5
_TASK, _RUNTIME, _TMP = "/var/task", "/var/runtime", "/tmp"  # noqa: S108

_ROOT = Path(__file__).resolve().parents[3]
_BOOTSTRAP = Path(__file__).parent / "bootstrap"
_PROGRAMS = ("launcher.py", "python.py", "node.cjs")
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = (
    *("resolv.conf", "hosts", "host.conf", "nsswitch.conf", "gai.conf", "services", "protocols", "localtime"),
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "ssl/certs", "ssl/openssl.cnf", "pki", "mime.types"),
    *("ca-certificates", "ca-certificates.conf"),
)
_HIDDEN = ("/usr/src", "/usr/local/src")


@dataclass(frozen=True, slots=True)
class Program:
    """What a sandbox is to run. `code` is the unpacked folder."""

    function_arn: str
    runtime: str
    handler: str
    memory_mib: int
    environment: Mapping[str, str]
    code: Path


class Sandbox:
    """`folder` is the runner's, readable by the functions' users; `first_uid` the user of slot 0."""

    def __init__(self, level: str, folder: Path, first_uid: int) -> None:
        self.level = level
        self._folder = folder
        self._first_uid = first_uid
        self._is_bare = level in {isolation.UID, isolation.NOTHING}
        self._python = runtimes.find_python(public=level == isolation.UID)
        self._node = runtimes.find_node()
        self._packages = runtimes.find_packages()
        self._filter = seccomp.program()
        self._tmp_bytes = min(TMP_BYTES, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 8)
        self._bwrap = shutil.which("bwrap") or "bwrap"
        self._copy_programs()

    @property
    def has_namespace(self) -> bool:
        """Whether a function's processes have a process namespace, and so end with its first one."""
        return not self._is_bare

    def uid(self, slot: int) -> int | None:
        return self._first_uid + slot if self.level in {isolation.UID, isolation.BUBBLEWRAP_AND_UID} else None

    def start(self, slot: int, program: Program, channel: socket.socket, output: int) -> subprocess.Popen[bytes]:
        """A process with `channel` as descriptor 3 and all that it prints in `output`.

        Raises: NotAvailable, OSError.
        """
        uid = self.uid(slot)
        if uid is not None:
            os.fchown(output, uid, uid)  # so that it may open /dev/stdout
        launch = [str(self._python.program), "-I", "-S", self._inside("launcher.py"), str(channel.fileno())]
        arguments, passed = launch, [channel.fileno()]
        files = []
        if not self._is_bare:
            files = [_file(self._filter), _file("\0".join(self._arguments(program)).encode())]
            passed += files
            arguments = [self._bwrap, "--args", str(files[1]), "--seccomp", str(files[0]), *launch]
            if not self._filter:
                del arguments[3:5]
        try:
            return subprocess.Popen(  # noqa: S603
                arguments,
                env={},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=passed,
                start_new_session=True,
            )
        finally:
            for file in files:
                os.close(file)

    def greeting(self, slot: int, program: Program) -> bytes:
        """What the launcher is told first over the channel."""
        return frames.encode(self._told(slot, program), self._filter if self._is_bare else b"")

    def end(self, slot: int, process: subprocess.Popen[bytes]) -> None:
        """Kill everything that a process began. Its namespace ends with it, where it has one."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        if self.level == isolation.UID:
            self.sweep(slot)

    def sweep(self, slot: int) -> None:
        """Where there are users but no namespaces: end all of a user's processes, and delete what it left."""
        uid = self.uid(slot)
        if self.level != isolation.UID or uid is None:
            return
        _kill_all_of(uid)
        for path in left_by(uid):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() and not path.is_symlink() else path.unlink(True)
        shutil.rmtree(self.home(slot), ignore_errors=True)

    def _told(self, slot: int, program: Program) -> dict[str, Any]:
        uid = self.uid(slot)
        home = self.home(slot) if self._is_bare else Path(_TMP)
        if self._is_bare:
            home.mkdir(mode=0o700, exist_ok=True)
            if uid is not None:
                os.chown(home, uid, uid)
        task = str(program.code) if self._is_bare else _TASK
        runtime = str(self._folder) if self._is_bare else _RUNTIME
        memory = (program.memory_mib + _SLACK_MIB) << 20
        return {
            "uid": uid,
            "nice": _NICE,
            "folder": task,
            "is_bare": self._is_bare,
            "dies_with_parent": self._is_bare,
            "limits": {"NPROC": PROCESSES, "NOFILE": _FILES, "CORE": 0, "DATA": memory, "FSIZE": self._tmp_bytes},
            "command": runtimes.command(
                program.runtime,
                program.handler,
                program.memory_mib,
                python=self._python.program,
                node=self._node_inside(),
                folder=runtime,
            ),
            "environment": runtimes.environment(
                function_arn=program.function_arn,
                handler=program.handler,
                runtime=program.runtime,
                memory_mib=program.memory_mib,
                own=program.environment,
                folders={"task": task, "runtime": runtime, "home": str(home)},
            ),
        }

    def _node_inside(self) -> str:
        if self._node is None or self._is_bare:
            return str(self._node or "")
        return "/var/lang/node"

    def _inside(self, name: str) -> str:
        return f"{self._folder if self._is_bare else _RUNTIME}/{name}"

    def home(self, slot: int) -> Path:
        return self._folder / f"home-{slot}"

    def _copy_programs(self) -> None:
        """Where every user of a function can read them, wherever Gatehouse is installed."""
        for name in _PROGRAMS:
            shutil.copyfile(_BOOTSTRAP / name, self._folder / name)
        (self._folder / "passwd").write_text(f"sbx_user:x:{self._first_uid}:{self._first_uid}::/tmp:/bin/false\n")
        if not self._is_bare:
            return
        packages = self._folder / "packages"
        packages.mkdir()
        for name, path in self._packages.items():
            if self.level == isolation.NOTHING or runtimes.is_public(path):
                (packages / name).symlink_to(path)
            elif path.is_dir():
                shutil.copytree(path, packages / name)
            else:
                shutil.copyfile(path, packages / name)

    def _arguments(self, program: Program) -> Iterator[str]:
        """bwrap's, in order: what is mounted later lies over what was before."""
        is_root = self.level == isolation.BUBBLEWRAP_AND_UID
        yield from isolation.NAMESPACES
        yield from isolation.AS_ROOT if is_root else isolation.AS_USER
        yield from self._system()
        yield from self._runtime()
        yield from _bind(str(program.code), _TASK)
        yield from ("--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev")
        yield from ("--size", str(_SHM_BYTES), "--perms", "1777", "--tmpfs", "/dev/shm")  # noqa: S108
        yield from ("--size", str(self._tmp_bytes), "--perms", "1777", "--tmpfs", _TMP)
        yield from ("--remount-ro", "/dev", "--remount-ro", "/")

    def _system(self) -> Iterator[str]:
        for folder in _SYSTEM:
            if os.path.islink(folder):
                yield from ("--symlink", os.readlink(folder), folder)
            elif os.path.isdir(folder):
                yield from _bind(folder, folder)
        for name in _ETC:
            if os.path.exists(f"/etc/{name}"):
                yield from _bind(os.path.realpath(f"/etc/{name}"), f"/etc/{name}")
        yield from _bind(str(self._folder / "passwd"), "/etc/passwd")
        yield from _bind(str(self._python.program), str(self._python.program))
        yield from _bind(str(self._python.prefix / "lib"), str(self._python.prefix / "lib"))
        for hidden in (*map(str, self._python.packages), *_HIDDEN, *self._own_folders()):
            if os.path.isdir(hidden):
                yield from ("--size", "65536", "--tmpfs", hidden, "--remount-ro", hidden)

    def _runtime(self) -> Iterator[str]:
        if self._node is not None:
            yield from _bind(str(self._node), self._node_inside())
        for name in _PROGRAMS:
            yield from _bind(str(self._folder / name), f"{_RUNTIME}/{name}")
        for name, path in self._packages.items():
            yield from _bind(str(path), f"{_RUNTIME}/packages/{name}")

    def _own_folders(self) -> Iterator[str]:
        """Gatehouse itself, where it lies in what is mounted."""
        if any(_ROOT.is_relative_to(folder) for folder in ("/usr", self._python.prefix / "lib")):
            yield str(_ROOT)


def _bind(source: str, target: str) -> Iterator[str]:
    for folder in reversed(Path(target).parents[:-1]):
        yield from ("--perms", "0755", "--dir", str(folder))
    yield from ("--ro-bind", source, target)


def _file(content: bytes) -> int:
    """A descriptor that reads `content`, which fits into a pipe."""
    reading, writing = os.pipe()
    try:
        os.write(writing, content)
    finally:
        os.close(writing)
    return reading


def _kill_all_of(uid: int) -> None:
    """As that user itself, so that one call reaches all of its processes, also those that fork meanwhile."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def left_by(uid: int) -> list[Path]:
    """What a user has put into the folders that all may write to."""
    found = []
    for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run/lock", "/dev/mqueue"):  # noqa: S108
        with suppress(OSError):
            for entry in os.scandir(folder):
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_uid == uid:
                        found.append(Path(entry.path))
    return found
