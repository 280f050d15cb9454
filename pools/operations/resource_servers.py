"""Resource servers: create, read, replace, delete, list."""

from __future__ import annotations

from typing import Any

from identity import paging
from identity.wire.call import Answer, Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.models import ResourceServer
from pools.provisioning import resource_servers


@cognito_idp.operation("CreateResourceServer")
def create_resource_server(
    call: Call, *, user_pool_id: str, identifier: str, name: str, scopes: list[dict[str, str]] | None = None
) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    given = named_scopes(scopes)
    server = resource_servers.create(pool, identifier=identifier, name=name, scopes=given, by=call.actor)
    return {"ResourceServer": resource_server_detail(server)}


@cognito_idp.operation("DescribeResourceServer")
def describe_resource_server(call: Call, *, user_pool_id: str, identifier: str) -> Answer:
    return {"ResourceServer": resource_server_detail(_server(call, user_pool_id, identifier))}


@cognito_idp.operation("UpdateResourceServer")
def update_resource_server(
    call: Call, *, user_pool_id: str, identifier: str, name: str, scopes: list[dict[str, str]] | None = None
) -> Answer:
    server = _server(call, user_pool_id, identifier)
    changed = resource_servers.replace(server, name=name, scopes=named_scopes(scopes), by=call.actor)
    return {"ResourceServer": resource_server_detail(changed)}


@cognito_idp.operation("DeleteResourceServer")
def delete_resource_server(call: Call, *, user_pool_id: str, identifier: str) -> None:
    resource_servers.delete(_server(call, user_pool_id, identifier), by=call.actor)


@cognito_idp.operation("ListResourceServers")
def list_resource_servers(
    call: Call, *, user_pool_id: str, max_results: int | None = None, next_token: str | None = None
) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    page = paging.page_of(
        pool.resource_servers.all(),  # at most `resource_servers.MAX_PER_POOL`
        key=lambda server: (server.identifier,),
        limit=max_results,
        token=next_token,
        bound_to=call.binding(pool.id),
    )
    return {
        "ResourceServers": [resource_server_detail(server) for server in page.items],
        "NextToken": page.next_token,
    }


def _server(call: Call, user_pool_id: str, identifier: str) -> ResourceServer:
    return resource_servers.find(lookup.pool(user_pool_id, call.region), identifier)


def named_scopes(scopes: list[dict[str, str]] | None) -> resource_servers.Scopes:
    return [(scope["ScopeName"], scope["ScopeDescription"]) for scope in scopes or ()]


def resource_server_detail(server: ResourceServer) -> dict[str, Any]:
    """Scopes by name, as the database keeps no order of them."""
    return {
        "UserPoolId": server.pool_id,
        "Identifier": server.identifier,
        "Name": server.name,
        "Scopes": [
            {"ScopeName": name, "ScopeDescription": description} for name, description in sorted(server.scopes.items())
        ],
    }
