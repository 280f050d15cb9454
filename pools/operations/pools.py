"""User pools: create, read, replace, delete, list; custom attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity import paging
from identity.wire.call import Answer, Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.config import pool as pool_config
from pools.models import Pool
from pools.provisioning import estimate, pools


def use_of_a_key(members: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Who lets senders decrypt with a key must be somebody who may.

    Source: guide, "Custom email sender Lambda trigger".
    """
    config = members.get("LambdaConfig")
    named = config.get("KMSKeyID") if isinstance(config, Mapping) else None
    return [("kms:CreateGrant", named)] if isinstance(named, str) and named else []


@cognito_idp.operation("CreateUserPool", further_of=use_of_a_key)
def create_user_pool(call: Call, *, pool_name: str, **members: Any) -> Answer:
    pool = pools.create(str(call.region), name=pool_name, members=members, by=call.actor)
    return {"UserPool": pool_detail(pool)}


@cognito_idp.operation("DescribeUserPool")
def describe_user_pool(call: Call, *, user_pool_id: str) -> Answer:
    return {"UserPool": pool_detail(lookup.pool(user_pool_id, call.region))}


@cognito_idp.operation("UpdateUserPool", further_of=use_of_a_key)
def update_user_pool(call: Call, *, user_pool_id: str, pool_name: str | None = None, **members: Any) -> None:
    pool = lookup.pool(user_pool_id, call.region)
    pools.replace(pool, name=pool_name, members=members, by=call.actor)


@cognito_idp.operation("DeleteUserPool")
def delete_user_pool(call: Call, *, user_pool_id: str) -> None:
    pools.delete(lookup.pool(user_pool_id, call.region), by=call.actor)


@cognito_idp.operation("ListUserPools")
def list_user_pools(call: Call, *, max_results: int, next_token: str | None = None) -> Answer:
    found = Pool.objects.filter(region=call.region, deleted_at=None).exclude(id=Pool.OPERATORS)
    page = paging.page(found, order="id", limit=max_results, token=next_token, bound_to=call.binding())
    return {"UserPools": [pool_summary(pool) for pool in page.items], "NextToken": page.next_token}


@cognito_idp.operation("AddCustomAttributes")
def add_custom_attributes(call: Call, *, user_pool_id: str, custom_attributes: list[dict[str, Any]]) -> None:
    pools.add_custom_attributes(lookup.pool(user_pool_id, call.region), custom_attributes, by=call.actor)


def pool_detail(pool: Pool) -> dict[str, Any]:
    return {
        "Id": pool.id,
        "Name": pool.name,
        "Arn": pool.arn,
        **pool_config.described(pool.settings),
        **{"CustomDomain" if domain.is_custom else "Domain": domain.name for domain in pool.own_domains},
        "UserPoolTags": pools.tags(pool.arn),
        "EstimatedNumberOfUsers": estimate.users(pool),
        "CreationDate": pool.created_at,
        "LastModifiedDate": pool.modified_at,
    }


def pool_summary(pool: Pool) -> dict[str, Any]:
    return {
        "Id": pool.id,
        "Name": pool.name,
        "LambdaConfig": pool_config.described(pool.settings)["LambdaConfig"],
        "CreationDate": pool.created_at,
        "LastModifiedDate": pool.modified_at,
    }
