"""An authenticator app, independent of the one under test. Source: RFC 6238 and RFC 4226."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime


def code(secret: str, at: datetime | float) -> str:
    """The six digits that an app shows for a Base32 secret at a moment."""
    seconds = at.timestamp() if isinstance(at, datetime) else at
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.digest(key, (int(seconds) // 30).to_bytes(8, "big"), hashlib.sha1)
    start = mac[-1] & 0x0F
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def wrong(secret: str, at: datetime | float) -> str:
    """Six digits that are right at no moment near `at`."""
    seconds = at.timestamp() if isinstance(at, datetime) else at
    right = {code(secret, seconds + 30 * steps) for steps in range(-5, 6)}
    return next(guess for guess in (f"{number:06d}" for number in range(20)) if guess not in right)
