"""The domains of a pool's pages: create, change, delete. Source: API reference, *UserPoolDomain operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from identity.access import audit
from identity.access.actor import Actor
from identity.errors import InvalidParameter
from pools import lookup
from pools.config import domain as domain_config
from pools.config import pool as pool_config
from pools.models import Domain, Pool
from pools.provisioning import pools

_TAKEN = "Domain already associated with another user pool."
_HAS_ONE = "User pool already has a domain configured."


def create(
    pool: Pool, *, name: str, version: int | None, custom: Mapping[str, Any] | None, routing: Any, by: Actor
) -> Domain:
    """A new domain, a custom one where `custom`, AWS's CustomDomainConfig, is given.

    Without `version` its pages are the classic ones (*assumed*). Raises: InvalidParameter, FeatureUnavailableInTier,
    ResourceNotFound.
    """
    domain_config.refuse_unbuilt({"CustomDomainConfig": custom, "Routing": routing})
    (domain_config.check_prefix if custom is None else domain_config.check_custom)(name)
    settings = {} if custom is None else {"CustomDomainConfig": domain_config.stored_certificate(custom)}
    version = domain_config.CLASSIC if version is None else version
    with transaction.atomic():
        current = lookup.locked_pool(pool)
        domain_config.check_version(version, pool_config.tier(current.settings))
        if Domain.objects.filter(name=name).exists():
            raise InvalidParameter(_TAKEN, field="domain")
        if Domain.objects.filter(pool=pool, is_custom=custom is not None).exists():
            raise InvalidParameter(_HAS_ONE, field="domain")
        row = _insert(
            Domain(
                pool=current, name=name, is_custom=custom is not None, managed_login_version=version, settings=settings
            )
        )
        pools.touch(pool.id)
        audit.record(by, pool.arn, domain=name)
    return row


def _insert(row: Domain) -> Domain:
    """Raises: InvalidParameter, when another pool was quicker."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise InvalidParameter(_TAKEN, field="domain") from None
    return row


def update(
    pool: Pool, *, name: str, version: int | None, custom: Mapping[str, Any] | None, routing: Any, by: Actor
) -> Domain:
    """Change what is given; the rest stays (*assumed*).

    Raises: InvalidParameter, also where the pool has no such domain; FeatureUnavailableInTier, ResourceNotFound.
    """
    domain_config.refuse_unbuilt({"CustomDomainConfig": custom, "Routing": routing})
    with transaction.atomic():
        current = lookup.locked_pool(pool)
        row = _find(current, name)
        if version is not None:
            domain_config.check_version(version, pool_config.tier(current.settings))
            row.managed_login_version = version
        if custom is not None:
            if not row.is_custom:
                raise InvalidParameter("A prefix domain has no certificate.", field="custom_domain_config")
            row.settings = {**row.settings, "CustomDomainConfig": domain_config.stored_certificate(custom)}
        row.save(update_fields=["managed_login_version", "settings"])
        pools.touch(pool.id)
        audit.record(by, pool.arn, domain=name)
    return row


def delete(pool: Pool, *, name: str, by: Actor) -> None:
    """The name is free again. Raises: InvalidParameter where the pool has no such domain, ResourceNotFound."""
    with transaction.atomic():
        _find(lookup.locked_pool(pool), name).delete()
        pools.touch(pool.id)
        audit.record(by, pool.arn, domain=name)


def find(name: str, region: str | None) -> Domain | None:
    """A domain of a pool of the region, with its pool."""
    found = Domain.objects.select_related("pool").filter(name=name, pool__region=region, pool__deleted_at=None)
    return found.first()


def _find(pool: Pool, name: str) -> Domain:
    row = Domain.objects.filter(pool=pool, name=name).first()
    if row is None:
        raise InvalidParameter(domain_config.NO_SUCH_DOMAIN, field="domain")
    return row
