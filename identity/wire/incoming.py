"""Steps that every protocol takes before a request is an operation's: body, signature, who calls from where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import orjson
from django.http import HttpRequest

from identity import clock
from identity.access import address, keys
from identity.access.actor import Actor, Kind
from identity.errors import InvalidSignature, RequestEntityTooLarge, Serialization
from identity.wire import sigv4
from identity.wire.service import Operation
from identity.wire.shapes import unexpected

_LONGEST_HEADER = 1024
"""Clients give up on longer header lines than they like; the whole text is in the body."""


def announced_bytes(request: HttpRequest) -> int:
    """The length that the request tells, or 0: it may lie."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def read_body(request: HttpRequest, longest_bytes: int) -> bytes:
    """Raises: RequestEntityTooLarge."""
    if announced_bytes(request) > longest_bytes:
        raise RequestEntityTooLarge()
    body: bytes = request.META["wsgi.input"].read(longest_bytes + 1)
    if len(body) > longest_bytes:
        raise RequestEntityTooLarge()
    return body


def claimant(request: HttpRequest) -> tuple[sigv4.Presented, keys.Principal]:
    """The claim of a request's signature and the holder of the key it names: not yet proven, and no body is read.

    Raises: as `sigv4.read` and `keys.find`.
    """
    presented = sigv4.read(_signed(request, b""))
    return presented, keys.find(presented.access_key_id, presented.session_token)


def verify(
    request: HttpRequest, body: bytes, presented: sigv4.Presented, principal: keys.Principal, *, service: str
) -> None:
    """Raises: as `sigv4.verify`.

    The server tells the path decoded. Clients escape what is not unreserved, as AWS's own do, or send it as it is:
    both spell this path.
    """
    path = request.path_info
    escaped = path if path == "/" else quote(path, safe="-._~/")
    signed, now = _signed(request, body, escaped), clock.wall()
    try:
        sigv4.verify(signed, presented, principal.secret, service=service, now=now)
    except InvalidSignature:
        if escaped == path:
            raise
        plain = path.encode().decode("latin-1")
        sigv4.verify(replace(signed, path=plain), presented, principal.secret, service=service, now=now)


def _signed(request: HttpRequest, body: bytes, path: str = "/") -> sigv4.SignedRequest:
    return sigv4.SignedRequest(
        method=request.method or "",
        path=path,
        query=request.META.get("QUERY_STRING", ""),
        headers=Headers(request.META),
        body=body,
    )


class Headers(Mapping[str, str]):
    """Request headers by lower-case name, read from WSGI's environment where they are asked for."""

    def __init__(self, meta: Mapping[str, Any]) -> None:
        self._meta = meta

    def __getitem__(self, name: str) -> str:
        key = name.upper().replace("-", "_")
        return str(self._meta[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"])

    def __iter__(self) -> Iterator[str]:
        for key in self._meta:
            if key.startswith("HTTP_"):
                yield key[5:].lower().replace("_", "-")

    def __len__(self) -> int:
        return sum(1 for _ in self)


def decode(body: bytes) -> dict[str, Any]:
    """The members of a JSON body. Raises: Serialization."""
    try:
        members = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise Serialization("The request body is not valid JSON.") from error
    if not isinstance(members, dict):
        raise unexpected(members, "Start of structure or map")
    return members


def actor(
    request: HttpRequest, request_id: str, operation: Operation, principal: keys.Principal | None, region: str | None
) -> Actor:
    return Actor(
        kind=Kind.OPERATOR if principal else Kind.ANONYMOUS,
        event=operation.name,
        at=clock.now(),
        request_id=request_id,
        address=address.of(request),
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        region=region,
        arn=principal.arn if principal else None,
        access_key_id=principal.access_key_id if principal else None,
    )


def header_text(message: str) -> str:
    """An error's text as it can stand in a header: short, and plain ASCII."""
    return "".join(
        character if " " <= character <= "~" else " " if character.isspace() else "?"
        for character in message[:_LONGEST_HEADER]
    )
