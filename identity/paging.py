"""Pages of results by keyset, and the tokens that lead from one to the next.

A token is signed and bound to the operation and its filter, carries the last key seen, and expires.
No OFFSET and no COUNT: a page costs the same at any depth, and inserts or deletes cannot shift it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
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


def page(queryset: QuerySet[M], *, order: str, limit: int | None, token: str | None, bound_to: object) -> Page[M]:
    """One page of `queryset` after the key that `token` carries.

    `order` names a unique column; `bound_to` is what the follow-up request must repeat (operation, filter, caller).
    Raises: InvalidParameter for a token that is foreign, changed or expired.
    """
    size = limit or DEFAULT_SIZE
    if token is not None:
        queryset = queryset.filter(**{f"{order}__gt": _open(token, bound_to)})
    items = list(queryset.order_by(order)[: size + 1])
    if len(items) <= size:
        return Page(items, None)
    items = items[:size]
    return Page(items, _seal(getattr(items[-1], order), bound_to))


def _binding(bound_to: object) -> bytes:
    return hashlib.sha256(orjson.dumps(bound_to)).digest()


def _seal(key: Any, bound_to: object) -> str:
    expires = int((clock.now() + LIFETIME).timestamp())
    body = orjson.dumps([key, expires])
    return base64.urlsafe_b64encode(keyring.mac(_PURPOSE, body + _binding(bound_to)) + body).decode()


def _open(token: str, bound_to: object) -> Any:
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidParameter("Invalid pagination token given.") from None
    given, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not keyring.mac_matches(_PURPOSE, body + _binding(bound_to), given):
        raise InvalidParameter("Invalid pagination token given.")
    key, expires = orjson.loads(body)
    if clock.now().timestamp() > expires:
        raise InvalidParameter("Invalid pagination token given.")
    return key
