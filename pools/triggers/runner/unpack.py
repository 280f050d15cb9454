"""Code of functions, unpacked from its zip once and kept for the processes that begin later."""

from __future__ import annotations

import io
import lzma
import os
import posixpath
import secrets
import shutil
import stat
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Collection
from pathlib import Path

MOST_BYTES = 250 << 20
"""Unpacked. Source: Lambda guide, quotas, "Deployment package size"."""
MOST_FILES = 100_000
_KEPT = 64


class BadCode(Exception):
    """The zip cannot be used; the text says why."""


class Codes:
    """A folder with one folder of unpacked code for each hash. Their names cannot be guessed from outside."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: OrderedDict[str, Path] = OrderedDict()

    def find(self, sha256: str) -> Path | None:
        found = self._known.get(sha256)
        if found is not None:
            self._known.move_to_end(sha256)
        return found

    def add(self, sha256: str, content: bytes) -> Path:
        """Raises: BadCode. May run beside the event loop; two at once of the same code do no harm."""
        folder = self._folder / secrets.token_hex(16)
        try:
            extract(content, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._known[sha256] = folder
        return folder

    def prune(self, used: Collection[str]) -> None:
        """Delete the oldest ones that no process uses."""
        for sha256 in [sha256 for sha256 in self._known if sha256 not in used][: len(self._known) - _KEPT]:
            shutil.rmtree(self._known.pop(sha256), ignore_errors=True)


def extract(content: bytes, folder: Path) -> None:
    """Unpack a zip into a new folder, nothing outside of it, whatever the zip says. Raises: BadCode."""
    folder.mkdir()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _extract(archive, folder)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, RuntimeError) as error:
        raise BadCode("Could not unzip uploaded file. Please check your file, then try to upload again.") from error
    except OSError as error:
        raise BadCode(f"The code cannot be unpacked: {error.strerror}.") from error


def _extract(archive: zipfile.ZipFile, folder: Path) -> None:
    entries = archive.infolist()
    if len(entries) > MOST_FILES:
        raise BadCode(f"The code has more than {MOST_FILES} files.")
    left, links = MOST_BYTES, []
    for entry in entries:
        path = folder / _name(entry.filename)
        mode = entry.external_attr >> 16
        if entry.is_dir():
            _make(path)
        elif stat.S_ISLNK(mode):
            links.append((path, archive.read(entry).decode() if entry.file_size <= 4096 else ""))
        else:
            _make(path.parent)
            left -= _write(archive, entry, path, left)
            path.chmod(0o755 if mode & 0o111 else 0o644)
    for path, target in links:  # last, so that nothing is written through one
        _link(path, target, folder)


def _name(raw: str) -> str:
    name = posixpath.normpath(raw.replace("\\", "/"))
    if name.startswith(("/", "../")) or name == ".." or "\0" in name:
        raise BadCode("The code holds a file outside of its folder.")
    return name


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, most: int) -> int:
    size = 0
    with archive.open(entry) as source, open(path, "wb") as file:
        while piece := source.read(1 << 20):
            size += len(piece)
            if size > most:
                raise BadCode(f"Unzipped size must be smaller than {MOST_BYTES} bytes")
            file.write(piece)
    return size


def _link(path: Path, target: str, folder: Path) -> None:
    inside = posixpath.normpath(posixpath.join(path.parent.relative_to(folder), target))
    if not target or target.startswith("/") or inside.startswith("..") or "\0" in target:
        raise BadCode("The code holds a link to what is outside of its folder.")
    if not path.exists() and not path.is_symlink():
        _make(path.parent)
        os.symlink(target, path)
