"""Who may invoke a function: the statements of its policy, as they are added and removed.

Source: Lambda API reference, AddPermission, RemovePermission and GetPolicy.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import Any

import orjson
from django.db import transaction

from identity.access import audit
from identity.access.actor import Actor
from identity.errors import (
    InvalidParameterValue,
    PolicyLengthExceeded,
    PreconditionFailed,
    ResourceConflict,
    ResourceNotFound,
)
from pools.models import Function
from pools.provisioning import functions

LONGEST_POLICY_BYTES = 20_480
_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com", re.ASCII)
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_IAM = re.compile(r"arn:aws[a-z-]*:(iam|sts)::\d{12}:\S+", re.ASCII)


def statement(
    function: Function,
    statement_id: str,
    *,
    action: str,
    principal: str,
    source_arn: str | None,
    source_account: str | None,
) -> dict[str, Any]:
    """A statement of a function's policy. Raises: InvalidParameterValue."""
    condition = {}
    if source_account is not None:
        condition["StringEquals"] = {"AWS:SourceAccount": source_account}
    if source_arn is not None:
        condition["ArnLike"] = {"AWS:SourceArn": source_arn}
    return {
        "Sid": statement_id,
        "Effect": "Allow",
        "Principal": _principal(principal),
        "Action": action,
        "Resource": function.arn,
        **({"Condition": condition} if condition else {}),
    }


def _principal(text: str) -> str | dict[str, str]:
    """Raises: InvalidParameterValue."""
    if text == "*":
        return "*"
    if _SERVICE.fullmatch(text):
        return {"Service": text}
    if _ACCOUNT.fullmatch(text):
        return {"AWS": f"arn:aws:iam::{text}:root"}
    if _IAM.fullmatch(text):
        return {"AWS": text}
    raise InvalidParameterValue(
        "The provided principal was invalid. Please check the principal and try again.", field="principal"
    )


def policy(function: Function) -> str:
    """The policy as JSON. Raises: ResourceNotFound, when there is none."""
    if not function.permissions:
        raise ResourceNotFound("The resource you requested does not exist.")
    return _policy(function.permissions)


def _policy(statements: list[dict[str, Any]]) -> str:
    return orjson.dumps({"Version": "2012-10-17", "Id": "default", "Statement": statements}).decode()


def revision_id(function: Function) -> str:
    """Changes with the policy, and with nothing else: what runs already runs on."""
    return str(uuid.UUID(bytes=hashlib.sha256(_policy(function.permissions).encode()).digest()[:16], version=4))


def add(function: Function, new: dict[str, Any], *, revision: str | None, by: Actor) -> None:
    """Raises: ResourceConflict (the id is taken), PreconditionFailed, PolicyLengthExceeded, ResourceNotFound."""
    with transaction.atomic():
        locked = _lock(function, revision)
        if any(held["Sid"] == new["Sid"] for held in locked.permissions):
            raise ResourceConflict(
                f"The statement id ({new['Sid']}) provided already exists. Please provide a new statement id, or "
                "remove the existing statement."
            )
        statements = [*locked.permissions, new]
        size = len(_policy(statements).encode())
        if size > LONGEST_POLICY_BYTES:
            raise PolicyLengthExceeded(
                f"The final policy size ({size}) is bigger than the limit ({LONGEST_POLICY_BYTES})."
            )
        Function.objects.filter(pk=locked.pk).update(permissions=statements)
        audit.record(by, function.arn, statement=new)


def remove(function: Function, statement_id: str, *, revision: str | None, by: Actor) -> None:
    """Raises: ResourceNotFound, PreconditionFailed."""
    with transaction.atomic():
        locked = _lock(function, revision)
        statements = [held for held in locked.permissions if held["Sid"] != statement_id]
        if len(statements) == len(locked.permissions):
            raise ResourceNotFound(f"Statement {statement_id} is not found in resource policy.")
        Function.objects.filter(pk=locked.pk).update(permissions=statements)
        audit.record(by, function.arn, statement_id=statement_id)


def _lock(function: Function, revision: str | None) -> Function:
    """Raises: ResourceNotFound, PreconditionFailed."""
    locked = functions.lock(function)
    if revision not in {None, revision_id(locked)}:
        raise PreconditionFailed()
    return locked
