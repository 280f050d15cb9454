"""The endpoint by itself: what an operation is told of its caller, and what a crash tells the caller."""

from __future__ import annotations

import io
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.test import RequestFactory

from identity import clock
from identity.access.actor import Actor, Kind
from identity.config import load
from identity.errors import CodeMismatch, ServiceError
from identity.wire import json_rpc
from identity.wire.call import Answer, Call
from identity.wire.service import Operation
from identity.wire.services import cognito_idp

Perform = Callable[[Call], Answer | None]
Post = Callable[..., Any]


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    """Sends GetUser, a public operation that a test performs itself, with WSGI's `environ` changed as given."""

    def send(perform: Perform, **environ: str) -> Any:
        def handler(call: Call, *, access_token: str) -> Answer | None:
            return perform(call)

        operation = Operation("cognito-idp", cognito_idp.model.operation_model("GetUser"), handler, frozenset())
        monkeypatch.setitem(cognito_idp.operations, "GetUser", operation)
        body = json.dumps({"AccessToken": "token"}).encode()
        extra: dict[str, Any] = {
            "wsgi.input": io.BytesIO(body),
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": json_rpc.CONTENT_TYPE,
            "HTTP_X_AMZ_TARGET": "AWSCognitoIdentityProviderService.GetUser",
        }
        request = RequestFactory().generic("POST", "/", **{**extra, **environ})
        return json_rpc.endpoint(request)

    return send


def raising(error: Exception) -> Perform:
    def perform(call: Call) -> Answer | None:
        raise error

    return perform


def actor_of(post: Post, **environ: str) -> Actor:
    """The caller, as an operation sees them."""
    seen: list[Actor] = []

    def remember(call: Call) -> Answer:
        seen.append(call.actor)
        return {"Username": "u", "UserAttributes": []}

    assert post(remember, **environ).status_code == 200
    return seen[0]


# Crashes


def test_a_crash_is_an_internal_error_that_tells_nothing(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = post(raising(RuntimeError("password=hunter2")))
    assert answer.status_code == 500
    assert json.loads(answer.content) == {"__type": "InternalErrorException", "message": "Something went wrong"}
    assert "hunter2" not in str(answer.headers)
    assert answer["Access-Control-Allow-Origin"] == "*"
    # the log has what the operator needs to find it
    assert answer["x-amzn-RequestId"] in caplog.text
    assert "RuntimeError" in caplog.text


@pytest.mark.parametrize("answer", [{"Nonsense": 1}, {"Username": object()}])
def test_an_answer_that_the_model_does_not_know_is_a_crash(post: Post, answer: Mapping[str, object]) -> None:
    assert post(lambda call: answer).status_code == 500


def test_a_refusal_is_not_logged(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    assert post(raising(CodeMismatch())).status_code == 400
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("message", "header"),
    [
        ("plain text.", "plain text."),
        ("tab\tline\r\nend", "tab line  end"),
        ("é世🐎\x00\x7f", "?????"),
        ("x" * 5000, "x" * 1024),
        ("", ""),
    ],
)
def test_the_header_with_the_text_is_short_and_plain(post: Post, message: str, header: str) -> None:
    class Weird(ServiceError):
        pass

    answer = post(raising(Weird(message)))
    assert answer["x-amzn-ErrorMessage"] == header
    assert answer["x-amzn-ErrorType"] == "WeirdException:"
    assert json.loads(answer.content).get("message", "") == message


# Callers


def test_the_caller_of_a_public_operation_is_anonymous(post: Post) -> None:
    actor = actor_of(post, REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="aws-sdk-js/3")
    assert (actor.kind, actor.event) == (Kind.ANONYMOUS, "GetUser")
    assert (actor.address, actor.user_agent) == ("192.0.2.7", "aws-sdk-js/3")
    assert (actor.arn, actor.access_key_id, actor.region) == (None, None, None)
    assert uuid.UUID(actor.request_id)
    assert abs((actor.at - clock.now()).total_seconds()) < 60


PROXY = "10.0.0.1"


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "address"),
    [
        ("", "192.0.2.7", "", "192.0.2.7"),
        ("", "192.0.2.7", "198.51.100.9", "192.0.2.7"),
        ("10.0.0.0/8", "192.0.2.7", "198.51.100.9", "192.0.2.7"),
        ("10.0.0.0/8", PROXY, "", PROXY),
        ("10.0.0.0/8", PROXY, "198.51.100.9", "198.51.100.9"),
        # the client put the first one there itself
        ("10.0.0.0/8", PROXY, "203.0.113.66, 198.51.100.9", "198.51.100.9"),
        ("10.0.0.0/8", PROXY, "198.51.100.9, 10.0.0.2", "198.51.100.9"),
        ("10.0.0.0/8, 2001:db8::/32", "2001:db8::1", "2001:db9::5, 10.0.0.2", "2001:db9::5"),
        ("10.0.0.0/8", PROXY, "nonsense", PROXY),
        ("10.0.0.0/8", PROXY, "198.51.100.9, nonsense", PROXY),
        ("10.0.0.0/8", PROXY, "10.0.0.3, 10.0.0.2", PROXY),
        ("10.0.0.0/8", "nonsense", "198.51.100.9", "nonsense"),
    ],
)
def test_a_forwarded_address_counts_only_from_a_trusted_proxy(
    post: Post, monkeypatch: pytest.MonkeyPatch, trusted: str, peer: str, forwarded: str, address: str
) -> None:
    monkeypatch.setattr("identity.access.address.config", load({"GATEHOUSE_TRUSTED_PROXIES": trusted}))
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    assert actor_of(post, REMOTE_ADDR=peer, **headers).address == address


# Sizes


def test_the_longest_body_is_configured(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    length = len(json.dumps({"AccessToken": "token"}))
    ok: Perform = lambda call: {"Username": "u", "UserAttributes": []}  # noqa: E731
    monkeypatch.setattr(json_rpc, "config", load({"GATEHOUSE_MAX_BODY_BYTES": str(length)}))
    assert post(ok).status_code == 200
    monkeypatch.setattr(json_rpc, "config", load({"GATEHOUSE_MAX_BODY_BYTES": str(length - 1)}))
    assert post(ok).status_code == 413
    # a length that lies, or none, does not open the door
    assert post(ok, CONTENT_LENGTH="1").status_code == 413
    assert post(ok, CONTENT_LENGTH="").status_code == 413
    assert post(ok, CONTENT_LENGTH="nonsense").status_code == 413
