"""The form of the CSV file: its limits, its columns, how a line is cut and joined.

There are no quotes. A backslash makes the comma or backslash behind it part of the value; `\\n` and `\\r` are line
breaks, which Amazon's format cannot hold. Source: guide, "Creating the user import .csv file".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pools.config.schema import STANDARD, Schema
from pools.models import Pool

MAX_BYTES = 100 * 1024 * 1024
"""Of the whole file."""
MAX_ROWS = 500_000
"""Without the header."""
MAX_ROW_CHARACTERS = 16_000
"""Of a line, without its end."""

USERNAME = "cognito:username"
MFA_ENABLED = "cognito:mfa_enabled"
PASSWORD_HASH = "password_hash"  # noqa: S105

_BLANKS = " \t"
_ESCAPED = re.compile(r"\\([\\,nr])")
_PLAIN = {"\\": "\\", ",": ",", "n": "\n", "r": "\r"}
_SPECIAL = re.compile(r"[\\,\n\r]")
_ESCAPE = {"\\": r"\\", ",": r"\,", "\n": r"\n", "\r": r"\r"}
_BYTE_ORDER_MARK = "\ufeff"
_LONGEST_NAME_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Layout:
    """What stands where in the rows of one file: the names of its columns, in its order."""

    columns: tuple[str, ...]

    @property
    def with_hash(self) -> bool:
        return PASSWORD_HASH in self.columns

    @property
    def positions(self) -> Mapping[str, int]:
        """The position of each column, from 0."""
        return {name: position for position, name in enumerate(self.columns)}


def header(pool: Pool, *, with_hash: bool) -> list[str]:
    """The columns of a pool's files, as GetCSVHeader lists them.

    `sub` is not among them: it is ours to give. Neither are attributes for developers only, which Amazon leaves out.
    """
    customs = (name for name, kind in Schema.of(pool).attributes.items() if _is_custom(name, kind.is_developer_only))
    standard = (name for name in STANDARD if name != "sub")
    return [USERNAME, *standard, MFA_ENABLED, *customs, *([PASSWORD_HASH] if with_hash else [])]


def _is_custom(name: str, is_developer_only: bool) -> bool:
    return name not in STANDARD and not is_developer_only


def check_header(pool: Pool, line: str, *, with_hash: bool) -> Layout:
    """The layout that a file's first line gives: every column once, in any order.

    `with_hash` says whether the job names a hashing algorithm.
    Raises: ValueError, naming the first column that is wrong; the text is fit for a job's CompletionMessage.
    """
    if line.startswith(_BYTE_ORDER_MARK):
        raise ValueError("The CSV file must not begin with a byte order mark.")
    if len(line) > MAX_ROW_CHARACTERS + len("\r\n"):
        raise ValueError(f"The CSV header is longer than {MAX_ROW_CHARACTERS} characters.")
    wanted = header(pool, with_hash=with_hash)
    found = split(line)
    _check_columns(found, frozenset(wanted))
    missing = next((name for name in wanted if name not in found), None)
    if missing is not None:
        raise ValueError(f"The CSV header has no column {_shown(missing)}.")
    return Layout(tuple(found))


def _check_columns(found: Sequence[str], wanted: frozenset[str]) -> None:
    """Raises: ValueError for the first that is unknown, or there for the second time."""
    seen = set()
    for name in found:
        if name == PASSWORD_HASH and name not in wanted:
            raise ValueError(f"The CSV column {name} needs a job with a password hashing algorithm.")
        if not name:
            raise ValueError("The CSV header has a column without a name.")
        if name not in wanted:
            raise ValueError(f"The CSV header has an unknown column: {_shown(name)}.")
        if name in seen:
            raise ValueError(f"The CSV header has the column {_shown(name)} twice.")
        seen.add(name)


def _shown(name: str) -> str:
    """Short and printable, whatever somebody uploaded."""
    text = "".join(letter if letter.isprintable() else "?" for letter in name[:_LONGEST_NAME_SHOWN])
    return f"{text}..." if len(name) > _LONGEST_NAME_SHOWN else text


def split(line: str) -> list[str]:
    """The values of a line, with or without its end; blanks around them do not count."""
    line = line.removesuffix("\n").removesuffix("\r")
    if "\\" not in line:
        return [cell.strip(_BLANKS) for cell in line.split(",")]
    cells, begun = [], ""
    for piece in line.split(","):
        if (len(piece) - len(piece.rstrip("\\"))) % 2:
            begun += f"{piece},"
            continue
        cells.append(begun + piece)
        begun = ""
    if begun:  # a backslash that ends the line has no comma behind it
        cells.append(begun[:-1])
    return [_unescaped(cell.strip(_BLANKS)) for cell in cells]


def _unescaped(cell: str) -> str:
    return _ESCAPED.sub(lambda found: _PLAIN[found[1]], cell) if "\\" in cell else cell


def join(values: Iterable[str]) -> str:
    """A line, without its end, that `split` gives the values of; blanks around them are lost."""
    return ",".join([_escaped(value) if _SPECIAL.search(value) else value for value in values])


def _escaped(value: str) -> str:
    return _SPECIAL.sub(lambda found: _ESCAPE[found[0]], value)
