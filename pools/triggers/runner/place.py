"""The folder of a runner's socket: private, and short enough for a socket's address."""

from __future__ import annotations

import shutil
import socket
import tempfile
import time
from contextlib import suppress
from pathlib import Path

_LONGEST_ADDRESS = 107
_NAME = "socket"
_PREFIX = "functions-"
_STARTING_SECONDS = 60


def new(data: Path) -> Path:
    """The path of a new socket, in a folder of its own: in the data folder, or a temporary one where that is too long.

    What runners that were killed left behind is deleted.
    """
    data = data.absolute()
    data.mkdir(parents=True, exist_ok=True)
    _clear_out(data)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=data))
    if len(bytes(folder / _NAME)) > _LONGEST_ADDRESS:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix=f"gatehouse-{_PREFIX}"))
    return folder / _NAME


def remove(path: Path) -> None:
    shutil.rmtree(path.parent, ignore_errors=True)


def _clear_out(data: Path) -> None:
    for folder in data.glob(f"{_PREFIX}*"):
        with suppress(FileNotFoundError):
            is_old = folder.stat().st_mtime < time.time() - _STARTING_SECONDS
            if is_old and not _listens(folder / _NAME):
                shutil.rmtree(folder, ignore_errors=True)


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
