"""Triggers whose functions are at AWS: a moto server in Lambda's place, and an endpoint that answers as tests ask.

Shown by UserMigration.
"""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import requests
from moto.server import ThreadedMotoServer

from tests.support import clients, factories, invocations
from tests.support.clients import refused
from tests.support.factories import unique
from tests.support.server import Server, running
from tests.support.texts import AMAZON_ENVIRONMENT

ARN = "arn:aws:lambda:eu-west-3:111122223333:function:migrate"
KNOWN = {"userAttributes": {"name": "Ada"}, "finalUserStatus": "CONFIRMED", "messageAction": "SUPPRESS"}

Members = dict[str, Any]


def calling(url: str) -> Iterator[Server]:
    with running("--dev", GATEHOUSE_LAMBDA_URL=url, **AMAZON_ENVIRONMENT) as started:
        yield started


def sign_in(server: Server, arn: str = ARN) -> tuple[Members, str]:
    """The pool, and who was made of what the function said."""
    idp = clients.idp(server)
    pool = factories.make_pool(idp, LambdaConfig={"UserMigration": arn})
    name = unique()
    factories.sign_in(idp, factories.make_client(idp, pool), name)
    return pool, name


# A moto server in Amazon's place


def test_moto_is_asked_for_functions_that_are_not_here() -> None:
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    url = f"http://{host}:{port}"
    said = {"version": "1", "triggerSource": "x", "region": "x", "userPoolId": "x", "callerContext": {}, "request": {}}
    requests.post(f"{url}/moto-api/config", json={"lambda": {"use_docker": False}}, timeout=5).raise_for_status()
    queued = {"results": [json.dumps({**said, "response": KNOWN})], "region": "eu-west-3", "account_id": "123456789012"}
    answer = requests.post(f"{url}/moto-api/static/lambda-simple/response", json=queued, timeout=5)
    answer.raise_for_status()
    for server in calling(url):
        idp = clients.idp(server)
        pool, name = sign_in(server, ARN.replace("111122223333", "123456789012"))
        user = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
        assert factories.attributes_of(user)["name"] == "Ada"
    moto.stop()


# An endpoint that answers as it is told


class Lambda:
    """Takes Invoke and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], Members]] = []
        self.answer: Callable[[Members], tuple[int, dict[str, str], Any]] = lambda event: (200, {}, event)
        self.connections = 0
        lambda_ = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                lambda_.connections += 1

            def do_POST(self) -> None:
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                lambda_.asked.append((self.path, dict(self.headers.items()), event))
                status, headers, answer = lambda_.answer(event)
                if status == 0:
                    self.close_connection = True
                    return
                body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Lambda]:
    made = Lambda()
    yield made
    made.close()


@pytest.fixture(scope="module")
def by_lambda(endpoint: Lambda) -> Iterator[Server]:
    yield from calling(endpoint.url)


@pytest.fixture(scope="module")
def shared(by_lambda: Server) -> tuple[Any, Members, Members]:
    idp = clients.idp(by_lambda)
    pool = factories.make_pool(idp, LambdaConfig={"UserMigration": ARN})
    return idp, pool, factories.make_client(idp, pool)


@pytest.fixture
def try_to_sign_in(shared: tuple[Any, Members, Members], endpoint: Lambda) -> Callable[[], Any]:
    endpoint.asked.clear()
    idp, _, client = shared
    return lambda: factories.sign_in(idp, client, unique())


def knowing(event: Members) -> tuple[int, dict[str, str], Any]:
    return 200, {}, {**event, "response": KNOWN}


def test_function_is_invoked_with_the_event(endpoint: Lambda, try_to_sign_in: Callable[[], Any]) -> None:
    endpoint.answer = knowing
    try_to_sign_in()
    [(path, headers, event)] = endpoint.asked
    assert unquote(urlsplit(path).path) == f"/2015-03-31/functions/{ARN}/invocations"
    assert event["triggerSource"] == "UserMigration_Authentication"
    assert "/eu-west-3/lambda/aws4_request" in headers["Authorization"], "the region is the function's"
    assert headers.get("X-Amz-Invocation-Type", "RequestResponse") == "RequestResponse"


def test_connection_is_used_again(endpoint: Lambda, try_to_sign_in: Callable[[], Any]) -> None:
    endpoint.answer = knowing
    try_to_sign_in()
    before = endpoint.connections
    for _ in range(5):
        try_to_sign_in()
    assert endpoint.connections == before


def test_own_account_is_asked_here_first_and_then_there(by_lambda: Server, endpoint: Lambda) -> None:
    endpoint.answer = knowing
    endpoint.asked.clear()
    sign_in(by_lambda, ARN.replace("111122223333", "000000000000"))
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({"errorMessage": "Bad password", "errorType": "Error", "trace": []}, "Bad password"),
        ({"errorMessage": None}, "null"),
        ({"errorType": "Runtime.ExitError"}, "null"),
        (b"no JSON", "null"),
    ],
)
def test_error_of_a_function_is_told(
    endpoint: Lambda, try_to_sign_in: Callable[[], Any], payload: object, text: str
) -> None:
    endpoint.answer = lambda event: (200, {"X-Amz-Function-Error": "Unhandled"}, payload)
    with refused("UserLambdaValidationException", f"UserMigration failed with error {text}."):
        try_to_sign_in()
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize(
    ("status", "code", "tries"),
    [
        (403, "AccessDeniedException", 1),
        (404, "ResourceNotFoundException", 1),
        (429, "TooManyRequestsException", 3),
        (500, "ServiceException", 1),
        (502, "KMSAccessDeniedException", 1),
        (400, "InvalidRequestContentException", 1),
    ],
)
def test_lambdas_own_error_is_told_by_its_code(
    endpoint: Lambda, try_to_sign_in: Callable[[], Any], status: int, code: str, tries: int
) -> None:
    endpoint.answer = lambda event: (status, {"X-Amzn-ErrorType": code}, {"Message": "not for users"})
    with refused("UnexpectedLambdaException", f"UserMigration invocation failed due to error {code}."):
        try_to_sign_in()
    assert len(endpoint.asked) == tries


def test_error_without_a_code_of_amazons_is_a_failure(endpoint: Lambda, try_to_sign_in: Callable[[], Any]) -> None:
    endpoint.answer = lambda event: (503, {}, b"<html>")
    with refused("UnexpectedLambdaException") as refusal:
        try_to_sign_in()
    assert refusal.message == "UserMigration invocation failed due to error ServiceException."


def test_connection_that_breaks_is_tried_again(endpoint: Lambda, try_to_sign_in: Callable[[], Any]) -> None:
    endpoint.answer = lambda event: (0, {}, b"") if len(endpoint.asked) < 3 else knowing(event)
    try_to_sign_in()
    assert len(endpoint.asked) == 3


def test_function_that_is_late_is_tried_again(endpoint: Lambda, try_to_sign_in: Callable[[], Any]) -> None:
    endpoint.answer = lambda event: time.sleep(6) or knowing(event) if len(endpoint.asked) < 2 else knowing(event)
    begun = time.monotonic()
    try_to_sign_in()
    assert 4.9 < time.monotonic() - begun < 8


@pytest.mark.parametrize("payload", [b"null", b"", b"{}", b"no JSON"])
def test_answer_that_is_no_event_is_not_understood(
    endpoint: Lambda, try_to_sign_in: Callable[[], Any], payload: bytes
) -> None:
    endpoint.answer = lambda event: (200, {}, payload)
    with refused("InvalidLambdaResponseException", "Unrecognizable lambda output"):
        try_to_sign_in()


def test_log_of_the_function_is_in_the_record_without_the_password(by_lambda: Server, endpoint: Lambda) -> None:
    def babbling(event: Members) -> tuple[int, dict[str, str], Any]:
        written = f"START\npassword is {event['request']['password']}\nEND"
        return 200, {"X-Amz-Log-Result": base64.b64encode(written.encode()).decode()}, knowing(event)[2]

    endpoint.answer = babbling
    pool, _ = sign_in(by_lambda)
    [row] = invocations.of(by_lambda, pool)
    assert row["log"] == "START\npassword is ***\nEND"
