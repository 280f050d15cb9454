"""The classic customisation of the hosted pages, for one app client or for ALL others."""

from __future__ import annotations

from typing import Any

from identity.wire.call import Answer, Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.models import Client, Pool, UICustomization
from pools.provisioning import branding


@cognito_idp.operation("SetUICustomization")
def set_ui_customization(
    call: Call,
    *,
    user_pool_id: str,
    client_id: str | None = None,
    css: str | None = None,
    image_file: bytes | None = None,
) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    client = _client(pool, client_id)
    made = branding.customise(pool, client, css=css or "", image=image_file or b"", by=call.actor)
    named = {"UserPoolId": pool.id, "ClientId": client_id or UICustomization.ALL}
    return {"UICustomization": customization_detail(pool, made) if made else named}


@cognito_idp.operation("GetUICustomization")
def get_ui_customization(call: Call, *, user_pool_id: str, client_id: str | None = None) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    client = _client(pool, client_id)
    found = client.worn_customization if client else pool.ui_customization
    return {"UICustomization": customization_detail(pool, found) if found else {}}


def _client(pool: Pool, client_id: str | None) -> Client | None:
    """Raises: ResourceNotFound."""
    return None if client_id in {None, UICustomization.ALL} else lookup.client(str(client_id), pool)


def customization_detail(pool: Pool, row: UICustomization) -> dict[str, Any]:
    return {
        "UserPoolId": pool.id,
        "ClientId": row.of,
        "ImageUrl": f"{pool.pages_url}/{row.logo_path}" if row.image_type else None,
        "CSS": row.css or None,
        "CSSVersion": row.css_version,
        "LastModifiedDate": row.modified_at,
        "CreationDate": row.created_at,
    }
