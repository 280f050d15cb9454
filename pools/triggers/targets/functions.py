"""Functions that are kept here: found by their ARN, started with credentials of their own, run by the runner."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from datetime import timedelta

import orjson

from identity import arns, clock, ids
from identity.access import keys
from identity.config import config
from identity.statement import Statement
from pools.models import Function, FunctionCode
from pools.triggers import permission
from pools.triggers.runner import client
from pools.triggers.runner.client import Ran, Specification, Wanted
from pools.triggers.runner.status import Status
from pools.triggers.targets.base import FAILED, NOT_FOUND, Answer, Invocation, NotInvoked, TimedOut

_DENIED = "AccessDeniedException"
_THROTTLED = "TooManyRequestsException"
_CREDENTIALS = timedelta(hours=2)
_MARGIN = timedelta(minutes=10)
"""Before the end of its credentials an instance gets no more events."""

_find = Statement(
    lambda region, name: Function.objects.filter(region=region, name=name).values_list(
        "pk", "revision_id", "permissions", "reserved_concurrency"
    ),
    str,
    str,
)


def invoke(invocation: Invocation) -> Answer:
    """Raises: NotInvoked, TimedOut."""
    named = arns.FunctionName.read(invocation.arn)
    row = _find.first(named.region, named.name) if named and named.qualifier in {None, "$LATEST"} else None
    if named is None or named.region is None or row is None:
        raise NotInvoked(NOT_FOUND)
    function_id, revision_id, permissions, concurrency = row
    if invocation.pool_arn and not permission.allows(Function(permissions=permissions), invocation.pool_arn):
        raise NotInvoked(_DENIED)
    scope = f"{invocation.pool_id} {invocation.key_arn}".rstrip()
    wanted = Wanted(arns.function(named.region, named.name), revision_id, scope, concurrency)
    try:
        ran = client.run(
            wanted,
            invocation.event,
            load=lambda: _specification(function_id, invocation),
            seconds=invocation.seconds,
            request_id=str(uuid.uuid4()),
            secrets=invocation.secrets,
        )
    except client.RunnerAway as error:
        raise NotInvoked(FAILED, is_transient=True, log="the runner of functions is away") from error
    return _answer(ran)


def _answer(ran: Ran) -> Answer:
    """Raises: NotInvoked, TimedOut."""
    if ran.status is Status.THROTTLED:
        raise NotInvoked(_THROTTLED)
    if ran.status is Status.NOT_AVAILABLE:
        raise NotInvoked(FAILED, log=ran.text)
    if ran.status is Status.TIMED_OUT:
        raise TimedOut(ran.log)
    return Answer(ran.payload, ran.error_message, ran.log)


def _specification(function_id: int, invocation: Invocation) -> Specification:
    """Raises: NotInvoked (it was deleted just now)."""
    function = Function.objects.filter(pk=function_id).first()
    if function is None:
        raise NotInvoked(NOT_FOUND)
    credentials = _credentials(function, invocation) if invocation.pool_arn else {}
    return Specification(
        runtime=function.runtime,
        handler=function.handler,
        seconds=function.timeout_seconds,
        memory_mib=function.memory_mib,
        environment={"AWS_ENDPOINT_URL": config.url, **orjson.loads(function.environment), **credentials},
        code_sha256=function.code_sha256,
        read_code=lambda: _code(function_id),
        expires_at=time.time() + (_CREDENTIALS - _MARGIN).total_seconds(),
        secrets=[credentials[name] for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN") if name in credentials],
    )


def _code(function_id: int) -> bytes:
    """Raises: NotInvoked."""
    content = FunctionCode.objects.filter(function=function_id).values_list("content", flat=True).first()
    if content is None:
        raise NotInvoked(NOT_FOUND)
    return bytes(content)


def _credentials(function: Function, invocation: Invocation) -> Mapping[str, str]:
    """Variables with a temporary key for the pool that asks, and for nothing else."""
    session_token = ids.token(64)
    key = keys.create(
        None,
        policy=_policy(invocation),
        session_token=session_token,
        expires_at=clock.now() + _CREDENTIALS,
        holder_arn=arns.assumed_role(function.role.rpartition("/")[2], function.name),
    )
    return {
        "AWS_ACCESS_KEY_ID": key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "AWS_SESSION_TOKEN": session_token,
    }


def _policy(invocation: Invocation) -> str:
    statements = [{"Effect": "Allow", "Action": "cognito-idp:*", "Resource": invocation.pool_arn}]
    if invocation.key_arn:
        statements.append({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": invocation.key_arn})
    return orjson.dumps({"Version": "2012-10-17", "Statement": statements}).decode()
