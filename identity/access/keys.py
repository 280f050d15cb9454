"""Access keys: found by id for a signature, made for an operator."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from identity import arns, clock, ids
from identity.errors import ExpiredToken, UnrecognizedClient
from identity.models import AccessKey
from identity.policies import document
from identity.policies.document import Document
from identity.statement import Statement

ADMINISTRATOR_POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'

_find = Statement(
    lambda access_key_id: AccessKey.objects.filter(access_key_id=access_key_id).values_list(
        *("secret", "status", "policy", "session_token_digest", "expires_at", "holder_arn"),
        *("operator__username", "operator__enabled"),
    ),
    str,
)


@dataclass(frozen=True, slots=True)
class Principal:
    """The holder of a key that may sign now."""

    access_key_id: str
    secret: str
    arn: str
    policies: tuple[Document, ...]


_parsed = lru_cache(maxsize=1024)(document.parse)


def find(access_key_id: str, session_token: str | None) -> Principal:
    """The principal behind a key.

    Raises: UnrecognizedClient (unknown or disabled key, disabled operator, wrong session token), ExpiredToken.
    """
    row = _find.first(access_key_id)
    if row is None:
        raise UnrecognizedClient()
    secret, status, policy, session_token_digest, expires_at, holder_arn, operator, operator_enabled = row
    if status != AccessKey.Status.ACTIVE or not (holder_arn or operator_enabled):
        raise UnrecognizedClient()
    _check_session_token(session_token_digest, session_token)
    if expires_at is not None and expires_at <= clock.now():
        raise ExpiredToken()
    return Principal(access_key_id, secret, holder_arn or arns.iam_user(operator), (_parsed(policy),))


def _check_session_token(digest: bytes | None, given: str | None) -> None:
    if (digest is None) != (given is None):
        raise UnrecognizedClient()
    if digest is not None and given is not None and not hmac.compare_digest(bytes(digest), _digest(given)):
        raise UnrecognizedClient()


def _digest(session_token: str) -> bytes:
    return hashlib.sha256(session_token.encode()).digest()


def create(
    operator_id: int | None,
    *,
    policy: str = ADMINISTRATOR_POLICY,
    access_key_id: str | None = None,
    secret: str | None = None,
    session_token: str | None = None,
    expires_at: datetime | None = None,
    holder_arn: str = "",
) -> AccessKey:
    """A new key for an operator, or for who `holder_arn` says.

    `session_token` and `expires_at` make it a temporary one.

    Raises: MalformedPolicy.
    """
    document.parse(policy)
    return AccessKey.objects.create(
        access_key_id=access_key_id or ids.access_key_id("ASIA" if session_token else "AKIA"),
        secret=secret or ids.secret_access_key(),
        operator_id=operator_id,
        policy=policy,
        session_token_digest=_digest(session_token) if session_token else None,
        expires_at=expires_at,
        holder_arn=holder_arn,
    )
