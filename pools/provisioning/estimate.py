"""How many users a pool has, at the same small cost whatever the number: EstimatedNumberOfUsers.

Exact below `EXACT_BELOW`. From there on the pool's share of the user ids between its first and its last: of evenly
spread ids (which counts pools that fill much of the range, however their users are clustered), or, where these meet
too few, from how close the pool's ids stand at the ends of equal parts of the range. Nothing is drawn by lot: without
changes the answer is the same.
"""

from __future__ import annotations

from itertools import pairwise

from django.db.models import QuerySet

from identity.paging import Slice
from pools.models import Pool, User

EXACT_BELOW = 1000
_PROBES = 500
_ENOUGH_HITS = 150
_PARTS = 16
_EDGE = 50
_GOLDEN = 0.6180339887498949


def users(pool: Pool) -> int:
    """Exact below a thousand."""
    first = list(_ids(pool, "id")[:EXACT_BELOW])
    if len(first) < EXACT_BELOW:
        return len(first)
    start, end = first[0], _ids(pool, "-id")[0] + 1
    probes = _spread(start, end)
    hits = len(User.objects.filter(pk__in=probes, pool=pool).values_list("pk"))
    if hits >= _ENOUGH_HITS:
        return max(EXACT_BELOW, round(hits / len(probes) * (end - start)))
    bounds = [start + (end - start) * part // _PARTS for part in range(_PARTS + 1)]
    return max(EXACT_BELOW, round(sum(_between(pool, lower, upper) for lower, upper in pairwise(bounds))))


def _ids(pool: Pool, order: str, *, behind: int | None = None) -> QuerySet[User, int]:
    everyone = Slice(User.objects.all(), {"pool_id": pool.id})
    return everyone.ordered(order, behind=behind).values_list("pk", flat=True)


def _spread(start: int, end: int) -> list[int]:
    """Ids from equal parts of the range, each at another place of its part, so that no regular pattern fits them."""
    width = (end - start) / _PROBES
    return sorted({start + int(width * (number + number * _GOLDEN % 1)) for number in range(_PROBES)})


def _between(pool: Pool, lower: int, upper: int) -> float:
    """The pool's users from one id to before another: exact when they are few."""
    lowest = [pk for pk in _ids(pool, "id", behind=lower - 1)[:_EDGE] if pk < upper]
    if len(lowest) < _EDGE:
        return len(lowest)
    highest = list(_ids(pool, "-id", behind=upper)[:_EDGE])
    if highest[-1] <= lowest[-1]:
        return len({*lowest, *highest})
    steps = _EDGE - 1
    density = (steps / (lowest[-1] - lowest[0]) + steps / (highest[0] - highest[-1])) / 2
    return density * (highest[0] - lowest[0])
