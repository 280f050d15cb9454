"""The logo of a classic customisation: a PNG or a JPEG, told by what it holds, never by what somebody calls it.

Source: PNG specification, sections 5.2 and 11.2.1; ITU-T T.81, annex B. Wording of refusals: *assumed*.
"""

from __future__ import annotations

import struct
import zlib

from identity.errors import InvalidParameter

MAX_BYTES = 100 * 1024
_MOST_PIXELS = 25_000_000
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER = struct.Struct(">I4sIIB4xI")
_JPEG = b"\xff\xd8\xff"
_FRAMES = frozenset({*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
_SCAN = 0xDA


def media_type(content: bytes) -> str:
    """`image/png` or `image/jpeg`.

    Raises: InvalidParameter.
    """
    if len(content) > MAX_BYTES:
        raise InvalidParameter("Image file can not be larger than 100 KB.", field="image_file")
    found, size = None, (0, 0)
    if content.startswith(_PNG):
        found, size = "image/png", _png_size(content)
    elif content.startswith(_JPEG):
        found, size = "image/jpeg", _jpeg_size(content)
    if found is None or not 0 < size[0] * size[1] <= _MOST_PIXELS:
        raise InvalidParameter("Image file must be a PNG or JPEG image.", field="image_file")
    return found


def _png_size(content: bytes) -> tuple[int, int]:
    """Of the header chunk, which comes first; nothing when its check sum is wrong."""
    if len(content) < len(_PNG) + _PNG_HEADER.size:
        return 0, 0
    length, kind, width, height, _, check = _PNG_HEADER.unpack_from(content, len(_PNG))
    is_whole = (length, kind) == (13, b"IHDR") and zlib.crc32(content[12:29]) == check
    return (width, height) if is_whole else (0, 0)


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Of the first frame; nothing when the segments before it do not hang together."""
    place = 2
    while place + 9 <= len(content) and content[place] == 0xFF:
        marker, length = content[place + 1], int.from_bytes(content[place + 2 : place + 4])
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", content, place + 5)
            return width, height
        if marker == _SCAN or length < 2:
            break
        place += 2 + length
    return 0, 0
