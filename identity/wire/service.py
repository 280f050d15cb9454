"""A service and its operations: the model loaded, handlers declared against it and checked at import."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from identity import arns
from identity.errors import InvalidParameter, Validation
from identity.wire.call import Answer, Call
from identity.wire.shapes import Parse, Problems, Serialise, UnknownMember, compile_parser, compile_serialiser


def _itself(region: str, arn: str) -> str:
    return arn


_RESOURCE_MEMBERS: Mapping[str, Callable[[str, str], str]] = {
    "UserPoolId": arns.user_pool,
    "FunctionName": arns.named_function,
    "ResourceArn": _itself,
    "Resource": _itself,
}
"""Members that name what an operation acts on, by id or name or ARN; each makes an ARN of a region and the text."""

_ACTIONS = {"lambda:Invoke": "lambda:InvokeFunction", "lambda:InvokeWithResponseStream": "lambda:InvokeFunction"}
"""IAM actions that are not called as the operation. Source: Service Authorization Reference."""

Handler = Callable[..., Answer | None]
H = TypeVar("H", bound=Handler)
ResourceOf = Callable[[Mapping[str, Any], str], str]
"""From the members as they came, unchecked, and the region to an ARN, or `*`."""
FurtherOf = Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]]
"""From the members as they came to IAM actions and the ARNs that they are wanted on."""


class DeclarationError(TypeError):
    """A handler's signature and the service model disagree."""


@dataclass(frozen=True)
class Operation:
    """One operation of the model with the function that performs it."""

    service: str
    model: OperationModel
    handler: Handler
    ignores: frozenset[str]
    resource_of: ResourceOf | None = None
    """What policies are matched with, where no member names it in a way that all services share."""
    longest_body_bytes: int | None = None
    """Of a request, where it differs from the installation's limit."""
    further_of: FurtherOf | None = None
    """What the caller must be allowed to do besides."""

    @property
    def name(self) -> str:
        return str(self.model.name)

    @cached_property
    def action(self) -> str:
        """The IAM action, `cognito-idp:AdminGetUser`."""
        action = f"{self.service}:{self.name}"
        return _ACTIONS.get(action, action)

    @cached_property
    def is_unsigned(self) -> bool:
        """Whether the model marks the operation as needing no signature."""
        return bool(self.model.auth_type == "none")

    @cached_property
    def resource_member(self) -> str | None:
        """The member that names what the operation acts on: a pool by its id, or anything by its ARN."""
        shape = self.model.input_shape
        return next((name for name in _RESOURCE_MEMBERS if shape and name in shape.members), None)

    def resource(self, members: Mapping[str, Any], region: str) -> str:
        """The ARN that policies are matched with: the pool or resource the request names, else `*`.

        Only by the member that the operation reads: another one of that name would be ignored later, and must not
        decide.
        """
        if self.resource_of is not None:
            return self.resource_of(members, region)
        named = members.get(self.resource_member) if self.resource_member else None
        if self.resource_member is None or not isinstance(named, str):
            return "*"
        return _RESOURCE_MEMBERS[self.resource_member](region, named)

    def permissions(self, members: Mapping[str, Any], region: str) -> Iterator[tuple[str, str]]:
        """What the caller must be allowed: IAM actions, and ARNs."""
        yield self.action, self.resource(members, region)
        if self.further_of is not None:
            yield from self.further_of(members)

    @cached_property
    def errors(self) -> frozenset[str]:
        """Codes of the errors that the model lists for this operation."""
        return frozenset(shape.error_code or shape.name for shape in self.model.error_shapes)

    @cached_property
    def _has_invalid_parameter(self) -> bool:
        return "InvalidParameterException" in self.model.service_model.shape_names

    @cached_property
    def _parse(self) -> Parse | None:
        shape = self.model.input_shape
        return compile_parser(shape) if shape else None

    @cached_property
    def _serialise(self) -> Serialise | None:
        shape = self.model.output_shape
        return compile_serialiser(shape) if shape else None

    @cached_property
    def _keywords(self) -> dict[str, str]:
        """Member name to keyword. What a wide handler takes by `**members` keeps its AWS name."""
        shape = self.model.input_shape
        parameters = inspect.signature(self.handler).parameters
        is_wide = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values())
        names = {name: xform_name(name) for name in (shape.members if shape else ())}
        return {name: snake if snake in parameters or not is_wide else name for name, snake in names.items()}

    def parse(self, body: Any) -> dict[str, Any]:
        """The handler's keyword arguments from a decoded body.

        Raises: Serialization (wrong JSON type); InvalidParameter, or Validation where the service has no such error,
        with all constraint violations at once.
        """
        if self._parse is None:
            return {}
        problems = Problems()
        members = self._parse(body, "", problems)
        try:
            problems.raise_if_any()
        except InvalidParameter as error:
            if self._has_invalid_parameter:
                raise
            raise Validation(error.message) from None
        return {self._keywords[name]: value for name, value in members.items() if name not in self.ignores}

    def answer(self, call: Call, members: dict[str, Any]) -> Answer:
        """What the handler answers, in AWS names."""
        return self.handler(call, **members) or {}

    def perform(self, call: Call, members: dict[str, Any]) -> Any:
        """The JSON-ready answer, or None for an operation without an output shape."""
        answer = self.answer(call, members)
        if self._serialise is not None:
            return self._serialise(answer, "")
        if answer:
            raise UnknownMember(f"{self.name} has no output, and so no member {', '.join(answer)}")
        return None


class Service:
    """The operations of one AWS service, by name. Source: botocore's `service-2` model of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.model = ServiceModel(Loader().load_service_model(name, "service-2"), name)
        self.operations: dict[str, Operation] = {}

    @cached_property
    def target_prefix(self) -> str:
        return str(self.model.metadata["targetPrefix"])

    @property
    def missing(self) -> set[str]:
        """Operations of the model that nothing performs yet; they answer UnknownOperationException."""
        return set(self.model.operation_names) - set(self.operations)

    def operation(
        self,
        name: str,
        *,
        ignores: Iterable[str] = (),
        resource_of: ResourceOf | None = None,
        longest_body_bytes: int | None = None,
        further_of: FurtherOf | None = None,
    ) -> Callable[[H], H]:
        """Declare the function that performs an operation.

        Its keyword-only parameters are the request members in snake case: required ones without a default, optional
        ones with. A wide one names a few and takes the others by `**members`, under their AWS names. `ignores` names
        members that are accepted and have no effect, aloud; `resource_of` tells what policies are matched with,
        `further_of` what the caller needs besides, and `longest_body_bytes` replaces the installation's limit.
        Raises: DeclarationError at import when signature and model disagree.
        """

        def declare(handler: H) -> H:
            if name in self.operations:
                raise DeclarationError(f"{name} is declared twice")
            if name not in self.model.operation_names:
                raise DeclarationError(f"{self.name} has no operation {name}")
            model = self.model.operation_model(name)
            _check_signature(handler, model, frozenset(ignores))
            self.operations[name] = Operation(
                self.name, model, handler, frozenset(ignores), resource_of, longest_body_bytes, further_of
            )
            return handler

        return declare


def _check_signature(handler: Handler, model: OperationModel, ignores: frozenset[str]) -> None:
    parameters = list(inspect.signature(handler).parameters.values())[1:]
    named = [parameter for parameter in parameters if parameter.kind is not inspect.Parameter.VAR_KEYWORD]
    shape = model.input_shape
    members = {xform_name(name): name for name in (shape.members if shape else ())}
    required = {xform_name(name) for name in (shape.required_members if shape else ())}
    where = f"{handler.__name__} for {model.name}"
    taken = set()
    for parameter in named:
        if parameter.name not in members:
            raise DeclarationError(f"{where}: no member {parameter.name}")
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            raise DeclarationError(f"{where}: {parameter.name} must be keyword-only")
        if (parameter.default is inspect.Parameter.empty) != (parameter.name in required):
            wanted = "no default" if parameter.name in required else "a default"
            raise DeclarationError(f"{where}: {parameter.name} needs {wanted}")
        if members[parameter.name] in ignores:
            raise DeclarationError(f"{where}: {parameter.name} is both taken and ignored")
        taken.add(parameter.name)
    is_wide = len(named) < len(parameters)
    if not is_wide and (untaken := {members[name] for name in members.keys() - taken} - ignores):
        raise DeclarationError(f"{where}: nobody takes {', '.join(sorted(untaken))}")
    if unknown := ignores - set(members.values()):
        raise DeclarationError(f"{where}: ignores unknown {', '.join(sorted(unknown))}")
