"""Authlib, with requests, as a web app and as a machine: it reads discovery and does the rest by itself."""

from __future__ import annotations

from typing import Any

import pytest
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.support.oauth import App, new_app
from tests.support.pages import CALLBACK, PASSWORD, make_app
from tests.support.server import Server

SECRET = "a+secret_of_an_app_for_tests"
SCOPE = "openid email"
METHODS = ["client_secret_basic", "client_secret_post"]


@pytest.fixture(scope="module")
def made(server: Server, idp: Any) -> App:
    return new_app(server, idp, ClientSecret=SECRET)


@pytest.fixture
def app(made: App) -> App:
    made.browser.session.cookies.clear()
    return made


class Session:
    """An app's session with Authlib; `metadata` is what discovery said."""

    def __init__(self, app: App, **options: Any) -> None:
        given = {"client_id": app.client_id, "client_secret": SECRET, "scope": SCOPE, "redirect_uri": CALLBACK}
        self.oauth = OAuth2Session(**{**given, "code_challenge_method": "S256", **options})
        self.metadata = self.oauth.get(
            f"{app.issuer}/.well-known/openid-configuration", withhold_token=True, timeout=20
        ).json()
        self._app = app
        self.verifier = generate_token(48)

    def sign_in(self, **more: str) -> str:
        """Through the pages; the address at which the app is called back."""
        endpoint = self.metadata["authorization_endpoint"]
        address, self.state = self.oauth.create_authorization_url(endpoint, code_verifier=self.verifier, **more)
        browser = self._app.browser
        answer = browser.open(f"oauth2/authorize?{address.partition('?')[2]}")
        if answer.status_code == 200:
            answer = browser.submit(username="ada", password=PASSWORD)
        assert answer.status_code == 302, browser.text
        return answer.headers["Location"]

    def fetch(self, address: str, **more: Any) -> dict[str, Any]:
        given = {"code_verifier": self.verifier, "state": self.state, **more}
        token: dict[str, Any] = self.oauth.fetch_token(
            self.metadata["token_endpoint"], authorization_response=address, timeout=20, **given
        )
        return token


@pytest.mark.parametrize("method", METHODS)
def test_a_user_signs_in_and_the_tokens_do_what_they_are_for(app: App, method: str) -> None:
    session = Session(app, token_endpoint_auth_method=method, revocation_endpoint_auth_method=method)
    nonce = generate_token(20)
    token = session.fetch(session.sign_in(nonce=nonce))
    keys = KeySet.import_key_set(session.oauth.get(session.metadata["jwks_uri"], timeout=20).json())
    claims = jwt.decode(token["id_token"], keys).claims
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (app.issuer, app.client_id, nonce)

    shown = session.oauth.get(session.metadata["userinfo_endpoint"], timeout=20).json()
    assert (shown["sub"], shown["email"]) == (claims["sub"], "ada@example.com")

    endpoint = session.metadata["introspection_endpoint"]
    said = session.oauth.introspect_token(endpoint, token["access_token"], "access_token").json()
    assert (said["active"], said["sub"]) == (True, claims["sub"])

    renewed = session.oauth.refresh_token(session.metadata["token_endpoint"], refresh_token=token["refresh_token"])
    assert renewed["access_token"] != token["access_token"]

    answer = session.oauth.revoke_token(session.metadata["revocation_endpoint"], token["refresh_token"])
    assert answer.status_code == 200
    assert session.oauth.introspect_token(endpoint, renewed["access_token"]).json() == {"active": False}
    with pytest.raises(OAuthError, match="invalid_grant"):
        session.oauth.refresh_token(session.metadata["token_endpoint"], refresh_token=token["refresh_token"])

    answer = app.browser.session.get(
        session.metadata["end_session_endpoint"],
        params={"client_id": app.client_id, "logout_uri": "https://app.example/bye"},
        timeout=20,
        allow_redirects=False,
    )
    assert answer.headers["Location"] == "https://app.example/bye"


def test_a_public_client_signs_in_with_pkce_alone(app: App, idp: Any) -> None:
    client_id = make_app(idp, app.pool_id, ClientName="public")["ClientId"]
    session = Session(app, client_id=client_id, client_secret=None, token_endpoint_auth_method="none")
    token = session.fetch(session.sign_in())
    assert token.keys() >= {"access_token", "id_token", "refresh_token"}


@pytest.mark.parametrize("method", METHODS)
def test_a_machine_has_a_token_of_its_own(app: App, idp: Any, method: str) -> None:
    identifier = f"orders-{method}"
    scopes = [{"ScopeName": "read", "ScopeDescription": "d"}]
    idp.create_resource_server(UserPoolId=app.pool_id, Identifier=identifier, Name="orders", Scopes=scopes)
    scope = f"{identifier}/read"
    flow = {"AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": [scope], "GenerateSecret": True}
    client = make_app(idp, app.pool_id, **flow)
    credentials = {"client_id": client["ClientId"], "client_secret": client["ClientSecret"]}
    session = Session(app, **credentials, scope=scope, token_endpoint_auth_method=method)
    endpoint = session.metadata["token_endpoint"]
    assert session.oauth.fetch_token(endpoint, grant_type="client_credentials")["token_type"] == "Bearer"
    with pytest.raises(OAuthError, match="invalid_scope"):
        session.oauth.fetch_token(endpoint, grant_type="client_credentials", scope=f"{identifier}/write")


# Refusals


def test_a_code_works_once_and_its_reuse_ends_what_it_gave(app: App) -> None:
    session = Session(app)
    address = session.sign_in()
    session.fetch(address)
    with pytest.raises(OAuthError, match="invalid_grant"):
        session.fetch(address)
    assert session.oauth.get(session.metadata["userinfo_endpoint"], timeout=20).status_code == 401


def test_a_wrong_verifier_is_refused(app: App) -> None:
    session = Session(app)
    with pytest.raises(OAuthError, match="invalid_grant"):
        session.fetch(session.sign_in(), code_verifier=generate_token(48))


def test_another_redirect_uri_than_the_first_is_refused(app: App) -> None:
    session = Session(app)
    with pytest.raises(OAuthError, match="unauthorized_client: invalid_redirect"):
        session.fetch(session.sign_in(), redirect_uri=f"{CALLBACK}/")


@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_secret_is_refused(app: App, method: str) -> None:
    session = Session(app, client_secret=SECRET[::-1], token_endpoint_auth_method=method)
    with pytest.raises(OAuthError, match="invalid_client"):
        session.fetch(session.sign_in())


def test_a_scope_that_is_not_allowed_is_refused(app: App) -> None:
    session = Session(app, scope="openid orders/none")
    assert "error=invalid_scope" in session.sign_in()
