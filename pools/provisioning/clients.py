"""App clients and their secrets. Source: API reference, *UserPoolClient and *UserPoolClientSecret operations."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from identity import clock, ids
from identity.access import audit
from identity.access.actor import Actor
from identity.errors import InvalidParameter, LimitExceeded, ResourceNotFound, client_not_found
from pools.config import client as client_config
from pools.config import pool as pool_config
from pools.config.schema import Schema
from pools.models import Client, ClientSecret, Pool
from pools.provisioning import pools

MAX_PER_POOL = 1000


def create(pool: Pool, *, name: str, members: Mapping[str, Any], by: Actor) -> Client:
    """A new app client, with a secret when one is asked for or given.

    Raises: InvalidParameter, InvalidOAuthFlow, ScopeDoesNotExist, LimitExceeded, FeatureUnavailableInTier.
    """
    secret = members.get("ClientSecret")
    if secret and members.get("GenerateSecret"):
        raise InvalidParameter("GenerateSecret and ClientSecret can not be used together.", field="client_secret")
    if members.get("GenerateSecret"):
        secret = ids.client_secret()
    settings = _settings(pool, members, has_secret=secret is not None)
    if len(pool.clients.values_list("pk")[:MAX_PER_POOL]) >= MAX_PER_POOL:
        raise LimitExceeded("Maximum number of user pool clients has been reached.")
    with transaction.atomic():
        client = Client(
            pool=pool,
            client_id=ids.client_id(),
            name=name,
            settings=settings,
            client_type=Client.CLIENT_CONFIDENTIAL if secret else Client.CLIENT_PUBLIC,
            authorization_grant_type=Client.GRANT_AUTHORIZATION_CODE,
        )
        client.save(force_insert=True)
        if secret:
            _add(client, secret)
        pools.touch(pool.id)
        audit.record(by, pool.arn, client_id=client.client_id)
    return client


def replace(client: Client, *, name: str | None, members: Mapping[str, Any], by: Actor) -> Client:
    """UpdateUserPoolClient: a full replacement, the id and the secrets excepted.

    Raises: as `create`, and ResourceNotFound.
    """
    settings = _settings(client.pool, members, has_secret=bool(client.active_secrets))
    with transaction.atomic():
        changed = Client.objects.filter(pk=client.pk).update(
            name=name or client.name, settings=settings, updated=clock.now()
        )
        if not changed:
            raise client_not_found(client.client_id)
        pools.touch(client.pool.id)
        audit.record(by, client.pool.arn, client_id=client.client_id, members=sorted(members))
    changed_client: Client = Client.objects.select_related("pool").get(pk=client.pk)
    return changed_client


def delete(client: Client, *, by: Actor) -> None:
    """Delete a client with its secrets and sessions: its tokens are refused from now on.

    The row is locked first, so that no session is born between the search for what is the client's and its end.
    """
    with transaction.atomic():
        Client.objects.select_for_update().filter(pk=client.pk).first()
        Client.objects.filter(pk=client.pk).delete()
        pools.touch(client.pool.id)
        audit.record(by, client.pool.arn, client_id=client.client_id)


def _settings(pool: Pool, members: Mapping[str, Any], *, has_secret: bool) -> dict[str, Any]:
    return client_config.stored(
        members,
        pool_id=pool.id,
        schema=Schema.of(pool),
        tier=pool_config.tier(pool.settings),
        has_secret=has_secret,
        custom_scopes=pool.custom_scopes,
    )


def add_secret(client: Client, given: str | None, *, by: Actor) -> ClientSecret:
    """A second secret beside the first, so that an app can move over before the first one goes.

    Raises: LimitExceeded (two already), InvalidParameter (public client, same value).
    """
    with transaction.atomic():
        held = _held(client)
        if not held:
            raise InvalidParameter(f"Client {client.client_id} does not have a client secret.")
        if len(held) >= ClientSecret.MAX_PER_CLIENT:
            raise LimitExceeded(f"A client can have at most {ClientSecret.MAX_PER_CLIENT} secrets.")
        if given is not None and any(hmac.compare_digest(given, secret.value) for secret in held):
            raise InvalidParameter("The client secret is already in use.", field="client_secret")
        secret = _add(client, given or ids.client_secret())
        pools.touch(client.pool.id)
        audit.record(by, client.pool.arn, client_id=client.client_id, secret_id=secret.secret_id)
    return secret


def delete_secret(client: Client, secret_id: str, *, by: Actor) -> None:
    """Raises: ResourceNotFound, InvalidParameter (the last one)."""
    with transaction.atomic():
        held = {secret.secret_id: secret for secret in _held(client)}
        if secret_id not in held:
            raise ResourceNotFound(f"Client secret {secret_id} does not exist.")
        if len(held) == 1:
            raise InvalidParameter("The last secret of a client can not be deleted.")
        held[secret_id].delete()
        pools.touch(client.pool.id)
        audit.record(by, client.pool.arn, client_id=client.client_id, secret_id=secret_id)


def _held(client: Client) -> list[ClientSecret]:
    """A client's secrets, which nobody else changes until the transaction ends.

    The lock is on the client: one on the secrets would not keep another one from being added.
    Raises: ResourceNotFound.
    """
    if Client.objects.select_for_update().filter(pk=client.pk).first() is None:
        raise client_not_found(client.client_id)
    return list(ClientSecret.objects.filter(client=client))


def _add(client: Client, value: str) -> ClientSecret:
    """A secret's id is the client's and its creation second; two made in one second are told apart."""
    now = clock.now()
    epoch = int(now.timestamp())
    while ClientSecret.objects.filter(secret_id=f"{client.client_id}--{epoch}").exists():
        epoch += 1
    return ClientSecret.objects.create(
        secret_id=f"{client.client_id}--{epoch}", client=client, value=value, created_at=now
    )
