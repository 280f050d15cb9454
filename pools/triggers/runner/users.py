"""The user ids of a runner's processes, which no other runner of the machine uses meanwhile."""

from __future__ import annotations

import fcntl
import os

_FOLDER = "/run"
_MOST_RUNNERS = 256

_held: list[int] = []
"""Descriptors of locks: until this process ends, however it does."""


class NoUsers(Exception):
    """All ids are taken by other runners."""


def claim(first: int, count: int) -> int:
    """The first of `count` ids from `first` on, or of a later block where another runner has those. As root.

    Raises: NoUsers, OSError.
    """
    for begin in range(first, first + _MOST_RUNNERS * count, count):
        # A file for each id: runners may be set to different counts.
        locks = [_lock(uid) for uid in range(begin, begin + count)]
        if None not in locks:
            _held.extend(lock for lock in locks if lock is not None)
            return begin
        for lock in locks:
            if lock is not None:
                os.close(lock)
    raise NoUsers("all user ids are taken by other runners")


def _lock(uid: int) -> int | None:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    lock = os.open(f"{_FOLDER}/gatehouse-functions-{uid}", flags, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
