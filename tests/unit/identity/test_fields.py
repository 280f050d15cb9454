"""Encrypted columns: text for the program, sealed bytes for the database, bound to their place."""

from __future__ import annotations

import pytest
from django.core import serializers
from django.db import connection

from identity import keyring
from identity.fields import EncryptedField
from identity.keyring import CannotDecrypt
from identity.models import AccessKey, Canary, SigningKey

pytestmark = pytest.mark.django_db

SECRET = "a secret, ключ 🗝"


def stored(canary: Canary) -> bytes:
    """The bytes in the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed FROM identity_canary WHERE id = %s", [canary.pk])
        return bytes(cursor.fetchone()[0])


@pytest.fixture
def canary() -> Canary:
    return Canary.objects.create(sealed=SECRET)


@pytest.mark.parametrize("text", [SECRET, "", "x" * 10_000, "\x00"])
def test_text_comes_back_as_it_was(text: str) -> None:
    made = Canary.objects.create(sealed=text)
    assert Canary.objects.get(pk=made.pk).sealed == text
    assert Canary.objects.values_list("sealed", flat=True).get(pk=made.pk) == text
    made.refresh_from_db()
    assert made.sealed == text


def test_the_database_sees_sealed_bytes_alone(canary: Canary) -> None:
    assert SECRET.encode() not in stored(canary)
    assert keyring.decrypt(stored(canary), place="identity_canary.sealed") == SECRET.encode()


def test_every_save_seals_anew(canary: Canary) -> None:
    before = stored(canary)
    canary.save()
    assert stored(canary) != before
    Canary.objects.filter(pk=canary.pk).update(sealed="changed")
    assert Canary.objects.get(pk=canary.pk).sealed == "changed"
    Canary.objects.bulk_create([Canary(sealed="in bulk")])
    assert "in bulk" in Canary.objects.values_list("sealed", flat=True)


def test_a_value_moved_here_from_another_column_does_not_open(canary: Canary) -> None:
    foreign = keyring.encrypt(b"secret", place="identity_accesskey.secret")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE identity_canary SET sealed = %s WHERE id = %s", [foreign, canary.pk])
    with pytest.raises(CannotDecrypt):
        Canary.objects.get(pk=canary.pk)


def test_a_secret_is_never_serialised(canary: Canary) -> None:
    with pytest.raises(TypeError, match=r"identity_canary\.sealed is secret"):
        serializers.serialize("json", [canary])


def test_none_stays_none() -> None:
    field = Canary._meta.get_field("sealed")
    assert isinstance(field, EncryptedField)
    assert field.get_db_prep_value(None, connection) is None
    assert field.from_db_value(None, None, connection) is None


def test_what_must_be_encrypted_is() -> None:
    for model, name in ((AccessKey, "secret"), (SigningKey, "private"), (Canary, "sealed")):
        assert isinstance(model._meta.get_field(name), EncryptedField)
