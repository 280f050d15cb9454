"""What the directory benchmark asks of an installation that HTTP does not tell; run by `manage.py shell -c`."""

from __future__ import annotations

from identity import clock, paging
from identity.access import keys
from identity.access.actor import Actor, Kind
from identity.wire.call import Call
from pools.accounts import passwords, search
from pools.models import Pool, SearchValue, User

SAMPLE = 50


def print_hash(password: str) -> None:
    print(passwords.hash(password))


def check_search_values(pool_id: str) -> None:
    """Whether users were filled in as the product writes them.

    Raises: AssertionError.
    """
    for user in User.objects.filter(pool_id=pool_id).select_related("pool").order_by("sub")[:SAMPLE]:
        wanted = {row.attribute: row.key for row in search.rows(user)}
        found = dict(SearchValue.objects.filter(user=user).values_list("attribute", "key"))
        assert {name: bytes(key) for name, key in found.items()} == wanted, user.username


def print_token_of_last_page(pool_id: str, condition: str, access_key_id: str, size: int) -> None:
    """The token that ListUsers gives whoever has walked to the last page: a walk takes 16,667 calls."""
    arn = keys.find(access_key_id, None).arn
    pool = Pool.objects.get(pk=pool_id)
    actor = Actor(Kind.OPERATOR, "ListUsers", clock.now(), "", "", arn=arn)
    bound_to = Call("ListUsers", "", pool.region, actor).binding(pool_id, condition, None)
    if condition:
        parsed = search.parse(condition)
        assert parsed is not None
        keys_backwards = search.matching(pool, parsed).order_by("-key").values_list("key", flat=True)
    else:
        keys_backwards = User.objects.filter(pool=pool).order_by("-id").values_list("id", flat=True)
    print(paging.seal(0, keys_backwards[size], bound_to))
