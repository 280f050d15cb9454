"""Identifiers as AWS shapes them. Source: identifier formats of the Cognito service models and guide."""

from __future__ import annotations

import secrets
import string

_MIXED = string.ascii_letters + string.digits
_LOWER = string.ascii_lowercase + string.digits
_BASE32 = string.ascii_uppercase + "234567"


def _draw(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


def pool_id(region: str) -> str:
    """`us-east-1_AbCdEf123`"""
    return f"{region}_{_draw(_MIXED, 9)}"


def client_id() -> str:
    """26 of `[a-z0-9]`."""
    return _draw(_LOWER, 26)


def client_secret() -> str:
    """52 of `[a-z0-9]`: 268 bits."""
    return _draw(_LOWER, 52)


def sub() -> str:
    """UUID-shaped, not an RFC 4122 version, as AWS's are."""
    digits = secrets.token_hex(16)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def import_job_id() -> str:
    """`import-AbCdEf1234`"""
    return f"import-{_draw(_MIXED, 10)}"


def access_key_id(prefix: str = "AKIA") -> str:
    """20 characters: `AKIA` for a long-term key, `ASIA` for a temporary one."""
    return prefix + _draw(_BASE32, 16)


def secret_access_key() -> str:
    """40 characters."""
    return _draw(_MIXED + "/+", 40)


def digits(count: int) -> str:
    """A one-time code."""
    return _draw(string.digits, count)


def token(bytes_of_entropy: int = 32) -> str:
    """An opaque URL-safe string that no command line takes for an option."""
    while (drawn := secrets.token_urlsafe(bytes_of_entropy)).startswith("-"):
        pass
    return drawn
