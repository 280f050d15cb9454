"""User pools: create, replace settings, add attributes, tag, delete. Source: API reference, *UserPool operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F

from identity import clock, ids
from identity.access import audit
from identity.access.actor import Actor
from identity.errors import (
    DELETION_PROTECTED,
    HAS_DOMAIN,
    ConcurrentModification,
    InvalidParameter,
    LimitExceeded,
    TierChangeNotAllowed,
    UserImportInProgress,
    UserPoolTagging,
)
from identity.keys import rotation
from identity.models import SigningKey, Tag
from pools import lookup
from pools.config import client as client_config
from pools.config import domain as domain_config
from pools.config import pool as pool_config
from pools.models import Client, Domain, ImportJob, Pool, User
from pools.provisioning import keys

MAX_PER_REGION = 1000
_BATCH = 1000


def create(region: str, *, name: str, members: Mapping[str, Any], by: Actor) -> Pool:
    """A new pool with its signing keys.

    Raises: InvalidParameter, LimitExceeded, UserPoolTagging, FeatureUnavailableInTier.
    """
    settings = pool_config.created(members)
    keys.check_for_senders(pool_config.encryption_key(settings), region)
    if len(Pool.objects.filter(region=region, deleted_at=None).values_list("pk")[:MAX_PER_REGION]) >= MAX_PER_REGION:
        raise LimitExceeded("Maximum number of user pools has been reached.")
    with transaction.atomic():
        pool = Pool.objects.create(id=ids.pool_id(region), name=name, region=region, settings=settings)
        rotation.assign(pool.id)
        _add_tags(pool.arn, members.get("UserPoolTags", {}))
        audit.record(by, pool.arn, name=name)
    return pool


def replace(pool: Pool, *, name: str | None, members: Mapping[str, Any], by: Actor) -> None:
    """UpdateUserPool: every setting that can change becomes what is given, or its default.

    Raises: InvalidParameter, UserPoolTagging, FeatureUnavailableInTier, TierChangeNotAllowed, ResourceNotFound,
    UserImportInProgress.
    """
    with transaction.atomic():
        renamed = {} if name is None else {"name": name}
        settings = _change(pool, lambda current: pool_config.replaced(current, members), **renamed)
        keys.check_for_senders(pool_config.encryption_key(settings), pool.region)
        _check_tier(pool)
        if "UserPoolTags" in members:
            Tag.objects.filter(resource_arn=pool.arn).delete()
            _add_tags(pool.arn, members["UserPoolTags"])
        audit.record(by, pool.arn, members=sorted(members))


def _check_tier(pool: Pool) -> None:
    """Raises: TierChangeNotAllowed, when a client or a domain uses what the pool's new tier does not have."""
    tier = pool_config.tier(Pool.objects.values_list("settings", flat=True).get(pk=pool.pk))
    for client_settings in Client.objects.filter(pool=pool).values_list("settings", flat=True):
        if client_config.needs_higher_tier(client_settings, tier):
            raise TierChangeNotAllowed("An app client uses a feature that is not available in the requested tier.")
    if any(domain_config.needs_higher_tier(domain.managed_login_version, tier) for domain in pool.domains.all()):
        raise TierChangeNotAllowed("A domain uses managed login, which is not available in the requested tier.")


def set_mfa(pool: Pool, members: Mapping[str, Any], *, by: Actor) -> dict[str, Any]:
    """SetUserPoolMfaConfig: the MFA settings become what is given; returns all settings of the pool.

    Raises: InvalidParameter, FeatureUnavailableInTier, ResourceNotFound, ConcurrentModification while users are
    imported, as this operation has no error of its own for that.
    """
    with transaction.atomic():
        try:
            settings = _change(pool, lambda current: pool_config.with_mfa(current, members))
        except UserImportInProgress as error:
            raise ConcurrentModification(error.message) from None
        audit.record(by, pool.arn, members=sorted(members))
    return settings


def add_custom_attributes(pool: Pool, attributes: list[dict[str, Any]], *, by: Actor) -> None:
    """Raises: InvalidParameter, UserImportInProgress."""
    with transaction.atomic():
        _change(pool, lambda current: pool_config.with_custom_attributes(current, attributes))
        audit.record(by, pool.arn, attributes=[attribute.get("Name") for attribute in attributes])


def _change(pool: Pool, change: Callable[[dict[str, Any]], dict[str, Any]], **columns: Any) -> dict[str, Any]:
    """Rewrite the settings from what is stored now, so that two changes at once both count; returns them.

    Raises: UserImportInProgress, as rows are read by the settings at an import's start.
    """
    current = lookup.locked_pool(pool)
    _check_no_import(current)
    settings = change(current.settings)
    Pool.objects.filter(pk=pool.pk).update(
        settings=settings, revision=F("revision") + 1, modified_at=clock.now(), **columns
    )
    return settings


def _check_no_import(pool: Pool) -> None:
    """Call it with the pool's row locked, as the start of an import locks it. Raises: UserImportInProgress."""
    if ImportJob.objects.filter(pool=pool, status__in=ImportJob.RUNNING).exists():
        raise UserImportInProgress()


def touch(pool_id: str) -> None:
    """Tell every worker that something under the pool has changed; call inside the transaction of the change."""
    Pool.objects.filter(pk=pool_id).update(revision=F("revision") + 1)


def delete(pool: Pool, *, by: Actor) -> None:
    """Delete a pool: for callers it is gone with everything in it; its rows follow in batches (`remove_deleted`).

    Raises: InvalidParameter while deletion protection is on or a domain is there, UserImportInProgress.
    """
    with transaction.atomic():
        current = lookup.locked_pool(pool)
        if pool_config.is_deletion_protected(current.settings):
            raise InvalidParameter(DELETION_PROTECTED)
        if Domain.objects.filter(pool=current).exists():
            raise InvalidParameter(HAS_DOMAIN)
        _check_no_import(current)
        Tag.objects.filter(resource_arn=pool.arn).delete()
        SigningKey.objects.filter(owner=pool.id).delete()
        Pool.objects.filter(pk=pool.pk).update(deleted_at=clock.now(), revision=F("revision") + 1)
        audit.record(by, pool.arn)


def remove_deleted() -> int:
    """Delete the rows of deleted pools, a thousand users a transaction; returns how many pools went."""
    gone = Pool.objects.exclude(deleted_at=None)
    count = 0
    for pool in gone:
        while batch := list(User.objects.filter(pool=pool).values_list("pk", flat=True)[:_BATCH]):
            User.objects.filter(pk__in=batch).delete()
        pool.delete()
        count += 1
    return count


def rotate_keys(pool_id: str) -> None:
    """New signing keys; tokens signed by the old ones stay valid until they expire."""
    with transaction.atomic():
        touch(pool_id)  # first: it locks the pool's row, so that of two rotations one waits
        rotation.rotate(pool_id)


def tags(arn: str) -> dict[str, str]:
    return dict(Tag.objects.filter(resource_arn=arn).order_by("key").values_list("key", "value"))


def tag(pool: Pool, given: Mapping[str, str], *, by: Actor) -> None:
    """Add tags or overwrite their values.

    Raises: InvalidParameter, as this operation has no error of its own for tags; ResourceNotFound.
    """
    with transaction.atomic():
        lookup.locked_pool(pool)
        try:
            _add_tags(pool.arn, given)
        except UserPoolTagging as error:
            raise InvalidParameter(error.message, field="tags") from None
        audit.record(by, pool.arn, keys=sorted(given))


def untag(pool: Pool, keys: Iterable[str], *, by: Actor) -> None:
    with transaction.atomic():
        Tag.objects.filter(resource_arn=pool.arn, key__in=list(keys)).delete()
        audit.record(by, pool.arn, keys=sorted(keys))


def _add_tags(arn: str, given: Mapping[str, str]) -> None:
    for key, value in given.items():
        if key.lower().startswith("aws:"):
            raise UserPoolTagging("Tag keys must not start with aws:.")
        Tag.objects.update_or_create(resource_arn=arn, key=key, defaults={"value": value})
    if Tag.objects.filter(resource_arn=arn).count() > Tag.MAX_PER_RESOURCE:
        raise UserPoolTagging(f"A resource can have at most {Tag.MAX_PER_RESOURCE} tags.")
