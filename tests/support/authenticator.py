"""An authenticator app on a user's phone."""

from __future__ import annotations

from tests.support import totp
from tests.support.clock import Clock

STEP_SECONDS = 30


class Authenticator:
    """Shows a code that it has not shown before: it moves the server's clock on rather than wait for the next one."""

    def __init__(self, clock: Clock, secret: str) -> None:
        self._clock = clock
        self._secret = secret
        self._shown_at = 0.0

    def code(self) -> str:
        now = self._clock.now().timestamp()
        next_step = (self._shown_at // STEP_SECONDS + 1) * STEP_SECONDS
        if now < next_step:
            self._clock.advance(seconds=next_step - now)
            now = next_step
        self._shown_at = now
        return totp.code(self._secret, now)

    def used_code(self) -> str:
        """The code that was shown last, again."""
        return totp.code(self._secret, self._shown_at)

    def wrong_code(self) -> str:
        return totp.wrong(self._secret, self._clock.now())
