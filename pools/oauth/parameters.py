"""The parameters of a request, as they are encoded in a query or a body. Source: RFC 6749, sections 3.1, 3.2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

_MOST = 100


class Unreadable(ValueError):
    """Not a form in UTF-8, or one of far too many fields."""


@dataclass(frozen=True, slots=True)
class Parameters(Mapping[str, str]):
    """What has a value; the rest counts as left out. `broken` are the names of those that were given twice, or hold a
    null character, which no database takes.
    """

    values_by_name: Mapping[str, str]
    broken: frozenset[str]

    def __getitem__(self, name: str) -> str:
        return self.values_by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)


def read(encoded: str) -> Parameters:
    """Of an `application/x-www-form-urlencoded` string. Raises: Unreadable."""
    found: dict[str, str] = {}
    broken = set()
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except ValueError:
        raise Unreadable from None
    for name, value in pairs:
        if name in found or "\0" in value:
            broken.add(name)
        found.setdefault(name, value)
    return Parameters({name: value for name, value in found.items() if value}, frozenset(broken))
