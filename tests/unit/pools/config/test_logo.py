"""What is taken for a logo, and what only says that it is one."""

from __future__ import annotations

import pytest

from identity.errors import InvalidParameter
from pools.config.logo import MAX_BYTES, media_type
from tests.support.images import jpeg, png


def test_a_png_and_a_jpeg_are_told_by_what_they_hold() -> None:
    assert media_type(png(350, 178)) == "image/png"
    assert media_type(jpeg()) == "image/jpeg"


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


@pytest.mark.parametrize(
    "content",
    [
        SVG,
        b"<?xml version='1.0'?>" + SVG,
        b"<html><script>alert(1)</script></html>",
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        b"GIF89a=1;alert(1)//",
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        b"\x00\x00\x01\x00\x01\x00",
        b"BM" + b"\x00" * 60,
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n" + SVG,
        png()[:32],
        png().replace(b"IHDR", b"IHDX"),
        png()[:16] + b"\x00\x00\x00\x09" + png()[20:],
        png(0, 1),
        png(100_000, 1)[:16] + png(100_000, 100_000 // 100_000)[16:20] + b"\x7f\xff\xff\xff" + png()[24:],
        b"\xff\xd8\xff",
        b"\xff\xd8\xff" + SVG,
        jpeg(0, 8),
        jpeg()[:24],
        b" " + png(),
        b"x",
    ],
    ids=range(22),
)
def test_everything_else_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidParameter, match="Image file must be a PNG or JPEG image"):
        media_type(content)


def test_a_logo_has_at_most_a_hundred_kilobytes() -> None:
    largest = png(padding=MAX_BYTES - len(png(padding=1)) + 1)
    assert len(largest) == MAX_BYTES
    assert media_type(largest) == "image/png"
    with pytest.raises(InvalidParameter, match="100 KB"):
        media_type(largest + b"x")


@pytest.mark.parametrize("length", range(0, 64))
def test_a_file_that_breaks_off_is_refused_not_a_crash(length: int) -> None:
    for whole in (png(), jpeg()):
        try:
            media_type(whole[:length])
        except InvalidParameter:
            continue
        assert length > 28
