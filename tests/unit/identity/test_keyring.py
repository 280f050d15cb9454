"""The key ring: what it seals opens in its place and nowhere else, and a ring can be turned without losing anything."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity import keyring
from identity.config import ConfigError, load
from identity.keyring import CannotDecrypt

OLD, NEW, OTHER = (bytes([number]) * 32 for number in range(3))
PLACE = "table.column"

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


@given(plain=st.binary(max_size=200))
def test_what_is_sealed_opens(plain: bytes) -> None:
    sealed = keyring.encrypt(plain, place=PLACE)
    assert keyring.decrypt(sealed, place=PLACE) == plain
    assert len(plain) < 4 or plain not in sealed


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert len({keyring.encrypt(b"same", place=PLACE) for _ in range(50)}) == 50


@pytest.mark.parametrize("place", ["table.other", "other.column", "", "TABLE.COLUMN"])
def test_a_sealed_value_does_not_open_in_another_place(place: str) -> None:
    sealed = keyring.encrypt(b"secret", place=PLACE)
    with pytest.raises(CannotDecrypt):
        keyring.decrypt(sealed, place=place)


def test_a_value_that_was_changed_anywhere_does_not_open() -> None:
    sealed = keyring.encrypt(b"secret", place=PLACE)
    for position in range(len(sealed)):
        changed = sealed[:position] + bytes([sealed[position] ^ 1]) + sealed[position + 1 :]
        with pytest.raises(CannotDecrypt):
            keyring.decrypt(changed, place=PLACE)


def test_a_value_that_was_cut_does_not_open() -> None:
    sealed = keyring.encrypt(b"secret", place=PLACE)
    for length in range(len(sealed)):
        with pytest.raises(CannotDecrypt):
            keyring.decrypt(sealed[:length], place=PLACE)


@given(nonsense=st.binary(max_size=60))
def test_nonsense_does_not_open(nonsense: bytes) -> None:
    with pytest.raises(CannotDecrypt):
        keyring.decrypt(nonsense, place=PLACE)


def test_a_new_key_in_front_seals_and_the_old_one_still_opens(use_ring: UseRing) -> None:
    use_ring(OLD)
    before = keyring.encrypt(b"secret", place=PLACE)
    assert keyring.is_current(before)

    use_ring(NEW, OLD)
    assert keyring.decrypt(before, place=PLACE) == b"secret"
    assert not keyring.is_current(before)
    after = keyring.encrypt(b"secret", place=PLACE)
    assert keyring.is_current(after)

    use_ring(NEW)
    assert keyring.decrypt(after, place=PLACE) == b"secret"
    with pytest.raises(CannotDecrypt):
        keyring.decrypt(before, place=PLACE)


def test_keyed_hashes_are_made_by_the_first_key_and_known_by_all(use_ring: UseRing) -> None:
    use_ring(OLD)
    before = keyring.mac("purpose", b"message")
    assert len(before) == 32

    use_ring(NEW, OLD)
    assert keyring.mac("purpose", b"message") != before
    assert keyring.mac_matches("purpose", b"message", before)
    assert keyring.mac_matches("purpose", b"message", keyring.mac("purpose", b"message"))

    use_ring(NEW, OTHER)
    assert not keyring.mac_matches("purpose", b"message", before)


def test_keyed_hashes_are_separated_by_purpose_and_message() -> None:
    made = keyring.mac("purpose", b"message")
    assert made == keyring.mac("purpose", b"message")
    for purpose, message in (("other", b"message"), ("purpose", b"other"), ("purposemess", b"age"), ("", b"")):
        assert not keyring.mac_matches(purpose, message, made)
    assert not keyring.mac_matches("purpose", b"message", b"")
    assert not keyring.mac_matches("purpose", b"message", made[:-1])


def test_without_a_ring_the_advice_is_what_to_set(use_ring: UseRing) -> None:
    use_ring()
    with pytest.raises(ConfigError, match="set GATEHOUSE_SECRET_KEYS to base64 of 32 random bytes"):
        keyring.encrypt(b"secret", place=PLACE)
