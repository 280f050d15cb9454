"""Resource servers: APIs that tokens are for, with the custom scopes that clients may ask for.

Source: API reference, *ResourceServer operations; guide, "Scopes, M2M, and resource servers".
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from identity.access import audit
from identity.access.actor import Actor
from identity.errors import InvalidParameter, LimitExceeded, ResourceNotFound
from pools import lookup
from pools.models import Pool, ResourceServer
from pools.provisioning import pools

MAX_PER_POOL = 25

Scopes = Sequence[tuple[str, str]]
"""Names with their descriptions."""


def find(pool: Pool, identifier: str) -> ResourceServer:
    """Raises: ResourceNotFound."""
    found = ResourceServer.objects.filter(pool=pool, identifier=identifier).first()
    if found is None:
        raise _not_found(identifier)
    found.pool = pool
    return found


def create(pool: Pool, *, identifier: str, name: str, scopes: Scopes, by: Actor) -> ResourceServer:
    """Raises: InvalidParameter (the identifier is taken, a scope is named twice), LimitExceeded, ResourceNotFound."""
    server = ResourceServer(pool=pool, identifier=identifier, name=name, scopes=_by_name(scopes))
    with transaction.atomic():
        lookup.locked_pool(pool)
        held = set(pool.resource_servers.values_list("identifier", flat=True))
        if identifier in held:
            raise InvalidParameter(f"{identifier} already exists in user pool {pool.id}.", field="identifier")
        if len(held) >= MAX_PER_POOL:
            raise LimitExceeded(f"A user pool can have at most {MAX_PER_POOL} resource servers.")
        server.save(force_insert=True)
        pools.touch(pool.id)
        audit.record(by, pool.arn, resource_server=identifier)
    return server


def replace(server: ResourceServer, *, name: str, scopes: Scopes, by: Actor) -> ResourceServer:
    """A scope that is left out is active no more: clients that have it may ask for it, tokens do not hold it.

    Raises: InvalidParameter (a scope is named twice), ResourceNotFound.
    """
    server.name, server.scopes = name, _by_name(scopes)
    with transaction.atomic():
        if not ResourceServer.objects.filter(pk=server.pk).update(name=server.name, scopes=server.scopes):
            raise _not_found(server.identifier)
        pools.touch(server.pool.id)
        audit.record(by, server.pool.arn, resource_server=server.identifier)
    return server


def delete(server: ResourceServer, *, by: Actor) -> None:
    """Its scopes are active no more, as in `replace`. Raises: ResourceNotFound, when somebody else was faster."""
    with transaction.atomic():
        if not ResourceServer.objects.filter(pk=server.pk).delete()[0]:
            raise _not_found(server.identifier)
        pools.touch(server.pool.id)
        audit.record(by, server.pool.arn, resource_server=server.identifier)


def _by_name(scopes: Scopes) -> dict[str, str]:
    named = dict(scopes)
    if len(named) != len(scopes):
        raise InvalidParameter("Scope names must be unique in a resource server.", field="scopes")
    return named


def _not_found(identifier: str) -> ResourceNotFound:
    return ResourceNotFound(f"Resource server {identifier} does not exist.")
