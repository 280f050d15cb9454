"""The form of requests to the token endpoint, and of its refusals."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.support import factories
from tests.support.oauth import App, new_app, refused
from tests.support.server import Server

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def app(server: Server, idp: Any) -> App:
    return new_app(server, idp)


def post(app: App, body: bytes | str, content_type: str | None = FORM, query: str = "") -> requests.Response:
    headers = {} if content_type is None else {"Content-Type": content_type}
    return requests.post(f"{app.issuer}/oauth2/token{query}", data=body, headers=headers, timeout=20)


@pytest.mark.parametrize("method", ["get", "put", "delete", "head", "patch"])
def test_only_post_is_allowed(app: App, method: str) -> None:
    answer = requests.request(method, f"{app.issuer}/oauth2/token", timeout=20)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, OPTIONS")
    assert method == "head" or answer.json() == {"error": "invalid_request"}


def test_a_page_of_any_origin_may_ask(app: App) -> None:
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    answer = requests.options(f"{app.issuer}/oauth2/token", headers=asked, timeout=20)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert {"authorization", "content-type"} <= {
        name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")
    }
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=password&username=ada&password=x", "unsupported_grant_type"),
        ("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code", "unsupported_grant_type"),
        ("grant_type=__init__", "unsupported_grant_type"),
        ("grant_type=authorization_code", "invalid_request"),
        ("grant_type=authorization_code&code=x", "invalid_request"),
        ("grant_type=refresh_token", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=x", "invalid_request"),
        ("grant_type=client_credentials", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=x&client_id=nobody", "invalid_client"),
        ("grant_type=refresh_token&refresh_token=x&client_id=%00", "invalid_request"),
        ("grant_type=refresh_token&grant_type=refresh_token&refresh_token=x", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=x&refresh_token=y", "invalid_request"),
        (b"grant_type=refresh_token&refresh_token=\xff", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=%ff", "invalid_request"),
        ("a=b&" * 200, "invalid_request"),
        ("grant_type=refresh_token&refresh_token=" + "x" * 70_000, "invalid_request"),
        ('{"grant_type": "refresh_token"}', "invalid_request"),
    ],
)
def test_what_is_wrong_with_a_body_is_told(app: App, body: bytes | str, error: str) -> None:
    answer = post(app, body)
    assert refused(answer) == error
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data; boundary=x", None])
def test_a_body_of_another_type_is_refused(app: App, content_type: str | None) -> None:
    assert refused(post(app, b"grant_type=refresh_token", content_type)) == "invalid_request"


def test_the_type_may_tell_its_charset(app: App) -> None:
    body = f"grant_type=refresh_token&refresh_token=x&client_id={app.client_id}"
    assert refused(post(app, body, f"{FORM}; charset=UTF-8")) == "invalid_grant"
    assert refused(post(app, body, FORM.title())) == "invalid_grant"


def test_nothing_is_taken_from_the_query(app: App) -> None:
    body = f"grant_type=refresh_token&refresh_token=x&client_id={app.client_id}"
    assert refused(post(app, body, query="?scope=x")) == "invalid_request"


def test_a_pool_that_does_not_exist_has_no_endpoint(server: Server, idp: Any) -> None:
    pool_id = factories.make_pool(idp)["Id"]
    idp.delete_user_pool(UserPoolId=pool_id)
    answer = requests.post(f"{server.url}/{pool_id}/oauth2/token", data={"grant_type": "x"}, timeout=20)
    assert answer.status_code == 404
