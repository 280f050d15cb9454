"""Invoke: a function is called by who may, outside any trigger."""

from __future__ import annotations

import base64

import orjson

from identity.errors import InvalidParameterValue, InvalidRequestContent
from identity.wire.call import Answer, Call
from identity.wire.services import aws_lambda
from pools.provisioning import functions
from pools.provisioning.functions import LATEST
from pools.triggers import invoke

LONGEST_TAIL_BYTES = 4096
"""Of the log that an answer carries. Source: Lambda API reference, Invoke."""


@aws_lambda.operation("Invoke")
def invoke_function(
    call: Call,
    *,
    function_name: str,
    invocation_type: str | None = None,
    log_type: str | None = None,
    client_context: str | None = None,
    durable_execution_name: str | None = None,
    payload: bytes | None = None,
    qualifier: str | None = None,
    tenant_id: str | None = None,
) -> Answer:
    function = functions.find(call.region, function_name, qualifier)
    if client_context or durable_execution_name or tenant_id:
        raise InvalidParameterValue(
            "ClientContext, DurableExecutionName and TenantId are not available in this version of Gatehouse."
        )
    if invocation_type == "Event":
        raise InvalidParameterValue(
            "InvocationType Event is not available in this version of Gatehouse.", field="invocation_type"
        )
    event = _event(payload)
    if invocation_type == "DryRun":
        return {"StatusCode": 204}
    invoked = invoke.invoke(function, event, request_id=call.request_id)
    return {
        "StatusCode": 200,
        "FunctionError": "Unhandled" if invoked.is_error else None,
        "LogResult": _tail(invoked.log) if log_type == "Tail" else None,
        "Payload": invoked.payload,
        "ExecutedVersion": LATEST,
    }


def _event(payload: bytes | None) -> bytes:
    """Raises: InvalidRequestContent."""
    if not payload:
        return b"{}"
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestContent(f"Could not parse request body into json: {error}") from None
    return payload


def _tail(log: str) -> str:
    return base64.b64encode(log.encode()[-LONGEST_TAIL_BYTES:]).decode()
