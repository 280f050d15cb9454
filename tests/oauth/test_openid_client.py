"""openid-client, a certified relying party, against the real endpoints and pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.oauth.conftest import StartLibrary
from tests.support import factories, javascript
from tests.support.javascript import rejected
from tests.support.oauth import App, new_app
from tests.support.pages import CALLBACK, PASSWORD, make_app
from tests.support.server import Server

SECRET = "a+secret_of_an_app_for_tests"
BYE = "https://app.example/bye"
SCOPE = "openid email"
ASKED = {"redirect_uri": CALLBACK, "scope": SCOPE}
Client = javascript.App


@pytest.fixture(scope="module")
def made(server: Server, idp: Any) -> App:
    return new_app(server, idp, ClientSecret=SECRET)


@pytest.fixture
def app(made: App) -> App:
    made.browser.session.cookies.clear()
    return made


@pytest.fixture
def openid(app: App, library: StartLibrary) -> Callable[..., Client]:
    """Starts openid-client for the app, by Basic unless another method is named."""

    def start(method: str = "basic", **other: Any) -> Client:
        given = {"issuer": app.issuer, "clientId": app.client_id, "secret": SECRET, "method": method, **other}
        return library("openid-client", **given)

    return start


def sign_in(app: App, client: Client, **asked: str) -> str:
    """By the form of the sign-in page, if it is shown; the address at which the app is called back."""
    address = client("authorizationUrl", {**ASKED, **asked})
    assert address.startswith(f"{app.issuer}/oauth2/authorize?")
    answer = app.browser.open("oauth2/authorize", **dict(parse_qsl(urlsplit(address).query)))
    if answer.status_code == 200:
        answer = app.browser.submit(username="ada", password=PASSWORD)
    assert answer.status_code == 302, app.browser.text
    return answer.headers["Location"]


# Everything in order


@pytest.mark.parametrize("method", ["basic", "post"])
def test_a_user_signs_in_and_out_again(app: App, openid: Callable[..., Client], method: str) -> None:
    client = openid(method)
    tokens = client("codeGrant", sign_in(app, client))
    assert tokens["token_type"] == "bearer"
    assert tokens["claims"]["iss"] == app.issuer
    assert tokens["claims"]["email_verified"] is True
    subject = tokens["claims"]["sub"]

    shown = client("userInfo", tokens["access_token"], subject)
    assert shown == {"sub": subject, "username": "ada", "email": "ada@example.com", "email_verified": "true"}

    said = client("introspect", tokens["access_token"])
    assert (said["active"], said["username"], said["scope"]) == (True, "ada", SCOPE)

    renewed = client("refreshGrant", tokens["refresh_token"], {})
    assert renewed["claims"]["sub"] == subject
    assert "refresh_token" not in renewed

    client("revoke", tokens["refresh_token"])
    for token in (tokens["access_token"], renewed["access_token"], tokens["refresh_token"]):
        assert client("introspect", token) == {"active": False}
    with rejected("WWWAuthenticateChallengeError", "invalid_token"):
        client("userInfo", tokens["access_token"], subject)

    parameters = {"post_logout_redirect_uri": BYE, "state": "s", "id_token_hint": tokens["id_token"]}
    answer = app.browser.session.get(client("endSessionUrl", parameters), timeout=20, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{BYE}?state=s")
    answer = app.browser.session.get(client("authorizationUrl", ASKED), timeout=20, allow_redirects=False)
    assert "/login" in answer.headers["Location"]


def test_a_public_client_signs_in_with_pkce_alone(app: App, idp: Any, openid: Callable[..., Client]) -> None:
    public = make_app(idp, app.pool_id, ClientName="public")
    client = openid("none", clientId=public["ClientId"])
    tokens = client("codeGrant", sign_in(app, client))
    assert tokens["claims"]["aud"] == public["ClientId"]
    assert client("refreshGrant", tokens["refresh_token"], {})["claims"]["sub"] == tokens["claims"]["sub"]


def test_a_rotated_refresh_token_takes_the_place_of_the_first(
    app: App, idp: Any, openid: Callable[..., Client]
) -> None:
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    flows = ["ALLOW_USER_SRP_AUTH"]
    rotating = make_app(idp, app.pool_id, RefreshTokenRotation=rotation, ExplicitAuthFlows=flows)
    client = openid("none", clientId=rotating["ClientId"])
    first = client("codeGrant", sign_in(app, client))["refresh_token"]
    second = client("refreshGrant", first, {})["refresh_token"]
    third = client("refreshGrant", second, {})["refresh_token"]
    assert len({first, second, third}) == 3
    with rejected("ResponseBodyError", "invalid_grant"):
        client("refreshGrant", second, {})
    with rejected("ResponseBodyError", "invalid_grant"):
        client("refreshGrant", third, {})


def test_prompt_none_answers_at_once_or_says_why_not(app: App, openid: Callable[..., Client]) -> None:
    client = openid()
    with rejected("AuthorizationResponseError", "login_required"):
        client("codeGrant", sign_in(app, client, prompt="none"))
    sign_in(app, client)
    assert client("codeGrant", sign_in(app, client, prompt="none"))["claims"]["sub"]


@pytest.fixture(scope="module")
def machine(idp: Any, made: App) -> dict[str, Any]:
    scopes = [{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write", "drop")]
    idp.create_resource_server(UserPoolId=made.pool_id, Identifier="orders", Name="orders", Scopes=scopes)
    return make_app(
        idp,
        made.pool_id,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["orders/read", "orders/write"],
        GenerateSecret=True,
    )


def test_a_machine_has_tokens_of_its_own(machine: dict[str, Any], openid: Callable[..., Client]) -> None:
    client = openid(clientId=machine["ClientId"], secret=machine["ClientSecret"])
    token = client("clientCredentialsGrant", {})
    assert token.keys() == {"access_token", "expires_in", "token_type"}
    claims = factories.claims_of(token["access_token"])
    assert (claims["sub"], set(claims["scope"].split())) == (machine["ClientId"], {"orders/read", "orders/write"})
    one = client("clientCredentialsGrant", {"scope": "orders/read"})
    assert factories.claims_of(one["access_token"])["scope"] == "orders/read"
    assert client("introspect", one["access_token"])["scope"] == "orders/read"


def test_a_scope_that_was_removed_is_not_in_tokens_until_it_is_back(
    idp: Any, app: App, machine: dict[str, Any], openid: Callable[..., Client]
) -> None:
    client = openid(clientId=machine["ClientId"], secret=machine["ClientSecret"])
    server = {"UserPoolId": app.pool_id, "Identifier": "orders"}
    before = idp.describe_resource_server(**server)["ResourceServer"]
    without = [scope for scope in before["Scopes"] if scope["ScopeName"] != "write"]
    idp.update_resource_server(**server, Name="orders", Scopes=without)
    token = client("clientCredentialsGrant", {"scope": "orders/read orders/write"})
    assert factories.claims_of(token["access_token"])["scope"] == "orders/read"
    idp.update_resource_server(**server, Name="orders", Scopes=before["Scopes"])
    token = client("clientCredentialsGrant", {"scope": "orders/read orders/write"})
    assert set(factories.claims_of(token["access_token"])["scope"].split()) == {"orders/read", "orders/write"}


# Refusals


def test_a_code_works_once_and_its_reuse_ends_what_it_gave(app: App, openid: Callable[..., Client]) -> None:
    client = openid()
    address = sign_in(app, client)
    tokens = client("codeGrant", address)
    assert client("introspect", tokens["access_token"])["active"] is True
    with rejected("ResponseBodyError", "invalid_grant"):
        client("codeGrant", address)
    assert client("introspect", tokens["access_token"]) == {"active": False}
    with rejected("ResponseBodyError", "invalid_grant"):
        client("refreshGrant", tokens["refresh_token"], {})


def test_a_wrong_verifier_is_refused(app: App, openid: Callable[..., Client]) -> None:
    client = openid()
    with rejected("ResponseBodyError", "invalid_grant"):
        client("codeGrant", sign_in(app, client), {"pkceCodeVerifier": "w" * 43})


def test_another_redirect_uri_than_the_first_is_refused(server: Server, idp: Any, library: StartLibrary) -> None:
    other = "https://app.example/other"
    app = new_app(server, idp, CallbackURLs=[CALLBACK, other])
    client = library("openid-client", issuer=app.issuer, clientId=app.client_id)
    address = sign_in(app, client).replace(CALLBACK, other)
    with rejected("ResponseBodyError", "unauthorized_client"):
        client("codeGrant", address)


def test_a_redirect_uri_that_is_not_registered_gets_nothing(app: App, openid: Callable[..., Client]) -> None:
    address = openid()("authorizationUrl", {**ASKED, "redirect_uri": f"{CALLBACK}/"})
    answer = requests.get(address, timeout=20, allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"/{app.pool_id}/error?")


@pytest.mark.parametrize("method", ["basic", "post"])
def test_a_wrong_secret_is_refused(app: App, openid: Callable[..., Client], method: str) -> None:
    client = openid(method, secret=SECRET[::-1])
    address = sign_in(app, client)
    for call in (("codeGrant", address), ("refreshGrant", "t", {})):
        with rejected("ResponseBodyError", "invalid_client"):
            client(*call)
    for call in (("revoke", "t"), ("introspect", "t")):  # answered with 401 and a challenge, as their RFCs have it
        with rejected("WWWAuthenticateChallengeError"):
            client(*call)


def test_a_scope_that_is_not_allowed_is_refused(
    app: App, machine: dict[str, Any], openid: Callable[..., Client]
) -> None:
    client = openid()
    with rejected("AuthorizationResponseError", "invalid_scope"):
        client("codeGrant", sign_in(app, client, scope="openid orders/read"))
    client = openid(clientId=machine["ClientId"], secret=machine["ClientSecret"])
    for scope in ("orders/drop", "openid", "orders/read orders/drop", "orders/none"):
        with rejected("ResponseBodyError", "invalid_scope"):
            client("clientCredentialsGrant", {"scope": scope})


def test_a_flow_that_is_not_allowed_is_refused(app: App, openid: Callable[..., Client]) -> None:
    with rejected("ResponseBodyError", "unauthorized_client"):
        openid()("clientCredentialsGrant", {})


def test_a_response_for_somebody_else_is_found_out(app: App, openid: Callable[..., Client]) -> None:
    client = openid()
    address = sign_in(app, client)
    with pytest.raises(javascript.Rejected):
        client("codeGrant", address, {"expectedState": "another"})
    foreign = address.replace(f"%2F{app.pool_id}", "%2Fus-east-1_Other0000")
    assert foreign != address
    with pytest.raises(javascript.Rejected):
        client("codeGrant", foreign)
