"""Revocation: a refresh token ends with its family; and client authentication in all of its forms."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote_plus

import pytest
import requests

from tests.support.oauth import App, signed_in
from tests.support.server import Server

# A secret with what URL-encoding changes: the model takes letters, digits, underscores and plus signs.
SECRET = "plus+and+plus_secret+1234567890"


@pytest.fixture(scope="module")
def app(server: Server, idp: Any) -> App:
    return signed_in(server, idp)


@pytest.fixture(scope="module")
def confidential(server: Server, idp: Any) -> App:
    return signed_in(server, idp, ClientSecret=SECRET)


def revoke(app: App, *, auth: Any = None, headers: dict[str, str] | None = None, **form: str) -> requests.Response:
    return requests.post(f"{app.issuer}/oauth2/revoke", data=form, auth=auth, headers=headers, timeout=20)


def check_revoked(answer: requests.Response) -> None:
    assert (answer.status_code, answer.content) == (200, b"")
    assert "no-store" in answer.headers["Cache-Control"]


def check_refused(answer: requests.Response, error: str, status: int = 400) -> None:
    assert (answer.status_code, answer.json()) == (status, {"error": error})
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def is_active(app: App, token: str) -> bool:
    answer = requests.get(f"{app.issuer}/oauth2/userInfo", headers={"Authorization": f"Bearer {token}"}, timeout=20)
    return answer.status_code == 200


# What it does


def test_a_family_ends_and_others_live_on(app: App) -> None:
    ended, other = app.tokens(), app.tokens()
    check_revoked(revoke(app, token=ended["refresh_token"], client_id=app.client_id))
    assert not is_active(app, ended["access_token"])
    assert app.refresh(ended["refresh_token"]).json()["error"] == "invalid_grant"
    assert is_active(app, other["access_token"])
    assert app.refresh(other["refresh_token"]).status_code == 200


@pytest.mark.parametrize("hint", [{}, {"token_type_hint": "refresh_token"}, {"token_type_hint": "access_token"}])
def test_what_is_unknown_or_has_ended_is_revoked(app: App, hint: dict[str, str]) -> None:
    check_revoked(revoke(app, token="unknown", client_id=app.client_id, **hint))
    token = app.tokens()["refresh_token"]
    check_revoked(revoke(app, token=token, client_id=app.client_id, **hint))
    check_revoked(revoke(app, token=token, client_id=app.client_id, **hint))


def test_access_and_id_tokens_are_of_another_type(app: App) -> None:
    tokens = app.tokens()
    for name in ("access_token", "id_token"):
        check_refused(revoke(app, token=tokens[name], client_id=app.client_id), "unsupported_token_type")
    assert is_active(app, tokens["access_token"])


def test_a_token_is_needed(app: App) -> None:
    check_refused(revoke(app, client_id=app.client_id), "invalid_request")
    check_refused(revoke(app, client_id=app.client_id, token=""), "invalid_request")


def test_a_client_without_revocation_revokes_nothing(server: Server, idp: Any) -> None:
    app = signed_in(server, idp, EnableTokenRevocation=False)
    token = app.tokens()["refresh_token"]
    check_refused(revoke(app, token=token, client_id=app.client_id), "invalid_request")
    assert app.refresh(token).status_code == 200


def test_a_client_does_not_revoke_what_is_another_ones(app: App, idp: Any) -> None:
    members = {"UserPoolId": app.pool_id, "ClientName": "another"}
    other = idp.create_user_pool_client(**members)["UserPoolClient"]["ClientId"]
    token = app.tokens()["refresh_token"]
    check_refused(revoke(app, token=token, client_id=other), "invalid_grant")
    assert app.refresh(token).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_not_allowed(app: App, method: str) -> None:
    parameters = {"token": app.tokens()["refresh_token"], "client_id": app.client_id}
    answer = requests.request(method, f"{app.issuer}/oauth2/revoke", params=parameters, timeout=20)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST, OPTIONS"
    assert app.refresh(parameters["token"]).status_code == 200


def test_parameters_are_in_the_body_and_there_once(app: App) -> None:
    token, address = app.tokens()["refresh_token"], f"{app.issuer}/oauth2/revoke"
    given = {"token": token, "client_id": app.client_id}
    for options in (
        {"params": given, "data": given},
        {"json": given},
        {"files": {name: (None, value) for name, value in given.items()}},
        {"data": [*given.items(), ("token", "another")]},
        {"data": b"token=%ff&client_id=" + app.client_id.encode(), "headers": {"Content-Type": FORM}},
        {"data": f"token={token}%00&client_id={app.client_id}", "headers": {"Content-Type": FORM}},
        {"data": {**given, "padding": "x" * 70_000}},
    ):
        check_refused(requests.post(address, timeout=20, **options), "invalid_request")
    assert app.refresh(token).status_code == 200


FORM = "application/x-www-form-urlencoded"


def test_scripts_of_every_origin_may_ask(app: App) -> None:
    asked = requests.options(f"{app.issuer}/oauth2/revoke", headers={"Origin": "https://app.example"}, timeout=20)
    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Origin"] == "*"
    assert asked.headers["Access-Control-Allow-Methods"] == "POST, OPTIONS"


# Who may


def code_token(app: App) -> str:
    """The refresh token of a confidential app."""
    answer = app.redeem(app.code(), client_secret=SECRET)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["refresh_token"]
    return token


def test_a_secret_comes_by_basic_or_in_the_form(confidential: App) -> None:
    app = confidential
    named = {"client_id": app.client_id}
    check_revoked(revoke(app, token="t", auth=(app.client_id, SECRET)))
    check_revoked(revoke(app, token="t", headers=basic(quote_plus(app.client_id), quote_plus(SECRET))))
    check_revoked(revoke(app, token="t", headers=basic(app.client_id, SECRET), **named))
    check_revoked(revoke(app, token="t", client_secret=SECRET, **named))
    lower = {"Authorization": basic(app.client_id, SECRET)["Authorization"].replace("Basic", "bAsIc ")}
    check_revoked(revoke(app, token="t", headers=lower))


def test_both_of_a_clients_secrets_work(server: Server, idp: Any) -> None:
    app = signed_in(server, idp, ClientSecret=SECRET)
    named = {"UserPoolId": app.pool_id, "ClientId": app.client_id}
    added = idp.add_user_pool_client_secret(**named)["ClientSecretDescriptor"]
    for secret in (SECRET, added["ClientSecretValue"]):
        check_revoked(revoke(app, token="t", auth=(app.client_id, secret)))
    idp.delete_user_pool_client_secret(**named, ClientSecretId=added["ClientSecretId"])
    check_refused(revoke(app, token="t", auth=(app.client_id, added["ClientSecretValue"])), "invalid_client", 401)


def test_two_methods_at_once_are_refused(confidential: App) -> None:
    app = confidential
    for more in ({"client_secret": SECRET}, {"client_secret": "wrong"}, {"client_id": "another"}):
        check_refused(revoke(app, token="t", auth=(app.client_id, SECRET), **more), "invalid_request")


def test_whatever_is_wrong_with_client_or_secret_has_one_answer(app: App, confidential: App, idp: Any) -> None:
    token = code_token(confidential)
    client_id, elsewhere = confidential.client_id, app.client_id
    for form in (
        {"client_id": client_id},
        {"client_id": client_id, "client_secret": SECRET[:-1]},
        {"client_id": client_id, "client_secret": SECRET.upper()},
        {"client_id": "nobody"},
        {"client_id": "nobody", "client_secret": SECRET},
        {"client_id": "nobody's\n", "client_secret": SECRET},
        {"client_id": "x" * 200},
        {"client_id": elsewhere},  # a client of another pool
    ):
        check_refused(revoke(confidential, token=token, **form), "invalid_client", 401)
    for header in (
        basic(client_id, ""),
        basic(client_id, "wrong"),
        basic(client_id, SECRET.replace("+", " ")),
        basic("nobody", SECRET),
        {"Authorization": "Basic"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode()},
        {"Authorization": "Basic " + base64.b64encode(client_id.encode()).decode()},
        {"Authorization": "Basic " + base64.b64encode(b"\0:\0").decode()},
        {"Authorization": f"Bearer {SECRET}"},
    ):
        check_refused(revoke(confidential, token=token, headers=header), "invalid_client", 401)
    assert confidential.refresh(token, client_secret=SECRET).status_code == 200


def test_a_public_client_has_no_secret_to_bring(app: App) -> None:
    check_refused(revoke(app, token="t", client_id=app.client_id, client_secret="any"), "invalid_client", 401)
    check_refused(revoke(app, token="t", auth=(app.client_id, "any")), "invalid_client", 401)
    check_revoked(revoke(app, token="t", client_id=app.client_id, client_secret=""))
    check_revoked(revoke(app, token="t", auth=(app.client_id, "")))


def test_nobody_is_no_client(app: App) -> None:
    check_refused(revoke(app, token="t"), "invalid_request")
    check_refused(revoke(app, token="t", client_id=""), "invalid_request")
