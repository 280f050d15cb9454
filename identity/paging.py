"""Pages of results by keyset, and the tokens that lead from one to the next.

A token is signed and bound to the operation, its filter and its caller, carries the last key seen, and expires.
No OFFSET and no COUNT: a page costs the same at any depth, and inserts or deletes cannot shift it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import orjson

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


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`items` in order, and the token of the next page or None."""

    items: list[T]
    next_token: str | None


def page(
    *querysets: QuerySet[M], order: str, limit: int | None, token: str | None, bound_to: Sequence[object]
) -> Page[M]:
    """One page of the rows of `querysets`, one queryset after the other, behind the key that `token` carries.

    `order` names a column that is unique in each queryset, with a minus for descending; `bound_to` is what the
    follow-up request must repeat (operation, caller, filter).
    Raises: InvalidParameter for a token that is foreign, changed or expired.
    """
    column, comparison = order.removeprefix("-"), "lt" if order.startswith("-") else "gt"
    size = limit or DEFAULT_SIZE
    first, key = _open(token, bound_to) if token is not None else (0, None)
    found: list[tuple[int, M]] = []
    for position in range(first, len(querysets)):
        rows = querysets[position].order_by(order)
        if position == first and key is not None:
            rows = rows.filter(**{f"{column}__{comparison}": key})
        found += [(position, row) for row in rows[: size + 1 - len(found)]]
        if len(found) > size:
            break
    items = [row for _, row in found[:size]]
    if len(found) <= size:
        return Page(items, None)
    position, last = found[size - 1]
    return Page(items, _seal(position, getattr(last, column), bound_to))


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
    return Page(found[:size], _seal(0, list(key(found[size - 1])), bound_to))


def _binding(bound_to: Sequence[object]) -> bytes:
    return hashlib.sha256(orjson.dumps(bound_to)).digest()


def _seal(position: int, key: Any, bound_to: Sequence[object]) -> str:
    expires = int((clock.now() + LIFETIME).timestamp())
    octets = bytes(key).hex() if isinstance(key, bytes | memoryview) else None
    body = orjson.dumps([position, None if octets else key, octets, expires])
    return base64.urlsafe_b64encode(keyring.mac(_PURPOSE, body + _binding(bound_to)) + body).decode()


def _open(token: str, bound_to: Sequence[object]) -> tuple[int, Any]:
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidParameter("Invalid pagination token given.") from None
    given, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not keyring.mac_matches(_PURPOSE, body + _binding(bound_to), given):
        raise InvalidParameter("Invalid pagination token given.")
    position, key, octets, expires = orjson.loads(body)
    if clock.now().timestamp() > expires:
        raise InvalidParameter("Invalid pagination token given.")
    return position, bytes.fromhex(octets) if octets else key
