"""`rotate_keys --secrets`: what is sealed is sealed anew, once, whatever the size of the table."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from identity import ids, keyring
from identity.config import load
from identity.management.commands import rotate_keys
from identity.models import Canary
from pools.config import pool as pool_config
from pools.models import Credential, Pool, User
from pools.models.user import UserStatus

pytestmark = pytest.mark.django_db

OLD, NEW = (bytes([number]) * 32 for number in range(2))

UseRing = Callable[..., None]


@pytest.fixture
def use_ring(monkeypatch: pytest.MonkeyPatch) -> Iterator[UseRing]:
    """Puts another ring in place; the first key encrypts."""

    def use(*keys: bytes) -> None:
        ring = ",".join(base64.b64encode(key).decode() for key in keys)
        monkeypatch.setattr(keyring, "config", load({"GATEHOUSE_SECRET_KEYS": ring, "GATEHOUSE_DATA": "/nowhere"}))
        keyring._ring.cache_clear()

    yield use
    monkeypatch.undo()
    keyring._ring.cache_clear()


def re_encrypt() -> str:
    said = StringIO()
    call_command("rotate_keys", secrets=True, stdout=said)
    return said.getvalue().splitlines()[-1]


def credentials(*verifiers: str | None) -> list[Credential]:
    settings = pool_config.created({})
    pool = Pool.objects.create(id=ids.pool_id("us-east-1"), name="pool", region="us-east-1", settings=settings)
    users = [
        User.objects.create(pool=pool, sub=ids.sub(), username=f"user-{number}", status=UserStatus.CONFIRMED)
        for number in range(len(verifiers))
    ]
    return [
        Credential.objects.create(user=user, password_hash="hash", srp_verifier=verifier)
        for user, verifier in zip(users, verifiers, strict=True)
    ]


def stored() -> list[bytes | None]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT srp_verifier FROM "{Credential._meta.db_table}" ORDER BY 1')
        return [value and bytes(value) for (value,) in cursor.fetchall()]


def test_secrets_that_are_not_there_stay_so(use_ring: UseRing) -> None:
    use_ring(OLD)
    rows = credentials("one", None, "three", None)
    use_ring(NEW, OLD)
    assert re_encrypt() == "Re-encrypted 2 secrets."
    assert re_encrypt() == "Re-encrypted 0 secrets."
    use_ring(NEW)
    assert [Credential.objects.get(pk=row.pk).srp_verifier for row in rows] == ["one", None, "three", None]


def test_a_table_is_read_in_pieces(use_ring: UseRing, monkeypatch: pytest.MonkeyPatch) -> None:
    use_ring(OLD)
    verifiers = [None if number % 3 == 1 else f"verifier {number}" for number in range(11)]
    rows = credentials(*verifiers)
    Canary.objects.create(sealed=Canary.TEXT)
    use_ring(NEW, OLD)
    sealed_since = Credential.objects.filter(pk=rows[5].pk)
    sealed_since.update(srp_verifier="sealed since")
    before = stored()
    monkeypatch.setattr(rotate_keys, "_BATCH", 2)
    assert re_encrypt() == "Re-encrypted 7 secrets."
    assert len(set(stored()) & set(before)) == 2, "the one of the new key, and what is not there"
    use_ring(NEW)
    verifiers[5] = "sealed since"
    assert [Credential.objects.get(pk=row.pk).srp_verifier for row in rows] == verifiers
