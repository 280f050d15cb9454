"""AWS JSON 1.1 over `POST /`: the four stops of a request, in order, and how errors leave.

Source: AWS JSON 1.1 protocol; user pools API reference (common errors); CORS as AWS's endpoints answer it.
"""

from __future__ import annotations

import logging
import uuid
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse

from identity.access import keys, permits, rates
from identity.config import config
from identity.errors import InternalError, ServiceError, UnknownOperation
from identity.wire import incoming
from identity.wire.call import Call
from identity.wire.service import Operation
from identity.wire.services import json_rpc_services

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/x-amz-json-1.1"
_EXPOSED = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
_ALWAYS_ALLOWED = (
    "content-type,x-amz-target,x-amz-user-agent,cache-control,amz-sdk-request,amz-sdk-invocation-id,"
    "authorization,x-amz-date,x-amz-security-token"
)

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
    body = incoming.read_body(request, config.max_body_bytes)
    principal, region = (None, None) if operation.is_unsigned else _authenticate(request, operation, body)
    members = incoming.decode(body)
    if principal is not None and region is not None:
        for action, resource in operation.permissions(members, region):
            permits.require(principal, action, resource)
    parsed = operation.parse(members)
    if rates.configured is not None:
        on = operation.resource(members, region) if region else "*"
        rates.configured.check(operation.name, region, on, challenge=members.get("ChallengeName"))
    actor = incoming.actor(request, request_id, operation, principal, region)
    return operation.perform(Call(operation.name, request_id, region, actor), parsed)


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


def _authenticate(request: HttpRequest, operation: Operation, body: bytes) -> tuple[keys.Principal, str]:
    presented, principal = incoming.claimant(request)
    incoming.verify(request, body, presented, principal, service=operation.service)
    return principal, presented.region


def _respond(answer: Any, request_id: str) -> HttpResponse:
    body = b"" if answer is None else orjson.dumps(answer)
    return _with_headers(HttpResponse(body, content_type=CONTENT_TYPE), request_id)


def _refuse(error: ServiceError, request_id: str) -> HttpResponse:
    body = {"__type": error.code}
    if error.message:
        body["message"] = error.message
    response = HttpResponse(orjson.dumps(body), content_type=CONTENT_TYPE, status=error.status)
    response["x-amzn-ErrorType"] = f"{error.code}:"
    response["x-amzn-ErrorMessage"] = incoming.header_text(error.message)
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
