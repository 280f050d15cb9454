"""The system calls that functions do not get: those that make memory nobody counts, or new namespaces.

Memory of memfd, System V and POSIX queues belongs to no process, so the watchdog would not see it; in a user namespace
of its own a function could mount a tmpfs of any size. The rest is attack surface that no handler needs.
"""

from __future__ import annotations

import platform
import struct

_X86_64, _AARCH64 = 0xC000003E, 0xC00000B7
_ALLOW, _KILL, _EPERM, _ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
_LOAD, _EQUALS, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_X32 = 0x40000000
_NEW_NAMESPACES = 0x7E020080
"""CLONE_NEW* of clone(2): mount, cgroup, uts, ipc, user, pid, net, time."""

_EVERYWHERE = {
    "not there": (425, 426, 427, 435),  # io_uring_*, clone3: libraries do without, where they are not there
    "not allowed": (428, 429, 430, 431, 432, 433, 438, 442, 447),  # the new mount calls, pidfd_getfd, memfd_secret
}
_MACHINES = {
    # clone; then ptrace, syslog, shmget, msgget, mount, umount2, pivot_root, swapon, reboot, init_module,
    # delete_module, kexec_load, mq_open, add_key, request_key, keyctl, unshare, perf_event_open, fanotify_init,
    # open_by_handle_at, setns, process_vm_readv, process_vm_writev, finit_module, memfd_create, bpf, userfaultfd
    "x86_64": (
        *(_X86_64, 56),
        *(101, 103, 29, 68, 165, 166, 155, 167, 169, 175, 176, 246, 240, 248, 249, 250, 272, 298, 300),
        *(304, 308, 310, 311, 313, 319, 321, 323),
    ),
    "aarch64": (
        *(_AARCH64, 220),
        *(117, 116, 194, 186, 40, 39, 41, 224, 142, 105, 106, 104, 180, 217, 218, 219, 97, 241, 262),
        *(265, 268, 270, 271, 273, 279, 280, 282),
    ),
}


def program() -> bytes:
    """A classic BPF filter for this machine; empty where its system calls are not known here."""
    numbers = _MACHINES.get(platform.machine())
    if numbers is None:
        return b""
    architecture, clone, *refused = numbers
    code = [_step(_LOAD, _ARCHITECTURE_AT), _step(_EQUALS, architecture, 1, 0), _step(_RETURN, _KILL)]
    code += [_step(_LOAD, _NUMBER_AT), _step(_AT_LEAST, _X32, 0, 1), _step(_RETURN, _EPERM)]
    for number in (*refused, *_EVERYWHERE["not allowed"]):
        code += [_step(_EQUALS, number, 0, 1), _step(_RETURN, _EPERM)]
    for number in _EVERYWHERE["not there"]:
        code += [_step(_EQUALS, number, 0, 1), _step(_RETURN, _ENOSYS)]
    code += [_step(_EQUALS, clone, 0, 3), _step(_LOAD, _FIRST_ARGUMENT_AT)]
    code += [_step(_ANY_BIT, _NEW_NAMESPACES, 0, 1), _step(_RETURN, _EPERM), _step(_RETURN, _ALLOW)]
    return b"".join(code)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
