"""Clients that are their own principals, and how clients authenticate at the token endpoint."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote_plus

import pytest
import requests

from tests.support import factories
from tests.support.clients import refused as refused_by
from tests.support.factories import claims_of
from tests.support.oauth import App, new_app, refused, signed_in
from tests.support.pages import CALLBACK
from tests.support.server import Server

READ, WRITE = "https://api.example/read", "https://api.example/write"


@pytest.fixture
def machine(server: Server, idp: Any) -> App:
    """A client with a secret and two custom scopes."""
    pool_id = factories.make_pool(idp)["Id"]
    scopes = [{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write", "admin")]
    idp.create_resource_server(UserPoolId=pool_id, Identifier="https://api.example", Name="api", Scopes=scopes)
    client = idp.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="machine",
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=[READ, WRITE],
    )["UserPoolClient"]
    return App(server, client)


def secret(app: App) -> str:
    value: str = app.client["ClientSecret"]
    return value


def own_token(app: App, **form: str) -> requests.Response:
    return app.token(auth=(app.client_id, secret(app)), grant_type="client_credentials", **form)


def test_a_client_gets_a_token_of_its_own(machine: App) -> None:
    answer = own_token(machine)
    assert answer.status_code == 200
    assert answer.json().keys() == {"access_token", "expires_in", "token_type"}
    claims = claims_of(answer.json()["access_token"])
    differing = {name: claims.pop(name) for name in ("iat", "exp", "auth_time", "jti")}
    assert claims == {
        "sub": machine.client_id,
        "client_id": machine.client_id,
        "token_use": "access",
        "scope": f"{READ} {WRITE}",
        "iss": machine.issuer,
        "version": 2,
    }
    assert differing["exp"] - differing["iat"] == 3600
    assert differing["auth_time"] == differing["iat"]


def test_a_part_of_its_scopes_may_be_asked_for(machine: App) -> None:
    assert claims_of(own_token(machine, scope=WRITE).json()["access_token"])["scope"] == WRITE
    assert claims_of(own_token(machine, scope=f"{WRITE} {WRITE}").json()["access_token"])["scope"] == WRITE


@pytest.mark.parametrize("scope", ["https://api.example/admin", "openid", f"{READ} openid", "nothing", "a/b", "read"])
def test_a_scope_that_is_not_the_clients_is_refused(machine: App, scope: str) -> None:
    assert refused(own_token(machine, scope=scope)) == "invalid_scope"


def test_a_scope_that_its_server_has_no_more_is_left_out_until_it_is_back(machine: App, idp: Any) -> None:
    def offer(*names: str) -> None:
        scopes = [{"ScopeName": name, "ScopeDescription": name} for name in names]
        idp.update_resource_server(
            UserPoolId=machine.pool_id, Identifier="https://api.example", Name="api", Scopes=scopes
        )

    offer("write")
    assert claims_of(own_token(machine).json()["access_token"])["scope"] == WRITE
    assert claims_of(own_token(machine, scope=READ).json()["access_token"])["scope"] == ""
    offer("read", "write")
    assert claims_of(own_token(machine, scope=READ).json()["access_token"])["scope"] == READ


def test_a_token_of_a_client_is_nobodys(machine: App, public: Any) -> None:
    token = own_token(machine).json()["access_token"]
    with refused_by("NotAuthorizedException"):
        public.get_user(AccessToken=token)


def test_a_client_without_the_flow_is_not_authorized(server: Server, idp: Any) -> None:
    app = new_app(server, idp, GenerateSecret=True)
    assert refused(own_token(app)) == "unauthorized_client"
    public = new_app(server, idp)
    assert refused(public.token(grant_type="client_credentials", client_id=public.client_id)) == "unauthorized_client"


def test_a_client_that_is_not_enabled_is_not_authorized(machine: App, idp: Any) -> None:
    idp.update_user_pool_client(
        UserPoolId=machine.pool_id,
        ClientId=machine.client_id,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=[READ],
    )
    assert refused(own_token(machine)) == "unauthorized_client"


@pytest.mark.parametrize("metadata", ["x", "[]", '"a"', '{"a": 1}', "null", '{"a": {"b": "c"}}'])
def test_metadata_must_be_an_object_of_strings(machine: App, metadata: str) -> None:
    assert refused(own_token(machine, aws_client_metadata=metadata)) == "invalid_request"
    assert own_token(machine, aws_client_metadata='{"a": "b"}').status_code == 200


# Who calls


def test_a_secret_is_taken_from_the_header_and_from_the_body(machine: App) -> None:
    in_body = {"client_id": machine.client_id, "client_secret": secret(machine)}
    assert machine.token(grant_type="client_credentials", **in_body).status_code == 200
    assert own_token(machine, client_id=machine.client_id).status_code == 200


def test_a_secret_in_the_header_may_be_encoded_or_not(machine: App, idp: Any) -> None:
    given = "se+cret_with_a_plus+" + "x" * 24
    idp.add_user_pool_client_secret(UserPoolId=machine.pool_id, ClientId=machine.client_id, ClientSecret=given)
    for value in (given, quote_plus(given)):
        assert machine.token(auth=(machine.client_id, value), grant_type="client_credentials").status_code == 200


def test_each_of_two_secrets_is_right_until_it_is_deleted(machine: App, idp: Any) -> None:
    named = {"UserPoolId": machine.pool_id, "ClientId": machine.client_id}
    added = idp.add_user_pool_client_secret(**named)["ClientSecretDescriptor"]
    both = [secret(machine), added["ClientSecretValue"]]
    for value in both:
        assert machine.token(auth=(machine.client_id, value), grant_type="client_credentials").status_code == 200
    idp.delete_user_pool_client_secret(**named, ClientSecretId=added["ClientSecretId"])
    answers = [machine.token(auth=(machine.client_id, value), grant_type="client_credentials") for value in both]
    assert [answer.status_code for answer in answers] == [200, 400]


def test_two_ways_at_once_are_refused(machine: App) -> None:
    assert refused(own_token(machine, client_secret=secret(machine))) == "invalid_request"
    assert refused(own_token(machine, client_id="another")) == "invalid_request"


def test_a_wrong_secret_and_an_unknown_client_look_the_same(machine: App) -> None:
    answers = [
        machine.token(auth=(machine.client_id, "wrong"), grant_type="client_credentials"),
        machine.token(auth=("nobody", "wrong"), grant_type="client_credentials"),
        machine.token(client_id=machine.client_id, client_secret="wrong", grant_type="client_credentials"),
        machine.token(client_id=machine.client_id, grant_type="client_credentials"),
        machine.token(client_id="nobody", grant_type="client_credentials"),
    ]
    assert {(answer.status_code, answer.json()["error"]) for answer in answers} == {(400, "invalid_client")}
    assert len({answer.text for answer in answers}) == 1


def test_a_client_without_a_secret_has_none_to_send(server: Server, idp: Any) -> None:
    app = signed_in(server, idp)
    code = app.code()
    assert refused(app.redeem(code, client_secret="x")) == "invalid_client"
    assert refused(app.token(auth=(app.client_id, "x"), grant_type="authorization_code", code=code)) == "invalid_client"
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    assert app.token(auth=(app.client_id, ""), **form).status_code == 200, "an empty secret is none"


def test_a_code_of_a_client_with_a_secret_wants_the_secret(server: Server, idp: Any) -> None:
    app = signed_in(server, idp, GenerateSecret=True)
    code = app.code()
    assert refused(app.redeem(code)) == "invalid_client"
    assert app.redeem(code, client_secret=secret(app)).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no-colon").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Basic " + base64.b64encode(b"a\0b:c").decode(),
        "Bearer x",
        "Digest x",
        "x",
    ],
)
def test_a_header_that_is_no_basic_authentication_is_refused(machine: App, header: str) -> None:
    answer = requests.post(
        f"{machine.issuer}/oauth2/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": header},
        timeout=20,
    )
    assert refused(answer) == "invalid_client"
