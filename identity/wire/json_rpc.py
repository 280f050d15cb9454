"""AWS JSON 1.1 over `POST /`: the four stops of a request, in order, and how errors leave.

Source: AWS JSON 1.1 protocol; user pools API reference (common errors); CORS as AWS's endpoints answer it.
"""

from __future__ import annotations

import ipaddress
import logging
import uuid
from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse

from identity import arns, clock
from identity.access import keys, permits, rates
from identity.access.actor import Actor, Kind
from identity.config import config
from identity.errors import (
    InternalError,
    RequestEntityTooLarge,
    Serialization,
    ServiceError,
    UnknownOperation,
)
from identity.wire import sigv4
from identity.wire.call import Call
from identity.wire.service import Operation
from identity.wire.services import json_rpc_services
from identity.wire.shapes import unexpected

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/x-amz-json-1.1"
_EXPOSED = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
_ALWAYS_ALLOWED = (
    "content-type,x-amz-target,x-amz-user-agent,cache-control,amz-sdk-request,amz-sdk-invocation-id,"
    "authorization,x-amz-date,x-amz-security-token"
)
_LONGEST_HEADER = 1024
"""Clients give up on longer header lines than they like; the whole text is in the body."""

_services = {service.target_prefix: service for service in json_rpc_services}


def endpoint(request: HttpRequest) -> HttpResponse:
    """The one URL of the AWS wire."""
    if request.method == "OPTIONS":
        return _preflight(request)
    request_id = str(uuid.uuid4())
    try:
        return _respond(_perform(request, request_id), request_id)
    except ServiceError as error:
        return _refuse(error, request_id)
    except Exception:
        log.exception("request %s failed", request_id)
        return _refuse(InternalError(), request_id)


def _perform(request: HttpRequest, request_id: str) -> Any:
    operation = _find_operation(request)
    body = _read_body(request)
    principal, region = (None, None) if operation.is_unsigned else _authenticate(request, operation, body)
    members = _decode(body)
    if principal is not None and region is not None:
        permits.require(principal, operation.action, _resource(operation, members, region))
    parsed = operation.parse(members)
    if rates.configured is not None:
        resource = _resource(operation, members, region) if region else "*"
        rates.configured.check(operation.name, region, resource, challenge=members.get("ChallengeName"))
    actor = _actor(request, request_id, operation, principal, region)
    call = Call(operation.name, request_id, region, actor)
    return operation.perform(call, parsed)


def _find_operation(request: HttpRequest) -> Operation:
    prefix, _, name = request.META.get("HTTP_X_AMZ_TARGET", "").rpartition(".")
    content_type = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    service = _services.get(prefix)
    if request.method != "POST" or service is None or content_type != CONTENT_TYPE:
        raise UnknownOperation()
    if name not in service.operations:
        known = name in service.model.operation_names
        raise UnknownOperation(f"{name} is not available in this version of Gatehouse." if known else None)
    return service.operations[name]


def _read_body(request: HttpRequest) -> bytes:
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > config.max_body_bytes:
        raise RequestEntityTooLarge()
    body: bytes = request.META["wsgi.input"].read(config.max_body_bytes + 1)
    if len(body) > config.max_body_bytes:
        raise RequestEntityTooLarge()
    return body


def _authenticate(request: HttpRequest, operation: Operation, body: bytes) -> tuple[keys.Principal, str]:
    signed = sigv4.SignedRequest(
        method=request.method or "",
        path=request.META.get("RAW_URI", request.META.get("PATH_INFO", "/")).partition("?")[0],
        query=request.META.get("QUERY_STRING", ""),
        headers=_Headers(request.META),
        body=body,
    )
    presented = sigv4.read(signed)
    principal = keys.find(presented.access_key_id, presented.session_token)
    sigv4.verify(signed, presented, principal.secret, service=operation.service, now=clock.wall())
    return principal, presented.region


class _Headers(Mapping[str, str]):
    """Request headers by lower-case name, read from WSGI's environment where they are asked for."""

    def __init__(self, meta: Mapping[str, Any]) -> None:
        self._meta = meta

    def __getitem__(self, name: str) -> str:
        key = name.upper().replace("-", "_")
        return str(self._meta[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"])

    def __iter__(self) -> Any:
        for key in self._meta:
            if key.startswith("HTTP_"):
                yield key[5:].lower().replace("_", "-")

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _decode(body: bytes) -> Any:
    try:
        members = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise Serialization("The request body is not valid JSON.") from error
    if not isinstance(members, dict):
        raise unexpected(members, "Start of structure or map")
    return members


def _resource(operation: Operation, members: dict[str, Any], region: str) -> str:
    """The ARN that policies are matched with: the pool or resource the request names, else `*`.

    Only by the member that the operation reads: another one of that name would be ignored later, and must not decide.
    """
    if operation.resource_of is not None:
        return operation.resource_of(members, region)
    named = members.get(operation.resource_member) if operation.resource_member else None
    if not isinstance(named, str):
        return "*"
    return arns.user_pool(region, named) if operation.resource_member == "UserPoolId" else named


def _actor(
    request: HttpRequest, request_id: str, operation: Operation, principal: keys.Principal | None, region: str | None
) -> Actor:
    return Actor(
        kind=Kind.OPERATOR if principal else Kind.ANONYMOUS,
        event=operation.name,
        at=clock.now(),
        request_id=request_id,
        address=_address(request),
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        region=region,
        arn=principal.arn if principal else None,
        access_key_id=principal.access_key_id if principal else None,
    )


def _address(request: HttpRequest) -> str:
    """The caller's address; a forwarded one counts only from a trusted proxy."""
    peer: str = request.META.get("REMOTE_ADDR", "")
    forwarded: str = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if not config.trusted_proxies or not forwarded:
        return peer
    for hop in [peer, *(part.strip() for part in reversed(forwarded.split(",")))]:
        try:
            parsed = ipaddress.ip_address(hop)
        except ValueError:
            return peer
        if not any(parsed in network for network in config.trusted_proxies):
            return hop
    return peer


def _respond(answer: Any, request_id: str) -> HttpResponse:
    body = b"" if answer is None else orjson.dumps(answer)
    return _with_headers(HttpResponse(body, content_type=CONTENT_TYPE), request_id)


def _refuse(error: ServiceError, request_id: str) -> HttpResponse:
    body = {"__type": error.code}
    if error.message:
        body["message"] = error.message
    response = HttpResponse(orjson.dumps(body), content_type=CONTENT_TYPE, status=error.status)
    response["x-amzn-ErrorType"] = f"{error.code}:"
    response["x-amzn-ErrorMessage"] = "".join(
        character if " " <= character <= "~" else " " if character.isspace() else "?"
        for character in error.message[:_LONGEST_HEADER]
    )
    return _with_headers(response, request_id)


def _with_headers(response: HttpResponse, request_id: str) -> HttpResponse:
    response["x-amzn-RequestId"] = request_id
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = _EXPOSED
    return response


def _preflight(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(b"", content_type=CONTENT_TYPE)
    response["Access-Control-Allow-Methods"] = "POST"
    response["Access-Control-Allow-Headers"] = (
        request.META.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS") or _ALWAYS_ALLOWED
    )
    response["Access-Control-Max-Age"] = "172800"
    return _with_headers(response, str(uuid.uuid4()))
