"""An identity policy: parsed, checked, and made ready for matching.

Owns the grammar and what one list of actions or resources covers; the verdict over documents is in `evaluate`.
A document is immutable and costs a compilation: parse once, keep it, evaluate it often.
Source: IAM user guide, "Grammar of the IAM JSON policy language" and "IAM JSON policy element reference".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

_WITHOUT_VARIABLES = "2008-10-17"
_VERSIONS = (_WITHOUT_VARIABLES, "2012-10-17")
_DOCUMENT_ELEMENTS = frozenset({"Version", "Id", "Statement"})
_STATEMENT_ELEMENTS = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"})
_ACTION = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+")
_ARN = re.compile(r"arn(:[^:]*){4}:.*", re.DOTALL)
_SID = re.compile(r"[A-Za-z0-9]*")
_OPERATOR = re.compile(
    "Null|(ForAllValues:|ForAnyValue:)?(String(Not)?(Equals(IgnoreCase)?|Like)|Bool|BinaryEquals|(Not)?IpAddress"
    "|(Numeric|Date)((Not)?Equals|(LessThan|GreaterThan)(Equals)?)|Arn(Not)?(Equals|Like))(IfExists)?"
)
_VARIABLE = r"\$\{[^{}]+\}"
_TOKEN = re.compile(r"\*|\?|[^*?]+")
_TOKEN_OR_VARIABLE = re.compile(rf"{_VARIABLE}|\*|\?|[^*?$]+|\$")
_LITERALS = {"${*}": "*", "${?}": "?", "${$}": "$"}


class MalformedPolicy(ValueError):
    """The text is not an identity policy; the message is a sentence its author can act on."""


class Effect(StrEnum):
    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True, slots=True)
class Actions:
    """The patterns of one `Action` or `NotAction`."""

    everything: bool
    exact: frozenset[str]
    wild: re.Pattern[str] | None

    def cover(self, action: str) -> bool:
        """`action` in lower case, as `cognito-idp:admingetuser`: the caller folds it once for all statements."""
        if self.everything or action in self.exact:
            return True
        return self.wild is not None and self.wild.fullmatch(action) is not None


@dataclass(frozen=True, slots=True)
class Resources:
    """The patterns of one `Resource` or `NotResource`, those with a variable (none has a value yet) apart."""

    everything: bool
    fixed: re.Pattern[str] | None
    variable: re.Pattern[str] | None

    def cover(self, resource: str, *, variables_match: bool) -> bool:
        """`variables_match`: whether a variable stands for any text, or its pattern for nothing at all."""
        if self.everything or (self.fixed is not None and self.fixed.fullmatch(resource)):
            return True
        return variables_match and self.variable is not None and self.variable.fullmatch(resource) is not None


@dataclass(frozen=True, slots=True)
class Statement:
    """Of each pair `actions`/`not_actions` and `resources`/`not_resources` exactly one is not None."""

    effect: Effect
    actions: Actions | None
    not_actions: Actions | None
    resources: Resources | None
    not_resources: Resources | None
    has_condition: bool
    sid: str | None


@dataclass(frozen=True, slots=True)
class Document:
    version: str
    statements: tuple[Statement, ...]


def parse(source: str | Mapping[str, object]) -> Document:
    """Read a policy given as JSON text or as the object it decodes to. Raises: MalformedPolicy."""
    body = _mapping(_load(source) if isinstance(source, str) else source, "The policy document")
    _refuse_unknown(body, _DOCUMENT_ELEMENTS, "The policy document")
    version = body.get("Version", _WITHOUT_VARIABLES)
    if not isinstance(version, str) or version not in _VERSIONS:
        raise MalformedPolicy(f"Version must be 2012-10-17 or 2008-10-17, not {_shown(version)}.")
    if not isinstance(body.get("Id", ""), str):
        raise MalformedPolicy("Id must be a string.")
    entries = body.get("Statement")
    entries = [entries] if isinstance(entries, Mapping) else entries
    if not isinstance(entries, list | tuple) or not entries:
        raise MalformedPolicy("The policy document must contain Statement: one statement or a list of them.")
    statements = tuple(_statement(entry, f"Statement {n}", version) for n, entry in enumerate(entries, 1))
    sids = [statement.sid for statement in statements if statement.sid]
    if len(sids) != len(set(sids)):
        raise MalformedPolicy("Statement IDs (SID) in a single policy must be unique.")
    return Document(version, statements)


def _load(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise MalformedPolicy("The policy document is not valid JSON, or names an element twice.") from error


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # JSON readers keep the last of two equal names; a policy that reads differently to a reviewer is refused.
    decoded = dict(pairs)
    if len(decoded) != len(pairs):
        raise ValueError("duplicate element")
    return decoded


def _statement(entry: object, where: str, version: str) -> Statement:
    body = _mapping(entry, where)
    if "Principal" in body or "NotPrincipal" in body:
        raise MalformedPolicy(f"{where}: policy document should not specify a principal.")
    _refuse_unknown(body, _STATEMENT_ELEMENTS, where)
    effect = body.get("Effect")
    if not isinstance(effect, str) or effect not in tuple(Effect):
        raise MalformedPolicy(f"{where} must contain Effect: Allow or Deny.")
    sid = body.get("Sid")
    if "Sid" in body and not (isinstance(sid, str) and _SID.fullmatch(sid)):
        raise MalformedPolicy(f"{where}: Statement IDs (SID) must be alphanumeric.")
    action, resource = _one_of(body, "Action", where), _one_of(body, "Resource", where)
    actions = _actions(_strings(body[action], where, action), f"{where}, {action}")
    resources = _resources(_strings(body[resource], where, resource), f"{where}, {resource}", version)
    return Statement(
        effect=Effect(effect),
        actions=actions if action == "Action" else None,
        not_actions=actions if action == "NotAction" else None,
        resources=resources if resource == "Resource" else None,
        not_resources=resources if resource == "NotResource" else None,
        has_condition=_has_condition(body, where),
        sid=sid if isinstance(sid, str) else None,
    )


def _mapping(value: object, where: str) -> Mapping[object, object]:
    if not isinstance(value, Mapping):
        raise MalformedPolicy(f"{where} must be a JSON object.")
    return value


def _refuse_unknown(body: Mapping[object, object], known: frozenset[str], where: str) -> None:
    for name in body:
        if name not in known:
            raise MalformedPolicy(f"{where} has the unknown element {_shown(name)}; names are case sensitive.")


def _one_of(body: Mapping[object, object], name: str, where: str) -> str:
    plain, negated = name in body, f"Not{name}" in body
    if plain and negated:
        raise MalformedPolicy(f"{where} must not contain both {name} and Not{name}.")
    if not plain and not negated:
        raise MalformedPolicy(f"{where} must contain {name} or Not{name}.")
    return name if plain else f"Not{name}"


def _strings(value: object, where: str, name: str) -> tuple[str, ...]:
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list | tuple) or not entries or not all(isinstance(entry, str) for entry in entries):
        raise MalformedPolicy(f"{where}: {name} must be a string or a list of at least one string.")
    return tuple(entries)


def _actions(texts: tuple[str, ...], where: str) -> Actions:
    for text in texts:
        if not _ACTION.fullmatch(text):
            raise MalformedPolicy(f"{where}: {_shown(text)} must be * or a service and an operation, as in a:B.")
    folded = {text.lower() for text in texts}
    wild = {text for text in folded if "*" in text or "?" in text}
    return Actions("*" in folded, frozenset(folded - wild), _any_of(_expression(text, ".") for text in sorted(wild)))


def _resources(texts: tuple[str, ...], where: str, version: str) -> Resources:
    has_variables = version != _WITHOUT_VARIABLES
    fixed, variable = list[str](), list[str]()
    for text in texts:
        expression = _resource(text, where, has_variables=has_variables)
        open_ended = has_variables and any(found not in _LITERALS for found in re.findall(_VARIABLE, text))
        (variable if open_ended else fixed).append(expression)
    return Resources("*" in texts, _any_of(fixed), _any_of(variable))


def _resource(text: str, where: str, *, has_variables: bool) -> str:
    if text == "*":
        return ".*"
    if not _ARN.fullmatch(text):
        raise MalformedPolicy(f'{where}: {_shown(text)} must be in ARN format or "*".')
    *head, tail = text.split(":", 5)
    if has_variables and (any("${" in part for part in head) or "${" in re.sub(_VARIABLE, "", tail)):
        raise MalformedPolicy(f"{where}: in {_shown(text)} a variable must be whole and after the fifth colon.")
    # The parts of an ARN match one by one: only in the last may a wildcard cover a colon.
    parts = [_expression(part, "[^:]") for part in head] + [_expression(tail, ".", has_variables=has_variables)]
    return ":".join(f"(?>{part})" for part in parts)


def arn_like(pattern: str) -> re.Pattern[str]:
    """What an ARN with wildcards covers, as the condition operator ArnLike has it. Raises: MalformedPolicy."""
    return re.compile(_resource(pattern, "ArnLike", has_variables=False), re.DOTALL)


def _expression(pattern: str, one: str, *, has_variables: bool = False) -> str:
    """Turn wildcards, and variables as wildcards, into a regular expression; `one` matches what `?` may cover.

    Atomic groups keep the time linear in pattern times text, however many stars a hostile policy has.
    """
    runs = [""]
    for piece in (_TOKEN_OR_VARIABLE if has_variables else _TOKEN).findall(pattern):
        if piece == "*" or (has_variables and piece.startswith("${") and piece not in _LITERALS):
            runs.append("")
        elif piece == "?":
            runs[-1] += one
        else:
            runs[-1] += re.escape(_LITERALS.get(piece, piece) if has_variables else piece)
    first, *rest = runs
    middle = "".join(f"(?>{one}*?{run})" for run in rest[:-1] if run)
    return first + middle + "".join(f"{one}*{run}" for run in rest[-1:])


def _any_of(expressions: Iterable[str]) -> re.Pattern[str] | None:
    alternatives = "|".join(expressions)
    return re.compile(alternatives, re.DOTALL) if alternatives else None


def _has_condition(body: Mapping[object, object], where: str) -> bool:
    operators = _mapping(body.get("Condition", {}), f"{where}: Condition")
    for operator, tests in operators.items():
        if not isinstance(operator, str) or not _OPERATOR.fullmatch(operator):
            raise MalformedPolicy(f"{where}: Condition has the unknown operator {_shown(operator)}.")
        for key, values in _mapping(tests, f"{where}: Condition {operator}").items():
            listed = values if isinstance(values, list | tuple) else [values]
            if not isinstance(key, str) or not all(isinstance(value, str | int | float) for value in listed):
                raise MalformedPolicy(f"{where}: Condition {operator} must map keys to strings, numbers or booleans.")
    return bool(operators)


def _shown(value: object) -> str:
    """A value of the author's, short enough for a sentence."""
    return f"'{value[:200] if isinstance(value, str) else type(value).__name__}'"
