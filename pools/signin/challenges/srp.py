"""PASSWORD_SRP and PASSWORD_VERIFIER: the two steps of SRP. Source: guide, "Authentication flows"; RFC 5054."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from gmpy2 import mpz

from identity import clock
from identity.errors import SESSION_INVALID, InvalidParameter, NotAuthorized
from pools.accounts import passwords, srp
from pools.models import Attempt
from pools.signin import lock_out, proofs, secret_block, standing
from pools.signin.challenges.base import Proof, required

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIMESTAMP = re.compile(
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ({'|'.join(_MONTHS)}) (\d{{1,2}}) (\d\d):(\d\d):(\d\d) UTC (\d{{4}})", re.ASCII
)
_BAD_TIMESTAMP = "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english."
_LONGEST_SKEW = timedelta(minutes=5)


class PasswordSrp:
    """The client's public key."""

    name: ClassVar[str] = "PASSWORD_SRP"
    unasked: ClassVar[tuple[str, ...]] = ("SRP_A",)

    def offer(self, attempt: Attempt) -> dict[str, str]:
        return {"USERNAME": attempt.name, "USER_ID_FOR_SRP": attempt.user.username}

    def check(self, attempt: Attempt, answers: Mapping[str, str]) -> Proof:
        """Raises: InvalidParameter."""
        given = required(answers, "SRP_A")
        try:
            key = srp.client_key(given)
        except ValueError:
            raise InvalidParameter("Invalid SRP_A parameter.") from None
        return Proof(proofs.CHOICE, data={"srp_a": key.digits(16)})


class PasswordVerifier:
    """The proof that the client has derived the same key, and so knows the password.

    What the server must remember travels in SECRET_BLOCK; in USER_SRP_AUTH it is the only handle, without a Session.
    """

    name: ClassVar[str] = "PASSWORD_VERIFIER"
    unasked: ClassVar[tuple[str, ...]] = ()

    def offer(self, attempt: Attempt) -> dict[str, str]:
        secret = srp.new_secret()
        verifier = passwords.verifier(attempt.user)
        public = srp.pad(srp.server_key(verifier, secret)).hex()
        return {
            "SALT": verifier.salt.hex(),
            "SRP_B": public,
            "SECRET_BLOCK": secret_block.seal(attempt, attempt.data["srp_a"], public, secret),
            "USERNAME": attempt.user.username,
            "USER_ID_FOR_SRP": attempt.user.username,
        }

    def check(self, attempt: Attempt, answers: Mapping[str, str]) -> Proof:
        """Uses the block up, whatever comes of it.

        Raises: InvalidParameter, NotAuthorized, UserNotConfirmed, PasswordResetRequired.
        """
        signature = required(answers, "PASSWORD_CLAIM_SIGNATURE")
        block = required(answers, "PASSWORD_CLAIM_SECRET_BLOCK")
        timestamp = required(answers, "TIMESTAMP")
        _check_time(timestamp)
        user = attempt.user
        exchange = secret_block.unseal(block, attempt.client_id, attempt.channel)
        if not exchange.is_of(attempt):
            raise NotAuthorized(SESSION_INVALID)
        secret_block.spend(block, exchange)
        now = clock.now()
        attempted = lock_out.of_password(user, attempt.name)
        try:
            key = srp.session_key(
                attempted.verifier(),
                bytes.fromhex(exchange.secret),
                mpz(exchange.client_key, 16),
                mpz(exchange.server_key, 16),
            )
        except ValueError:
            raise NotAuthorized() from None
        is_right = srp.is_signature(
            signature,
            key,
            pool_id=user.pool_id,
            username=user.username,
            secret_block=secret_block.raw(block),
            timestamp=timestamp,
        )
        if not is_right:
            attempted.failed()
            raise NotAuthorized()
        attempted.passed()
        standing.check(user)
        return Proof(proofs.SRP, data={"password_at": now.isoformat()})


def _check_time(timestamp: str) -> None:
    """Clients say their own time, which no settable clock moves. Raises: InvalidParameter, NotAuthorized."""
    found = _TIMESTAMP.fullmatch(timestamp)
    try:
        if found is None:
            raise ValueError(timestamp)
        month, day, hour, minute, second, year = found.groups()
        said = datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        raise InvalidParameter(_BAD_TIMESTAMP) from None
    if abs(datetime.now(UTC) - said) > _LONGEST_SKEW:
        raise NotAuthorized()
