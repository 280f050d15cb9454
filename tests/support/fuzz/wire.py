"""Hostile requests over one connection that is kept alive: their bytes, headers and signatures, and what comes back."""

from __future__ import annotations

import http.client
import json
import re
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import strategies as st

from identity import errors
from identity.wire.service import Operation
from identity.wire.shapes import Problems, compile_parser
from tests.support.clients import REGION, TARGET_PREFIX, UNLISTED
from tests.support.fuzz.text import written
from tests.support.server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server

TIMEOUT_SECONDS = 10
CONTENT_TYPE = "application/x-amz-json-1.1"
STATUS = {
    error.code: error.status for error in vars(errors).values() if isinstance(error, type) and "code" in vars(error)
}
LEAKS = re.compile(r"Traceback|psycopg|sqlite|django|\bSELECT\b|object at 0x|File \"/", re.IGNORECASE)

_BODIES = [
    *(
        b"",
        b" ",
        b"null",
        b"true",
        b"5",
        b'""',
        b"[]",
        b"[{}]",
        b"{",
        b"}",
        b"{}{}",
        b"{}x",
        b"\x00",
        b"\xff\xfe{\x00}\x00",
    ),
    *(b"\xef\xbb\xbf{}", b'{"a"}', b"{'a': 1}", b"{a: 1}", b"{,}", b'{"a":1,}', b"a=1&b=2", b"<xml/>", b"\x80\x04\x95"),
    *(
        b"[" * 100_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b" " * 100_000 + b"{}",
        b'{"":"' + b"a" * 1_000_000 + b'"}',
    ),
    *(b'"' + b"\\u0000" * 1000 + b'"', b"[" + b"1," * 200_000 + b"1]", b"{" + b'"a":1,' * 100_000 + b'"a":1}'),
]
_CONTENT_TYPES = [
    *(
        "",
        "application/json",
        "text/plain",
        "application/x-amz-json-1.0",
        f"{CONTENT_TYPE}; charset=utf-16",
        ";",
        "\xe9",
    ),
    *(
        f"{CONTENT_TYPE};",
        f"{CONTENT_TYPE}; boundary=x",
        "multipart/form-data; boundary=x",
        "x" * 5000,
        CONTENT_TYPE.upper(),
    ),
    "application/x-www-form-urlencoded",
]
_TARGETS = [
    "",
    ".",
    "InitiateAuth",
    f"{TARGET_PREFIX}.",
    f"{TARGET_PREFIX}.__init__",
    "\xe9",
    "x" * 5000,
    "a.b.c",
    "%00",
]
_ODD_HEADERS = [
    *(("X-Forwarded-For", value) for value in ("not an address", "::1", "1.2.3.4, \xe9", "," * 500, "%00")),
    *(("User-Agent", value) for value in ("", "\xe9\xff", "a" * 6000, "{0}", "%s%s%n", "\t\t")),
    *(("Accept-Encoding", "gzip"), ("Accept", "text/html"), ("Cookie", "a=b; sessionid=\xff"), ("Origin", "null")),
    *(("Content-Encoding", "gzip"), ("Expect", "100-continue"), ("If-None-Match", "*"), ("Range", "bytes=0-0")),
    *(("Host", value) for value in ("evil.example", "localhost:99999", "[::1]", "a" * 300)),
    *(("X-HTTP-Method-Override", "GET"), ("X-Amz-User-Agent", "\xff"), ("X-Amz-Security-Token", "token")),
    *(("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), ("X-Amz-Date", "99999999T999999Z"), ("Date", "never")),
    *(("Authorization", value) for value in ("", "Bearer x", "Basic \xff", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 a")),
    *(
        ("Authorization", f"AWS4-HMAC-SHA256 {parts}")
        for parts in ("Credential=", "=,=,=", "Credential=a/b/c/d/e", "," * 900)
    ),
]
_SIGNATURES = [
    *(
        ("Signature=", "Signature=0"),
        ("SignedHeaders=", "SignedHeaders=x-none;"),
        ("SignedHeaders=", "SignedHeaders=;;"),
    ),
    *((ACCESS_KEY_ID, "AKIANOBODY"), (ACCESS_KEY_ID, "\xe9"), (ACCESS_KEY_ID, "a" * 5000), (ACCESS_KEY_ID, "' OR 1=1")),
    *((REGION, "EU"), (REGION, "../x"), ("cognito-idp", "s3"), ("aws4_request", "aws5"), ("HMAC-SHA256", "HMAC-MD5")),
    *(("Credential=", "Credential=Credential="), (", ", ",,,"), ("=", ""), ("/", "//"), ("/", "")),
]
_ORDINARY = 92


@dataclass
class Request:
    """One as it is sent. `operation` is the one it means."""

    operation: Operation
    body: bytes
    headers: list[tuple[str, str]] = field(default_factory=list)
    target: str = ""
    content_type: str = CONTENT_TYPE
    method: str = "POST"
    path: str = "/"
    signature: tuple[str, str] | None = None

    def __str__(self) -> str:
        odd = (self.method, self.path, self.target, self.content_type[:99], self.signature, str(self.headers)[:300])
        return f"{self.operation.name} {odd} {len(self.body)} bytes: {self.body[:1500]!r}"


@st.composite
def requests(draw: Any, operation: Operation, members: Any) -> Request:
    """The request with a drawn body, seldom with something wrong around it."""
    request = Request(operation, written(members), target=f"{TARGET_PREFIX}.{operation.name}")
    if draw(st.integers(0, 99)) < _ORDINARY:
        return request
    spoil = draw(
        st.sampled_from(["body", "cut", "headers", "headers", "type", "target", "signature", "signature", "line"])
    )
    if spoil == "body":
        request.body = draw(st.sampled_from(_BODIES) | st.binary(max_size=60))
    elif spoil == "cut":
        request.body = request.body[: draw(st.integers(0, len(request.body)))]
    elif spoil == "headers":
        request.headers = draw(st.lists(st.sampled_from(_ODD_HEADERS), min_size=1, max_size=3))
    elif spoil == "type":
        request.content_type = draw(st.sampled_from(_CONTENT_TYPES))
    elif spoil == "target":
        request.target = draw(st.sampled_from([*_TARGETS, f"{request.target} ", request.target.lower()]))
    elif spoil == "signature":
        request.signature = draw(st.sampled_from(_SIGNATURES))
    else:
        request.method = draw(st.sampled_from(["POST", "PUT", "DELETE", "PATCH", "GET", "OPTIONS"]))
        request.path = draw(
            st.sampled_from(["/", "/?", "/?a=b&a=c", "/?%00=%ff", "/?X-Amz-Signature=0", "/?" + "a" * 5000])
        )
    return request


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    content: bytes
    seconds: float


class Connection:
    """Raises: OSError, http.client.HTTPException for an answer that does not come."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._http = http.client.HTTPConnection("localhost", server.port, timeout=TIMEOUT_SECONDS)
        self._credentials = Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY)

    def send(self, request: Request) -> Answer:
        headers = {"Content-Type": request.content_type, "X-Amz-Target": request.target}
        if not request.operation.is_unsigned:
            url = f"{self._server.url}{request.path}"
            shown = {name: value.encode("ascii", "replace").decode() for name, value in headers.items()}
            aws = AWSRequest(request.method, url, headers=shown, data=request.body)
            SigV4Auth(self._credentials, "cognito-idp", REGION).add_auth(aws)
            headers = {**dict(aws.headers), **headers}
            if request.signature:
                headers["Authorization"] = headers["Authorization"].replace(*request.signature)
        return self._exchange(request, [*headers.items(), *request.headers])

    def _exchange(self, request: Request, headers: list[tuple[str, str]]) -> Answer:
        begun = time.monotonic()
        has_host = any(name == "Host" for name, _ in request.headers)
        self._http.putrequest(request.method, request.path, skip_host=has_host, skip_accept_encoding=True)
        for name, value in headers:
            self._http.putheader(name, value.encode("latin-1"))
        self._http.putheader("Content-Length", str(len(request.body)))
        self._http.endheaders(request.body)
        response = self._http.getresponse()
        content = response.read()
        return Answer(response.status, response.headers, content, time.monotonic() - begun)

    def close(self) -> None:
        self._http.close()


def complaint(request: Request, answer: Answer) -> str | None:
    """What is wrong with an answer, or None."""
    if answer.seconds > TIMEOUT_SECONDS:
        return f"took {answer.seconds:.1f} s"
    try:
        uuid.UUID(answer.headers.get("x-amzn-RequestId", ""))
        if answer.status == 200:
            return None if request.method == "OPTIONS" else _wrong_in_output(request.operation, answer.content)
        return _wrong_in_refusal(request.operation, answer)
    except (ValueError, KeyError, TypeError, errors.ServiceError) as error:
        return f"{answer.status}: {error!r}"


def _wrong_in_output(operation: Operation, content: bytes) -> str | None:
    """An answer is what the model says, down to the JSON types."""
    shape = operation.model.output_shape
    if shape is None:
        return "content without an output shape" if content else None
    answer = json.loads(content)
    unknown = answer.keys() - shape.members.keys()
    # Output and input types have the same form on this wire.
    compile_parser(shape)(answer, "", Problems())
    return f"unknown members {unknown}" if unknown else None


def _wrong_in_refusal(operation: Operation, answer: Answer) -> str | None:
    refusal = json.loads(answer.content)
    code, message = refusal["__type"], refusal.get("message", "")
    if code not in operation.errors | UNLISTED:
        return f"{code} is not declared"
    if answer.status != STATUS[code] or answer.status >= 500:
        return f"status {answer.status}"
    if answer.headers["x-amzn-ErrorType"] != f"{code}:":
        return "another x-amzn-ErrorType"
    if not message.strip() and code != "UnknownOperationException":
        return "no message"
    return f"leaks {found[0]!r}" if (found := LEAKS.search(message)) else None
