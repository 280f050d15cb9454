"""Password hashes that were made elsewhere: the algorithms that an import knows, their forms and their limits.

The limits keep a sign-in affordable. Ours, argon2id, is among them: what this installation writes is within them.
Source: guide, "Importing users with passwords"; RFC 7914 (scrypt), RFC 8018 (PBKDF2), RFC 9106 (argon2id).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping

import bcrypt
from argon2.exceptions import VerificationError
from argon2.low_level import Type, verify_secret

from identity.config import config
from pools.models import Credential

NONE = "NONE"
"""In place of an algorithm's name: there is no hash."""

MAX_BCRYPT_COST = 12
MAX_SCRYPT = (65_536, 8, 1)
"""N, r, p."""
MAX_ARGON2 = (max(19_456, config.argon2_memory_kib), max(2, config.argon2_time), 1)
"""Memory in KiB, passes, lanes. A cost that is configured here is no burden here."""
MAX_PBKDF2_ITERATIONS = 600_000
MAX_LENGTH = int(Credential._meta.get_field("password_hash").max_length or 0)
"""In characters, of the whole text."""

_BCRYPT_BYTES = 72
_LEAST_SALT_BYTES_OF_ARGON2 = 8
_DIGEST_BYTES = range(16, 65)
_MIB = 1024 * 1024

_BCRYPT = re.compile(r"\$2[abxy]\$([0-9]{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]")
_SCRYPT = re.compile(r"([1-9][0-9]{0,8})\$([1-9][0-9]{0,3})\$([1-9][0-9]{0,3})\$([0-9A-Fa-f]+)\$([0-9A-Fa-f]+)")
_ARGON2 = re.compile(
    r"\$argon2id\$v=19\$m=([1-9][0-9]{0,8}),t=([1-9][0-9]{0,8}),p=([1-9][0-9]{0,3})"
    r"\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)
_PBKDF2 = re.compile(r"\$pbkdf2-sha256\$([1-9][0-9]{0,8})\$([A-Za-z0-9+./]+={0,2})\$([A-Za-z0-9+./]+={0,2})")


def check(algorithm: str, text: str) -> None:
    """Whether a hash has the form of an algorithm (a key of `ALGORITHMS`) and costs no more than is allowed.

    Raises: ValueError; its text does not hold the hash.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"password_hash: String must be less than {MAX_LENGTH} characters long")
    try:
        _CHECKS[algorithm](text)
    except _Malformed:
        raise ValueError(f"password_hash: The value is not a hash of {algorithm}.") from None


def algorithm_of(text: str) -> str:
    """A key of `ALGORITHMS`, told by how the hash begins; `NONE` for an empty one."""
    if not text:
        return NONE
    return next((name for start, name in _BEGINNINGS.items() if text.startswith(start)), "SCRYPT")


def matches(text: str, password: str) -> bool:
    """Whether a hash that was checked when it came is of this password; any other text matches nothing.

    Bcrypt looks at 72 bytes and no more. `$2x$`, which marks a fault of one old library in passwords beyond ASCII, is
    read as `$2b$`.
    """
    try:
        return _MATCHES[algorithm_of(text)](text, password.encode())
    except (ValueError, VerificationError):
        return False


class _Malformed(ValueError):
    """The text does not have the algorithm's form."""


def _parts(form: re.Pattern[str], text: str) -> tuple[str, ...]:
    found = form.fullmatch(text)
    if found is None:
        raise _Malformed
    return found.groups()


def _check_cost(algorithm: str, name: str, value: int, most: int) -> None:
    if value > most:
        raise ValueError(f"password_hash: The {name} of a hash of {algorithm} must be at most {most}.")


def _check_bcrypt(text: str) -> None:
    cost = int(_parts(_BCRYPT, text)[0])
    if cost < 4:
        raise _Malformed
    _check_cost("BCRYPT", "cost", cost, MAX_BCRYPT_COST)


def _match_bcrypt(text: str, secret: bytes) -> bool:
    return hmac.compare_digest(bcrypt.hashpw(secret[:_BCRYPT_BYTES], text.encode()), text.encode())


def _read_scrypt(text: str) -> tuple[int, int, int, bytes, bytes]:
    """N, r, p, salt, digest. N is a power of two below 2 to the power of 16 r (RFC 7914, section 2)."""
    n, r, p, salt, digest = _parts(_SCRYPT, text)
    cost, blocks = int(n), int(r)
    if len(salt) % 2 or len(digest) % 2 or cost < 2 or cost & (cost - 1) or cost.bit_length() > 16 * blocks:
        raise _Malformed
    return cost, blocks, int(p), bytes.fromhex(salt), bytes.fromhex(digest)


def _check_scrypt(text: str) -> None:
    n, r, p, _, digest = _read_scrypt(text)
    for name, value, most in zip(("N", "r", "p"), (n, r, p), MAX_SCRYPT, strict=True):
        _check_cost("SCRYPT", name, value, most)
    _check_digest(digest)


def _match_scrypt(text: str, secret: bytes) -> bool:
    n, r, p, salt, digest = _read_scrypt(text)
    memory = 128 * n * r + _MIB
    made = hashlib.scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=len(digest))
    return hmac.compare_digest(made, digest)


def _check_argon2(text: str) -> None:
    memory, passes, lanes, salt, digest = _parts(_ARGON2, text)
    for name, value, most in zip(("m", "t", "p"), (memory, passes, lanes), MAX_ARGON2, strict=True):
        _check_cost("ARGON2ID", name, int(value), most)
    if int(memory) < 8 * int(lanes) or len(_decoded(salt)) < _LEAST_SALT_BYTES_OF_ARGON2:
        raise _Malformed
    _check_digest(_decoded(digest))


def _match_argon2(text: str, secret: bytes) -> bool:
    return verify_secret(text.encode(), secret, Type.ID)


def _read_pbkdf2(text: str) -> tuple[int, bytes, bytes]:
    iterations, salt, digest = _parts(_PBKDF2, text)
    return int(iterations), _decoded(_standard(salt)), _decoded(_standard(digest))


def _standard(text: str) -> str:
    return text.rstrip("=").replace(".", "+")


def _check_pbkdf2(text: str) -> None:
    iterations, _, digest = _read_pbkdf2(text)
    _check_cost("PBKDF2_SHA256", "iterations", iterations, MAX_PBKDF2_ITERATIONS)
    _check_digest(digest)


def _match_pbkdf2(text: str, secret: bytes) -> bool:
    iterations, salt, digest = _read_pbkdf2(text)
    return hmac.compare_digest(hashlib.pbkdf2_hmac("sha256", secret, salt, iterations, len(digest)), digest)


def _decoded(text: str) -> bytes:
    """Base64 without padding, in the one spelling that encoding gives: argon2's library reads no other."""
    try:
        octets = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise _Malformed from None
    if base64.b64encode(octets).rstrip(b"=") != text.encode():
        raise _Malformed
    return octets


def _check_digest(digest: bytes) -> None:
    """A digest of a few bytes would match many a password."""
    if len(digest) not in _DIGEST_BYTES:
        raise _Malformed


_CHECKS: Mapping[str, Callable[[str], None]] = {
    "BCRYPT": _check_bcrypt,
    "SCRYPT": _check_scrypt,
    "ARGON2ID": _check_argon2,
    "PBKDF2_SHA256": _check_pbkdf2,
}
_MATCHES: Mapping[str, Callable[[str, bytes], bool]] = {
    "BCRYPT": _match_bcrypt,
    "SCRYPT": _match_scrypt,
    "ARGON2ID": _match_argon2,
    "PBKDF2_SHA256": _match_pbkdf2,
    NONE: lambda text, secret: False,
}
_BEGINNINGS: Mapping[str, str] = {"$argon2": "ARGON2ID", "$2": "BCRYPT", "$pbkdf2-sha256$": "PBKDF2_SHA256"}

ALGORITHMS = tuple(_CHECKS)
"""As PasswordHashingAlgorithmType names them."""
