"""Hashes made elsewhere: published vectors match, forms and limits are kept, and a first right password renews."""

from __future__ import annotations

import base64
import hashlib
import hmac

import bcrypt
import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.config import config
from pools.accounts import hashes, passwords
from pools.config import pool as pool_settings
from pools.models import Credential, Pool, User
from pools.models.user import UserStatus

# Published: the first three by Openwall's crypt_blowfish, RFC 7914 sections 12 and 11, the argon2 reference code.
VECTORS = {
    "U*U": ("BCRYPT", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    "U*U*": ("BCRYPT", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored": (
        "BCRYPT",
        "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
    ),
    "pleaseletmein": (
        "SCRYPT",
        f"16384$8$1${b'SodiumChloride'.hex()}$7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
        "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
    ),
    "Password": (
        "PBKDF2_SHA256",
        "$pbkdf2-sha256$80000$"
        + base64.b64encode(b"NaCl").decode().rstrip("=")
        + "$"
        + base64.b64encode(
            bytes.fromhex(
                "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
                "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"
            )
        )
        .decode()
        .replace("+", ".")
        .rstrip("="),
    ),
    "password": (
        "ARGON2ID",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    ),
}


@pytest.mark.parametrize(("password", "algorithm", "text"), [(word, *vector) for word, vector in VECTORS.items()])
def test_published_hash_is_taken_and_matches_its_password_alone(password: str, algorithm: str, text: str) -> None:
    hashes.check(algorithm, text)
    assert hashes.algorithm_of(text) == algorithm
    assert hashes.matches(text, password)
    assert not hashes.matches(text, f"x{password}")
    assert not hashes.matches(text, "")


@pytest.mark.parametrize(
    "text",
    [
        "$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
        "$pbkdf2-sha256$6400$+6UI/S+nXIk8jcbdHx3Fhg==$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44=",
    ],
)
def test_pbkdf2_is_read_in_both_base64s(text: str) -> None:
    """The example of passlib's documentation, and the same in standard base64."""
    hashes.check("PBKDF2_SHA256", text)
    assert hashes.matches(text, "password")


@settings(max_examples=20)
@given(st.text(max_size=40), st.binary(min_size=1, max_size=32), st.integers(1, 20))
def test_pbkdf2_is_what_its_definition_says(password: str, salt: bytes, iterations: int) -> None:
    password = password.encode(errors="ignore").decode()
    block = last = hmac.digest(password.encode(), salt + b"\0\0\0\1", hashlib.sha256)
    for _ in range(iterations - 1):
        last = hmac.digest(password.encode(), last, hashlib.sha256)
        block = bytes(one ^ other for one, other in zip(block, last, strict=True))
    encoded = (base64.b64encode(part).decode().rstrip("=") for part in (salt, block))
    text = "$".join(["", "pbkdf2-sha256", str(iterations), *encoded])
    hashes.check("PBKDF2_SHA256", text)
    assert hashes.matches(text, password)


@pytest.mark.parametrize("marker", ["2a", "2b", "2x", "2y"])
def test_bcrypt_is_known_by_all_its_markers_and_looks_at_72_bytes(marker: str) -> None:
    long = "ä" * 40
    text = bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(4)).decode().replace("$2b$", f"${marker}$")
    hashes.check("BCRYPT", text)
    assert hashes.matches(text, long)
    assert hashes.matches(text, "ä" * 36 + "other")
    assert not hashes.matches(text, "ä" * 35)


SALT, DIGEST = "ab" * 16, "cd" * 32
TEXT64 = "A" * 22, "A" * 43
BCRYPT_REST = "C" * 21 + "." + "E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"


@pytest.mark.parametrize(
    ("algorithm", "text"),
    [
        ("BCRYPT", f"$2b$12${BCRYPT_REST}"),
        ("SCRYPT", f"65536$8$1${SALT}${DIGEST}"),
        ("SCRYPT", f"16384$8$1${SALT.upper()}${DIGEST.upper()}"),
        ("ARGON2ID", f"$argon2id$v=19$m=19456,t=2,p=1${TEXT64[0]}${TEXT64[1]}"),
        ("PBKDF2_SHA256", f"$pbkdf2-sha256$600000${TEXT64[0]}${TEXT64[1]}"),
    ],
)
def test_hash_at_its_limits_is_taken(algorithm: str, text: str) -> None:
    hashes.check(algorithm, text)


@pytest.mark.parametrize(
    ("algorithm", "text", "complaint"),
    [
        ("BCRYPT", f"$2b$13${BCRYPT_REST}", "The cost of a hash of BCRYPT must be at most 12."),
        ("SCRYPT", f"131072$8$1${SALT}${DIGEST}", "The N of a hash of SCRYPT must be at most 65536."),
        ("SCRYPT", f"65536$9$1${SALT}${DIGEST}", "The r of a hash of SCRYPT must be at most 8."),
        ("SCRYPT", f"65536$8$2${SALT}${DIGEST}", "The p of a hash of SCRYPT must be at most 1."),
        (
            "ARGON2ID",
            f"$argon2id$v=19$m=19457,t=2,p=1${TEXT64[0]}${TEXT64[1]}",
            "The m of a hash of ARGON2ID must be at most 19456.",
        ),
        (
            "ARGON2ID",
            f"$argon2id$v=19$m=19456,t=3,p=1${TEXT64[0]}${TEXT64[1]}",
            "The t of a hash of ARGON2ID must be at most 2.",
        ),
        (
            "ARGON2ID",
            f"$argon2id$v=19$m=19456,t=2,p=2${TEXT64[0]}${TEXT64[1]}",
            "The p of a hash of ARGON2ID must be at most 1.",
        ),
        (
            "PBKDF2_SHA256",
            f"$pbkdf2-sha256$600001${TEXT64[0]}${TEXT64[1]}",
            "The iterations of a hash of PBKDF2_SHA256 must be at most 600000.",
        ),
        ("PBKDF2_SHA256", "$" * 257, "String must be less than 256 characters long"),
    ],
)
def test_hash_that_costs_too_much_is_refused(algorithm: str, text: str, complaint: str) -> None:
    with pytest.raises(ValueError) as refusal:
        hashes.check(algorithm, text)
    assert str(refusal.value) == f"password_hash: {complaint}"


MALFORMED = {
    "BCRYPT": [
        "",
        "secret",
        f"$2c$10${BCRYPT_REST}",
        f"$2b$03${BCRYPT_REST}",
        f"$2b$10${BCRYPT_REST[:-1]}",
        f"$2b$10${BCRYPT_REST}\n",
        f"$2b$10${BCRYPT_REST.replace('C.', 'CA')}",  # a salt with bits to spare
        f"$2b$10${BCRYPT_REST[:-1]}X",
        f"$2b$\u0661\u0660${BCRYPT_REST}",
    ],
    "SCRYPT": [
        "",
        f"0$8$1${SALT}${DIGEST}",
        f"1$8$1${SALT}${DIGEST}",
        f"16383$8$1${SALT}${DIGEST}",
        f"65536$1$1${SALT}${DIGEST}",  # more than RFC 7914 allows with r = 1
        f"16384$0$1${SALT}${DIGEST}",
        f"16384$8$1$${DIGEST}",
        f"16384$8$1$abc${DIGEST}",
        f"16384$8$1$xyz1${DIGEST}",
        f"16384$8$1${SALT}$cd",
        f"16384$8$1${SALT}${'c' * 132}",
        f"16384$8$1${SALT}",
        VECTORS["password"][1],
    ],
    "ARGON2ID": [
        "",
        f"$argon2i$v=19$m=64,t=1,p=1${TEXT64[0]}${TEXT64[1]}",
        f"$argon2id$v=16$m=64,t=1,p=1${TEXT64[0]}${TEXT64[1]}",
        f"$argon2id$m=64,t=1,p=1${TEXT64[0]}${TEXT64[1]}",
        f"$argon2id$v=19$m=7,t=1,p=1${TEXT64[0]}${TEXT64[1]}",
        f"$argon2id$v=19$m=64,t=0,p=1${TEXT64[0]}${TEXT64[1]}",
        f"$argon2id$v=19$m=64,t=1,p=1$AAAA${TEXT64[1]}",
        f"$argon2id$v=19$m=64,t=1,p=1${TEXT64[0]}$AAAA",
        f"$argon2id$v=19$m=64,t=1,p=1${TEXT64[0]}${'A' * 42}B",  # bits to spare: argon2's library cannot read it
        f"$argon2id$v=19$m=64,t=1,p=1${TEXT64[0]}${'A' * 41}",
        f"$argon2id$v=19$m=64,t=1,p=1${TEXT64[0]}${TEXT64[1]}=",
    ],
    "PBKDF2_SHA256": [
        "",
        f"$pbkdf2-sha512$1000${TEXT64[0]}${TEXT64[1]}",
        f"$pbkdf2-sha256$0${TEXT64[0]}${TEXT64[1]}",
        f"$pbkdf2-sha256$01000${TEXT64[0]}${TEXT64[1]}",
        f"$pbkdf2-sha256$1000$${TEXT64[1]}",
        f"$pbkdf2-sha256$1000${TEXT64[0]}$AAAA",
        f"$pbkdf2-sha256$1000${TEXT64[0]}${'A' * 87}AAAA",
        f"$pbkdf2-sha256$1000${TEXT64[0]}${'A' * 45}",
        f"pbkdf2_sha256$1000${TEXT64[0]}${TEXT64[1]}",
    ],
}


@pytest.mark.parametrize(
    ("algorithm", "text"), [(algorithm, text) for algorithm, texts in MALFORMED.items() for text in texts]
)
def test_what_is_no_hash_is_refused_and_not_repeated(algorithm: str, text: str) -> None:
    with pytest.raises(ValueError) as refusal:
        hashes.check(algorithm, text)
    assert str(refusal.value) == f"password_hash: The value is not a hash of {algorithm}."
    assert algorithm != hashes.algorithm_of(text) or not hashes.matches(text, "password")


@pytest.mark.parametrize("algorithm", hashes.ALGORITHMS)
def test_hash_of_another_algorithm_is_refused(algorithm: str) -> None:
    for other, text in VECTORS.values():
        if other != algorithm:
            with pytest.raises(ValueError, match=f"is not a hash of {algorithm}"):
                hashes.check(algorithm, text)


@given(st.sampled_from(hashes.ALGORITHMS), st.text(max_size=300))
def test_any_text_is_a_hash_or_is_refused(algorithm: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"^password_hash: "):
        hashes.check(algorithm, text)


def test_our_own_hash_can_be_imported() -> None:
    text = passwords.hash("Correct-Horse-1")
    hashes.check("ARGON2ID", text)
    assert hashes.matches(text, "Correct-Horse-1")
    assert hashes.MAX_ARGON2[0] >= config.argon2_memory_kib
    assert hashes.MAX_ARGON2[1] >= config.argon2_time


@pytest.mark.django_db
@pytest.mark.parametrize(("password", "text"), [(word, vector[1]) for word, vector in VECTORS.items()])
def test_first_right_password_makes_the_hash_ours(password: str, text: str) -> None:
    pool = Pool.objects.create(id="us-east-1_AbCdEf123", name="p", settings=pool_settings.created({}))
    user = User.objects.create(pool=pool, sub="s", username="ada", status=UserStatus.CONFIRMED)
    Credential.objects.create(user=user, password_hash=text)

    assert not passwords.is_correct(user, f"x{password}")
    assert Credential.objects.get(user=user).password_hash == text

    assert passwords.is_correct(user, password)
    renewed = Credential.objects.get(user=user).password_hash
    assert renewed != text
    assert not PasswordHasher(
        time_cost=config.argon2_time, memory_cost=config.argon2_memory_kib, parallelism=1
    ).check_needs_rehash(renewed)

    assert passwords.is_correct(user, password)
    assert Credential.objects.get(user=user).password_hash == renewed
