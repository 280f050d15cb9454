"""Small images, made here."""

from __future__ import annotations

import struct
import zlib


def png(width: int = 2, height: int = 1, *, red: int = 200, padding: int = 0) -> bytes:
    """A PNG of one colour; `padding` are bytes of a text chunk."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    line = b"\x00" + bytes([red, 20, 20]) * width
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(line * height)), (b"IEND", b"")]
    if padding:
        chunks.insert(1, (b"tEXt", b"Comment\x00" + b"x" * padding))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def jpeg(width: int = 16, height: int = 8) -> bytes:
    """What stands around the picture of a JPEG: enough to tell what it is and how large."""
    application = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + application + frame + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x00\xff\xd9"
