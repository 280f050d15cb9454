"""Settings of functions in the Lambda API's terms: what is given becomes columns, what is not built is refused aloud.

Source: Lambda API reference, CreateFunction and UpdateFunctionConfiguration; developer guide, "Lambda quotas" and
"Using Lambda environment variables".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from identity.errors import InvalidParameterValue, Validation

RUNTIMES = ("nodejs20.x", "python3.11")
LONGEST_TIMEOUT_SECONDS = 900
MOST_MEMORY_MIB = 10_240
LONGEST_ROLE = 2048
LONGEST_ENVIRONMENT_BYTES = 4096
MOST_TAGS = 50

RESERVED_KEYS = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)
"""Of the environment: the runtime sets them."""

_ENVIRONMENT = "Lambda was unable to configure your environment variables because the environment variables you have"
_COLUMNS = {
    "Runtime": "runtime",
    "Handler": "handler",
    "Role": "role",
    "Description": "description",
    "Timeout": "timeout_seconds",
    "MemorySize": "memory_mib",
}
_WITHOUT_EFFECT: Mapping[str, Callable[[Any, str], bool]] = {
    "Architectures": lambda value, name: value == ["x86_64"],
    "EphemeralStorage": lambda value, name: value == {"Size": 512},
    "LoggingConfig": lambda value, name: (
        value.items() <= {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}.items()
    ),
    "PackageType": lambda value, name: value == "Zip",
    "SnapStart": lambda value, name: value in ({}, {"ApplyOn": "None"}),
    "TracingConfig": lambda value, name: value in ({}, {"Mode": "PassThrough"}),
}
"""Members that may say what is so anyway."""


def columns(name: str, members: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the function `name` that `members` change.

    Raises: InvalidParameterValue, Validation.
    """
    refuse_unbuilt(name, {key: value for key, value in members.items() if key not in {*_COLUMNS, "Environment"}})
    found = {column: members[member] for member, column in _COLUMNS.items() if member in members}
    if found.get("runtime", RUNTIMES[0]) not in RUNTIMES:
        raise InvalidParameterValue(
            f"The runtime {found['runtime']} is not available in this version of Gatehouse: use one of "
            f"{', '.join(RUNTIMES)}.",
            field="runtime",
        )
    if len(found.get("role", "")) > LONGEST_ROLE:
        raise InvalidParameterValue(f"The role's ARN is longer than {LONGEST_ROLE} characters.", field="role")
    _check_at_most("timeout", found.get("timeout_seconds", 0), LONGEST_TIMEOUT_SECONDS)
    _check_at_most("memorySize", found.get("memory_mib", 0), MOST_MEMORY_MIB)
    if "Environment" in members:
        found["environment"] = _environment(members["Environment"].get("Variables", {}))
    return found


def _check_at_most(name: str, value: int, most: int) -> None:
    """What AWS allows functions of this kind; the model's limits are those of kinds that are not built."""
    if value > most:
        constraint = f"Member must have value less than or equal to {most}"
        raise Validation(
            f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {constraint}"
        )


def refuse_unbuilt(name: str, members: Mapping[str, Any]) -> None:
    """Members that have no effect here may be empty or say what is so anyway.

    Raises: InvalidParameterValue.
    """
    for member, value in members.items():
        says_what_is_so = _WITHOUT_EFFECT.get(member)
        if says_what_is_so(value, name) if says_what_is_so else _is_empty(value):
            continue
        raise InvalidParameterValue(f"{member} with this value is not available in this version of Gatehouse.")


def _is_empty(value: Any) -> bool:
    """Nothing all the way down, as Terraform sends what is not configured."""
    if isinstance(value, Mapping):
        return all(_is_empty(item) for item in value.values())
    return not value


def _environment(variables: Mapping[str, str]) -> str:
    """The JSON that is kept. No text names a value. Raises: InvalidParameterValue."""
    reserved = sorted(variables.keys() & RESERVED_KEYS)
    if reserved:
        raise InvalidParameterValue(
            f"{_ENVIRONMENT} provided contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}",
            field="environment",
        )
    if sum(len(key.encode()) + len(value.encode()) for key, value in variables.items()) > LONGEST_ENVIRONMENT_BYTES:
        raise InvalidParameterValue(f"{_ENVIRONMENT} provided exceeded the 4KB limit.", field="environment")
    return orjson.dumps(variables).decode()


def check_tags(tags: Mapping[str, str]) -> None:
    """All the tags that a function would have. Raises: InvalidParameterValue."""
    if len(tags) > MOST_TAGS:
        raise InvalidParameterValue(f"A function can have at most {MOST_TAGS} tags.", field="tags")
    for key in tags:
        if key.lower().startswith("aws:"):
            raise InvalidParameterValue(f"The tag key '{key}' begins with aws:, which is reserved.", field="tags")
