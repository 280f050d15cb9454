"""Pages of results by keyset, and the tokens that lead from one to the next.

A token is signed and bound to the operation, its filter and its caller, carries the last key seen, and expires.
No OFFSET and no COUNT: a page costs the same at any depth, and inserts or deletes cannot shift it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import orjson
from django.db import connections
from django.db.models import F
from django.db.models.fields import tuple_lookups

from identity import clock, keyring
from identity.errors import InvalidParameter

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

T = TypeVar("T")
M = TypeVar("M", bound="Model")

DEFAULT_SIZE = 60
LIFETIME = timedelta(hours=1)
_PURPOSE = "paging"
_MAC_BYTES = 32
_FORM = b"\x01"
"""The first octet, so that no token begins with a dash and is an option to a command line."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`items` in order, and the token of the next page or None."""

    items: list[T]
    next_token: str | None


@dataclass(frozen=True, slots=True)
class Slice(Generic[M]):
    """The rows of `queryset` whose columns have the values of `under`, read by the index of these columns and `order`.

    Of columns that are compared with an equals sign PostgreSQL drops the order, so that the primary key seems as good
    an index when few pools hold most rows: a small one's page is then found by walking past everybody else's. An
    order by all columns, and bounds in place of equality, leave it only the index that is meant.
    """

    queryset: QuerySet[M]
    under: Mapping[str, object]

    def ordered(self, order: str, *, behind: object = None) -> QuerySet[M]:
        """The rows by `order` (a minus for descending), those behind a key if there is one."""
        if not connections[self.queryset.db].features.supports_tuple_lookups:  # SQLite, which takes the right index
            return _ordered(self.queryset.filter(**self.under), order, behind=behind)
        sign = "-" if order.startswith("-") else ""
        last = tuple_lookups.TupleGreaterThanOrEqual if sign else tuple_lookups.TupleLessThanOrEqual
        first = tuple_lookups.TupleLessThanOrEqual if sign else tuple_lookups.TupleGreaterThanOrEqual
        behind_key = tuple_lookups.TupleLessThan if sign else tuple_lookups.TupleGreaterThan
        names, values = tuple(self.under), tuple(self.under.values())
        columns = (*names, order.removeprefix("-"))
        found = self.queryset.filter(last(_columns(names), values)).order_by(*(sign + name for name in columns))
        if behind is None:
            return found.filter(first(_columns(names), values))
        return found.filter(behind_key(_columns(columns), (*values, behind)))


def _columns(names: Sequence[str]) -> tuple_lookups.Tuple:
    return tuple_lookups.Tuple(*(F(name) for name in names))


def page(
    *sources: QuerySet[M] | Slice[M], order: str, limit: int | None, token: str | None, bound_to: Sequence[object]
) -> Page[M]:
    """One page of the rows of `sources`, one source after the other, behind the key that `token` carries.

    `order` names a column that is unique in each source, with a minus for descending; `bound_to` is what the
    follow-up request must repeat (operation, caller, filter).
    Raises: InvalidParameter for a token that is foreign, changed or expired.
    """
    size = limit or DEFAULT_SIZE
    first, key = _open(token, bound_to) if token is not None else (0, None)
    found: list[tuple[int, M]] = []
    for position in range(first, len(sources)):
        rows = _ordered(sources[position], order, behind=key if position == first else None)
        found += [(position, row) for row in rows[: size + 1 - len(found)]]
        if len(found) > size:
            break
    items = [row for _, row in found[:size]]
    if len(found) <= size:
        return Page(items, None)
    position, last = found[size - 1]
    return Page(items, seal(position, getattr(last, order.removeprefix("-")), bound_to))


def _ordered(source: QuerySet[M] | Slice[M], order: str, *, behind: object) -> QuerySet[M]:
    if isinstance(source, Slice):
        return source.ordered(order, behind=behind)
    rows = source.order_by(order)
    if behind is None:
        return rows
    return rows.filter(**{f"{order.removeprefix('-')}__{'lt' if order.startswith('-') else 'gt'}": behind})


def page_of(
    items: Iterable[T],
    *,
    key: Callable[[T], Sequence[Any]],
    limit: int | None,
    token: str | None,
    bound_to: Sequence[object],
) -> Page[T]:
    """One page of items that are few enough to be sorted here, behind the key that `token` carries.

    `key` gives a tuple of JSON values, unique among the items; `bound_to` as for `page`.
    Raises: InvalidParameter for a token that is foreign, changed or expired.
    """
    size = limit or DEFAULT_SIZE
    found = sorted(items, key=lambda item: tuple(key(item)))
    if token is not None:
        seen = tuple(_open(token, bound_to)[1])
        found = [item for item in found if tuple(key(item)) > seen]
    if len(found) <= size:
        return Page(found, None)
    return Page(found[:size], seal(0, list(key(found[size - 1])), bound_to))


def _binding(bound_to: Sequence[object]) -> bytes:
    return hashlib.sha256(orjson.dumps(bound_to)).digest()


def seal(position: int, key: Any, bound_to: Sequence[object]) -> str:
    expires = int((clock.now() + LIFETIME).timestamp())
    octets = bytes(key).hex() if isinstance(key, bytes | memoryview) else None
    body = orjson.dumps([position, None if octets else key, octets, expires])
    return base64.urlsafe_b64encode(_FORM + keyring.mac(_PURPOSE, body + _binding(bound_to)) + body).decode()


def _open(token: str, bound_to: Sequence[object]) -> tuple[int, Any]:
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidParameter("Invalid pagination token given.") from None
    form, given, body = raw[:1], raw[1 : 1 + _MAC_BYTES], raw[1 + _MAC_BYTES :]
    if form != _FORM or not keyring.mac_matches(_PURPOSE, body + _binding(bound_to), given):
        raise InvalidParameter("Invalid pagination token given.")
    position, key, octets, expires = orjson.loads(body)
    if clock.now().timestamp() > expires:
        raise InvalidParameter("Invalid pagination token given.")
    return position, bytes.fromhex(octets) if octets else key
