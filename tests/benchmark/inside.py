"""What the benchmarks do in an installation that HTTP has no word for; run by `manage.py shell -c`."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta

from django.http import HttpResponse  # noqa: TID251  # what a page sets its cookie on

from identity import clock, paging
from identity.access import keys
from identity.access.actor import Actor, Kind
from identity.wire.call import Call
from pools.accounts import passwords, search
from pools.models import Client, Grant, Pool, SearchValue, User
from pools.signin import browser
from pools.web import cookies
from tests.benchmark import codes

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


def print_sessions(pool_id: str) -> None:
    """The Cookie header of each user's browser."""
    pool = Pool.objects.get(pk=pool_id)
    for user in User.objects.filter(pool=pool).order_by("pk"):
        response = HttpResponse()
        cookies.put(response, cookies.SESSION, pool, browser.open(user))
        (morsel,) = response.cookies.values()
        print(f"{morsel.key}={morsel.coded_value}")


def add_codes(client_id: str, first: int, count: int) -> None:
    client = Client.objects.get(client_id=client_id)
    users = list(User.objects.filter(pool_id=client.pool_id).order_by("pk"))
    now = clock.now()
    Grant.objects.bulk_create(
        Grant(
            user=users[number % len(users)],
            code=hashlib.sha256(codes.code(number).encode()).hexdigest(),
            application=client,
            expires=now + timedelta(hours=1),
            redirect_uri=codes.REDIRECT_URI,
            scope=codes.SCOPE,
            code_challenge=codes.CHALLENGE,
            code_challenge_method="S256",
            nonce="a nonce",
            origin_jti=uuid.uuid4(),
            authenticated_at=now,
        )
        for number in range(first, first + count)
    )
