"""The discovery document and the JWKS of a pool, as relying parties read them."""

from __future__ import annotations

import base64
from typing import Any

import jwt
import pytest
import requests

from tests.support import clients, factories
from tests.support.server import Server

DOCUMENTS = ["openid-configuration", "jwks.json"]


@pytest.fixture(scope="module")
def pool(idp: Any) -> dict[str, Any]:
    return factories.make_pool(idp)


def fetch(server: Server, pool_id: str, name: str, **options: Any) -> requests.Response:
    return requests.get(f"{server.url}/{pool_id}/.well-known/{name}", timeout=10, **options)


def test_the_document_names_the_issuer_and_every_endpoint(server: Server, pool: dict[str, Any]) -> None:
    issuer = f"{server.url}/{pool['Id']}"
    document = fetch(server, pool["Id"], "openid-configuration").json()
    addresses = {name: url for name, url in document.items() if name.endswith(("_endpoint", "_uri", "issuer"))}
    assert addresses == {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "authorization_endpoint": f"{issuer}/oauth2/authorize",
        "token_endpoint": f"{issuer}/oauth2/token",
        "userinfo_endpoint": f"{issuer}/oauth2/userInfo",
        "revocation_endpoint": f"{issuer}/oauth2/revoke",
        "introspection_endpoint": f"{issuer}/oauth2/introspect",
        "end_session_endpoint": f"{issuer}/logout",
    }


def test_the_document_says_what_is_supported(server: Server, pool: dict[str, Any]) -> None:
    document = fetch(server, pool["Id"], "openid-configuration").json()
    by_secret = ["client_secret_basic", "client_secret_post"]
    expected = {
        "response_types_supported": ["code", "token"],
        "response_modes_supported": ["query", "fragment"],
        "grant_types_supported": ["authorization_code", "implicit", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [*by_secret, "none"],
        "revocation_endpoint_auth_methods_supported": [*by_secret, "none"],
        "introspection_endpoint_auth_methods_supported": by_secret,
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "claims_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
        "prompt_values_supported": ["none", "login", "select_account", "consent"],
        "ui_locales_supported": ["en", "de", "ar"],
    }
    assert {name: document.get(name) for name in expected} == expected
    assert {"sub", "iss", "aud", "exp", "iat", "nonce", "email", "email_verified"} <= set(document["claims_supported"])


def test_the_document_is_where_rfc_8414_has_it_too(server: Server, pool: dict[str, Any]) -> None:
    document = fetch(server, pool["Id"], "openid-configuration").content
    assert fetch(server, pool["Id"], "oauth-authorization-server").content == document
    inserted = requests.get(f"{server.url}/.well-known/oauth-authorization-server/{pool['Id']}", timeout=10)
    assert (inserted.status_code, inserted.content) == (200, document)
    missing = requests.get(f"{server.url}/.well-known/oauth-authorization-server/us-east-1_None", timeout=10)
    assert missing.status_code == 404


def test_endpoints_are_on_the_pools_own_domain_as_soon_as_it_has_one(server: Server, idp: Any) -> None:
    pool = factories.make_pool(idp)
    issuer = f"{server.url}/{pool['Id']}"
    assert fetch(server, pool["Id"], "openid-configuration").json()["token_endpoint"] == f"{issuer}/oauth2/token"
    prefix = factories.unique("acme")
    idp.create_user_pool_domain(UserPoolId=pool["Id"], Domain=prefix)
    host = f"{prefix}.auth.{server.url.removeprefix('http://')}"
    document = fetch(server, pool["Id"], "openid-configuration").json()
    assert (document["issuer"], document["jwks_uri"]) == (issuer, f"{issuer}/.well-known/jwks.json")
    assert document["token_endpoint"] == f"http://{host}/oauth2/token"
    assert document["end_session_endpoint"] == f"http://{host}/logout"
    address = f"{server.url}/.well-known/openid-configuration"
    assert requests.get(address, headers={"Host": host}, timeout=10).json() == document
    for name in ("token", "userInfo", "revoke", "introspect"):
        answer = requests.get(f"{server.url}/oauth2/{name}", headers={"Host": host}, timeout=10)
        assert answer.status_code in {400, 405}, name
    assert "You are signed out" in requests.get(f"{server.url}/logout", headers={"Host": host}, timeout=10).text
    idp.delete_user_pool_domain(UserPoolId=pool["Id"], Domain=prefix)
    assert fetch(server, pool["Id"], "openid-configuration").json()["token_endpoint"] == f"{issuer}/oauth2/token"


def test_every_address_in_the_document_answers(server: Server, pool: dict[str, Any]) -> None:
    document = fetch(server, pool["Id"], "openid-configuration").json()
    addresses = {name: url for name, url in document.items() if name.endswith(("_endpoint", "_uri"))}
    assert len(addresses) == 7
    for name, url in addresses.items():
        assert requests.get(url, timeout=10, allow_redirects=False).status_code != 404, name


def test_the_key_set_holds_two_public_keys_and_nothing_private(server: Server, pool: dict[str, Any]) -> None:
    document = fetch(server, pool["Id"], "jwks.json").json()
    assert document.keys() == {"keys"}
    assert len(document["keys"]) == 2
    for key in document["keys"]:
        assert key == {"alg": "RS256", "e": "AQAB", "kid": key["kid"], "kty": "RSA", "n": key["n"], "use": "sig"}
        assert len(key["kid"]) == 44
        assert len(base64.b64decode(key["kid"], validate=True)) == 32
        modulus = int.from_bytes(base64.urlsafe_b64decode(key["n"] + "=" * (-len(key["n"]) % 4)))
        assert modulus.bit_length() == 2048
        assert "=" not in key["n"]
    assert len({key["kid"] for key in document["keys"]} | {key["n"] for key in document["keys"]}) == 4


def test_a_client_library_finds_the_key_of_each_token(
    server: Server, idp: Any, public: Any, pool: dict[str, Any]
) -> None:
    client = factories.make_client(idp, pool)
    tokens = factories.sign_in(public, client, factories.make_user(idp, pool))
    document = fetch(server, pool["Id"], "openid-configuration").json()
    keys = jwt.PyJWKClient(document["jwks_uri"])
    for kind, audience in (("IdToken", client["ClientId"]), ("AccessToken", None)):
        claims = jwt.decode(
            tokens[kind],
            keys.get_signing_key_from_jwt(tokens[kind]),
            algorithms=document["id_token_signing_alg_values_supported"],
            issuer=document["issuer"],
            audience=audience,
        )
        assert claims["iss"] == document["issuer"]


def test_pools_share_no_key(server: Server, idp: Any, pool: dict[str, Any]) -> None:
    sets = [fetch(server, either["Id"], "jwks.json").json() for either in (pool, factories.make_pool(idp))]
    assert len({key["kid"] for keys in sets for key in keys["keys"]}) == 4


def test_a_pool_of_another_region_is_found_by_its_id_alone(server: Server) -> None:
    pool = factories.make_pool(clients.idp(server, region="eu-central-1"))
    assert fetch(server, pool["Id"], "openid-configuration").json()["issuer"] == f"{server.url}/{pool['Id']}"
    assert len(fetch(server, pool["Id"], "jwks.json").json()["keys"]) == 2


@pytest.mark.parametrize("name", DOCUMENTS)
def test_browsers_and_caches_may_have_it(server: Server, pool: dict[str, Any], name: str) -> None:
    answer = fetch(server, pool["Id"], name, headers={"Origin": "https://app.example"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "max-age" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


def test_the_issuer_does_not_follow_what_the_caller_says(server: Server, pool: dict[str, Any]) -> None:
    spoofed = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    answer = fetch(server, pool["Id"], "openid-configuration", headers=spoofed)
    assert answer.json() == fetch(server, pool["Id"], "openid-configuration").json()
    assert "evil" not in answer.text


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize(
    "pool_id",
    ["us-east-1_000000000", "gatehouse_operators", "nonsense", "%00", "us-east-1_%00", "%ED%A0%80", "%FF", "a" * 4000],
)
def test_there_is_none_for_a_pool_that_is_not(server: Server, pool_id: str, name: str) -> None:
    answer = fetch(server, pool_id, name)
    assert answer.status_code == 404
    assert "Cache-Control" not in answer.headers


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_id_must_be_exact(server: Server, pool: dict[str, Any], name: str) -> None:
    for other in (pool["Id"].upper(), f"{pool['Id']}%0A", f"{pool['Id']}%20", f"%20{pool['Id']}"):
        assert fetch(server, other, name).status_code == 404, other


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_goes_with_its_pool(server: Server, idp: Any, name: str) -> None:
    pool = factories.make_pool(idp)
    assert fetch(server, pool["Id"], name).status_code == 200
    idp.delete_user_pool(UserPoolId=pool["Id"])
    assert fetch(server, pool["Id"], name).status_code == 404
