"""Whole tokens of each grant, as a verifying library reads them."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import jwt
import pytest

from tests.support.oauth import App, new_app, signed_in, told
from tests.support.pages import make_user
from tests.support.server import Server

RESOURCE = "https://api.example/orders"
EACH = {"iat", "exp", "auth_time", "jti", "event_id", "origin_jti"}
ATTRIBUTES = {
    "email": "ada@example.com",
    "email_verified": "true",
    "phone_number": "+15550100",
    "given_name": "Ada",
    "updated_at": "1700000000",
    "custom:tenant": "acme",
}


@pytest.fixture
def app(server: Server, idp: Any) -> App:
    """An app whose user has attributes of all kinds and is in a group."""
    pool = idp.create_user_pool(PoolName="claims", Schema=[{"Name": "tenant", "AttributeDataType": "String"}])
    made = new_app(server, idp, pool=pool["UserPool"], AllowedOAuthFlows=["code", "implicit"])
    make_user(idp, made.pool_id, "ada", **ATTRIBUTES)
    idp.create_group(UserPoolId=made.pool_id, GroupName="readers")
    idp.admin_add_user_to_group(UserPoolId=made.pool_id, Username="ada", GroupName="readers")
    made.sign_in()
    return made


def verified(app: App, token: str, audience: str | None = None) -> dict[str, Any]:
    """Claims whose signature, issuer, audience and life are right."""
    keys = jwt.PyJWKClient(f"{app.issuer}/.well-known/jwks.json")
    key = keys.get_signing_key_from_jwt(token)
    claims: dict[str, Any] = jwt.decode(
        token,
        key.key,
        algorithms=["RS256"],
        issuer=app.issuer,
        audience=audience,
        options={"verify_aud": audience is not None},
    )
    return claims


def sub_of(app: App, idp: Any) -> str:
    user = idp.admin_get_user(UserPoolId=app.pool_id, Username="ada")
    return {item["Name"]: item["Value"] for item in user["UserAttributes"]}["sub"]


def lasting(claims: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if name not in EACH}


def in_access_token(app: App, idp: Any, scope: str, **more: Any) -> dict[str, Any]:
    return {
        "sub": sub_of(app, idp),
        "cognito:groups": ["readers"],
        "iss": app.issuer,
        "version": 2,
        "client_id": app.client_id,
        "token_use": "access",
        "scope": scope,
        "username": "ada",
        **more,
    }


def in_id_token(app: App, idp: Any, access_token: str | None = None, **more: Any) -> dict[str, Any]:
    half = hashlib.sha256((access_token or "").encode()).digest()[:16]
    bound = {"at_hash": base64.urlsafe_b64encode(half).decode().rstrip("=")} if access_token else {}
    return {
        "sub": sub_of(app, idp),
        "cognito:groups": ["readers"],
        "iss": app.issuer,
        "cognito:username": "ada",
        "aud": app.client_id,
        "token_use": "id",
        **bound,
        **more,
    }


def test_the_tokens_of_a_code(app: App, idp: Any) -> None:
    tokens = app.tokens(scope="openid email", nonce="n-0S6_WzA2Mj", resource=RESOURCE)
    access = verified(app, tokens["access_token"], RESOURCE)
    identity = verified(app, tokens["id_token"], app.client_id)
    assert lasting(access) == in_access_token(app, idp, "openid email", aud=RESOURCE)
    assert lasting(identity) == in_id_token(
        app, idp, tokens["access_token"], nonce="n-0S6_WzA2Mj", email="ada@example.com", email_verified=True
    )
    assert access.keys() >= EACH and identity.keys() >= EACH
    for name in ("origin_jti", "event_id", "auth_time"):
        assert access[name] == identity[name]
    assert access["jti"] != identity["jti"]


def test_the_tokens_of_an_implicit_grant(app: App, idp: Any) -> None:
    said = told(app.authorize(response_type="token", scope="openid phone", nonce="n"))
    access = verified(app, said["access_token"])
    identity = verified(app, said["id_token"], app.client_id)
    assert lasting(access) == in_access_token(app, idp, "openid phone")
    assert lasting(identity) == in_id_token(app, idp, said["access_token"], nonce="n", phone_number="+15550100")


def test_the_tokens_of_a_refresh(app: App, idp: Any) -> None:
    first = app.tokens(scope="openid email", nonce="n", resource=RESOURCE)
    tokens = app.refresh(first["refresh_token"]).json()
    access = verified(app, tokens["access_token"], RESOURCE)
    identity = verified(app, tokens["id_token"], app.client_id)
    assert lasting(access) == in_access_token(app, idp, "openid email", aud=RESOURCE)
    # Source: OpenID Connect Core, section 12.2: a refreshed ID token should have no nonce.
    assert lasting(identity) == in_id_token(app, idp, email="ada@example.com", email_verified=True)


@pytest.mark.parametrize("scope", ["openid", "openid profile", "openid profile email"])
def test_openid_alone_and_profile_show_all_that_the_client_may_read(app: App, idp: Any, scope: str) -> None:
    tokens = app.tokens(scope=scope)
    everything = {**ATTRIBUTES, "email_verified": True, "updated_at": 1700000000}
    assert lasting(verified(app, tokens["id_token"], app.client_id)) == in_id_token(
        app, idp, tokens["access_token"], **everything
    )


def test_what_the_client_may_not_read_is_in_no_token(server: Server, idp: Any) -> None:
    app = signed_in(server, idp, ReadAttributes=["email", "email_verified"])
    identity = verified(app, app.tokens(scope="openid")["id_token"], app.client_id)
    assert "given_name" not in identity and identity["email"] == "ada@example.com"


def test_when_the_user_signed_in_is_told_and_not_when_the_tokens_were_made(app: App, clock: Any) -> None:
    first = verified(app, app.tokens()["id_token"], app.client_id)
    clock.advance(seconds=300)
    tokens = app.tokens()
    keyed = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert keyed["auth_time"] == first["auth_time"]
    assert keyed["iat"] >= first["iat"] + 300


def test_a_custom_scope_that_its_server_has_no_more_is_left_out_until_it_is_back(server: Server, idp: Any) -> None:
    app = signed_in(server, idp)

    def offer(operation: Any, *names: str) -> None:
        scopes = [{"ScopeName": name, "ScopeDescription": name} for name in names]
        operation(UserPoolId=app.pool_id, Identifier="api", Name="api", Scopes=scopes)

    offer(idp.create_resource_server, "read", "write")
    idp.update_user_pool_client(
        UserPoolId=app.pool_id,
        ClientId=app.client_id,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid", "api/read", "api/write"],
        CallbackURLs=app.client["CallbackURLs"],
        SupportedIdentityProviders=["COGNITO"],
    )
    tokens = app.tokens(scope="openid api/read api/write")
    assert scope_of(tokens) == "openid api/read api/write"
    offer(idp.update_resource_server, "write")
    assert scope_of(app.refresh(tokens["refresh_token"]).json()) == "openid api/write"
    assert scope_of(app.tokens(scope="openid api/read")) == "openid"
    offer(idp.update_resource_server, "read", "write")
    assert scope_of(app.refresh(tokens["refresh_token"]).json()) == "openid api/read api/write"


def scope_of(tokens: dict[str, Any]) -> str:
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    return str(claims["scope"])
