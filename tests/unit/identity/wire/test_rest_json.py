"""rest-json by itself: routes of the model, where members are read and written, and hostile texts."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import Resolver404, URLResolver
from django.urls.resolvers import RegexPattern

from identity.errors import Serialization
from identity.wire import rest_json
from identity.wire.locations import Inputs, Outputs
from identity.wire.service import Operation, Service
from identity.wire.services import aws_lambda
from identity.wire.shapes import Problems, UnknownMember, compile_parser

MODEL = aws_lambda.model
RESOLVER = URLResolver(RegexPattern(r"^/"), rest_json.routes())
HOSTILE = ["a", "a-", "aws", "arn:aws:lambda:", "1", ":", "a.", "*", "us-east-1:", "-1", "_"]


def members(operation: str, method: str, path: str, body: bytes = b"", **extra: str) -> dict[str, Any]:
    request = RequestFactory().generic(method, path, **{"wsgi.input": io.BytesIO(body), **extra})  # type: ignore[arg-type]
    matched = RESOLVER.resolve(request.path)
    return Inputs.of(MODEL.operation_model(operation)).members(request, matched.kwargs, body)


# Routes


@pytest.mark.parametrize("name", MODEL.operation_names)
def test_every_operation_of_the_model_has_its_route(name: str) -> None:
    http = MODEL.operation_model(name).http
    path, _, query = http["requestUri"].replace("{", "").replace("}", "").partition("?")
    for spelling in (path, f"{path}/"):
        matched = RESOLVER.resolve(spelling)
        operations = next(
            cell.cell_contents for cell in matched.func.__closure__ or () if isinstance(cell.cell_contents, dict)
        )
        assert operations[http["method"], query][1] == name


@pytest.mark.parametrize(
    "path", ["/2015-03-31", "/2015-03-31/nonsense", "/2015-03-31/functions/f/code/x", "/functions"]
)
def test_other_paths_lead_nowhere(path: str) -> None:
    with pytest.raises(Resolver404):
        RESOLVER.resolve(path)


# Inputs


def test_members_are_read_from_path_query_headers_and_body() -> None:
    found = members(
        "Invoke",
        "POST",
        "/2015-03-31/functions/f%3A%24LATEST/invocations?Qualifier=%24LATEST",
        b'{"not": "members"}',
        HTTP_X_AMZ_INVOCATION_TYPE="DryRun",
    )
    assert found == {
        "FunctionName": "f:$LATEST",
        "Qualifier": "$LATEST",
        "InvocationType": "DryRun",
        "Payload": b'{"not": "members"}',
    }


def test_a_member_is_read_from_its_own_place_alone() -> None:
    body = json.dumps({"FunctionName": "theirs", "Description": "d", "Nonsense": 1}).encode()
    path = "/2015-03-31/functions/mine/configuration?Description=x&FunctionName=theirs"
    assert members("UpdateFunctionConfiguration", "PUT", path, body) == {"FunctionName": "mine", "Description": "d"}


@pytest.mark.parametrize(
    ("text", "value"), [("5", 5), ("-1", -1), ("five", "five"), ("5.0", "5.0"), ("\u0665", "\u0665")]
)
def test_a_number_in_the_query_is_one_or_stays_text(text: str, value: object) -> None:
    assert members("ListFunctions", "GET", f"/2015-03-31/functions?MaxItems={text}") == {"MaxItems": value}


def test_a_list_in_the_query_is_a_name_sent_many_times() -> None:
    path = "/2017-03-31/tags/arn?tagKeys=a&tagKeys=b"
    assert members("UntagResource", "DELETE", path)["TagKeys"] == ["a", "b"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"\xff", b"1"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Serialization):
        members("UpdateFunctionConfiguration", "PUT", "/2015-03-31/functions/f/configuration", body)


# Outputs


def test_an_answer_is_put_into_status_headers_and_body() -> None:
    outputs = Outputs.of(MODEL.operation_model("Invoke"))
    answer = {"StatusCode": 202, "FunctionError": "Unhandled", "LogResult": None, "Payload": b'"x"'}
    response = outputs.response(answer)
    assert (response.status_code, response.content) == (202, b'"x"')
    assert response["X-Amz-Function-Error"] == "Unhandled"
    assert "X-Amz-Log-Result" not in response


def test_the_status_is_the_models_where_the_answer_has_none() -> None:
    assert Outputs.of(MODEL.operation_model("CreateFunction")).response({"FunctionName": "f"}).status_code == 201
    nothing = Outputs.of(MODEL.operation_model("TagResource")).response({})
    assert (nothing.status_code, nothing.content) == (204, b"")


def test_a_member_that_the_output_does_not_have_is_a_defect() -> None:
    with pytest.raises(UnknownMember, match="Nonsense"):
        Outputs.of(MODEL.operation_model("CreateFunction")).response({"Nonsense": 1})


# Permissions


@pytest.mark.parametrize(
    ("operation", "given", "action", "resource"),
    [
        ("Invoke", {"FunctionName": "f"}, "lambda:InvokeFunction", "function:f"),
        ("Invoke", {"FunctionName": "f:$LATEST"}, "lambda:InvokeFunction", "function:f"),
        ("GetFunction", {"FunctionName": "function:f"}, "lambda:GetFunction", "function:f"),
        ("GetFunction", {"FunctionName": "with space"}, "lambda:GetFunction", "function:with space"),
        ("CreateFunction", {"FunctionName": "f"}, "lambda:CreateFunction", "function:f"),
    ],
)
def test_policies_are_matched_with_the_functions_arn(
    operation: str, given: dict[str, Any], action: str, resource: str
) -> None:
    declared: Operation = aws_lambda.operations[operation]
    assert declared.action == action
    assert declared.resource(given, "us-east-1") == f"arn:aws:lambda:us-east-1:000000000000:{resource}"


def test_an_arn_is_matched_as_it_is_given() -> None:
    theirs = "arn:aws:lambda:eu-west-1:111122223333:function:f"
    assert aws_lambda.operations["GetFunction"].resource({"FunctionName": theirs}, "us-east-1") == theirs
    assert aws_lambda.operations["ListTags"].resource({"Resource": theirs}, "us-east-1") == theirs
    assert aws_lambda.operations["ListFunctions"].resource({"FunctionName": "f"}, "us-east-1") == "*"


# Hostile texts


def test_no_pattern_of_the_operations_takes_long_on_a_hostile_text() -> None:
    for name, operation in aws_lambda.operations.items():
        shape = operation.model.input_shape
        for member in shape.members.values():
            if "pattern" not in member.metadata:
                continue
            parse = compile_parser(member)
            for length in (member.metadata.get("max", 0), 400_000):
                for unit in HOSTILE:
                    begun = time.process_time()
                    parse((unit * length)[: max(length - 1, 0)] + "\x01", "", Problems())
                    assert time.process_time() - begun < 1, (name, member.name, unit)


def test_every_shape_of_a_rest_json_model_can_be_placed() -> None:
    for model in (MODEL, Service("cognito-sync").model):
        for name in model.operation_names:
            Inputs.of(model.operation_model(name))
            Outputs.of(model.operation_model(name))
