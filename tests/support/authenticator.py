"""An authenticator app: it computes the six digits of RFC 6238 from a secret, as users' phones do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct

from tests.support.clock import Clock

STEP_SECONDS = 30


class Authenticator:
    """Shows a code that it has not shown before: it moves the server's clock on rather than wait for the next one."""

    def __init__(self, clock: Clock, secret: str) -> None:
        self._clock = clock
        self._key = base64.b32decode(secret + "=" * (-len(secret) % 8))
        self._last_step = 0

    def code(self) -> str:
        step = int(self._clock.now().timestamp()) // STEP_SECONDS
        if step <= self._last_step:
            self._clock.advance(seconds=STEP_SECONDS * (self._last_step + 1 - step))
            step = self._last_step + 1
        self._last_step = step
        return self._code_of(step)

    def used_code(self) -> str:
        """The code that was shown last, again."""
        return self._code_of(self._last_step)

    def wrong_code(self) -> str:
        """Six digits that are no code of any step near."""
        near = {self._code_of(self._last_step + distance) for distance in range(-5, 6)}
        return next(digits for digits in (f"{number:06}" for number in range(len(near) + 1)) if digits not in near)

    def _code_of(self, step: int) -> str:
        digest = hmac.digest(self._key, struct.pack(">Q", step), hashlib.sha1)
        offset = digest[-1] & 0xF
        number: int = struct.unpack_from(">I", digest, offset)[0] & 0x7FFF_FFFF
        return f"{number % 1_000_000:06}"
