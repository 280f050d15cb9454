"""Functions that are kept here: create, change, tag, limit, delete. Source: Lambda API reference."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, transaction

from identity import arns, clock
from identity.access import audit
from identity.access.actor import Actor
from identity.arns import FunctionName
from identity.config import config
from identity.errors import InvalidParameterValue, PreconditionFailed, ResourceConflict, ResourceNotFound, Validation
from pools.config import function as function_config
from pools.models import Function, FunctionCode
from pools.provisioning.function_packages import Package
from pools.triggers.runner import isolation

LATEST = "$LATEST"
_LONGEST_NAME = 64


def find(region: str | None, text: str, qualifier: str | None = None) -> Function:
    """The function that a request in a region (every one is signed for one) names by name, partial ARN or ARN.

    Raises: ResourceNotFound, InvalidParameterValue (two qualifiers that differ).
    """
    named, region = FunctionName.read(text), region or ""
    if named is None:
        raise not_found(arns.function(region, text))
    if qualifier and named.qualifier and qualifier != named.qualifier:
        raise InvalidParameterValue(
            "The derived qualifier from the function name does not match the specified qualifier.", field="qualifier"
        )
    if named.region not in {None, region}:
        raise ResourceNotFound(f"Functions from '{named.region}' are not reachable in this region ('{region}')")
    wanted = qualifier or named.qualifier
    found = None
    if wanted in {None, LATEST} and named.account in {None, config.account_id}:
        found = Function.objects.filter(region=region, name=named.name).first()
    if found is None:
        raise not_found(arns.named_function(region, text) + (f":{wanted}" if wanted else ""))
    return found


def not_found(arn: str) -> ResourceNotFound:
    return ResourceNotFound(f"Function not found: {arn}")


def create(
    region: str | None, text: str, settings: Mapping[str, Any], package: Package, tags: Mapping[str, str], *, by: Actor
) -> Function:
    """A new function, ready at once; `settings` are columns.

    Raises: InvalidParameterValue, ResourceConflict, Validation.
    """
    region = region or ""
    name = _new_name(region, text)
    if not settings.get("runtime") or not settings.get("handler"):
        raise InvalidParameterValue(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages."
        )
    function_config.check_tags(tags)
    _check_isolation()
    now = clock.now()
    try:
        with transaction.atomic():
            function = Function.objects.create(
                **{"environment": "{}", **settings},
                **_code_columns(package),
                region=region,
                name=name,
                tags=dict(tags),
                revision_id=str(uuid.uuid4()),
                created_at=now,
                modified_at=now,
            )
            FunctionCode.objects.create(function=function, content=package.content)
            audit.record(by, function.arn, code_sha256=package.sha256, members=sorted(settings))
    except IntegrityError:
        raise ResourceConflict(f"Function already exist: {name}") from None
    return function


def _new_name(region: str, text: str) -> str:
    """Raises: InvalidParameterValue, Validation."""
    named = FunctionName.read(text)
    is_ours = named and named.region in {None, region} and named.account in {None, config.account_id}
    if named is None or not is_ours or named.qualifier not in {None, LATEST}:
        raise InvalidParameterValue(f"{text} does not name a function of this account and region.")
    if len(named.name) > _LONGEST_NAME:
        constraint = f"Member must have length less than or equal to {_LONGEST_NAME}"
        raise Validation(
            f"1 validation error detected: Value '{named.name}' at 'functionName' failed to satisfy constraint: "
            f"{constraint}"
        )
    return named.name


def _check_isolation() -> None:
    """Raises: InvalidParameterValue."""
    if isolation.level() is None and not config.functions_unisolated:
        raise InvalidParameterValue(
            "Functions cannot be isolated from Gatehouse on this machine: install bubblewrap, or set "
            "GATEHOUSE_FUNCTIONS_UNISOLATED=1 for code that you trust."
        )


def _code_columns(package: Package) -> dict[str, Any]:
    return {"code_sha256": package.sha256, "code_size": len(package.content)}


def change_code(function: Function, package: Package, *, revision_id: str | None, by: Actor) -> Function:
    """Other code from the next invocation on.

    Raises: InvalidParameterValue, PreconditionFailed, ResourceNotFound.
    """
    _check_isolation()
    with transaction.atomic():
        changed = _change(function, revision_id, **_code_columns(package))
        FunctionCode.objects.filter(function=function.pk).update(content=package.content)
        audit.record(by, function.arn, code_sha256=package.sha256)
    return changed


def change_configuration(
    function: Function, settings: Mapping[str, Any], *, revision_id: str | None, by: Actor
) -> Function:
    """Other settings from the next invocation on; `settings` are columns, those left out stay.

    Raises: PreconditionFailed, ResourceNotFound.
    """
    with transaction.atomic():
        changed = _change(function, revision_id, **settings)
        audit.record(by, function.arn, members=sorted(settings))
    return changed


def check_revision(function: Function, revision_id: str | None) -> None:
    """Raises: PreconditionFailed."""
    if revision_id not in {None, function.revision_id}:
        raise PreconditionFailed()


def _change(function: Function, revision_id: str | None, **columns: Any) -> Function:
    """Raises: PreconditionFailed, ResourceNotFound."""
    locked = lock(function)
    check_revision(locked, revision_id)
    revision = {"revision_id": str(uuid.uuid4()), "modified_at": clock.now()}
    Function.objects.filter(pk=locked.pk).update(**columns, **revision)
    return Function.objects.get(pk=locked.pk)


def lock(function: Function) -> Function:
    """The function as it is, which nobody else changes until the transaction ends. Raises: ResourceNotFound."""
    locked = Function.objects.select_for_update().filter(pk=function.pk).first()
    if locked is None:
        raise not_found(function.arn)
    return locked


def delete(function: Function, *, by: Actor) -> None:
    """Raises: ResourceNotFound."""
    with transaction.atomic():
        lock(function).delete()
        audit.record(by, function.arn)


def tag(function: Function, tags: Mapping[str, str], *, by: Actor) -> None:
    """Raises: InvalidParameterValue, ResourceNotFound."""
    with transaction.atomic():
        locked = lock(function)
        kept = {**locked.tags, **tags}
        function_config.check_tags(kept)
        Function.objects.filter(pk=locked.pk).update(tags=kept)
        audit.record(by, function.arn, keys=sorted(tags))


def untag(function: Function, keys: Iterable[str], *, by: Actor) -> None:
    """Raises: ResourceNotFound."""
    gone = set(keys)
    with transaction.atomic():
        locked = lock(function)
        kept = {key: value for key, value in locked.tags.items() if key not in gone}
        Function.objects.filter(pk=locked.pk).update(tags=kept)
        audit.record(by, function.arn, keys=sorted(gone))


def reserve(function: Function, instances: int | None, *, by: Actor) -> None:
    """At most so many invocations at once; 0 for none at all, None for no limit of its own.

    Raises: ResourceNotFound.
    """
    with transaction.atomic():
        lock(function)
        Function.objects.filter(pk=function.pk).update(reserved_concurrency=instances)
        audit.record(by, function.arn, reserved_concurrency=instances)
