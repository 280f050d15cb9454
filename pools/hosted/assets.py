"""Style and script of the pages, which travel within each page: one round trip to the first paint.

They are read once, at the start, and stripped of what only we read.
"""

from __future__ import annotations

import re
from pathlib import Path

from django.utils.safestring import SafeString, mark_safe

_STATIC = Path(__file__).parents[2] / "static"


def _style(*names: str) -> SafeString:
    """In a cascade layer, so that every rule of an operator's customisation wins over ours."""
    text = "\n".join((_STATIC / name).read_text() for name in names)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r" ?([{};,>]) ?", r"\1", text).replace(": ", ":").replace(";}", "}")
    return mark_safe(f"@layer page{{{text.strip()}}}")  # noqa: S308  our own files


def _script(name: str) -> SafeString:
    lines = [line.strip() for line in (_STATIC / name).read_text().splitlines()]
    return mark_safe("\n".join(line for line in lines if line and not line.startswith("//")))  # noqa: S308


STYLE = _style("ui/tokens.css", "ui/components.css", "hosted/page.css")
SCRIPT = _script("hosted/page.js")
