"""Policies of functions: who may invoke them."""

from __future__ import annotations

import orjson

from identity.errors import InvalidParameterValue
from identity.wire.call import Answer, Call
from identity.wire.services import aws_lambda
from pools.models import Function
from pools.provisioning import function_permissions, functions
from pools.provisioning.functions import LATEST


@aws_lambda.operation("AddPermission")
def add_permission(
    call: Call,
    *,
    function_name: str,
    statement_id: str,
    action: str,
    principal: str,
    source_arn: str | None = None,
    source_account: str | None = None,
    qualifier: str | None = None,
    revision_id: str | None = None,
    event_source_token: str | None = None,
    function_url_auth_type: str | None = None,
    invoked_via_function_url: bool | None = None,
    principal_org_id: str | None = None,
) -> Answer:
    function = _found(call, function_name, qualifier)
    if qualifier or function_name.endswith(f":{LATEST}"):
        raise InvalidParameterValue("We currently do not support adding policies for $LATEST.", field="qualifier")
    if event_source_token or function_url_auth_type or invoked_via_function_url or principal_org_id:
        raise InvalidParameterValue(
            "EventSourceToken, FunctionUrlAuthType, InvokedViaFunctionUrl and PrincipalOrgID are not available in this "
            "version of Gatehouse."
        )
    statement = function_permissions.statement(
        function,
        statement_id,
        action=action,
        principal=principal,
        source_arn=source_arn,
        source_account=source_account,
    )
    function_permissions.add(function, statement, revision=revision_id, by=call.actor)
    return {"Statement": orjson.dumps(statement).decode()}


@aws_lambda.operation("RemovePermission")
def remove_permission(
    call: Call, *, function_name: str, statement_id: str, qualifier: str | None = None, revision_id: str | None = None
) -> None:
    function = _found(call, function_name, qualifier)
    function_permissions.remove(function, statement_id, revision=revision_id, by=call.actor)


@aws_lambda.operation("GetPolicy")
def get_policy(call: Call, *, function_name: str, qualifier: str | None = None) -> Answer:
    function = _found(call, function_name, qualifier)
    return {
        "Policy": function_permissions.policy(function),
        "RevisionId": function_permissions.revision_id(function),
    }


def _found(call: Call, name: str, qualifier: str | None) -> Function:
    return functions.find(call.region, name, qualifier)
