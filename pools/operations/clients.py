"""App clients: create, read, replace, delete, list."""

from __future__ import annotations

from typing import Any

from identity import paging
from identity.wire.call import Answer, Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.config import client as client_config
from pools.models import Client
from pools.provisioning import clients


@cognito_idp.operation("CreateUserPoolClient")
def create_user_pool_client(call: Call, *, user_pool_id: str, client_name: str, **members: Any) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    client = clients.create(pool, name=client_name, members=members, by=call.actor)
    return {"UserPoolClient": client_detail(client)}


@cognito_idp.operation("DescribeUserPoolClient")
def describe_user_pool_client(call: Call, *, user_pool_id: str, client_id: str) -> Answer:
    client = lookup.client(client_id, lookup.pool(user_pool_id, call.region))
    return {"UserPoolClient": client_detail(client)}


@cognito_idp.operation("UpdateUserPoolClient")
def update_user_pool_client(
    call: Call, *, user_pool_id: str, client_id: str, client_name: str | None = None, **members: Any
) -> Answer:
    client = lookup.client(client_id, lookup.pool(user_pool_id, call.region))
    changed = clients.replace(client, name=client_name, members=members, by=call.actor)
    return {"UserPoolClient": client_detail(changed)}


@cognito_idp.operation("DeleteUserPoolClient")
def delete_user_pool_client(call: Call, *, user_pool_id: str, client_id: str) -> None:
    clients.delete(lookup.client(client_id, lookup.pool(user_pool_id, call.region)), by=call.actor)


@cognito_idp.operation("ListUserPoolClients")
def list_user_pool_clients(
    call: Call,
    *,
    user_pool_id: str,
    max_results: int | None = None,
    next_token: str | None = None,
    client_type: str | None = None,
) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    found = pool.clients.none() if client_type == "DCR" else pool.clients.all()
    bound_to = call.binding(pool.id, client_type)
    page = paging.page(found, order="client_id", limit=max_results, token=next_token, bound_to=bound_to)
    return {"UserPoolClients": [client_summary(client) for client in page.items], "NextToken": page.next_token}


def client_detail(client: Client) -> dict[str, Any]:
    oldest = client.secrets.order_by("created_at", "pk").first()
    return {
        **client_summary(client),
        "ClientSecret": oldest.value if oldest else None,
        **client_config.described(client.settings),
        "ClientType": "REGULAR",
        "CreationDate": client.created,
        "LastModifiedDate": client.updated,
    }


def client_summary(client: Client) -> dict[str, Any]:
    return {"ClientId": client.client_id, "UserPoolId": client.pool_id, "ClientName": client.name}
