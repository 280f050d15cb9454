"""SECRET_BLOCK: the server's half of an SRP exchange, sealed and carried by the client.

So InitiateAuth writes nothing. A block is opened once, rightly or wrongly, at the client and on the pair of operations
that it was made for.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson

from identity import clock, keyring
from identity.errors import SESSION_EXPIRED, SESSION_INVALID, SESSION_USED, NotAuthorized
from identity.keyring import CannotDecrypt
from identity.statement import Insertion
from pools import lookup
from pools.config.lifetimes import Lifetimes
from pools.models import Attempt, Client, SpentSecretBlock, User
from pools.signin import decoy
from pools.signin.challenges.base import required
from pools.signin.first_factors import PASSWORD_SRP

_PLACE = "SECRET_BLOCK"
_SERVER_KEY_DIGITS = 770
_spent = Insertion(SpentSecretBlock, ignores_conflicts=True)


@dataclass(frozen=True, slots=True)
class Exchange:
    """`client_key` is A, `server_key` is B and `secret` is b, in hex.

    `handle` is the attempt's, empty where the block alone is the handle.
    The user's key has always as many digits, all of them 0 for a decoy: a block is as long for nobody as for a user.
    """

    pool_id: str
    client_id: int
    channel: str
    flow: str
    user_key: str
    name: str
    handle: str
    client_key: str
    server_key: str
    secret: str
    expires_at: int

    def is_of(self, attempt: Attempt) -> bool:
        return (self.handle, self.user_key) == (attempt.handle, _key_of(attempt.user))


def _key_of(user: User) -> str:
    return f"{user.key:019}"


def seal(attempt: Attempt, client_key: str, server_key: str, secret: bytes) -> str:
    """SECRET_BLOCK for an attempt: Base64."""
    expires_at = clock.now() + Lifetimes.of(attempt.client).auth_session
    exchange = Exchange(
        pool_id=attempt.pool_id,
        client_id=attempt.client_id,
        channel=attempt.channel,
        flow=attempt.flow,
        user_key=_key_of(attempt.user),
        name=attempt.name,
        handle=attempt.handle,
        client_key=client_key,
        server_key=server_key.rjust(_SERVER_KEY_DIGITS, "0"),  # so that no block is longer than another
        secret=secret.hex(),
        expires_at=int(expires_at.timestamp()),
    )
    return base64.b64encode(keyring.encrypt(orjson.dumps(exchange), place=_PLACE)).decode()


def raw(text: str) -> bytes:
    """The bytes of a SECRET_BLOCK. Raises: NotAuthorized."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotAuthorized(SESSION_INVALID) from None


def unseal(text: str, client_id: int, channel: str) -> Exchange:
    """Raises: NotAuthorized, for what is no block of ours, or of another client or pair of operations, or expired."""
    try:
        exchange = Exchange(**orjson.loads(keyring.decrypt(raw(text), place=_PLACE)))
    except CannotDecrypt:
        raise NotAuthorized(SESSION_INVALID) from None
    if (exchange.client_id, exchange.channel) != (client_id, channel):
        raise NotAuthorized(SESSION_INVALID)
    if exchange.expires_at <= clock.now().timestamp():
        raise NotAuthorized(SESSION_EXPIRED)
    return exchange


def attempt_of(client: Client, answers: Mapping[str, str], channel: str) -> Attempt:
    """The sign-in of a block that is a handle of its own: USER_SRP_AUTH's. Not saved.

    Raises: InvalidParameter, NotAuthorized.
    """
    exchange = unseal(required(answers, "PASSWORD_CLAIM_SECRET_BLOCK"), client.pk, channel)
    if exchange.handle:
        raise NotAuthorized(SESSION_INVALID)
    attempt = Attempt(pool=client.pool, client=client, channel=channel, flow=exchange.flow, name=exchange.name)
    attempt.user = lookup.user_by_key(client.pool, int(exchange.user_key)) or decoy.of(client.pool, exchange.name)
    attempt.holder_id = attempt.user.pk
    attempt.data = {"first": PASSWORD_SRP, "srp_a": exchange.client_key}
    return attempt


def spend(text: str, exchange: Exchange) -> None:
    """Of several answers with one block, one is looked at. Raises: NotAuthorized."""
    digest = hashlib.sha256(raw(text)).digest()
    expires_at = datetime.fromtimestamp(exchange.expires_at, UTC) + timedelta(minutes=1)
    if not _spent.insert(SpentSecretBlock(digest=digest, expires_at=expires_at)):
        raise NotAuthorized(SESSION_USED)
