"""Messages over a Unix socket: two lengths, a JSON header, a body of bytes."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any

Header = Mapping[str, Any]

MOST_HEADER = 1 << 20
MOST_BODY = 64 << 20
LENGTHS = struct.Struct("!II")


class BadFrame(Exception):
    """What came is no message, or a larger one than is taken."""


class TooLarge(BadFrame):
    """A body of more bytes than are taken; `size` says how many."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__()


def encode(header: Header, body: bytes = b"") -> bytes:
    head = json.dumps(header, separators=(",", ":")).encode()
    return b"".join((LENGTHS.pack(len(head), len(body)), head, body))


def read_header(raw: bytes) -> dict[str, Any]:
    """Raises: BadFrame."""
    try:
        header = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadFrame() from error
    if not isinstance(header, dict):
        raise BadFrame()
    return header


class Decoder:
    """Bytes in, as they come; messages out."""

    def __init__(self, most_header: int = MOST_HEADER, most_body: int = MOST_BODY) -> None:
        self._buffer = bytearray()
        self._most_header = most_header
        self._most_body = most_body

    def feed(self, data: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Raises: BadFrame."""
        self._buffer += data
        while len(self._buffer) >= LENGTHS.size:
            header_size, body_size = LENGTHS.unpack_from(self._buffer)
            if header_size > self._most_header:
                raise BadFrame()
            if body_size > self._most_body:
                raise TooLarge(body_size)
            start, end = LENGTHS.size + header_size, LENGTHS.size + header_size + body_size
            if len(self._buffer) < end:
                return
            header, body = bytes(self._buffer[LENGTHS.size : start]), bytes(self._buffer[start:end])
            del self._buffer[:end]
            yield read_header(header), body
