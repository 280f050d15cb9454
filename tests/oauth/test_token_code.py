"""Codes at the token endpoint: what they give, once, and what keeps them from it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.support import factories
from tests.support.clients import refused as refused_by
from tests.support.clock import Clock
from tests.support.factories import claims_of
from tests.support.oauth import ENDINGS, PKCE, VERIFIER, App, end, new_app, refused, signed_in, told
from tests.support.pages import CALLBACK, make_app, make_user
from tests.support.server import Server

MEMBERS = {"id_token", "access_token", "refresh_token", "expires_in", "token_type"}


@pytest.fixture
def app(server: Server, idp: Any) -> App:
    return signed_in(server, idp)


def test_a_code_gives_tokens(app: App) -> None:
    answer = app.redeem(app.code())
    assert answer.status_code == 200
    assert answer.json().keys() == MEMBERS
    assert (answer.json()["expires_in"], answer.json()["token_type"]) == (3600, "Bearer")
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_without_openid_there_is_no_id_token(app: App) -> None:
    tokens = app.tokens(scope="aws.cognito.signin.user.admin")
    assert tokens.keys() == MEMBERS - {"id_token"}
    assert "id_token" not in app.refresh(tokens["refresh_token"]).json()


def test_the_user_operations_want_their_own_scope(app: App, public: Any) -> None:
    allowed = app.tokens(scope="openid aws.cognito.signin.user.admin")
    assert public.get_user(AccessToken=allowed["access_token"])["Username"] == "ada"
    tokens = app.tokens(scope="openid profile")
    with refused_by("NotAuthorizedException", "Access Token does not have required scopes"):
        public.get_user(AccessToken=tokens["access_token"])


# Once, and not for long


def test_a_code_works_once_and_its_reuse_ends_the_tokens_of_the_first_use(app: App, public: Any) -> None:
    code = app.code(scope="openid aws.cognito.signin.user.admin")
    tokens = app.redeem(code).json()
    assert public.get_user(AccessToken=tokens["access_token"])["Username"] == "ada"
    assert refused(app.redeem(code)) == "invalid_grant"
    assert refused(app.refresh(tokens["refresh_token"])) == "invalid_grant"
    with refused_by("NotAuthorizedException", "Access Token has been revoked"):
        public.get_user(AccessToken=tokens["access_token"])
    assert refused(app.redeem(code)) == "invalid_grant"


def test_reuse_ends_nothing_else(app: App) -> None:
    other = app.tokens()
    code = app.code()
    app.redeem(code)
    app.redeem(code)
    assert app.refresh(other["refresh_token"]).status_code == 200
    assert "code" in told(app.authorize())


def test_a_late_reuse_ends_the_tokens_of_the_first_use_too(app: App, clock: Clock) -> None:
    code = app.code()
    tokens = app.redeem(code).json()
    clock.advance(seconds=6 * 60)
    assert refused(app.redeem(code)) == "invalid_grant"
    assert refused(app.refresh(tokens["refresh_token"])) == "invalid_grant"


def test_a_code_lasts_five_minutes(app: App, clock: Clock) -> None:
    first, second = app.code(), app.code()
    clock.advance(seconds=4 * 60 + 50)
    assert app.redeem(first).status_code == 200
    clock.advance(seconds=20)
    assert refused(app.redeem(second)) == "invalid_grant"


def test_who_has_only_a_used_code_ends_nothing(app: App) -> None:
    code = app.code(**PKCE)
    tokens = app.redeem(code, code_verifier=VERIFIER).json()
    assert refused(app.redeem(code, code_verifier=VERIFIER[::-1])) == "invalid_grant"
    assert refused(app.redeem(code, code_verifier=VERIFIER, redirect_uri="https://x.example")) == "unauthorized_client"
    assert app.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("code", ["nothing", "%00", "\0", "x" * 5000, "6f1f6c0e-6a3c-4b0e-9b56-5d1c3f0a7d52", "ü"])
def test_an_unknown_code_is_refused(app: App, code: str) -> None:
    assert refused(app.redeem(code)) in {"invalid_grant", "invalid_request"}


def test_a_code_is_one_clients(app: App, server: Server, idp: Any) -> None:
    sibling = App(server, make_app(idp, app.pool_id), app.browser)
    code = app.code()
    assert refused(sibling.redeem(code)) == "invalid_grant"
    assert app.redeem(code).status_code == 200


def test_a_client_and_its_codes_are_one_pools(app: App, server: Server, idp: Any) -> None:
    other = new_app(server, idp)
    address = f"{other.issuer}/oauth2/token"
    form = {"grant_type": "authorization_code", "code": app.code(), "redirect_uri": CALLBACK}
    answer = requests.post(address, data={**form, "client_id": app.client_id}, timeout=20)
    assert refused(answer) == "invalid_client"


# The redirect URI and the verifier


def test_the_address_must_be_the_one_of_the_authorization(server: Server, idp: Any) -> None:
    other = "https://app.example/other"
    app = signed_in(server, idp, CallbackURLs=[CALLBACK, other])
    code = app.code()
    for address in (other, f"{CALLBACK}/", "https://evil.example"):
        answer = app.redeem(code, redirect_uri=address)
        assert refused(answer) == "unauthorized_client"
        assert answer.json()["error_description"] == "invalid_redirect"
    assert app.redeem(code).status_code == 200, "a wrong address does not use the code"


def test_the_address_must_be_said_where_there_are_several(server: Server, idp: Any) -> None:
    app = signed_in(server, idp, CallbackURLs=[CALLBACK, "https://app.example/other"])
    answer = app.token(grant_type="authorization_code", client_id=app.client_id, code=app.code())
    assert refused(answer) == "invalid_request"


def test_the_right_verifier_is_wanted(app: App) -> None:
    code = app.code(**PKCE)
    assert refused(app.redeem(code)) == "invalid_request"
    for wrong in (VERIFIER[::-1], f"{VERIFIER}x", PKCE["code_challenge"], "ü" * 43):
        assert refused(app.redeem(code, code_verifier=wrong)) == "invalid_grant"
    assert app.redeem(code, code_verifier=VERIFIER).status_code == 200, "a wrong verifier does not use the code"


def test_a_verifier_of_nothing_is_refused(app: App) -> None:
    assert refused(app.redeem(app.code(), code_verifier=VERIFIER)) == "invalid_grant"


# What changed since the authorization


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_code_ends_with_its_users_right_to_sign_in(app: App, idp: Any, ending: str) -> None:
    code = app.code()
    end(idp, app, ending)
    assert refused(app.redeem(code)) == "invalid_grant"
    if ending == "disable":
        idp.admin_enable_user(UserPoolId=app.pool_id, Username="ada")
        assert refused(app.redeem(code)) == "invalid_grant", "a code comes not back to life"


def test_a_code_ends_with_its_client(app: App, idp: Any) -> None:
    code = app.code()
    idp.delete_user_pool_client(UserPoolId=app.pool_id, ClientId=app.client_id)
    assert refused(app.redeem(code)) == "invalid_client"


def test_a_client_that_lost_the_code_flow_is_not_authorized(app: App, idp: Any) -> None:
    code = app.code()
    update(idp, app, AllowedOAuthFlows=["implicit"])
    assert refused(app.redeem(code)) == "unauthorized_client"
    update(idp, app, AllowedOAuthFlowsUserPoolClient=False)
    assert refused(app.redeem(code)) == "unauthorized_client"


def update(idp: Any, app: App, **members: Any) -> None:
    told_only = {"CreationDate", "LastModifiedDate", "ClientSecret", "ClientType"}
    kept = {name: value for name, value in app.client.items() if name not in told_only}
    idp.update_user_pool_client(**{**kept, **members})


@pytest.mark.parametrize(
    ("readable", "scope", "is_enough"),
    [
        (["email", "email_verified"], "openid email", True),
        (["email"], "openid email", False),
        (["given_name"], "openid email", False),
        (["given_name"], "openid profile", True),
        (["phone_number"], "openid phone", False),
        (["email"], "openid", True),
    ],
)
def test_the_client_must_be_able_to_read_what_the_scope_shows(
    server: Server, idp: Any, readable: list[str], scope: str, is_enough: bool
) -> None:
    app = signed_in(server, idp, ReadAttributes=readable)
    answer = app.redeem(app.code(scope=scope))
    assert (answer.json().get("error") is None) == is_enough
    assert is_enough or refused(answer) == "invalid_grant"


def test_without_revocation_the_tokens_have_no_family_and_codes_still_work_once(server: Server, idp: Any) -> None:
    app = signed_in(server, idp, EnableTokenRevocation=False)
    code = app.code()
    tokens = app.redeem(code).json()
    claims = claims_of(tokens["access_token"])
    assert "origin_jti" not in claims and "jti" not in claims
    assert refused(app.redeem(code)) == "invalid_grant"
    assert refused(app.refresh(tokens["refresh_token"])) == "invalid_grant"


def test_two_users_codes_are_not_mixed_up(server: Server, idp: Any) -> None:
    app = new_app(server, idp)
    make_user(idp, app.pool_id, "bob")
    app.sign_in("bob")
    bobs = app.code()
    app.sign_in("ada")
    adas = app.code()
    assert claims_of(app.redeem(bobs).json()["access_token"])["username"] == "bob"
    assert claims_of(app.redeem(adas).json()["access_token"])["username"] == "ada"


def test_expired_codes_are_deleted_in_time(app: App, clock: Clock, server: Server) -> None:
    app.code()
    clock.advance(seconds=70 * 60)
    assert "Grant: " in server.manage("purge_expired")
    count = "from pools.models import Grant; print(Grant.objects.filter(application__client_id=%r).count())"
    assert server.manage("shell", "-v0", "-c", count % app.client_id).strip() == "0"


def test_another_apps_sign_in_is_not_needed_for_codes_of_the_same_browser(app: App, server: Server, idp: Any) -> None:
    sibling = App(server, make_app(idp, app.pool_id, ClientName=factories.unique()), app.browser)
    first, second = app.tokens(), sibling.tokens()
    assert claims_of(first["id_token"])["sub"] == claims_of(second["id_token"])["sub"]
    assert claims_of(first["id_token"])["auth_time"] == claims_of(second["id_token"])["auth_time"]
    assert refused(sibling.refresh(first["refresh_token"])) == "invalid_grant"
