"""The server's side of SRP against the reference's vector and against an independent client."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from gmpy2 import mpz
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from pools.accounts import srp
from pools.accounts.srp import Verifier
from tests.support import srp as independent

POOL = "us-east-1_AbCdEf123"
USER = "3f2b1c4d-0011-2233-4455-66778899aabb"
PASSWORD = "P@ssw0rd!23"
SALT = bytes.fromhex("a1b2c3d4e5f60718293a4b5c6d7e8f90")
CLIENT_SECRET = int("1" * 256, 16)
SERVER_SECRET = int("2" * 256, 16)
SECRET_BLOCK = b"secret-block-bytes"
TIMESTAMP = "Tue Apr 7 09:05:03 UTC 2026"

U = 0xDF3BAD8A4606B115A2D5D5957867FE6BDA4DD11E9DAB56CF620A8906F911F1B4
KEY = bytes.fromhex("e246b9808dfedc76b81d6292f5e3404e")
SIGNATURE = "FBIQ0A72cO4RwovuI9AY23ybqGZLW5beh3ppfYEunrs="

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128)
passwords = st.text(st.characters(exclude_categories=["Cs"]), max_size=256)
exponents = st.binary(min_size=32, max_size=32)
server_secrets = exponents.filter(any)
salts = st.binary(min_size=16, max_size=16)
slow = settings(deadline=None, max_examples=15)
"""The other side computes with Python's own pow."""


def digest_of(number: Any) -> str:
    """As the reference writes long numbers: SHA-256 of their lower-case hex text."""
    return hashlib.sha256(f"{int(number):x}".encode()).hexdigest()


def vector_verifier() -> Verifier:
    return Verifier(SALT, srp._power_of_g(srp._private_key(SALT, POOL, USER, PASSWORD)))


# The reference's vector. Its b is longer than ours ever is, so B and S are computed around the table of powers.


def test_the_multiplier_is_the_references() -> None:
    assert f"{srp._K:x}" == "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6"


def test_private_key_of_the_vector() -> None:
    made = srp._private_key(SALT, POOL, USER, PASSWORD)
    assert made.hex() == "0f71cd8a427a41be36528dee1293185e2288f3fe7d3002c61e7e1e98f769da4b"


def test_verifier_of_the_vector() -> None:
    made = digest_of(vector_verifier().value)
    assert made == "5194576a15c27bd75bbe4b2494232dca0f9ec491c763734ca5684a1771bfbfce"


def test_public_keys_of_the_vector() -> None:
    big_a = pow(2, CLIENT_SECRET, int(srp.N))
    big_b = (srp._K * vector_verifier().value + pow(2, SERVER_SECRET, int(srp.N))) % srp.N
    assert digest_of(big_a) == "91441e9967eb395f8ca333b101ec56f3eb23bea1baf5070844c425f5a0f03e93"
    assert digest_of(big_b) == "8f1ba4894488ac7e64a02ba23db1e26f2413c76741786ab56b849d7df6fab902"
    assert hashlib.sha256(srp.pad(mpz(big_a)) + srp.pad(big_b)).hexdigest() == f"{U:x}"


def test_session_key_of_the_vector() -> None:
    big_a = pow(2, CLIENT_SECRET, int(srp.N))
    shared = pow(big_a * pow(int(vector_verifier().value), U, int(srp.N)), SERVER_SECRET, int(srp.N))
    assert digest_of(shared) == "b67bb935ff5e39a99bebe93103865918f0419b6ba12d4ee6000469a289c923bb"
    assert srp._derived_key(mpz(U), mpz(shared)) == KEY


def test_signature_of_the_vector() -> None:
    said = {"pool_id": POOL, "username": USER, "secret_block": SECRET_BLOCK, "timestamp": TIMESTAMP}
    assert srp.is_signature(SIGNATURE, KEY, **said)
    for name, other in (
        ("pool_id", "us-east-1_AbCdEf124"),
        ("username", USER.upper()),
        ("secret_block", SECRET_BLOCK + b"\0"),
        ("timestamp", TIMESTAMP.replace("03", "04")),
    ):
        assert not srp.is_signature(SIGNATURE, KEY, **{**said, name: other})


@pytest.mark.parametrize(
    "given_signature",
    ["", SIGNATURE.rstrip("="), SIGNATURE.lower(), f" {SIGNATURE}", SIGNATURE + "=", "Ω" * 44, "A" * 100_000],
)
def test_another_text_is_not_the_signature(given_signature: str) -> None:
    said = {"pool_id": POOL, "username": USER, "secret_block": SECRET_BLOCK, "timestamp": TIMESTAMP}
    assert not srp.is_signature(given_signature, KEY, **said)


# Against the independent client


@slow
@given(names, passwords, salts)
@example("Jürgen-Ångström-李", "pässwörd 🐴 \U0001f468\u200d\U0001f469", b"\x00" * 16)
@example("user:name", "pass:word", b"\xff" * 16)
def test_verifier_is_what_any_client_computes(name: str, password: str, salt: bytes) -> None:
    ours = srp._power_of_g(srp._private_key(salt, POOL, name, password))
    assert ours == independent.verifier(int.from_bytes(salt, "big"), POOL, name, password)


@slow
@given(names, passwords, server_secrets, st.integers(1, 2**1024))
@example("Jürgen-Ångström-李", "pässwörd 🐴", b"\xff" * 32, 1)
@example("a", "", b"\0" * 31 + b"\1", 2**1024)
def test_both_sides_derive_the_same_key_from_the_right_password(
    name: str, password: str, secret: bytes, a: int
) -> None:
    verifier = Verifier.of(POOL, name, password)
    client = independent.Exchange(POOL, password, a)
    parameters = {
        "SALT": verifier.salt.hex(),
        "SRP_B": srp.pad(srp.server_key(verifier, secret)).hex(),
        "USER_ID_FOR_SRP": name,
        "SECRET_BLOCK": base64.b64encode(SECRET_BLOCK).decode(),
    }
    key = srp.session_key(verifier, secret, srp.client_key(client.srp_a))
    assert key == client.key(parameters)
    signed = client.signature(parameters, TIMESTAMP)
    said = {"pool_id": POOL, "username": name, "secret_block": SECRET_BLOCK, "timestamp": TIMESTAMP}
    assert srp.is_signature(signed, key, **said)


@slow
@given(passwords, passwords, server_secrets)
def test_a_wrong_password_derives_another_key(right: str, wrong: str, secret: bytes) -> None:
    assume(right != wrong)
    verifier = Verifier.of(POOL, USER, right)
    client = independent.Exchange(POOL, wrong, 3)
    parameters = {
        "SALT": verifier.salt.hex(),
        "SRP_B": srp.pad(srp.server_key(verifier, secret)).hex(),
        "USER_ID_FOR_SRP": USER,
    }
    assert srp.session_key(verifier, secret, srp.client_key(client.srp_a)) != client.key(parameters)


@slow
@given(exponents)
@example(b"\0" * 32)
@example(b"\xff" * 32)
@example(b"\0" * 31 + b"\1")
@example(b"\x80" + b"\0" * 31)
def test_power_of_g_is_the_power_of_g(exponent: bytes) -> None:
    assert srp._power_of_g(exponent) == pow(2, int.from_bytes(exponent, "big"), independent.N)


# Forms


@given(st.integers(0, 2**3080))
@example(0)
@example(1)
@example(0x7F)
@example(0x80)
@example(0xFF)
@example(0x100)
@example(0x7FFF)
@example(0x8000)
@example(0xFFF)
@example(independent.N)
def test_pad_is_the_shortest_positive_form(number: int) -> None:
    padded = srp.pad(mpz(number))
    assert padded == independent.pad(number)
    assert padded[0] < 0x80
    assert len(padded) == 1 or padded[0] != 0 or padded[1] >= 0x80


def test_pad_does_not_fill_up_to_the_length_of_the_group() -> None:
    assert srp.pad(mpz(2)) == b"\2"


@given(names, passwords)
def test_every_client_reads_a_salt_as_the_same_number(name: str, password: str) -> None:
    """Clients take it for a number and write it again: nothing may be lost or added on the way."""
    salt = Verifier.of(POOL, name, password).salt
    assert len(salt) == 16
    assert srp.pad(mpz(salt.hex(), 16)) == salt
    assert len(Verifier.decoy(POOL, name).salt) == 16
    assert srp.pad(mpz(Verifier.decoy(POOL, name).salt.hex(), 16)) == Verifier.decoy(POOL, name).salt


def test_two_users_of_one_password_have_different_salts_and_verifiers() -> None:
    one, other = Verifier.of(POOL, USER, PASSWORD), Verifier.of(POOL, USER, PASSWORD)
    assert one.salt != other.salt
    assert one.value != other.value


@given(names, passwords)
def test_a_verifier_comes_back_from_its_text(name: str, password: str) -> None:
    made = Verifier.of(POOL, name, password)
    assert Verifier.parse(str(made)) == made


@given(names)
def test_the_decoy_of_a_name_is_the_same_each_time(name: str) -> None:
    made = Verifier.decoy(POOL, name)
    assert made == Verifier.decoy(POOL, name)
    assert made.salt != Verifier.decoy("us-east-1_AbCdEf124", name).salt
    assert made.salt != Verifier.decoy(POOL, f"{name}x").salt
    assert 0 < made.value < srp.N


# A


@given(st.integers(1, independent.N - 1))
@example(1)
@example(independent.N - 1)
@example(0xABCDEF)
def test_a_public_key_is_read_in_either_case_and_with_leading_zeros(number: int) -> None:
    digits = f"{number:x}"
    for spelling in (digits, digits.upper(), digits.rjust(770, "0"), f"00{digits}"[-770:]):
        assert srp.client_key(spelling) == number


@pytest.mark.parametrize("number", [independent.N + 1, 2**3072 - 1])
def test_a_public_key_above_the_group_enters_the_hash_as_it_came(number: int) -> None:
    """Both sides hash A as the client sent it; only the arithmetic is modulo N."""
    assert srp.client_key(f"{number:x}") == number
    verifier, secret = Verifier.of(POOL, USER, PASSWORD), b"\7" * 32
    big_b = int(srp.server_key(verifier, secret))
    scrambling = independent.scrambler(number, big_b)
    shared = pow(
        number * pow(int(verifier.value), scrambling, independent.N), int.from_bytes(secret, "big"), independent.N
    )
    assert srp.session_key(verifier, secret, mpz(number)) == independent.key_of(scrambling, shared)


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda good: "0",
        lambda good: "00",
        lambda good: "0" * 770,
        lambda good: f"{independent.N:x}",
        lambda good: f"{independent.N:X}",
        lambda good: f"00{independent.N:x}",
        lambda good: f"{2 * independent.N:x}",
        lambda good: f"{100 * independent.N:x}",
        lambda good: "",
        lambda good: f"-{good}",
        lambda good: "-1",
        lambda good: "+1",
        lambda good: f"0x{good}",
        lambda good: f"0X{good}",
        lambda good: "0x",
        lambda good: "0o17",
        lambda good: f" {good}",
        lambda good: f"{good}\n",
        lambda good: f"{good[:-1]}g",
        lambda good: "1_0",
        lambda good: "1.5",
        lambda good: "1e5.",
        lambda good: "\u0663",
        lambda good: "\uff11",
        lambda good: "²",
        lambda good: "🐴",
        lambda good: "null",
        lambda good: good.rjust(771, "0"),
        lambda good: "f" * 771,
        lambda good: "f" * 1_000_000,
    ],
)
def test_what_is_no_public_key_is_refused(spoilt: Callable[[str], str]) -> None:
    text = spoilt(f"{independent.Exchange(POOL, PASSWORD, 5**400).big_a:x}")
    with pytest.raises(ValueError):
        srp.client_key(text)
