"""Domains of a pool's pages and OAuth endpoints: create, read, update, delete."""

from __future__ import annotations

from typing import Any

from identity.config import config
from identity.wire.call import Answer, Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.config import domain as domain_config
from pools.models import Domain
from pools.provisioning import domains

_BUCKET = "gatehouse"
"""There is no bucket: pages come with the program. Tools expect a name."""


@cognito_idp.operation("CreateUserPoolDomain")
def create_user_pool_domain(
    call: Call,
    *,
    domain: str,
    user_pool_id: str,
    managed_login_version: int | None = None,
    custom_domain_config: dict[str, Any] | None = None,
    routing: dict[str, Any] | None = None,
) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    made = domains.create(
        pool, name=domain, version=managed_login_version, custom=custom_domain_config, routing=routing, by=call.actor
    )
    return _changed(made)


@cognito_idp.operation("DescribeUserPoolDomain")
def describe_user_pool_domain(call: Call, *, domain: str) -> Answer:
    """An unknown domain is described by nothing. *Observed*."""
    found = domains.find(domain, call.region)
    return {"DomainDescription": {} if found is None else domain_description(found)}


@cognito_idp.operation("UpdateUserPoolDomain")
def update_user_pool_domain(
    call: Call,
    *,
    domain: str,
    user_pool_id: str,
    managed_login_version: int | None = None,
    custom_domain_config: dict[str, Any] | None = None,
    routing: dict[str, Any] | None = None,
) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    updated = domains.update(
        pool, name=domain, version=managed_login_version, custom=custom_domain_config, routing=routing, by=call.actor
    )
    return _changed(updated)


@cognito_idp.operation("DeleteUserPoolDomain")
def delete_user_pool_domain(call: Call, *, domain: str, user_pool_id: str) -> Answer:
    domains.delete(lookup.pool(user_pool_id, call.region), name=domain, by=call.actor)
    return {}


def domain_description(domain: Domain) -> dict[str, Any]:
    return {
        "UserPoolId": domain.pool.id,
        "AWSAccountId": config.account_id,
        "Domain": domain.name,
        "S3Bucket": _BUCKET,
        "CloudFrontDistribution": config.host,
        "Version": f"{domain.created_at:%Y%m%d%H%M%S}",
        "Status": "ACTIVE",
        "CustomDomainConfig": domain_config.certificate(domain.settings),
        "ManagedLoginVersion": domain.managed_login_version,
    }


def _changed(domain: Domain) -> dict[str, Any]:
    """`CloudFrontDomain` is the name that DNS points a custom domain at: the installation's host."""
    return {
        "ManagedLoginVersion": domain.managed_login_version,
        "CloudFrontDomain": config.host if domain.is_custom else None,
    }
