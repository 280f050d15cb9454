"""AWS clients against a live server, and refusals as tests like to read them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Barrier
from typing import Any

import boto3
import pytest
import requests
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.support.server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server

REGION = "us-east-1"
TARGET_PREFIX = "AWSCognitoIdentityProviderService"

# Errors that come from AWS's front end, or that AWS answers although the model does not list them.
UNLISTED = {
    "UnknownOperationException",
    "SerializationException",
    "RequestEntityTooLargeException",
    "MissingAuthenticationTokenException",
    "IncompleteSignatureException",
    "UnrecognizedClientException",
    "ExpiredTokenException",
    "InvalidSignatureException",
    "AccessDeniedException",
    "AliasExistsException",  # AdminCreateUser: documented with ForceAliasCreation
    "CodeDeliveryFailureException",
}
UNLISTED_OF = {
    "AdminAddUserToGroup": {"LimitExceededException"},  # the quota of groups a user is in
}


def idp(
    server: Server,
    *,
    region: str = REGION,
    access_key_id: str = ACCESS_KEY_ID,
    secret: str = SECRET_ACCESS_KEY,
    session_token: str | None = None,
    signed: bool = True,
) -> Any:
    """A cognito-idp client; an error that the model does not list for the operation fails the test."""
    client = boto3.client(
        "cognito-idp",
        endpoint_url=server.url,
        verify=str(server.authority) if server.has_tls else None,
        region_name=region,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret,
        aws_session_token=session_token,
        config=Config(
            retries={"total_max_attempts": 1},
            parameter_validation=False,
            **({} if signed else {"signature_version": UNSIGNED}),
        ),
    )
    client.meta.events.register("after-call.cognito-identity-provider", _check_error_is_listed)
    return client


def _check_error_is_listed(parsed: dict[str, Any], model: Any, **kwargs: Any) -> None:
    code = parsed.get("Error", {}).get("Code")
    listed = {shape.name for shape in model.error_shapes}
    if code is not None and code not in listed | UNLISTED | UNLISTED_OF.get(model.name, set()):
        pytest.fail(f"{model.name} answered {code}, which its model does not list: {parsed['Error']}")


def post(
    server: Server,
    operation: str,
    body: bytes | Iterator[bytes] = b"{}",
    headers: dict[str, str] | None = None,
    *,
    signed: bool = False,
) -> requests.Response:
    """One request as it goes over the wire; nothing checks it on this side. An iterator is sent in chunks."""
    url = f"{server.url}/"
    sent = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{TARGET_PREFIX}.{operation}"}
    sent |= headers or {}
    if signed:
        request = AWSRequest("POST", url, headers=sent, data=body)
        SigV4Auth(Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY), "cognito-idp", REGION).add_auth(request)
        sent = dict(request.headers)
    return requests.post(url, data=body, headers=sent, timeout=30)


@dataclass
class Refusal:
    """What an AWS client was refused with."""

    code: str = ""
    message: str = ""
    status: int = 0


@contextmanager
def refused(code: str, message: str | None = None) -> Iterator[Refusal]:
    """Expect an AWS error by code, and by its whole text where one is given."""
    refusal = Refusal()
    with pytest.raises(ClientError) as caught:
        yield refusal
    response = caught.value.response
    refusal.code = response["Error"]["Code"]
    refusal.message = response["Error"]["Message"]
    refusal.status = response["ResponseMetadata"]["HTTPStatusCode"]
    assert refusal.code == code, response["Error"]
    if message is not None:
        assert refusal.message == message


def secret_hash(client: dict[str, Any], username: str) -> str:
    """SECRET_HASH as the AWS guide computes it; `client` is a UserPoolClient answer."""
    mac = hmac.new(client["ClientSecret"].encode(), f"{username}{client['ClientId']}".encode(), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


OK = "ok"
Call = Callable[[], Any]


def at_once(*calls: Call) -> list[str]:
    """Start all of them at the same moment; `ok` or the error code of each, in order."""
    barrier = Barrier(len(calls))

    def perform(call: Call) -> str:
        barrier.wait()
        try:
            call()
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return OK

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(perform, calls))


def burst(server: Server, operation: str, requests_members: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`burst_of` requests of one operation."""
    return burst_of(server, [(operation, members) for members in requests_members])


def burst_of(server: Server, requests_made: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """The answers to unsigned requests (operation, members) that are under way at one moment: their last bytes leave
    together.

    Threads with an SDK client each spend so long on their own side that the server sees them nearly in a row.
    """
    connections = []
    for operation, members in requests_made:
        body = json.dumps(members).encode()
        head = (
            f"POST / HTTP/1.1\r\nHost: {server.url.partition('//')[2]}\r\nConnection: close\r\n"
            "Content-Type: application/x-amz-json-1.1\r\n"
            f"X-Amz-Target: AWSCognitoIdentityProviderService.{operation}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(head.encode() + body[:-1])
        connections.append((connection, body[-1:]))
    for connection, last in connections:
        connection.sendall(last)
    return [_answer_of(connection) for connection, _ in connections]


def _answer_of(connection: socket.socket) -> dict[str, Any]:
    with connection:
        response = http.client.HTTPResponse(connection)
        response.begin()
        answer: dict[str, Any] = json.loads(response.read() or b"{}")
        return answer
