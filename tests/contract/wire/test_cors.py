"""What browsers need to call the wire from another origin."""

from typing import Any

import pytest
import requests

from tests.support.clients import post
from tests.support.server import Server

ORIGIN = "https://app.example"
EXPOSED = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
ALWAYS_ALLOWED = {
    "content-type",
    "x-amz-target",
    "x-amz-user-agent",
    "cache-control",
    "amz-sdk-request",
    "amz-sdk-invocation-id",
    "authorization",
    "x-amz-date",
    "x-amz-security-token",
}


def check_any_origin_may_read(answer: requests.Response) -> None:
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Expose-Headers"] == EXPOSED
    # With a wildcard origin browsers would refuse credentials, and there are none to send.
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Set-Cookie" not in answer.headers


def preflight(server: Server, **headers: str) -> requests.Response:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", **headers}
    return requests.options(f"{server.url}/", headers=asked, timeout=10)


def test_a_preflight_is_answered_without_authentication(server: Server) -> None:
    answer = preflight(server)
    assert (answer.status_code, answer.content) == (200, b"")
    assert "POST" in answer.headers["Access-Control-Allow-Methods"].replace(" ", "").split(",")
    assert answer.headers["Access-Control-Max-Age"] == "172800"
    check_any_origin_may_read(answer)


def test_a_preflight_allows_the_headers_that_are_asked_for(server: Server) -> None:
    asked = "content-type,x-amz-target,x-amz-user-agent,x-some-later-sdk"
    answer = preflight(server, **{"Access-Control-Request-Headers": asked})
    assert answer.headers["Access-Control-Allow-Headers"] == asked


def test_a_preflight_that_asks_for_no_headers_allows_those_that_sdks_send(server: Server) -> None:
    allowed = preflight(server).headers["Access-Control-Allow-Headers"]
    assert set(allowed.replace(" ", "").split(",")) >= ALWAYS_ALLOWED


@pytest.mark.parametrize(
    ("operation", "body", "status"),
    [
        ("Nonsense", b"{}", 400),
        ("InitiateAuth", b"{", 400),
        ("InitiateAuth", b"{}", 400),
        ("InitiateAuth", b'{"ClientId": "x", "AuthFlow": "USER_AUTH"}', 400),
        ("ListUserPools", b'{"MaxResults": 1}', 400),
        ("InitiateAuth", b" " * (2 * 1024 * 1024 + 1), 413),
    ],
)
def test_refusals_can_be_read_from_any_origin(server: Server, operation: str, body: bytes, status: int) -> None:
    answer = post(server, operation, body, {"Origin": ORIGIN})
    assert answer.status_code == status
    check_any_origin_may_read(answer)


def test_answers_can_be_read_from_any_origin(server: Server) -> None:
    answer = post(server, "ListUserPools", b'{"MaxResults": 1}', {"Origin": ORIGIN}, signed=True)
    assert answer.status_code == 200
    check_any_origin_may_read(answer)


def test_key_sets_and_discovery_can_be_read_from_any_origin(server: Server, pool: dict[str, Any]) -> None:
    for document in ("jwks.json", "openid-configuration"):
        for pool_id, status in ((pool["Id"], 200), ("us-east-1_None00000", 404)):
            answer = requests.get(f"{server.url}/{pool_id}/.well-known/{document}", timeout=10)
            assert answer.status_code == status
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
