"""Functions as the Lambda API has them: create, read, change, delete, list, tag, limit."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import orjson

from identity import paging
from identity.errors import InvalidParameter, InvalidParameterValue
from identity.wire.call import Answer, Call
from identity.wire.services import aws_lambda
from pools.config import function as function_config
from pools.models import Function
from pools.provisioning import function_downloads, functions
from pools.provisioning.function_packages import LONGEST_REQUEST_BYTES, Package, package
from pools.provisioning.functions import LATEST

MOST_LISTED = 50
"""At once, whatever is asked for. Source: Lambda API reference, ListFunctions."""

_VERSIONS = "Versions and aliases are not available in this version of Gatehouse."


@aws_lambda.operation("CreateFunction", longest_body_bytes=LONGEST_REQUEST_BYTES)
def create_function(
    call: Call,
    *,
    function_name: str,
    role: str,
    code: dict[str, Any],
    tags: dict[str, str] | None = None,
    publish: bool | None = None,
    publish_to: str | None = None,
    **members: Any,
) -> Answer:
    _refuse_versions(publish, publish_to)
    settings = function_config.columns(function_name, {"Role": role, **members})
    made = functions.create(call.region, function_name, settings, _package(**code), tags or {}, by=call.actor)
    return configuration(made)


@aws_lambda.operation("UpdateFunctionCode", longest_body_bytes=LONGEST_REQUEST_BYTES)
def update_function_code(
    call: Call,
    *,
    function_name: str,
    publish: bool | None = None,
    publish_to: str | None = None,
    dry_run: bool | None = None,
    revision_id: str | None = None,
    architectures: list[str] | None = None,
    **code: Any,
) -> Answer:
    _refuse_versions(publish, publish_to)
    function = _found(call, function_name)
    function_config.refuse_unbuilt(function.name, {"Architectures": architectures} if architectures else {})
    new = _package(**code)
    if dry_run:
        functions.check_revision(function, revision_id)
        return {**configuration(function), "CodeSha256": new.sha256, "CodeSize": len(new.content)}
    return configuration(functions.change_code(function, new, revision_id=revision_id, by=call.actor))


@aws_lambda.operation("UpdateFunctionConfiguration")
def update_function_configuration(
    call: Call, *, function_name: str, revision_id: str | None = None, **members: Any
) -> Answer:
    function = _found(call, function_name)
    settings = function_config.columns(function.name, members)
    return configuration(functions.change_configuration(function, settings, revision_id=revision_id, by=call.actor))


@aws_lambda.operation("GetFunction")
def get_function(call: Call, *, function_name: str, qualifier: str | None = None) -> Answer:
    function = _found(call, function_name, qualifier)
    reserved = function.reserved_concurrency
    return {
        "Configuration": configuration(function, qualifier),
        "Code": {"RepositoryType": "S3", "Location": function_downloads.url(function)},
        "Tags": function.tags or None,
        "Concurrency": None if reserved is None else {"ReservedConcurrentExecutions": reserved},
    }


@aws_lambda.operation("GetFunctionConfiguration")
def get_function_configuration(call: Call, *, function_name: str, qualifier: str | None = None) -> Answer:
    return configuration(_found(call, function_name, qualifier), qualifier)


@aws_lambda.operation("ListFunctions")
def list_functions(
    call: Call,
    *,
    master_region: str | None = None,
    function_version: str | None = None,
    marker: str | None = None,
    max_items: int | None = None,
) -> Answer:
    if master_region not in {None, "ALL", call.region}:
        raise InvalidParameterValue("Functions are not replicated from other regions.", field="master_region")
    found = Function.objects.filter(region=call.region)
    limit = min(max_items or MOST_LISTED, MOST_LISTED)
    try:
        page = paging.page(found, order="name", limit=limit, token=marker, bound_to=call.binding(function_version))
    except InvalidParameter as error:
        raise InvalidParameterValue(error.message, field="marker") from None
    qualifier = LATEST if function_version else None
    return {
        "Functions": [configuration(function, qualifier) for function in page.items],
        "NextMarker": page.next_token,
    }


@aws_lambda.operation("ListVersionsByFunction", ignores=["Marker", "MaxItems"])
def list_versions_by_function(call: Call, *, function_name: str) -> Answer:
    return {"Versions": [configuration(_found(call, function_name), LATEST)]}


@aws_lambda.operation("GetFunctionCodeSigningConfig")
def get_function_code_signing_config(call: Call, *, function_name: str) -> Answer:
    return {"CodeSigningConfigArn": "", "FunctionName": _found(call, function_name).name}


@aws_lambda.operation("DeleteFunction")
def delete_function(call: Call, *, function_name: str, qualifier: str | None = None) -> Answer:
    function = _found(call, function_name, qualifier)
    if qualifier or function_name.endswith(f":{LATEST}"):
        raise InvalidParameterValue("$LATEST version cannot be deleted without deleting the function.")
    functions.delete(function, by=call.actor)
    return {"StatusCode": 204}


@aws_lambda.operation("PutFunctionConcurrency")
def put_function_concurrency(call: Call, *, function_name: str, reserved_concurrent_executions: int) -> Answer:
    functions.reserve(_found(call, function_name), reserved_concurrent_executions, by=call.actor)
    return {"ReservedConcurrentExecutions": reserved_concurrent_executions}


@aws_lambda.operation("GetFunctionConcurrency")
def get_function_concurrency(call: Call, *, function_name: str) -> Answer:
    return {"ReservedConcurrentExecutions": _found(call, function_name).reserved_concurrency}


@aws_lambda.operation("DeleteFunctionConcurrency")
def delete_function_concurrency(call: Call, *, function_name: str) -> None:
    functions.reserve(_found(call, function_name), None, by=call.actor)


@aws_lambda.operation("TagResource")
def tag_resource(call: Call, *, resource: str, tags: dict[str, str]) -> None:
    functions.tag(_tagged(call, resource), tags, by=call.actor)


@aws_lambda.operation("UntagResource")
def untag_resource(call: Call, *, resource: str, tag_keys: list[str]) -> None:
    functions.untag(_tagged(call, resource), tag_keys, by=call.actor)


@aws_lambda.operation("ListTags")
def list_tags(call: Call, *, resource: str) -> Answer:
    return {"Tags": _tagged(call, resource).tags}


def _found(call: Call, name: str, qualifier: str | None = None) -> Function:
    return functions.find(call.region, name, qualifier)


def _tagged(call: Call, arn: str) -> Function:
    """Raises: ResourceNotFound, InvalidParameterValue (a version, or what is no function)."""
    function = _found(call, arn)
    if function.arn != arn:
        raise InvalidParameterValue(
            "Tags on function aliases and versions are not supported. Please specify a function ARN.", field="resource"
        )
    return function


def _refuse_versions(publish: bool | None, publish_to: str | None) -> None:
    if publish or publish_to:
        raise InvalidParameterValue(_VERSIONS, field="publish")


def _package(**code: Any) -> Package:
    """Raises: InvalidParameterValue."""
    content = code.pop("ZipFile", None)
    if elsewhere := sorted(name for name, value in code.items() if value):
        raise InvalidParameterValue(
            f"{', '.join(elsewhere)}: this version of Gatehouse takes code as ZipFile alone.", field="code"
        )
    if content is None:
        raise InvalidParameterValue("Please provide a source for function code.", field="code")
    return package(content)


def configuration(function: Function, qualifier: str | None = None) -> dict[str, Any]:
    """A FunctionConfiguration; with a qualifier, the ARN has it too."""
    variables = orjson.loads(function.environment)
    modified = function.modified_at.astimezone(UTC)
    return {
        "FunctionName": function.name,
        "FunctionArn": f"{function.arn}:{qualifier}" if qualifier else function.arn,
        "Runtime": function.runtime,
        "Role": function.role,
        "Handler": function.handler,
        "CodeSize": function.code_size,
        "Description": function.description,
        "Timeout": function.timeout_seconds,
        "MemorySize": function.memory_mib,
        "LastModified": f"{modified:%Y-%m-%dT%H:%M:%S}.{modified.microsecond // 1000:03}+0000",
        "CodeSha256": function.code_sha256,
        "Version": LATEST,
        "Environment": {"Variables": variables} if variables else None,
        "TracingConfig": {"Mode": "PassThrough"},
        "RevisionId": function.revision_id,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.name}"},
    }
