"""The first program in a sandbox: takes on the limits and the user, then becomes the function's runtime.

Reads one message from descriptor `argv[1]`, which the runtime then has as descriptor 3. It runs before the function's
environment is set, so that nothing in there (LD_PRELOAD) acts while this process may still choose its user.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import struct
import sys

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 1, 38, 22, 2


def _read(fd: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = os.read(fd, size - len(data))
        if not piece:
            sys.exit(1)
        data += piece
    return data


def _shut_in(parent_dies_with: bool, seccomp: bytes) -> None:
    """What bubblewrap does where it is used: end with the runner, gain nothing by programs, few system calls."""
    import ctypes  # noqa: PLC0415  # 4 ms, which the other way spares

    libc = ctypes.CDLL(None, use_errno=True)
    if parent_dies_with:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() == 1:
            sys.exit(1)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if seccomp:
        code = ctypes.create_string_buffer(seccomp, len(seccomp))
        program = struct.pack("HxxxxxxP", len(seccomp) // 8, ctypes.addressof(code))
        if libc.prctl(_PR_SET_SECCOMP, _FILTER, program, 0, 0):
            sys.exit(1)


def _main() -> None:
    fd = int(sys.argv[1])
    header, body = struct.unpack("!II", _read(fd, 8))
    told = json.loads(_read(fd, header))
    seccomp = _read(fd, body)
    for name, limit in told["limits"].items():
        number = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(number)[1]
        most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(number, (most, most))
    if (uid := told["uid"]) is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    os.setpriority(os.PRIO_PROCESS, 0, told["nice"])
    os.umask(0o077)
    if told["is_bare"]:
        _shut_in(told["dies_with_parent"], seccomp)
    os.chdir(told["folder"])
    if fd != 3:
        os.dup2(fd, 3)
        os.close(fd)
    os.set_inheritable(3, True)
    os.execve(told["command"][0], told["command"], told["environment"])  # noqa: S606


_main()
