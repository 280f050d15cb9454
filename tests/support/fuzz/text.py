"""Texts that break programs, and JSON that no encoder writes."""

from __future__ import annotations

import json
from typing import Any

MEGABYTE = 1 << 20

# Letters that look like Latin ones, letters that change under case folding, signs that combine, reverse or hide.
LOOK_ALIKES = [
    *("\u0430dmin", "\uff41\uff44\uff4d\uff49\uff4e", "\u03b1dmin", "\u017f\u017f", "\u00df", "\u1e9e", "\u0130"),
    *(
        "\u0131",
        "\u212a",
        "\ufb01",
        "e\u0301",
        "\u202eadmin",
        "a\u200bb",
        "\ufeffa",
        "\u2028",
        "\u0345",
        "\U0001f40e" * 40,
    ),
    *("\uffff", "\U0010ffff", "\u0663\u0664", "\u01c5", "i\u0307", "\u03a3\u03c2", "\u00a0", "a" + "\u0301" * 60),
]
HOSTILE = [
    *("", " ", "\x00", "a\x00b", "\x7f", "\x1b[31m", "\r\nX-Evil: 1", "' OR 1=1 --", "%", "_", "\\", "%s%n", '"'),
    *("{0.__class__}", "${jndi:x}", "../../etc/passwd", "-1", "1e999", "NaN", "null", "true", "[]", "{}", "é" * 5000),
    *("a" * 2049, "\u0130" * 128, "\ufdfa" * 128, "a" * 200_000, "ß" * 384, "\U0001f40e" * 300),
    *LOOK_ALIKES,
]
# Each member takes those of these that its constraints let through.
ORDINARY = [
    *("a", "Plain-Word-1", "word", "123456", "10", "0", "true", "code", "openid", "email", "phone_number", "custom:x"),
    *("a@b.example", "+15550100", "2000-01-01", "https://app.example/callback", "myapp://callback"),
    *("us-east-1_None00000", "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_None00000"),
    *("arn:aws:iam::000000000000:role/r", "Your code is {####}", "{username} has {####}", "x" * 24),
    *(word for word in LOOK_ALIKES if word.isprintable()),
]


class Raw:
    """A piece of JSON text, or of what is no JSON."""

    def __init__(self, text: str | bytes) -> None:
        self.octets = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


class Pairs:
    """An object whose keys may repeat."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs


def nested(levels: int, opening: str, closing: str) -> Raw:
    return Raw(opening * levels + closing * levels)


RAW = [
    *(
        Raw(number)
        for number in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e-999", "-0", "-0.0", "01", "+1")
    ),
    *(Raw(number) for number in (".5", "5.", "0x10", "1_000", "9" * 400, "-" + "9" * 400, "1." + "9" * 400, "1E400")),
    *(Raw(number) for number in ("9223372036854775807", "9223372036854775808", "18446744073709551616", "2147483648")),
    *(
        Raw(f'"{escape}"')
        for escape in (r"\ud800", r"\udc00a", r"a\udfff", r"\ud800\ud800", r"\u0000", r"\x41", r"\u12")
    ),
    *(Raw(text) for text in (b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\xaf"', b'"\xf4\x90\x80\x80"', b'"a\x00b"', b'"\n"')),
    *(
        Raw(text)
        for text in ("undefined", "None", "'a'", "/* */ 1", "", ",", '"unclosed', "{", "[", "]", "tru", "TRUE")
    ),
    *(nested(levels, "[", "]") for levels in (200, 1000, 1023, 1024, 1025, 10_000, 100_000)),
    *(nested(levels, '{"a":', "}") for levels in (1000, 10_000)),
    *(Raw('{"a":' * levels + "1" + "}" * levels) for levels in (200, 1000, 10_000)),
    *(Raw("[" * levels) for levels in (1000, 100_000)),
]


def written(value: Any) -> bytes:
    """JSON as the pieces say it, and so perhaps none."""
    if isinstance(value, Raw):
        return value.octets
    if isinstance(value, Pairs):
        return b"{" + b",".join(written(key) + b":" + written(item) for key, item in value.pairs) + b"}"
    if isinstance(value, dict):
        return b"{" + b",".join(written(key) + b":" + written(item) for key, item in value.items()) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(written(item) for item in value) + b"]"
    return json.dumps(value).encode()
