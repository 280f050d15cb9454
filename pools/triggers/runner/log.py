"""What one invocation wrote, as Lambda's log shows it, without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from urllib.parse import quote

MOST_BYTES = 64 << 10
_ALONE = 4
"""A secret of fewer letters is replaced where it stands alone: as a part of words it would be most of them."""


class Log:
    """The last of what was written since it was last taken."""

    def __init__(self) -> None:
        self._written = bytearray()
        self._is_cut = False

    def append(self, data: bytes) -> None:
        self._written += data
        if len(self._written) > 4 * MOST_BYTES:
            del self._written[: -2 * MOST_BYTES]
            self._is_cut = True

    def take(self, secrets: Collection[str]) -> str:
        if not self._written:
            return ""
        text = self._written.decode(errors="replace")
        longest = max((len(form) for secret in secrets for form in _forms(secret)), default=0) if self._is_cut else 0
        self._written.clear()
        self._is_cut = False
        return redact(text, secrets, begin=longest)[-MOST_BYTES:]


def redact(text: str, secrets: Iterable[str], *, begin: int = 0) -> str:
    """`text` from `begin` on with *** in place of secrets: plain, and as JSON, Python, Node and URLs write them.

    A secret that stands across `begin` is left out wholly.
    """
    forms = sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True)
    if not forms:
        return text[begin:]
    pattern = re.compile("|".join(_pattern(form) for form in forms))
    pieces, at = [], begin
    for match in pattern.finditer(text):
        if match.end() > begin:
            pieces += [text[at : max(at, match.start())], "***"]
            at = match.end()
    return "".join([*pieces, text[at:]])


def _forms(secret: str) -> set[str]:
    if not secret:
        return set()
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        secret.replace("\\", "\\\\").replace("'", "\\'"),
        quote(secret, safe="", errors="replace"),
    }


def _pattern(form: str) -> str:
    return re.escape(form) if len(form) >= _ALONE else rf"(?<!\w){re.escape(form)}(?!\w)"


def frame(request_id: str, body: str, *, report: str) -> str:
    """The lines that Lambda writes around an invocation's own."""
    if body and not body.endswith("\n"):
        body += "\n"
    start = f"START RequestId: {request_id} Version: $LATEST\n"
    return f"{start}{body}END RequestId: {request_id}\n{report}\n"
