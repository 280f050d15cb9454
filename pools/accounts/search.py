"""Finding users by what is written about them: ListUsers' filters, and the rows that make them fast.

Source: API reference, ListUsers; guide, "Searching for users using the ListUsers API".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from identity import paging
from identity.errors import FILTER_UNREADABLE, InvalidParameter
from identity.paging import Page, Slice
from pools.config.sign_in import SignInSettings
from pools.models import Pool, SearchValue, User
from pools.models.user import UserStatus

FOLDED = ("email", "phone_number", "name", "given_name", "family_name", "preferred_username")
"""Attributes that are found whatever the case of their letters."""

_FILTER = re.compile(r"""\s*([\w:.-]+)\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*""", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_END_OF_VALUE = b"\x00"
_ID_OCTETS = 8


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition: the attribute is `value`, or begins with it."""

    attribute: str
    is_prefix: bool
    value: str


def parse(text: str) -> Filter | None:
    """`<attribute> = "<value>"` or `^=`; quotes and backslashes in the value are escaped. None for a blank one.

    Raises: InvalidParameter.
    """
    if not text.strip():
        return None
    match = _FILTER.fullmatch(text)
    if match is None:
        raise InvalidParameter(FILTER_UNREADABLE, field="filter")
    attribute, operator, value = match.groups()
    if attribute not in {*FOLDED, "username", "sub", "status", "cognito:user_status"}:
        raise InvalidParameter(f"Invalid search attribute: {attribute}", field="filter")
    return Filter(attribute, operator == "^=", _ESCAPED.sub(r"\1", value))


def users(
    pool: Pool, condition: Filter | None, *, limit: int | None, token: str | None, bound_to: Sequence[object]
) -> Page[User]:
    """One page of a pool's users, ascending by the attribute of the condition.

    Raises: InvalidParameter (token).
    """
    if condition is None:
        everyone = Slice(User.objects.all(), {"pool_id": pool.id})
        return _of_pool(pool, paging.page(everyone, order="id", limit=limit, token=token, bound_to=bound_to))
    if condition.attribute in {"status", "cognito:user_status"}:
        groups = _by_state(pool, condition)
        return _of_pool(pool, paging.page(*groups, order="id", limit=limit, token=token, bound_to=bound_to))
    keys: QuerySet[Any] = matching(pool, condition).values_list("key", named=True)
    found = paging.page(keys, order="key", limit=limit, token=token, bound_to=bound_to)
    return _of_pool(pool, Page(_users([bytes(row.key) for row in found.items]), found.next_token))


def _users(keys: list[bytes]) -> list[User]:
    """In the keys' order. A key names its user: the index is all that is read, not rows scattered over the table."""
    pks = [int.from_bytes(key[-_ID_OCTETS:]) for key in keys]
    found = User.objects.in_bulk(pks)
    return [found[pk] for pk in pks if pk in found]  # one may have been deleted since


def _by_state(pool: Pool, condition: Filter) -> list[Slice[User]]:
    """One slice a state that the condition is true for, in the states' order."""
    if condition.attribute == "status":
        shown = {"Disabled": False, "Enabled": True}
        names = [name for name in shown if _holds(condition, name, condition.value)]
        return [Slice(User.objects.filter(enabled=shown[name]), {"pool_id": pool.id}) for name in names]
    wanted = condition.value.upper()
    names = [name for name in sorted(UserStatus.values) if _holds(condition, name, wanted)]
    return [Slice(User.objects.all(), {"pool_id": pool.id, "status": name}) for name in names]


def _holds(condition: Filter, name: str, wanted: str) -> bool:
    return name.startswith(wanted) if condition.is_prefix else name == wanted


def matching(pool: Pool, condition: Filter) -> QuerySet[SearchValue]:
    attribute = condition.attribute
    if attribute == "username" and SignInSettings.of(pool).username_attributes:
        attribute = "sub"  # which is the user name there
    octets = _octets(pool, attribute, condition.value)
    found = SearchValue.objects.filter(pool=pool, attribute=attribute)
    if condition.is_prefix:
        found = found.filter(key__gte=octets)
        return found.filter(key__lt=_successor(octets)) if octets else found
    start = octets + _END_OF_VALUE
    return found.filter(key__gte=start, key__lt=_successor(start))


def _successor(octets: bytes) -> bytes:
    """The least key behind all that begin so; no octet of UTF-8 is the highest."""
    return octets[:-1] + bytes([octets[-1] + 1])


def _of_pool(pool: Pool, found: Page[User]) -> Page[User]:
    for user in found.items:
        user.pool = pool
    return found


def rows(user: User) -> list[SearchValue]:
    """What a saved user is found by, as unsaved rows."""
    return [
        SearchValue(pool_id=user.pool_id, user_id=user.pk, attribute=name, key=octets)
        for name, octets in keys(user).items()
    ]


def keys(user: User) -> dict[str, bytes]:
    """What a saved user is found by: attribute and key."""
    found = {name: user.attributes[name] for name in FOLDED if user.attributes.get(name)} | {"sub": user.sub}
    if user.username != user.sub:
        found["username"] = user.username
    return {name: key(user, name, value) for name, value in found.items()}


def key(user: User, attribute: str, value: str) -> bytes:
    return _octets(user.pool, attribute, value)[: SearchValue.LONGEST] + _END_OF_VALUE + user.pk.to_bytes(_ID_OCTETS)


def _octets(pool: Pool, attribute: str, value: str) -> bytes:
    ignores_case = attribute in FOLDED or not SignInSettings.of(pool).is_case_sensitive
    return (value.lower() if ignores_case else value).encode()


def index(user: User) -> None:
    """Make a user found by what the row says now; call inside the transaction that writes the row."""
    wanted = {row.attribute: row for row in rows(user)}
    held = {row.attribute: bytes(row.key) for row in SearchValue.objects.filter(user=user)}
    changed = [name for name in held if name not in wanted or wanted[name].key != held[name]]
    if changed:
        SearchValue.objects.filter(user=user, attribute__in=changed).delete()
    SearchValue.objects.bulk_create([row for name, row in wanted.items() if name in changed or name not in held])
