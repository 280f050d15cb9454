"""Invoke, outside any trigger: what is asked is checked before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.clients import refused


def test_a_dry_run_says_who_may_and_invokes_nothing(api: Any, function: dict[str, Any]) -> None:
    answer = api.invoke(FunctionName=function["FunctionName"], InvocationType="DryRun")
    assert answer["StatusCode"] == 204
    assert answer["Payload"].read() == b""
    assert "FunctionError" not in answer


def test_a_payload_that_is_not_json_is_refused(api: Any, function: dict[str, Any]) -> None:
    for kind in ("DryRun", "RequestResponse"):
        with refused("InvalidRequestContentException") as refusal:
            api.invoke(FunctionName=function["FunctionName"], InvocationType=kind, Payload=b"{nonsense")
        assert refusal.message.startswith("Could not parse request body into json: ")
        assert refusal.status == 400


@pytest.mark.parametrize(
    "members",
    [{"InvocationType": "Event"}, {"ClientContext": "e30="}, {"TenantId": "t"}, {"DurableExecutionName": "d"}],
)
def test_what_is_not_built_is_refused_aloud(api: Any, function: dict[str, Any], members: dict[str, str]) -> None:
    with refused("InvalidParameterValueException") as refusal:
        api.invoke(FunctionName=function["FunctionName"], **members)
    assert "not available in this version of Gatehouse" in refusal.message
