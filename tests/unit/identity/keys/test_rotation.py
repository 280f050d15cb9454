"""Keys made ahead, given to issuers, replaced, retired; and caches that find what another process has made."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.db import IntegrityError, connection, transaction

from identity import clock
from identity.keys import rotation, signing
from identity.keys.signing import InvalidToken
from identity.models import SigningKey

pytestmark = pytest.mark.django_db

OWNER = "us-east-1_abcdefghi"
ID, ACCESS = SigningKey.Use.ID, SigningKey.Use.ACCESS


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Real time, and no keys remembered from another test's rolled-back database."""
    signing._cached.clear()
    yield
    signing._cached.clear()
    clock.reset()


_prepared: list[SigningKey] = []


def stock() -> None:
    """Eight keys in stock; they are computed once, since that is what takes time."""
    if not _prepared:
        _prepared.extend(rotation.make() for _ in range(8))
    else:
        SigningKey.objects.bulk_create(_prepared)


def active() -> dict[str, str]:
    rows = SigningKey.objects.filter(owner=OWNER, state=SigningKey.State.ACTIVE)
    return {row.use: row.kid for row in rows}


def published(revision: int) -> set[str]:
    return {key["kid"] for key in json.loads(signing.keys_of(OWNER, revision).jwks)["keys"]}


def test_an_issuer_gets_a_key_for_each_kind_of_token() -> None:
    rotation.assign(OWNER)
    assert active().keys() == {ID, ACCESS}
    keys = signing.keys_of(OWNER, 1)
    assert {use: signer.kid for use, signer in keys.signers.items()} == active()
    assert keys.public.keys() == published(1) == set(active().values())


def test_keys_come_from_the_stock_first() -> None:
    assert rotation.fill_stock(3) == 3
    stock = set(SigningKey.objects.values_list("kid", flat=True))
    rotation.assign(OWNER)
    assert set(active().values()) < stock
    assert SigningKey.objects.filter(state=SigningKey.State.STOCK).count() == 1
    assert rotation.fill_stock(3) == 2
    assert rotation.fill_stock(3) == 0


def test_a_key_belongs_to_one_issuer() -> None:
    rotation.fill_stock(1)
    rotation.assign(OWNER)
    rotation.assign("us-east-1_other")
    owned = SigningKey.objects.exclude(state=SigningKey.State.STOCK).values_list("owner", "use")
    assert sorted(owned) == sorted([(OWNER, ID), (OWNER, ACCESS), ("us-east-1_other", ID), ("us-east-1_other", ACCESS)])


def test_an_issuer_never_has_two_active_keys_of_a_kind() -> None:
    rotation.assign(OWNER)
    with pytest.raises(IntegrityError), transaction.atomic():
        rotation.assign(OWNER)


def test_the_published_key_is_the_public_half_of_the_private_one() -> None:
    row = rotation.make()
    key = load_pem_private_key(row.private.encode(), password=None)
    assert key.key_size == 2048  # type: ignore[union-attr]
    numbers = key.public_key().public_numbers()  # type: ignore[union-attr]
    padded = row.public["n"] + "=" * (-len(row.public["n"]) % 4)
    assert int.from_bytes(base64.urlsafe_b64decode(padded)) == numbers.n  # type: ignore[union-attr]
    assert (row.public["e"], numbers.e) == ("AQAB", 65537)  # type: ignore[union-attr]
    assert len(base64.b64decode(row.kid, validate=True)) == 32
    assert row.public.keys() == {"alg", "e", "kid", "kty", "n", "use"}


def test_the_database_never_sees_a_private_key() -> None:
    row = rotation.make()
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT private FROM "{SigningKey._meta.db_table}"')
        stored = bytes(cursor.fetchone()[0])
    assert b"PRIVATE" not in stored
    assert row.private.splitlines()[1].encode() not in stored


def test_a_rotation_replaces_both_keys_and_publishes_the_old_ones_on() -> None:
    stock()
    rotation.assign(OWNER)
    old = active()
    token = signing.keys_of(OWNER, 1).signers[ACCESS].sign({"n": 1})
    rotation.rotate(OWNER)
    new = active()
    assert not set(new.values()) & set(old.values())
    assert published(2) == {*new.values(), *old.values()}
    assert signing.verify(OWNER, token, 2) == ({"n": 1}, 2)
    assert signing.keys_of(OWNER, 2).signers[ACCESS].kid == new[ACCESS]


def test_old_keys_go_when_their_last_token_has_expired_and_not_before() -> None:
    stock()
    rotation.assign(OWNER)
    token = signing.keys_of(OWNER, 1).signers[ACCESS].sign({"n": 1})
    rotation.rotate(OWNER)
    clock.advance(rotation.RETIREMENT.total_seconds() - 30)
    assert rotation.remove_retired() == set()
    clock.advance(30)
    assert rotation.remove_retired() == {OWNER}
    assert rotation.remove_retired() == set()
    assert published(3) == set(active().values())
    with pytest.raises(InvalidToken):
        signing.verify(OWNER, token, 3)


def test_rotating_again_and_again_keeps_every_key_that_may_be_needed() -> None:
    stock()
    rotation.assign(OWNER)
    tokens = []
    for revision in range(1, 4):
        tokens.append(signing.keys_of(OWNER, revision).signers[ID].sign({"n": revision}))
        rotation.rotate(OWNER)
    assert len(published(4)) == 8
    assert [signing.verify(OWNER, token, 4)[0]["n"] for token in tokens] == [1, 2, 3]


def test_other_issuers_keys_stay_when_one_rotates() -> None:
    stock()
    rotation.assign("us-east-1_other")
    before = list(SigningKey.objects.filter(owner="us-east-1_other").values())
    rotation.assign(OWNER)
    rotation.rotate(OWNER)
    assert list(SigningKey.objects.filter(owner="us-east-1_other").values()) == before


# Caches


def test_keys_are_loaded_again_at_another_revision_only() -> None:
    stock()
    rotation.assign(OWNER)
    first = signing.keys_of(OWNER, 1)
    assert signing.keys_of(OWNER, 1) is first
    assert signing.keys_of(OWNER) is first
    assert signing.keys_of(OWNER, 2) is not first


def test_a_key_that_another_process_has_made_is_found_without_being_told_the_revision() -> None:
    stock()
    rotation.assign(OWNER)
    stale = signing.keys_of(OWNER, 1)
    rotation.rotate(OWNER)
    token = signing._load(OWNER, 2).signers[ACCESS].sign({"n": 1})
    assert signing.keys_of(OWNER) is stale
    assert signing.verify(OWNER, token)[0] == {"n": 1}


def test_a_key_of_another_issuer_verifies_nothing() -> None:
    stock()
    rotation.assign(OWNER)
    rotation.assign("us-east-1_other")
    token = signing.keys_of("us-east-1_other", 1).signers[ACCESS].sign({"n": 1})
    with pytest.raises(InvalidToken):
        signing.verify(OWNER, token, 1)


def test_a_retired_key_is_not_found_again() -> None:
    stock()
    rotation.assign(OWNER)
    token = signing.keys_of(OWNER, 1).signers[ACCESS].sign({"n": 1})
    rotation.rotate(OWNER)
    clock.advance(rotation.RETIREMENT.total_seconds())
    rotation.remove_retired()
    signing._cached.clear()
    with pytest.raises(InvalidToken):
        signing.verify(OWNER, token)


def test_an_issuer_without_keys_is_not_remembered() -> None:
    """Anybody can name an issuer that is not; such names must not fill the cache."""
    assert signing.keys_of("us-east-1_nobody").signers == {}
    assert "us-east-1_nobody" not in signing._cached


def test_the_cache_does_not_grow_without_end() -> None:
    stock()
    rotation.assign(OWNER)
    some = signing.keys_of(OWNER, 1)
    signing._cached.update((f"pool {number}", some) for number in range(signing._MAX_CACHED - 1))
    rotation.assign("us-east-1_other")
    signing.keys_of("us-east-1_other", 1)
    assert len(signing._cached) <= signing._MAX_CACHED
    assert "us-east-1_other" in signing._cached
    assert signing.keys_of(OWNER, 1).public.keys() == some.public.keys(), "what was dropped is loaded again"
