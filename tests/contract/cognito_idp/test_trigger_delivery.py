"""How a function is called whatever its trigger: errors and their texts, retries, the signature, the record.

Shown by UserMigration, whose events carry a password.
"""

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support import factories, invocations
from tests.support.clients import OK, at_once, refused
from tests.support.factories import PASSWORD, unique
from tests.support.hooks import Hook, Hooks
from tests.support.server import Server

UNRECOGNIZABLE = "Unrecognizable lambda output"
LATE = "UserMigration failed with error Socket timeout while invoking Lambda function."
KNOWN = {"userAttributes": {"name": "Ada"}, "finalUserStatus": "CONFIRMED", "messageAction": "SUPPRESS"}

Members = dict[str, Any]


def knowing(event: Members) -> Members:
    """A function that knows everybody."""
    return {**event, "response": KNOWN}


class Migrating:
    """A pool whose unknown users are asked for at `arn`."""

    def __init__(self, idp: Any, arn: str) -> None:
        self.idp = idp
        self.pool = factories.make_pool(idp, LambdaConfig={"UserMigration": arn})
        self.client = factories.make_client(idp, self.pool)

    def sign_in(self, password: str = PASSWORD) -> str:
        name = unique()
        factories.sign_in(self.idp, self.client, name, password)
        return name


@pytest.fixture
def migrating(idp: Any, hooks: Hooks) -> Migrating:
    return Migrating(idp, hooks.arn)


@pytest.fixture(scope="module")
def shared(idp: Any, hooks: Hooks) -> Migrating:
    """For those who do not look at the record."""
    return Migrating(idp, hooks.arn)


def raising(message: str) -> Hook:
    def hook(event: Members) -> None:
        raise ValueError(message)

    return hook


# Errors


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("Bad password", "UserMigration failed with error Bad password."),
        ("Ends with a dot.", "UserMigration failed with error Ends with a dot.."),
        ("", "UserMigration failed with error ."),
        ("ünïcödé <b>&amp;\u2028", "UserMigration failed with error ünïcödé <b>&amp;\u2028."),
    ],
)
def test_error_that_a_function_raises_is_told_once(shared: Migrating, hooks: Hooks, message: str, text: str) -> None:
    calls = hooks.on(shared.pool, raising(message))
    calls.clear()
    with refused("UserLambdaValidationException", text) as refusal:
        shared.sign_in()
    assert refusal.status == 400
    assert len(calls) == 1, "a function's own error is not tried again"


@pytest.mark.parametrize(
    "answer",
    [
        *(b"", b"null", b"{}", b"[]", b'"text"', b"1", b"true", b"no JSON", b"\xff\xfe", b"{", b"NaN"),
        b'{"version":"1"}',
        b'{"response":{"userAttributes":{"name":"Ada"}}}',
        b"[" * 1200,
    ],
)
def test_answer_that_is_no_event_is_not_understood(shared: Migrating, hooks: Hooks, answer: bytes) -> None:
    calls = hooks.on(shared.pool, lambda event: answer)
    calls.clear()
    with refused("InvalidLambdaResponseException", UNRECOGNIZABLE):
        shared.sign_in()
    assert len(calls) == 1


@pytest.mark.parametrize("member", ["version", "triggerSource", "region", "userPoolId"])
@pytest.mark.parametrize("value", [None, [], {}, 1])
def test_event_whose_texts_are_none_is_not_understood(
    shared: Migrating, hooks: Hooks, member: str, value: object
) -> None:
    hooks.on(shared.pool, lambda event: {**knowing(event), member: value})
    with refused("InvalidLambdaResponseException", UNRECOGNIZABLE):
        shared.sign_in()


@pytest.mark.parametrize("member", ["callerContext", "request", "response"])
@pytest.mark.parametrize("value", ["text", [], 1])
def test_event_whose_objects_are_none_is_not_understood(
    shared: Migrating, hooks: Hooks, member: str, value: object
) -> None:
    hooks.on(shared.pool, lambda event: {**knowing(event), member: value})
    with refused("InvalidLambdaResponseException", UNRECOGNIZABLE):
        shared.sign_in()


@pytest.mark.parametrize(
    "member", ["version", "triggerSource", "region", "userPoolId", "callerContext", "request", "response"]
)
def test_event_without_a_member_is_not_understood(shared: Migrating, hooks: Hooks, member: str) -> None:
    hooks.on(shared.pool, lambda event: {name: value for name, value in knowing(event).items() if name != member})
    with refused("InvalidLambdaResponseException", UNRECOGNIZABLE):
        shared.sign_in()


def test_event_with_more_members_is_understood(shared: Migrating, hooks: Hooks) -> None:
    hooks.on(shared.pool, lambda event: {**knowing(event), "more": [1], "userName": None, "request": {"a": 1}})
    shared.sign_in()


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:gatehouse::000000000000:webhook:nobody",
        "arn:aws:lambda:us-east-1:000000000000:function:nobody",
        "arn:aws:lambda:us-east-1:111122223333:function:nobody",
    ],
)
def test_function_that_is_not_there(idp: Any, hooks: Hooks, arn: str) -> None:
    text = "UserMigration invocation failed due to error ResourceNotFoundException."
    with refused("UnexpectedLambdaException", text):
        Migrating(idp, arn).sign_in()


# Webhooks


class Receiver:
    """An HTTP server of the test's own, named to `server` as a webhook, that answers as `answer` says."""

    def __init__(self, server: Server, path: str = "/") -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.answer: Callable[[Members], tuple[int, Any]] = lambda event: (200, knowing(event))
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append((self.path, dict(self.headers.items()), body))
                status, answer = receiver.answer(json.loads(body))
                if status == 0:
                    self.close_connection = True
                    return
                sent = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(sent)))
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                with suppress(OSError):
                    self.wfile.write(sent)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}{path}"
        self.name = unique("receiver")
        self.arn, self.secret = (
            line.split()[-1] for line in server.manage("webhook", "add", self.name, self.url).splitlines()
        )

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture(scope="module")
def receiver(server: Server) -> Iterator[Receiver]:
    made = Receiver(server, "/hooks/cognito?tenant=1")
    yield made
    made.close()


@pytest.fixture(scope="module")
def asking_receiver(idp: Any, receiver: Receiver) -> Migrating:
    return Migrating(idp, receiver.arn)


@pytest.fixture
def received(asking_receiver: Migrating, receiver: Receiver) -> Migrating:
    receiver.requests.clear()
    receiver.answer = lambda event: (200, knowing(event))
    return asking_receiver


def test_webhook_gets_the_event_signed(received: Migrating, receiver: Receiver) -> None:
    name = received.sign_in()
    [(path, headers, body)] = receiver.requests
    assert (path, headers["Content-Type"]) == ("/hooks/cognito?tenant=1", "application/json")
    assert json.loads(body)["userName"] == name
    timestamp = headers["X-Gatehouse-Timestamp"]
    assert abs(int(timestamp) - time.time()) < 30
    mac = hmac.new(receiver.secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["X-Gatehouse-Signature"] == f"v1={mac}"


def test_signature_is_of_the_secret_in_force(received: Migrating, receiver: Receiver, server: Server) -> None:
    printed = server.manage("webhook", "rotate", receiver.name)
    old, receiver.secret = receiver.secret, printed.split()[-1]
    assert receiver.secret != old
    test_webhook_gets_the_event_signed(received, receiver)


@pytest.mark.parametrize(
    ("status", "answer", "reason", "tries"),
    [
        (500, {"errorMessage": "not ours to show"}, "ServiceException", 1),
        (502, b"<html>", "ServiceException", 1),
        (503, b"", "ServiceException", 1),
        (301, {"errorMessage": "x"}, "ServiceException", 1),
        (307, b"", "ServiceException", 1),
        (400, b"<html>", "ServiceException", 1),
        (400, [], "ServiceException", 1),
        (401, b"", "AccessDeniedException", 1),
        (403, {"message": "Forbidden"}, "AccessDeniedException", 1),
        (404, b"", "ResourceNotFoundException", 1),
        (410, b"", "ResourceNotFoundException", 1),
        (429, b"", "TooManyRequestsException", 3),
        (0, b"", "ServiceException", 3),
    ],
)
def test_webhook_that_fails_was_not_invoked(
    received: Migrating, receiver: Receiver, status: int, answer: object, reason: str, tries: int
) -> None:
    receiver.answer = lambda event: (status, answer)
    with refused("UnexpectedLambdaException", f"UserMigration invocation failed due to error {reason}."):
        received.sign_in()
    assert len(receiver.requests) == tries


@pytest.mark.parametrize("status", [400, 403, 404, 422, 429])
def test_webhook_raises_an_error_by_its_message(received: Migrating, receiver: Receiver, status: int) -> None:
    receiver.answer = lambda event: (status, {"errorMessage": "Bad password", "errorType": "Error"})
    with refused("UserLambdaValidationException", "UserMigration failed with error Bad password."):
        received.sign_in()
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(("message", "text"), [(None, "null"), (1, "1"), ({"a": "b"}, '{"a":"b"}')])
def test_message_that_is_no_text_is_told_as_json(
    received: Migrating, receiver: Receiver, message: object, text: str
) -> None:
    receiver.answer = lambda event: (400, {"errorMessage": message})
    with refused("UserLambdaValidationException", f"UserMigration failed with error {text}."):
        received.sign_in()


def test_failure_in_passing_is_tried_again(received: Migrating, receiver: Receiver) -> None:
    receiver.answer = lambda event: (0, b"") if len(receiver.requests) < 3 else (200, knowing(event))
    received.sign_in()
    assert len(receiver.requests) == 3
    assert len({body for _, _, body in receiver.requests}) == 1, "each try is told the same"


def test_nobody_who_listens_is_tried_again(server: Server, idp: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    arn = server.manage("webhook", "add", unique("hook"), f"http://127.0.0.1:{port}/").split()[1]
    migrating = Migrating(idp, arn)
    with refused("UnexpectedLambdaException", "UserMigration invocation failed due to error ServiceException."):
        migrating.sign_in()
    assert [row["attempt"] for row in invocations.of(server, migrating.pool)] == [1, 2, 3]


def test_webhook_inside_is_not_called(server: Server, idp: Any) -> None:
    arn = server.manage("webhook", "add", unique("hook"), "http://169.254.169.254/latest/meta-data/").split()[1]
    migrating = Migrating(idp, arn)
    with refused("UnexpectedLambdaException", "UserMigration invocation failed due to error AccessDeniedException."):
        migrating.sign_in()
    [row] = invocations.of(server, migrating.pool)
    assert "GATEHOUSE_OUTBOUND_NETWORKS" in row["log"], "operators are told why"


def test_answer_that_is_too_long_is_no_answer(idp: Any, receiver: Receiver, server: Server) -> None:
    received = Migrating(idp, receiver.arn)
    receiver.answer = lambda event: (200, {**knowing(event), "more": "a" * (6 << 20)})
    with refused("UnexpectedLambdaException", "UserMigration invocation failed due to error ServiceException."):
        received.sign_in()
    receiver.answer = lambda event: (200, {**knowing(event), "more": "a" * (5 << 20)})
    received.sign_in()
    rows = invocations.of(server, received.pool)
    assert [row["outcome"] for row in rows] == ["not invoked", "answered"]
    assert len(json.dumps(rows)) < 10_000, "what is long is not kept"


# Time


def test_function_that_is_late_is_tried_three_times_and_one_that_recovers_is_heard(
    idp: Any, hooks: Hooks, server: Server
) -> None:
    """Both at the same time, as they take so long."""
    hanging, recovering = Migrating(idp, hooks.arn), Migrating(idp, hooks.arn)
    calls = hooks.on(hanging.pool, lambda event: time.sleep(7))
    seen = hooks.on(recovering.pool, lambda event: knowing(event) if len(seen) > 1 else time.sleep(7))
    begun = time.monotonic()

    def expect_lateness() -> None:
        with refused("UnexpectedLambdaException", LATE):
            hanging.sign_in()

    assert at_once(expect_lateness, recovering.sign_in) == [OK, OK]
    assert 14.5 < time.monotonic() - begun < 19
    assert (len(calls), len(seen)) == (3, 2)
    tries = [(row["attempt"], row["outcome"]) for row in invocations.of(server, hanging.pool)]
    assert tries == [(1, "timed out"), (2, "timed out"), (3, "timed out")]
    assert all(4900 < row["duration_ms"] < 6000 for row in invocations.of(server, hanging.pool))
    tries = [(row["attempt"], row["outcome"]) for row in invocations.of(server, recovering.pool)]
    assert tries == [(1, "timed out"), (2, "answered")]


# The record


def test_record_tells_what_was_asked_and_answered(migrating: Migrating, hooks: Hooks, server: Server) -> None:
    hooks.on(migrating.pool, knowing)
    name = migrating.sign_in()
    [row] = invocations.of(server, migrating.pool)
    assert row["request"]["request"]["password"] == "***"
    shown = {member: row[member] for member in ("pool", "source", "username", "target", "attempt", "outcome", "detail")}
    assert shown == {
        "pool": migrating.pool["Id"],
        "source": "UserMigration_Authentication",
        "username": name,
        "target": hooks.arn,
        "attempt": 1,
        "outcome": "answered",
        "detail": "",
    }
    assert 0 < row["duration_ms"] < 5000
    assert row["request"]["userName"] == name
    assert row["response"]["response"] == KNOWN


def test_record_tells_of_errors(migrating: Migrating, hooks: Hooks, server: Server) -> None:
    for hook in (raising("Bad password"), lambda event: b"<html>", lambda event: {**knowing(event), "response": []}):
        hooks.on(migrating.pool, hook)
        with suppress(migrating.idp.exceptions.ClientError):
            migrating.sign_in()
    error, text, wrong = invocations.of(server, migrating.pool)
    assert (error["outcome"], error["detail"]) == ("error", "Bad password")
    assert (text["outcome"], text["detail"], text["response"]) == ("malformed", UNRECOGNIZABLE, "<html>")
    assert (wrong["outcome"], wrong["response"]["response"]) == ("malformed", [])


@pytest.mark.parametrize("password", ["Quite-Secret-7", 'Quo"ted\\Sec\tret-7', "Gehëimnis-🔑-7", "a'b\"c-Secret7"])
def test_password_is_in_no_record_and_no_log(migrating: Migrating, hooks: Hooks, server: Server, password: str) -> None:
    """Whatever functions do with it."""

    def echoing(event: Members) -> Members:
        given = event["request"]["password"]
        attributes = {"name": given, given: "x", "custom:list": json.dumps([given])}
        return {**event, "response": {**KNOWN, "userAttributes": attributes}, given: [given]}

    def failing(event: Members) -> Members:
        raise ValueError(f"no such password: {event['request']['password']}")

    def babbling(event: Members) -> bytes:
        return b"{not JSON " + json.dumps(event).encode() + event["request"]["password"].encode()

    for hook in (echoing, failing, babbling):
        hooks.on(migrating.pool, hook)
        with suppress(migrating.idp.exceptions.ClientError):
            migrating.sign_in(password)
    rows = invocations.of(server, migrating.pool)
    assert len(rows) == 3
    shown = repr(rows) + json.dumps(rows) + json.dumps(rows, ensure_ascii=False)
    for form in (password, json.dumps(password)[1:-1], repr(password)[1:-1], password.encode().decode("latin-1")):
        assert form not in shown
        assert form not in server.log
    assert shown.count("***") > 10


def test_answers_that_no_database_keeps_are_no_error(migrating: Migrating, hooks: Hooks, server: Server) -> None:
    def raise_nul(event: Members) -> None:
        raise ValueError("a\0b")

    hooks.on(migrating.pool, raise_nul)
    with refused("UserLambdaValidationException"):
        migrating.sign_in()
    hooks.on(migrating.pool, lambda event: b'{"version": "\\u0000", "\xed\xa0\x80": "\0"}')
    with refused("InvalidLambdaResponseException"):
        migrating.sign_in()
    nested = b'{"a":' * 900 + b"1" + b"}" * 900
    hooks.on(migrating.pool, lambda event: json.dumps({**knowing(event), "x": 0}).encode()[:-2] + nested + b"}")
    migrating.sign_in()
    assert [row["detail"] for row in invocations.of(server, migrating.pool)] == ["ab", UNRECOGNIZABLE, ""]


def test_record_is_chosen_by_pool_target_and_outcome_newest_first(
    migrating: Migrating, hooks: Hooks, server: Server
) -> None:
    hooks.on(migrating.pool, knowing)
    names = [migrating.sign_in() for _ in range(3)]
    hooks.on(migrating.pool, raising("first\x1b[31m line\nsecond line"))
    with refused("UserLambdaValidationException"):
        migrating.sign_in()
    pool = ("--pool", migrating.pool["Id"])
    lines = server.manage("invocations", *pool).splitlines()
    assert len(lines) == 4
    assert [name in line for name, line in zip(reversed(names), lines[1:], strict=True)] == [True] * 3
    assert lines[0].endswith("error first?[31m line?second line"), "and nothing steers the terminal"
    assert server.manage("invocations", *pool, "--limit", "2").splitlines() == lines[:2]
    assert server.manage("invocations", *pool, "--outcome", "error").splitlines() == lines[:1]
    assert server.manage("invocations", *pool, "--target", hooks.arn).splitlines() == lines
    assert server.manage("invocations", *pool, "--target", "arn:aws:lambda:x:1:function:y") == ""


def test_record_goes_with_its_pool_and_after_its_time(idp: Any, hooks: Hooks, server: Server, clock: Any) -> None:
    kept, deleted = Migrating(idp, hooks.arn), Migrating(idp, hooks.arn)
    for migrating in (kept, deleted):
        hooks.on(migrating.pool, knowing)
        migrating.sign_in()
    idp.delete_user_pool(UserPoolId=deleted.pool["Id"])
    server.manage("purge_expired")
    assert invocations.of(server, deleted.pool) == []
    clock.advance(days=13)
    server.manage("purge_expired")
    assert len(invocations.of(server, kept.pool)) == 1
    clock.advance(days=2)
    server.manage("purge_expired")
    assert invocations.of(server, kept.pool) == []
