"""A lean client of cognito-idp that tells how a request ended: answered, refused, cut off, or never sent."""

from __future__ import annotations

import http.client
import json
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.support.clients import REGION, TARGET_PREFIX
from tests.support.server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server

_SECONDS = 30


class NotSent(Exception):
    """Nobody listens: the request certainly had no effect."""


class CutOff(Exception):
    """The connection ended without a whole answer: the request may have had its effect or not."""


class Refused(Exception):
    """An AWS error, or worse; `code` is the exception's name."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Caller:
    """One kept-alive connection, for one thread; what needs no signature in AWS's model is sent without one."""

    def __init__(self, server: Server) -> None:
        self._port = server.port
        self._connection: http.client.HTTPConnection | None = None

    def call(self, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        """Raises: NotSent, CutOff, Refused."""
        connection = self._connection or self._connect()
        body = json.dumps(members).encode()
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{TARGET_PREFIX}.{operation}"}
        if "UserPoolId" in members or "ResourceArn" in members:
            request = AWSRequest("POST", f"http://127.0.0.1:{self._port}/", headers=headers, data=body)
            SigV4Auth(Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY), "cognito-idp", REGION).add_auth(request)
            headers = dict(request.headers)
        try:
            connection.request("POST", "/", body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise CutOff(f"{operation}: {error!r}") from None
        return _parsed(answer.status, content)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_SECONDS)
        try:
            connection.connect()
        except OSError as error:
            raise NotSent(repr(error)) from None
        self._connection = connection
        return connection


def _parsed(status: int, content: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(content or b"{}")
    except ValueError:
        raise Refused(str(status), content.decode(errors="replace")) from None
    if status != 200:
        raise Refused(str(found.get("__type", status)).rpartition("#")[2], str(found.get("message")))
    return found
