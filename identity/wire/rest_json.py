"""rest-json: the routes of the service models, a request's steps in order, and how errors leave.

Where members stand in requests and answers is told by `locations`.
Source: the rest-json protocol as botocore's models describe it; Lambda API reference (common errors).
"""

from __future__ import annotations

import logging
import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

import orjson
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, re_path

from identity.access import permits
from identity.config import config
from identity.errors import (
    AccessDenied,
    ExpiredToken,
    InternalError,
    InvalidSignature,
    MissingAuthenticationToken,
    ServiceError,
    TooManyRequests,
    UnknownOperation,
    UnrecognizedClient,
)
from identity.wire import incoming
from identity.wire.call import Call
from identity.wire.locations import Inputs, Outputs
from identity.wire.service import Operation, Service
from identity.wire.services import rest_json_services

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/json"
_FRONT_END_STATUS = {
    AccessDenied: 403,
    ExpiredToken: 403,
    InvalidSignature: 403,
    MissingAuthenticationToken: 403,
    UnrecognizedClient: 403,
    UnknownOperation: 404,
}
_MOST_UPLOADS = 2
"""Bodies beyond the installation's limit that one process holds at once: each takes three times its size."""

_uploads = BoundedSemaphore(_MOST_UPLOADS)

Operations = dict[tuple[str, str], tuple[Service, str]]
"""Of one path: by HTTP method, and what the model's path has behind a question mark."""


def routes() -> list[URLPattern]:
    """The URL patterns of every operation of the services that speak rest-json, built or not."""
    by_path: dict[str, Operations] = defaultdict(dict)
    for service in rest_json_services:
        for name in service.model.operation_names:
            http = service.model.operation_model(name).http
            path, _, query = http["requestUri"].partition("?")
            by_path[_pattern(path)][http["method"], query] = (service, name)
    return [re_path(pattern, _view(operations)) for pattern, operations in by_path.items()]


def _pattern(template: str) -> str:
    """`/functions/{Name}/code` as an expression; SDKs of all years agree on everything but a slash at the end."""
    parts = re.split(r"\{(.+?)\}", template.strip("/"))
    parts = [part if index % 2 else re.escape(part) for index, part in enumerate(parts)]
    for index in range(1, len(parts), 2):
        name, greedy, _ = parts[index].partition("+")
        parts[index] = f"(?P<{name}>.+?)" if greedy else f"(?P<{name}>[^/]+)"
    return f"^{''.join(parts)}/?$"


def _view(operations: Operations) -> Callable[..., HttpResponse]:
    def endpoint(request: HttpRequest, **in_path: str) -> HttpResponse:
        request_id = str(uuid.uuid4())
        operation = None
        try:
            operation = _find_operation(operations, request)
            response = _perform(request, request_id, operation, in_path)
        except ServiceError as error:
            response = _refuse(error, operation)
        except Exception:
            log.exception("request %s failed", request_id)
            response = _refuse(InternalError(), operation)
        response["x-amzn-RequestId"] = request_id
        return response

    return endpoint


def _find_operation(operations: Operations, request: HttpRequest) -> Operation:
    method, queries = request.method or "", request.META.get("QUERY_STRING", "").split("&")
    key = next((key for key in operations if key[1] and key[0] == method and key[1] in queries), (method, ""))
    if key not in operations:
        raise UnknownOperation()
    service, name = operations[key]
    if name not in service.operations:
        raise UnknownOperation(f"{name} is not available in this version of Gatehouse.")
    return service.operations[name]


def _perform(request: HttpRequest, request_id: str, operation: Operation, in_path: dict[str, str]) -> HttpResponse:
    presented, principal = incoming.claimant(request)
    with _room_for(request, operation):
        body = incoming.read_body(request, operation.longest_body_bytes or config.max_body_bytes)
        incoming.verify(request, body, presented, principal, service=operation.service)
        inputs = Inputs.of(operation.model)
        _check_coverage(inputs, request, presented.signed_headers)
        members = inputs.members(request, in_path, body)
        for action, resource in operation.permissions(members, presented.region):
            permits.require(principal, action, resource)
        parsed = operation.parse(members)
        actor = incoming.actor(request, request_id, operation, principal, presented.region)
        answer = operation.answer(Call(operation.name, request_id, presented.region, actor), parsed)
    return Outputs.of(operation.model).response(answer)


def _check_coverage(inputs: Inputs, request: HttpRequest, signed: tuple[str, ...]) -> None:
    """A member that is a header must be under the signature. Raises: InvalidSignature."""
    for name in inputs.in_headers.values():
        if name in request.headers and name.lower() not in signed:
            raise InvalidSignature(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")


@contextmanager
def _room_for(request: HttpRequest, operation: Operation) -> Iterator[None]:
    """Raises: TooManyRequests, when other long bodies are being taken in."""
    if operation.longest_body_bytes is None or _is_short(request):
        yield
        return
    if not _uploads.acquire(blocking=False):
        raise TooManyRequests()
    try:
        yield
    finally:
        _uploads.release()


def _is_short(request: HttpRequest) -> bool:
    """A body without a length may be long."""
    return bool(request.META.get("CONTENT_LENGTH")) and incoming.announced_bytes(request) <= config.max_body_bytes


def _refuse(error: ServiceError, operation: Operation | None) -> HttpResponse:
    """An error as the model has it: its status, and whether its text is called `message` or `Message`."""
    code, text = error.code, error.message
    shapes = {shape.name: shape for shape in operation.model.error_shapes} if operation else {}
    if isinstance(error, InternalError) and code not in shapes and "ServiceException" in shapes:
        code = "ServiceException"
    if code in shapes:
        status = int(shapes[code].metadata.get("error", {}).get("httpStatusCode", 400))
        named = "Message" if "Message" in shapes[code].members else "message"
        body = {"Type": "User" if status < 500 else "Service", named: text}
    else:
        status = _FRONT_END_STATUS.get(type(error), error.status)
        body = {"Message" if isinstance(error, AccessDenied) else "message": text}
    response = HttpResponse(orjson.dumps(body), content_type=CONTENT_TYPE, status=status)
    response["x-amzn-ErrorType"] = code
    return response
