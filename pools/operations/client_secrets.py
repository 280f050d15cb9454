"""Secrets of app clients: two may be active at once, so that an app can be moved from one to the next."""

from __future__ import annotations

from typing import Any

from identity.wire.call import Answer, Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.models import Client, ClientSecret
from pools.provisioning import clients


@cognito_idp.operation("AddUserPoolClientSecret")
def add_user_pool_client_secret(
    call: Call, *, user_pool_id: str, client_id: str, client_secret: str | None = None
) -> Answer:
    secret = clients.add_secret(_client(call, user_pool_id, client_id), client_secret, by=call.actor)
    shown = secret.value if client_secret is None else None
    return {"ClientSecretDescriptor": {**secret_summary(secret), "ClientSecretValue": shown}}


@cognito_idp.operation("ListUserPoolClientSecrets", ignores=["NextToken"])  # two rows are one page
def list_user_pool_client_secrets(call: Call, *, user_pool_id: str, client_id: str) -> Answer:
    client = _client(call, user_pool_id, client_id)
    return {"ClientSecrets": [secret_summary(secret) for secret in client.secrets.order_by("created_at", "pk")]}


@cognito_idp.operation("DeleteUserPoolClientSecret")
def delete_user_pool_client_secret(call: Call, *, user_pool_id: str, client_id: str, client_secret_id: str) -> None:
    clients.delete_secret(_client(call, user_pool_id, client_id), client_secret_id, by=call.actor)


def _client(call: Call, user_pool_id: str, client_id: str) -> Client:
    return lookup.client(client_id, lookup.pool(user_pool_id, call.region))


def secret_summary(secret: ClientSecret) -> dict[str, Any]:
    return {"ClientSecretId": secret.secret_id, "ClientSecretCreateDate": secret.created_at}
