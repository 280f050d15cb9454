"""aws-jwt-verify checks tokens with the pool's published keys.

The library fetches keys by https only; a server without TLS hands them over.
"""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.oauth.conftest import StartLibrary
from tests.support.javascript import Rejected
from tests.support.oauth import App, signed_in
from tests.support.server import Server


@pytest.fixture(scope="module")
def app(server: Server, idp: Any) -> App:
    return signed_in(server, idp)


def keys(app: App) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{app.issuer}/.well-known/jwks.json", timeout=20).json()
    return found


def test_tokens_of_both_uses_are_accepted_and_each_is_only_what_it_is(app: App, library: StartLibrary) -> None:
    tokens = app.tokens(scope="openid email")
    configuration = {"issuer": app.issuer, "clientId": app.client_id, "keys": keys(app)}
    for use, name, other in (("access", "access_token", "id_token"), ("id", "id_token", "access_token")):
        verifier = library("aws-jwt-verify", tokenUse=use, **configuration)
        payload = verifier("verify", tokens[name])
        assert (payload["iss"], payload["token_use"]) == (app.issuer, use)
        with pytest.raises(Rejected) as caught:
            verifier("verify", tokens[other])
        assert caught.value.message is not None
        assert "Token use not allowed" in caught.value.message


def test_tokens_for_others_and_changed_ones_are_refused(app: App, library: StartLibrary) -> None:
    token = app.tokens()["access_token"]
    head, body, signature = token.split(".")
    given = {"tokenUse": "access", "keys": keys(app)}
    strict = library("aws-jwt-verify", issuer=app.issuer, clientId="another", **given)
    with pytest.raises(Rejected, match="Client ID not allowed"):
        strict("verify", token)
    verifier = library("aws-jwt-verify", issuer=app.issuer, clientId=app.client_id, **given)
    assert verifier("verify", token)["client_id"] == app.client_id
    with pytest.raises(Rejected, match="Invalid signature"):
        verifier("verify", f"{head}.{body}.{'A' * len(signature)}")


def test_a_token_bound_to_an_api_is_for_that_audience(app: App, library: StartLibrary) -> None:
    api = "https://api.example.com/orders"
    token = app.tokens(resource=api)["access_token"]
    given = {"issuer": app.issuer, "clientId": app.client_id, "tokenUse": "access", "keys": keys(app)}
    assert library("aws-jwt-verify", audience=api, **given)("verify", token)["aud"] == api
    with pytest.raises(Rejected, match="Audience not allowed"):
        library("aws-jwt-verify", audience="https://other.example", **given)("verify", token)
