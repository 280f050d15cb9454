"""Where rest-json puts members: path, query, headers, the body as JSON, or one member that is the body itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from botocore.model import ListShape, OperationModel, Shape, StructureShape
from django.http import HttpRequest, HttpResponse

from identity.wire import incoming
from identity.wire.call import Answer
from identity.wire.shapes import Serialise, UnknownMember, compile_serialiser

_CONTENT_TYPE = "application/json"


def _members(shape: StructureShape | None) -> dict[str, Shape]:
    return dict(shape.members) if shape else {}


def _located(members: Mapping[str, Shape], location: str) -> dict[str, str]:
    """The names on the wire of the members that stand at `location`, by member."""
    return {
        name: str(shape.serialization.get("name", name))
        for name, shape in members.items()
        if shape.serialization.get("location") == location
    }


@dataclass(frozen=True, slots=True)
class Inputs:
    """Where the members of one operation's input come from."""

    shapes: Mapping[str, Shape]
    in_path: Mapping[str, str]
    in_query: Mapping[str, str]
    in_headers: Mapping[str, str]
    in_body: Mapping[str, str]
    payload: str | None

    @classmethod
    @lru_cache
    def of(cls, model: OperationModel) -> Inputs:
        members = _members(model.input_shape)
        payload = model.input_shape.serialization.get("payload") if model.input_shape else None
        in_body = {} if payload else {name for name, shape in members.items() if "location" not in shape.serialization}
        return cls(
            shapes=members,
            in_path=_located(members, "uri"),
            in_query=_located(members, "querystring"),
            in_headers=_located(members, "header"),
            in_body={name: str(members[name].serialization.get("name", name)) for name in members if name in in_body},
            payload=payload,
        )

    def members(self, request: HttpRequest, in_path: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """What the request gives, by member, as it would stand in a JSON body.

        A member is read from its own place alone: one of that name elsewhere is nothing.
        Raises: Serialization (a body that is not JSON).
        """
        found: dict[str, Any] = {name: in_path[wire] for name, wire in self.in_path.items()}
        for name, wire in self.in_query.items():
            if wire in request.GET:
                given = request.GET.getlist(wire)
                is_list = isinstance(self.shapes[name], ListShape)
                found[name] = given if is_list else _value(self.shapes[name], given[-1])
        for name, wire in self.in_headers.items():
            if wire in request.headers:
                found[name] = _value(self.shapes[name], request.headers[wire])
        if self.payload is not None and body:
            is_blob = self.shapes[self.payload].type_name == "blob"
            found[self.payload] = body if is_blob else incoming.decode(body)
        elif self.in_body:
            decoded = incoming.decode(body)
            found |= {name: decoded[wire] for name, wire in self.in_body.items() if wire in decoded}
        return found


def _value(shape: Shape, text: str) -> Any:
    """A text as the JSON value it stands for; one that stands for none is refused where it is parsed."""
    if shape.type_name in {"integer", "long"} and text.removeprefix("-").isdecimal() and text.isascii():
        return int(text[:20])  # more digits fit no number of a model
    if shape.type_name == "boolean" and text in {"true", "false"}:
        return text == "true"
    return text


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the members of one operation's output go."""

    name: str
    status: int
    in_status: str | None
    in_headers: Mapping[str, str]
    payload: str | None
    in_body: Mapping[str, tuple[str, Serialise]]

    @classmethod
    @lru_cache
    def of(cls, model: OperationModel) -> Outputs:
        members = _members(model.output_shape)
        payload = model.output_shape.serialization.get("payload") if model.output_shape else None
        in_body = {name: shape for name, shape in members.items() if "location" not in shape.serialization}
        return cls(
            name=str(model.name),
            status=int(model.http.get("responseCode", 200)),
            in_status=next(iter(_located(members, "statusCode")), None),
            in_headers=_located(members, "header"),
            payload=payload,
            in_body={
                name: (str(shape.serialization.get("name", name)), compile_serialiser(shape))
                for name, shape in in_body.items()
            },
        )

    def response(self, answer: Answer) -> HttpResponse:
        """None is dropped, an unknown key refused: UnknownMember, a defect of ours."""
        given = {name: value for name, value in answer.items() if value is not None}
        status = given.pop(self.in_status, self.status) if self.in_status else self.status
        headers = {wire: given.pop(name) for name, wire in self.in_headers.items() if name in given}
        if unknown := given.keys() - self.in_body.keys():
            raise UnknownMember(f"{self.name} has no member {', '.join(sorted(unknown))} in its output")
        response = HttpResponse(self._body(given), status=status, content_type=_CONTENT_TYPE)
        for wire, value in headers.items():
            response[wire] = str(value)
        return response

    def _body(self, given: Mapping[str, Any]) -> bytes:
        if self.payload is not None:
            value = given.get(self.payload, b"")
            return value if isinstance(value, bytes) else orjson.dumps(self.in_body[self.payload][1](value, ""))
        if not self.in_body:
            return b""
        written = {}
        for name, value in given.items():
            wire, serialise = self.in_body[name]
            written[wire] = serialise(value, f"{name}.")
        return orjson.dumps(written)
