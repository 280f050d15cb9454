"""Access tokens read: every way in which a claim can be wrong, under a signature that is right."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from identity import clock
from identity.config import config
from identity.errors import ACCESS_TOKEN_EXPIRED, ACCESS_TOKEN_SCOPE, INVALID_ACCESS_TOKEN, NotAuthorized
from identity.keys import rotation, signing
from identity.models import SigningKey
from pools.tokens import verify

pytestmark = pytest.mark.django_db

POOL, OTHER = "us-east-1_abcdefghi", "us-east-1_other"
FAMILY = "00000000-0000-4000-8000-000000000001"
EVENT = "00000000-0000-4000-8000-000000000002"


_prepared: list[SigningKey] = []


@pytest.fixture(autouse=True)
def keys() -> Iterator[None]:
    """Keys of two pools; they are computed once, since that is what takes time."""
    signing._cached.clear()
    if _prepared:
        SigningKey.objects.bulk_create(_prepared)
    else:
        for pool_id in (POOL, OTHER):
            rotation.assign(pool_id)
        _prepared.extend(SigningKey.objects.all())
    yield
    signing._cached.clear()
    clock.reset()


def token(by: str = POOL, without: str = "", **changed: Any) -> str:
    claims = {
        "sub": "sub",
        "iss": f"{config.url}/{POOL}",
        "client_id": "app",
        "origin_jti": FAMILY,
        "event_id": EVENT,
        "token_use": "access",
        "scope": "one two",
        "exp": int(time.time()) + 3600,
        "username": "bob",
        **changed,
    }
    claims.pop(without, None)
    return signing.keys_of(by).signers[SigningKey.Use.ACCESS].sign(claims)


def refusal(given: str, scope: str = "one") -> str | None:
    try:
        verify.access_token(given, scope=scope)
    except NotAuthorized as error:
        return error.message
    return None


def test_a_right_token_says_whose_it_is() -> None:
    found = verify.access_token(token(), scope="one")
    assert (found.pool_id, found.client_id, found.sub, found.session) == (POOL, "app", "sub", FAMILY)


def test_a_token_without_family_is_known_by_its_event() -> None:
    assert verify.access_token(token(without="origin_jti"), scope="one").session == EVENT


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"token_use": "id"}, INVALID_ACCESS_TOKEN),
        ({"token_use": "refresh"}, INVALID_ACCESS_TOKEN),
        ({"without": "token_use"}, INVALID_ACCESS_TOKEN),
        ({"without": "username"}, INVALID_ACCESS_TOKEN),
        ({"without": "iss"}, INVALID_ACCESS_TOKEN),
        ({"by": OTHER}, INVALID_ACCESS_TOKEN),
        ({"iss": f"{config.url}/{OTHER}"}, INVALID_ACCESS_TOKEN),
        ({"iss": POOL}, INVALID_ACCESS_TOKEN),
        ({"iss": f"/{POOL}"}, INVALID_ACCESS_TOKEN),
        ({"iss": f"{config.url}/{POOL}/"}, INVALID_ACCESS_TOKEN),
        ({"iss": f"{config.url}//{POOL}"}, INVALID_ACCESS_TOKEN),
        ({"iss": f"{config.url}/x/{POOL}"}, INVALID_ACCESS_TOKEN),
        ({"iss": f"{config.url}/{POOL}\n"}, INVALID_ACCESS_TOKEN),
        ({"iss": f"{config.url.upper()}/{POOL}"}, INVALID_ACCESS_TOKEN),
        ({"iss": f"https://cognito-idp.us-east-1.amazonaws.com/{POOL}"}, INVALID_ACCESS_TOKEN),
        ({"iss": [f"{config.url}/{POOL}"]}, INVALID_ACCESS_TOKEN),
        ({"iss": None}, INVALID_ACCESS_TOKEN),
        ({"exp": int(time.time()) - 1}, ACCESS_TOKEN_EXPIRED),
        ({"exp": 0}, ACCESS_TOKEN_EXPIRED),
        ({"scope": "two"}, ACCESS_TOKEN_SCOPE),
        ({"scope": "onetwo"}, ACCESS_TOKEN_SCOPE),
        ({"scope": ""}, ACCESS_TOKEN_SCOPE),
        ({"exp": 0, "scope": ""}, ACCESS_TOKEN_EXPIRED),
        ({"exp": 0, "token_use": "id"}, INVALID_ACCESS_TOKEN),
    ],
)
def test_a_claim_that_is_wrong_is_refused(changed: dict[str, Any], message: str) -> None:
    assert refusal(token(**changed)) == message


def test_a_token_ends_at_its_second() -> None:
    given = token(exp=int(time.time()) + 100)
    assert refusal(given) is None
    clock.advance(100)
    assert refusal(given) == ACCESS_TOKEN_EXPIRED


@pytest.mark.parametrize("scope", ["one", "two"])
def test_any_of_a_tokens_scopes_will_do(scope: str) -> None:
    assert refusal(token(), scope) is None


def test_the_keys_revision_is_told_so_that_a_stale_one_is_noticed() -> None:
    given = token()
    assert verify.access_token(given, scope="one", revision=5).key_revision == 5
    assert verify.access_token(given, scope="one").key_revision == 5
