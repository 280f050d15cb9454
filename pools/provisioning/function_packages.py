"""Deployment packages of functions: zip files, looked through before they are kept.

Source: Lambda developer guide, "Lambda quotas" and "Working with .zip file archives".
"""

from __future__ import annotations

import base64
import hashlib
import lzma
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath

from identity.errors import InvalidParameterValue

LONGEST_BYTES = 50 << 20
LONGEST_UNZIPPED_BYTES = 262_144_000
LONGEST_REQUEST_BYTES = 70 << 20
"""Of a request with the largest zip in base64, and the members beside it."""

_UNREADABLE = "Could not unzip uploaded file. Please check your file, then try to upload again."
_PIECE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Package:
    """A zip that can be unpacked; `sha256` in base64, as the API tells it."""

    content: bytes
    sha256: str


def package(content: bytes) -> Package:
    """Raises: InvalidParameterValue."""
    if len(content) > LONGEST_BYTES:
        raise InvalidParameterValue(f"Zipped size must be smaller than {LONGEST_BYTES} bytes", field="zip_file")
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            _look_through(archive)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError):
        # RuntimeError: a password is asked for; NotImplementedError is one, too, of compression that is unknown
        raise InvalidParameterValue(_UNREADABLE, field="zip_file") from None
    return Package(content, base64.b64encode(hashlib.sha256(content).digest()).decode())


def _look_through(archive: zipfile.ZipFile) -> None:
    """Raises: InvalidParameterValue, and zipfile's errors, of which every member is asked: a part may be damaged."""
    files = [file for file in archive.infolist() if not file.is_dir()]
    if not files:
        raise InvalidParameterValue("Uploaded file must be a non-empty zip", field="zip_file")
    # zipfile never gives more of a file than this says, so that the sum cannot lie.
    if sum(file.file_size for file in files) > LONGEST_UNZIPPED_BYTES:
        raise InvalidParameterValue(
            f"Unzipped size must be smaller than {LONGEST_UNZIPPED_BYTES} bytes", field="zip_file"
        )
    for file in archive.infolist():
        path = PurePosixPath(file.filename)
        if path.is_absolute() or ".." in path.parts:
            raise zipfile.BadZipFile(file.filename)
    for file in files:
        with archive.open(file) as opened:
            while opened.read(_PIECE_BYTES):
                pass
