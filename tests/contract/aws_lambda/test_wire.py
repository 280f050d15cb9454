"""Requests and answers of rest-json over HTTP: who may, in which region, how errors look, how long bodies may be."""

from __future__ import annotations

import base64
import json
import socket
import time
import uuid
from typing import Any
from urllib.parse import quote

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from identity.wire.services import aws_lambda
from tests.support import lambda_api
from tests.support.clients import REGION, refused
from tests.support.lambda_api import arn, make
from tests.support.server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server

OPERATOR = "arn:aws:iam::000000000000:user/operator"


def send(
    server: Server,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    secret: str | None = SECRET_ACCESS_KEY,
    key_id: str = ACCESS_KEY_ID,
    service: str = "lambda",
    headers: dict[str, str] | None = None,
    unsigned_headers: dict[str, str] | None = None,
) -> requests.Response:
    """One request as it goes over the wire, signed unless there is no secret."""
    request = AWSRequest(method, f"{server.url}{path}", headers=headers or {}, data=body)
    if secret is not None:
        SigV4Auth(Credentials(key_id, secret), service, REGION).add_auth(request)
    sent = {**dict(request.headers), **(unsigned_headers or {})}
    return requests.request(method, f"{server.url}{path}", data=body, headers=sent, timeout=30)


FUNCTIONS = "/2015-03-31/functions"


# Signatures


@pytest.mark.parametrize("name", sorted(aws_lambda.operations))
def test_every_operation_needs_a_signature(server: Server, name: str) -> None:
    http = aws_lambda.model.operation_model(name).http
    path = http["requestUri"].replace("{FunctionName}", "f").replace("{StatementId}", "s").replace("{Resource}", "r")
    answer = send(server, http["method"], path, b"{}", secret=None)
    assert (answer.status_code, answer.json()) == (403, {"message": "Missing Authentication Token"})
    assert answer.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
    assert uuid.UUID(answer.headers["x-amzn-RequestId"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"secret": "wrong"}, "InvalidSignatureException"),
        ({"key_id": "AKIANOBODY0000000000"}, "UnrecognizedClientException"),
        ({"service": "cognito-idp"}, "InvalidSignatureException"),
    ],
)
def test_a_signature_that_is_not_ours_is_refused(server: Server, changes: dict[str, str], code: str) -> None:
    answer = send(server, "GET", FUNCTIONS, **changes)  # type: ignore[arg-type]
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (403, code)


def test_a_path_is_signed_escaped_or_as_it_is(server: Server, function: dict[str, Any]) -> None:
    for name in (function["FunctionArn"], function["FunctionArn"].replace(":", "%3A")):
        assert send(server, "GET", f"{FUNCTIONS}/{name}").status_code == 200


def test_a_path_that_was_changed_on_its_way_is_refused(server: Server, function: dict[str, Any]) -> None:
    request = AWSRequest("GET", f"{server.url}{FUNCTIONS}/{function['FunctionName']}")
    SigV4Auth(Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY), "lambda", REGION).add_auth(request)
    changed = f"{server.url}{FUNCTIONS}/{function['FunctionName']}/policy"
    answer = requests.get(changed, headers=dict(request.headers), timeout=10)
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (403, "InvalidSignatureException")


def test_a_header_that_is_a_member_must_be_signed(server: Server, function: dict[str, Any]) -> None:
    path = f"{FUNCTIONS}/{function['FunctionName']}/invocations"
    dry_run = {"X-Amz-Invocation-Type": "DryRun"}
    assert send(server, "POST", path, headers=dry_run).status_code == 204
    answer = send(server, "POST", path, unsigned_headers=dry_run)
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (403, "InvalidSignatureException")


# Errors


def test_an_error_has_the_form_that_its_model_says(server: Server) -> None:
    answer = send(server, "GET", f"{FUNCTIONS}/nobody")
    assert answer.status_code == 404
    assert answer.headers["x-amzn-ErrorType"] == "ResourceNotFoundException"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {"Type": "User", "Message": f"Function not found: {arn('nobody')}"}
    answer = send(server, "DELETE", f"{FUNCTIONS}/{'f' * 257}")
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (400, "ValidationException")
    constraint = "Member must have length less than or equal to 256"
    assert answer.json()["message"].endswith(f"at 'functionName' failed to satisfy constraint: {constraint}")
    answer = send(server, "POST", FUNCTIONS, b"{")
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (400, "SerializationException")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/2015-03-31/event-source-mappings/"),
        ("POST", f"{FUNCTIONS}/f/aliases"),
        ("PATCH", FUNCTIONS),
        ("OPTIONS", FUNCTIONS),
    ],
)
def test_what_is_not_built_is_an_unknown_operation(server: Server, method: str, path: str) -> None:
    answer = send(server, method, path, secret=None)
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (404, "UnknownOperationException")


def test_a_slash_at_the_end_changes_nothing(server: Server) -> None:
    """Older SDKs list functions so."""
    assert "Functions" in send(server, "GET", f"{FUNCTIONS}/").json()


def test_a_number_that_is_none_is_refused(server: Server) -> None:
    answer = send(server, "GET", f"{FUNCTIONS}?MaxItems=many")
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (400, "SerializationException")


# Regions


def test_a_function_does_not_exist_in_another_region(server: Server, api: Any, function: dict[str, Any]) -> None:
    away = lambda_api.client(server, region="eu-west-1")
    name = function["FunctionName"]
    for attempt in (
        lambda: away.get_function(FunctionName=name),
        lambda: away.delete_function(FunctionName=name),
        lambda: away.invoke(FunctionName=name),
        lambda: away.update_function_configuration(FunctionName=name, Timeout=9),
        lambda: away.add_permission(FunctionName=name, StatementId="s", Action="*", Principal="*"),
    ):
        with refused("ResourceNotFoundException", f"Function not found: {arn(name, 'eu-west-1')}"):
            attempt()
    assert api.get_function_configuration(FunctionName=name)["RevisionId"] == function["RevisionId"]


# Policies


@pytest.fixture(scope="module")
def limited(server: Server) -> Any:
    """The Lambda API with a key that may do everything, but with functions called `mine-...` alone, and not delete."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "lambda:*", "Resource": arn("mine-*")},
            {"Effect": "Deny", "Action": "lambda:DeleteFunction", "Resource": "*"},
        ],
    }
    made = server.manage(
        "shell",
        "-v0",
        "-c",
        f"""
import json
from identity.access import keys
from pools.models import Pool, User
operator = User.objects.get(pool_id=Pool.OPERATORS, username="operator")
key = keys.create(operator.pk, policy={json.dumps(policy)!r})
print(json.dumps({{"access_key_id": key.access_key_id, "secret": key.secret}}))
""",
    )
    return lambda_api.client(server, **json.loads(made.splitlines()[-1]))


def denied(action: str, resource: str) -> str:
    return (
        f"User: {OPERATOR} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )


def test_a_policy_restricts_what_is_done_to_which_function(limited: Any, api: Any) -> None:
    mine, theirs = f"mine-{lambda_api.name()}", lambda_api.make(api)["FunctionName"]
    make(limited, FunctionName=mine)
    assert limited.get_function(FunctionName=mine)
    assert limited.invoke(FunctionName=mine, InvocationType="DryRun")
    with refused("AccessDeniedException", denied("lambda:GetFunction", arn(theirs))) as refusal:
        limited.get_function(FunctionName=theirs)
    assert refusal.status == 403
    with refused("AccessDeniedException", denied("lambda:InvokeFunction", arn(theirs))):
        limited.invoke(FunctionName=arn(theirs), InvocationType="DryRun")
    with refused("AccessDeniedException", denied("lambda:CreateFunction", arn("other"))):
        make(limited, FunctionName="other")
    with refused("AccessDeniedException", denied("lambda:ListFunctions", "*")):
        limited.list_functions()
    with refused("AccessDeniedException", denied("lambda:TagResource", arn(theirs))):
        limited.tag_resource(Resource=arn(theirs), Tags={"k": "v"})
    with refused("AccessDeniedException") as refusal:
        limited.delete_function(FunctionName=mine)
    assert "with an explicit deny" in refusal.message


def test_a_refusal_does_not_tell_whether_the_function_exists(limited: Any) -> None:
    with refused("AccessDeniedException", denied("lambda:GetFunction", arn("nobody"))):
        limited.get_function(FunctionName="nobody")


# Sizes


def test_a_long_body_is_for_code_alone(server: Server, function: dict[str, Any]) -> None:
    name = function["FunctionName"]
    long = json.dumps({"Description": "d" * 3_000_000}).encode()
    for method, path in (
        ("PUT", f"{FUNCTIONS}/{name}/configuration"),
        ("POST", f"{FUNCTIONS}/{name}/policy"),
        ("POST", f"{FUNCTIONS}/{name}/invocations"),
    ):
        answer = send(server, method, path, long)
        assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (413, "RequestEntityTooLargeException")
    too_long = json.dumps({"ZipFile": base64.b64encode(b"z" * (54 << 20)).decode()}).encode()
    head = announced(server, "PUT", f"{FUNCTIONS}/{name}/code", len(too_long), ACCESS_KEY_ID)
    assert head.startswith("HTTP/1.1 413")


def announced(server: Server, method: str, path: str, length: int, key_id: str) -> str:
    """The beginning of the answer to a request whose body is announced and never comes."""
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\nX-Amz-Date: {date}\r\n"
        f"Authorization: AWS4-HMAC-SHA256 Credential={key_id}/{date[:8]}/{REGION}/lambda/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head.encode())
        return connection.recv(4096).decode()


def test_a_body_is_not_waited_for_from_who_names_no_known_key(server: Server) -> None:
    begun = time.monotonic()
    head = announced(server, "POST", FUNCTIONS, 60 << 20, "AKIANOBODY0000000000")
    assert head.startswith("HTTP/1.1 403")
    assert time.monotonic() - begun < 5


# Audit

SECRET = "a-very-secret-value"
READS = {name for name in aws_lambda.operations if name.startswith(("Get", "List"))} | {"Invoke"}
CHANGES = aws_lambda.operations.keys() - READS


def test_every_change_leaves_one_row_and_no_secret(server: Server) -> None:
    api, done = lambda_api.client(server), {}

    def keep(parsed: dict[str, Any], model: Any, **kwargs: Any) -> None:
        metadata = parsed["ResponseMetadata"]
        done[metadata["RequestId"]] = (model.name, metadata["HTTPStatusCode"] < 300)

    api.meta.events.register("after-call", keep)
    made = make(api, Environment={"Variables": {"KEY": SECRET}}, Tags={"k": "v"})
    named, tagged = {"FunctionName": made["FunctionName"]}, {"Resource": made["FunctionArn"]}
    api.update_function_configuration(**named, Environment={"Variables": {"OTHER": SECRET}})
    api.update_function_code(**named, ZipFile=lambda_api.zipped({"index.py": SECRET}))
    api.add_permission(**named, StatementId="s", Action="lambda:InvokeFunction", Principal="cognito-idp.amazonaws.com")
    api.tag_resource(**tagged, Tags={"k": SECRET})
    api.put_function_concurrency(**named, ReservedConcurrentExecutions=1)
    api.get_function(**named)
    api.get_function_configuration(**named)
    api.list_functions()
    api.list_versions_by_function(**named)
    api.get_function_code_signing_config(**named)
    api.get_function_concurrency(**named)
    api.get_policy(**named)
    api.list_tags(**tagged)
    api.invoke(**named, InvocationType="DryRun")
    for refusal in (
        lambda: make(api, FunctionName=made["FunctionName"]),
        lambda: api.update_function_configuration(**named, RevisionId="stale", Timeout=1),
        lambda: api.remove_permission(**named, StatementId="t"),
        lambda: api.tag_resource(**tagged, Tags={"aws:k": "v"}),
    ):
        with pytest.raises(api.exceptions.ClientError):
            refusal()
    api.delete_function_concurrency(**named)
    api.untag_resource(**tagged, TagKeys=["k"])
    api.remove_permission(**named, StatementId="s")
    api.delete_function(**named)

    printed = server.manage(
        "shell",
        "-v0",
        "-c",
        f"""
import json
from identity.models import AuditEvent
rows = AuditEvent.objects.filter(resource={made["FunctionArn"]!r}).order_by("pk")
print(json.dumps(list(rows.values("request_id", "event", "actor", "detail"))))
""",
    )
    rows = json.loads(printed.splitlines()[-1])
    changed = [(request_id, name) for request_id, (name, is_done) in done.items() if is_done and name in CHANGES]
    assert {name for _, name in changed} == CHANGES
    assert [(row["request_id"], row["event"]) for row in rows] == changed
    assert {row["actor"] for row in rows} == {OPERATOR}
    assert SECRET not in printed
    assert SECRET not in server.log


# Hostile members

SPOILED: list[Any] = [
    "",
    "x" * 5000,
    "é🐎",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "a\x00b",
    "../..",
    "$LATEST",
    "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
    "arn:aws:lambda:::function:",
    0,
    -1,
    1 << 70,
    1.5,
    True,
    None,
    [],
    [None],
    {},
    {"": ""},
    {"a": {"b": [1]}},
]


@pytest.mark.parametrize("name", sorted(aws_lambda.operations))
def test_no_member_makes_the_server_fail(server: Server, function: dict[str, Any], name: str) -> None:
    model = aws_lambda.model.operation_model(name)
    shape, http = model.input_shape, model.http
    for member, member_shape in shape.members.items():
        location = member_shape.serialization.get("location")
        wire = member_shape.serialization.get("name", member)
        for value in SPOILED:
            # Another function's name where nothing is spoiled: what a spoiled request may do, it does to nobody.
            names = {"FunctionName": "nobody", "StatementId": "s", "Resource": arn("nobody")}
            headers, query, body = {}, "", {**names, "Role": lambda_api.ROLE, "Code": {"ZipFile": "AA=="}}
            text = value if isinstance(value, str) else json.dumps(value)
            if location == "uri":
                names[member] = text
            elif location == "querystring":
                query = f"?{quote(wire)}={quote(text)}"
            elif location == "header":
                headers[wire] = "".join(letter for letter in text if " " < letter <= "~")
            else:
                body[wire] = value
            path = http["requestUri"]
            for each, given in names.items():
                path = path.replace(f"{{{each}}}", quote(given, safe="") or "-")
            answer = send(server, http["method"], path + query, json.dumps(body).encode(), headers=headers)
            assert answer.status_code < 500, (member, value, answer.text)
    assert "Traceback" not in server.log
