"""Finding what a request names: a pool, a client, a user, the holder of an access token, or the AWS error.

Pools and clients are kept in this process and checked against `pool.revision` on every request, so a change made by
another worker is seen by the next request here. Rows from the cache are shared between threads: never change them.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from identity.errors import (
    ACCESS_TOKEN_REVOKED,
    INVALID_ACCESS_TOKEN,
    NAME_CLIENT_NOT_FOUND,
    USER_DISABLED,
    NotAuthorized,
    PasswordResetRequired,
    ResourceNotFound,
    UserNotConfirmed,
    UserNotFound,
    client_not_found,
    pool_not_found,
)
from identity.statement import Statement
from pools.config.client import ClientSettings
from pools.config.sign_in import SignInSettings
from pools.models import Client, Domain, Pool, Session, SignInName, User
from pools.models.user import UserStatus
from pools.tokens import verify
from pools.tokens.claims import USER_ADMIN

K = TypeVar("K")
V = TypeVar("V")

_MAX_CACHED = 10_000
_pools: dict[str, Pool] = {}
_clients: dict[str, Client] = {}

_pool_revision = Statement(
    lambda pool_id: Pool.objects.filter(id=pool_id, deleted_at=None).values_list("revision"), str
)
_client_revision = Statement(
    lambda client_id: Client.objects.filter(client_id=client_id, pool__deleted_at=None).values_list(
        "pool_id", "pool__revision"
    ),
    str,
)
_domain_revision = Statement(
    lambda name: Domain.objects.filter(name=name, pool__deleted_at=None).values_list(
        "is_custom", "pool_id", "pool__revision"
    ),
    str,
)

_KINDS = [kind.value for kind in SignInName.Kind]
USER_COLUMNS = [field.attname for field in User._meta.concrete_fields]
_user_by_name = Statement(
    lambda pool_id, folded: SignInName.objects.filter(pool_id=pool_id, folded=folded).values_list(
        "kind", *(f"user__{name}" for name in USER_COLUMNS)
    ),
    str,
    bytes,
)
_user_by_sub = Statement(
    lambda pool_id, sub: User.objects.filter(pool_id=pool_id, sub=sub).values_list(*USER_COLUMNS), str, str
)
_user_by_key = Statement(
    lambda key, pool_id: User.objects.filter(pk=key, pool_id=pool_id).values_list(*USER_COLUMNS), int, str
)
_user_by_session = Statement(
    lambda origin_jti: Session.objects.filter(origin_jti=origin_jti, pool__deleted_at=None).values_list(
        "revoked_at", "pool__revision", *(f"user__{name}" for name in USER_COLUMNS)
    ),
    uuid.UUID,
)


def pool(pool_id: str, region: str | None) -> Pool:
    """A pool of a region.

    Raises: ResourceNotFound; the operators' pool is never found.
    """
    row = _pool_revision.first(pool_id)
    if row is None or pool_id == Pool.OPERATORS:
        raise pool_not_found(pool_id)
    found = _pool_at(pool_id, row[0])
    if region is not None and found.region != region:
        raise pool_not_found(pool_id)
    return found


def pool_of_domain(name: str, *, is_custom: bool) -> Pool:
    """The pool that has a domain.

    Raises: ResourceNotFound.
    """
    row = _domain_revision.first(name)
    if row is None or bool(row[0]) != is_custom:
        raise ResourceNotFound(f"Domain {name} does not exist.")
    return _pool_at(row[1], row[2])


def locked_pool(pool: Pool) -> Pool:
    """The pool as it is stored now, kept from changing until the transaction ends; what refers to it may be added.

    Raises: ResourceNotFound.
    """
    current = Pool.objects.select_for_update(no_key=True).filter(pk=pool.pk, deleted_at=None).first()
    if current is None:
        raise pool_not_found(pool.id)
    return current


def client(client_id: str, pool: Pool | None = None) -> Client:
    """An app client with its pool and secrets; with `pool`, only a client of that pool.

    A pool that was looked up for this request answers for its clients: what is kept of them is of its revision.
    Raises: ResourceNotFound.
    """
    if pool is not None:
        return _client_at(client_id, pool)
    row = _client_revision.first(client_id)
    if row is None or row[0] == Pool.OPERATORS:
        raise client_not_found(client_id)
    return _client_at(client_id, _pool_at(*row))


def user(pool: Pool, name: str) -> User:
    """A user by user name, alias or sub.

    Raises: UserNotFound.
    """
    found = find_user(pool, name)
    if found is None:
        raise UserNotFound()
    return found


def user_of_client(client: Client, name: str) -> User | None:
    """A user by what somebody without a signature says; None for an unknown one where the client hides existence.

    Raises: UserNotFound.
    """
    found = find_user(client.pool, name)
    if found is None and not ClientSettings.of(client).hides_existence:
        raise UserNotFound(NAME_CLIENT_NOT_FOUND)
    return found


def user_by_key(pool: Pool, key: int) -> User | None:
    """A user by primary key, None when it has been deleted."""
    row = _user_by_key.first(key, pool.id)
    return None if row is None else user_of_row(row, pool)


def find_user(pool: Pool, name: str) -> User | None:
    """A user by user name, alias or sub, None when there is none. What was verified wins over what was only chosen."""
    rows = _user_by_name.rows(pool.id, SignInSettings.of(pool).fold(name))
    if rows:
        row = min(rows, key=lambda candidate: _KINDS.index(candidate[0]))
        return user_of_row(row[1:], pool)
    if _looks_like_sub(name) and (by_sub := _user_by_sub.first(pool.id, name)):
        return user_of_row(by_sub, pool)
    return None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The holder of a valid access token."""

    user: User
    pool: Pool
    client: Client
    scope: str


def signed_in(access_token: str, *, scope: str | None = USER_ADMIN) -> SignedIn:
    """The user behind an access token, which must hold `scope`, if any: one statement after the signature check.

    Raises: NotAuthorized (invalid, expired, revoked, scope), UserNotFound, ResourceNotFound (client deleted),
    UserNotConfirmed, PasswordResetRequired.
    """
    token = verify.access_token(access_token, scope=scope)
    if token.pool_id == Pool.OPERATORS:
        raise NotAuthorized(INVALID_ACCESS_TOKEN)
    revision, found = _user_of(token)
    if revision != token.key_revision:
        token = verify.access_token(access_token, scope=scope, revision=revision)
    pool = _pool_at(token.pool_id, revision)
    client = _client_at(token.client_id, pool)
    found.pool = pool
    if not found.enabled:
        raise NotAuthorized(USER_DISABLED)
    if found.status == UserStatus.RESET_REQUIRED:
        raise PasswordResetRequired()
    if found.status == UserStatus.UNCONFIRMED:
        raise UserNotConfirmed()
    return SignedIn(found, pool, client, token.scope)


def _user_of(token: verify.AccessToken) -> tuple[int, User]:
    row = _user_by_session.first(uuid.UUID(token.session))
    if row is None:  # the session went with its user or with its client
        if _user_by_sub.first(token.pool_id, token.sub) is None:
            raise UserNotFound()
        raise client_not_found(token.client_id)
    if row[0] is not None:
        raise NotAuthorized(ACCESS_TOKEN_REVOKED)
    return row[1], User.from_db("default", USER_COLUMNS, row[2:])


def _pool_at(pool_id: str, revision: int) -> Pool:
    cached = _pools.get(pool_id)
    if cached is None or cached.revision != revision:
        cached = Pool.objects.filter(id=pool_id).first()
        if cached is None:
            raise pool_not_found(pool_id)
        _remember(_pools, pool_id, cached)
    return cached


def _client_at(client_id: str, pool: Pool) -> Client:
    cached = _clients.get(client_id)
    if cached is None or cached.pool is not pool:
        if "\0" in client_id:  # which a link can hold, and no database takes
            raise client_not_found(client_id)
        cached = Client.objects.filter(client_id=client_id, pool_id=pool.id).first()
        if cached is None:
            raise client_not_found(client_id)
        cached.pool = pool
        cached.active_secrets = tuple(secret.value for secret in cached.secrets.all())
        _remember(_clients, client_id, cached)
    return cached


def _remember(cache: dict[K, V], key: K, row: V) -> None:
    if len(cache) >= _MAX_CACHED:
        cache.clear()
    cache[key] = row


def user_of_row(row: Sequence[Any], pool: Pool) -> User:
    """A user of a pool from the values of USER_COLUMNS."""
    found = User.from_db("default", USER_COLUMNS, row)
    found.pool = pool
    return found


def _looks_like_sub(name: str) -> bool:
    return len(name) == 36 and name.count("-") == 4
