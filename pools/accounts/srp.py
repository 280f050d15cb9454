"""SRP-6a as Cognito's clients speak it: verifiers, and the server's side of the exchange.

The group is RFC 3526's 3072-bit one with SHA-256; hex forms carry a leading zero byte where the first bit is set.
Exponents are 256 bits, twice the strength that the group has. Arithmetic is GMP's, in constant time for secrets that
live longer than one exchange. Source: RFC 5054, RFC 2945; API reference, InitiateAuth; the SDKs' documentation.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from functools import cache
from typing import Self

from gmpy2 import mpz, powmod, powmod_sec

from identity import keyring

N = mpz(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05"
    "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB"
    "9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33"
    "A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864"
    "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2"
    "08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
_N_BYTES = 384
_EXPONENT_BYTES = 32
_SALT_BYTES = 16
_KEY_BYTES = 16
_HEX = re.compile(rf"[0-9a-fA-F]{{1,{2 * _N_BYTES + 2}}}")


def pad(number: mpz) -> bytes:
    """The shortest big-endian form that a two's-complement reader takes for positive."""
    digits = number.digits(16)
    digits = digits.rjust(len(digits) + len(digits) % 2, "0")
    return bytes.fromhex(digits if digits[0] in "01234567" else f"00{digits}")


def _hash(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _number(octets: bytes) -> mpz:
    return mpz.from_bytes(octets, "big")


_K = _number(_hash(pad(N), pad(mpz(2))))


@cache
def _powers_of_g() -> list[list[mpz]]:
    """2^(octet · 256^position) for every octet of an exponent: a power of g is then one product an octet.

    They take 3 MiB and 40 ms to make.
    """
    table, base = [], mpz(2)
    for _ in range(_EXPONENT_BYTES):
        row = [mpz(1)]
        while len(row) < 256:
            row.append(row[-1] * base % N)
        table.append(row)
        base = row[-1] * base % N
    return table


def _power_of_g(exponent: bytes) -> mpz:
    """g^exponent mod N for 32 bytes, in a fixed number of steps."""
    product = mpz(1)
    for row, octet in zip(_powers_of_g(), reversed(exponent), strict=True):
        product = product * row[octet] % N
    return product


@dataclass(frozen=True, slots=True)
class Verifier:
    """What the server keeps of a password for SRP; its text form is `salt:verifier` in hex."""

    salt: bytes
    value: mpz

    @classmethod
    def of(cls, pool_id: str, username: str, password: str) -> Self:
        """For a password that is being set."""
        salt = _salt(secrets.token_bytes(_SALT_BYTES))
        return cls(salt, _power_of_g(_private_key(salt, pool_id, username, password)))

    @classmethod
    def decoy(cls, pool_id: str, name: str) -> Self:
        """For a name without a verifier: the same each time, and no password is right for it."""
        seed = keyring.mac("decoy verifier", f"{pool_id} {name}".encode())
        octets = hashlib.shake_256(seed).digest(_SALT_BYTES + _N_BYTES)
        return cls(_salt(octets[:_SALT_BYTES]), _number(octets[_SALT_BYTES:]) % N)

    @classmethod
    def parse(cls, text: str) -> Self:
        salt, _, value = text.partition(":")
        return cls(bytes.fromhex(salt), mpz(value, 16))

    def __str__(self) -> str:
        return f"{self.salt.hex()}:{self.value.digits(16)}"


def _salt(drawn: bytes) -> bytes:
    """Clients take a salt for a number. With these two bits every one of them writes it as the same 16 bytes again."""
    return bytes([drawn[0] & 0x7F | 0x40]) + drawn[1:]


def _private_key(salt: bytes, pool_id: str, username: str, password: str) -> bytes:
    """x"""
    inner = _hash(f"{_pool_name(pool_id)}{username}:{password}".encode())
    return _hash(pad(_number(salt)), inner)


def _pool_name(pool_id: str) -> str:
    return pool_id.partition("_")[2]


def client_key(srp_a: str) -> mpz:
    """A, from its hex form. Raises: ValueError, when it is no number below about N, or 0 mod N."""
    if not _HEX.fullmatch(srp_a):
        raise ValueError("SRP_A has a wrong form")
    public = mpz(srp_a, 16)
    if public % N == 0:
        raise ValueError("SRP_A is 0")
    return public


def new_secret() -> bytes:
    """b, for one exchange."""
    return secrets.token_bytes(_EXPONENT_BYTES)


def server_key(verifier: Verifier, secret: bytes) -> mpz:
    """B"""
    return (_K * verifier.value + _power_of_g(secret)) % N


def session_key(verifier: Verifier, secret: bytes, client: mpz, server: mpz | None = None) -> bytes:
    """The 16 bytes that both sides derive, the client from the right password only. `server` is B, if it was kept.

    Raises: ValueError, when the scrambling parameter is 0.
    """
    scrambler = _hash(pad(client), pad(server_key(verifier, secret) if server is None else server))
    exponent = _number(scrambler)
    if exponent == 0:
        raise ValueError("u is 0")
    shared = powmod_sec(client * powmod(verifier.value, exponent, N) % N, _number(secret), N)
    return _derived_key(exponent, shared)


def _derived_key(scrambler: mpz, shared: mpz) -> bytes:
    """HKDF (RFC 5869) with one block of output."""
    extracted = hmac.digest(pad(scrambler), pad(shared), "sha256")
    return hmac.digest(extracted, b"Caldera Derived Key\x01", "sha256")[:_KEY_BYTES]


def is_signature(given: str, key: bytes, *, pool_id: str, username: str, secret_block: bytes, timestamp: str) -> bool:
    """Whether this is the PASSWORD_CLAIM_SIGNATURE under the session key. Constant-time."""
    message = f"{_pool_name(pool_id)}{username}".encode() + secret_block + timestamp.encode()
    expected = base64.b64encode(hmac.digest(key, message, "sha256"))
    return hmac.compare_digest(expected, given.encode())
