"""CreateUserPoolClient, DescribeUserPoolClient, UpdateUserPoolClient, DeleteUserPoolClient and ListUserPoolClients."""

import re
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from tests.support import clients, factories
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.server import Server

ASSIGNED = ("UserPoolId", "ClientName", "ClientId", "CreationDate", "LastModifiedDate")
BAD_TOKEN = "Invalid pagination token given."
SECRET = "a+given_secret_24_chars_"

BARE_CLIENT = {
    **{name: f"<{name}>" for name in ASSIGNED},
    "RefreshTokenValidity": 30,
    "AuthSessionValidity": 3,
    "EnableTokenRevocation": True,
    "EnablePropagateAdditionalUserContextData": False,
    "AllowedOAuthFlowsUserPoolClient": False,
    "ClientType": "REGULAR",
}

# Every member of UpdateUserPoolClient that this version performs, away from its default.
CHANGED: dict[str, Any] = {
    "RefreshTokenValidity": 12,
    "AccessTokenValidity": 10,
    "IdTokenValidity": 20,
    "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours"},
    "ReadAttributes": ["email", "custom:role"],
    "WriteAttributes": ["email", "name"],
    "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    "SupportedIdentityProviders": ["COGNITO"],
    "CallbackURLs": ["https://example.com/callback", "myapp://callback"],
    "LogoutURLs": ["https://example.com/bye"],
    "DefaultRedirectURI": "myapp://callback",
    "AllowedOAuthFlows": ["code", "implicit"],
    "AllowedOAuthScopes": ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"],
    "AllowedOAuthFlowsUserPoolClient": True,
    "PreventUserExistenceErrors": "ENABLED",
    "EnableTokenRevocation": False,
    "AuthSessionValidity": 15,
    "RefreshTokenRotation": {"Feature": "DISABLED", "RetryGracePeriodSeconds": 10},
}


@pytest.fixture(scope="module")
def shared(idp: Any) -> dict[str, Any]:
    """A pool that the tests of this module put clients into."""
    schema = [{"Name": "role"}, {"Name": "secret", "DeveloperOnlyAttribute": True}]
    pool = factories.make_pool(idp, Schema=schema)
    factories.make_user(idp, pool, "alice", email="alice@example.com", name="Alice")
    return pool


def _create(idp: Any, pool: dict[str, Any], **members: Any) -> dict[str, Any]:
    made: dict[str, Any] = idp.create_user_pool_client(
        UserPoolId=pool["Id"], ClientName=factories.unique("client"), **members
    )["UserPoolClient"]
    return made


def _described(idp: Any, client: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = idp.describe_user_pool_client(UserPoolId=client["UserPoolId"], ClientId=client["ClientId"])
    described: dict[str, Any] = found["UserPoolClient"]
    return described


def _update(idp: Any, client: dict[str, Any], **members: Any) -> dict[str, Any]:
    ids = {"UserPoolId": client["UserPoolId"], "ClientId": client["ClientId"]}
    updated: dict[str, Any] = idp.update_user_pool_client(**ids, **members)["UserPoolClient"]
    return updated


def _recorded(client: dict[str, Any]) -> dict[str, Any]:
    """The whole answer, with what the service assigns replaced by placeholders."""
    return client | {name: f"<{name}>" for name in ASSIGNED if name in client}


# Creating and describing


def test_bare_client_has_every_documented_default(idp: Any, shared: dict[str, Any]) -> None:
    made = idp.create_user_pool_client(UserPoolId=shared["Id"], ClientName="bare")["UserPoolClient"]
    assert _recorded(made) == BARE_CLIENT
    assert (made["UserPoolId"], made["ClientName"]) == (shared["Id"], "bare")
    assert re.fullmatch(r"[a-z0-9]{26}", made["ClientId"])
    assert _described(idp, made) == made


def test_describe_answers_what_create_answered(idp: Any, shared: dict[str, Any]) -> None:
    made = _create(idp, shared, GenerateSecret=True, **CHANGED)
    assert _described(idp, made) == made
    assert {name: made[name] for name in CHANGED} == CHANGED


def test_clients_of_one_name_have_ids_of_their_own(idp: Any, shared: dict[str, Any]) -> None:
    made = [idp.create_user_pool_client(UserPoolId=shared["Id"], ClientName="twins") for _ in range(2)]
    assert len({answer["UserPoolClient"]["ClientId"] for answer in made}) == 2


@pytest.mark.parametrize(
    ("members", "item"),
    [
        ({"ClientName": None}, "Value null at 'clientName' failed to satisfy constraint: Member must not be null"),
        ({"ClientName": "n" * 129}, "Member must have length less than or equal to 128"),
        (
            {"ClientName": "a/b"},
            "Value 'a/b' at 'clientName' failed to satisfy constraint: Member must satisfy regular",
        ),
        ({"AuthSessionValidity": 2}, "Member must have value greater than or equal to 3"),
        ({"AuthSessionValidity": 16}, "Member must have value less than or equal to 15"),
        ({"AccessTokenValidity": 0}, "Value '0' at 'accessTokenValidity' failed to satisfy constraint"),
        ({"IdTokenValidity": 86401}, "Value '86401' at 'idTokenValidity' failed to satisfy constraint"),
        ({"RefreshTokenValidity": 315360001}, "at 'refreshTokenValidity' failed to satisfy constraint"),
        ({"TokenValidityUnits": {"IdToken": "weeks"}}, "at 'tokenValidityUnits.idToken' failed to satisfy constraint"),
        ({"ExplicitAuthFlows": ["ALLOW_ALL"]}, "at 'explicitAuthFlows.1.member' failed to satisfy constraint"),
        ({"AllowedOAuthFlows": ["password"]}, "at 'allowedOAuthFlows.1.member' failed to satisfy constraint"),
        ({"AllowedOAuthScopes": ["with space"]}, "at 'allowedOAuthScopes.1.member' failed to satisfy constraint"),
        ({"AllowedOAuthScopes": ["openid"] * 51}, "Member must have length less than or equal to 50"),
        ({"CallbackURLs": ["https://example.com"] * 101}, "Member must have length less than or equal to 100"),
        ({"LogoutURLs": ["https://example.com"] * 101}, "Member must have length less than or equal to 100"),
        ({"CallbackURLs": ["https://example.com/" + "x" * 1005]}, "Member must have length less than or equal to 1024"),
        ({"CallbackURLs": ["https://example.com/a b"]}, "at 'callbackURLs.1.member' failed to satisfy constraint"),
        ({"PreventUserExistenceErrors": "DISABLED"}, "at 'preventUserExistenceErrors' failed to satisfy constraint"),
        ({"RefreshTokenRotation": {}}, "Value null at 'refreshTokenRotation.feature' failed to satisfy constraint"),
    ],
)
def test_members_must_satisfy_the_model(idp: Any, shared: dict[str, Any], members: dict[str, Any], item: str) -> None:
    with refused("InvalidParameterException") as refusal:
        idp.create_user_pool_client(**{"UserPoolId": shared["Id"], "ClientName": "c", **members})
    assert refusal.message.startswith("1 validation error detected: ")
    assert item in refusal.message


def test_a_pool_holds_a_thousand_clients(idp: Any, server: Server, pool: dict[str, Any]) -> None:
    row = f"pool_id='{pool['Id']}', client_id=f'filler{{n:020}}', name='n', client_secret='', hash_client_secret=False"
    server.manage(
        "shell",
        "-c",
        f"from pools.models import Client\nClient.objects.bulk_create(Client({row}) for n in range(999))",
    )
    _create(idp, pool)
    with refused("LimitExceededException"):
        _create(idp, pool)


# Secrets


def test_generated_secret_is_told_by_create_and_describe_but_not_by_list(idp: Any, pool: dict[str, Any]) -> None:
    made = _create(idp, pool, GenerateSecret=True)
    assert re.fullmatch(r"[a-z0-9]{51,52}", made["ClientSecret"])
    assert _recorded(made) == BARE_CLIENT | {"ClientSecret": made["ClientSecret"]}
    assert _described(idp, made)["ClientSecret"] == made["ClientSecret"]
    assert made["ClientSecret"] not in str(idp.list_user_pool_clients(UserPoolId=pool["Id"]))
    assert _create(idp, pool, GenerateSecret=True)["ClientSecret"] != made["ClientSecret"]


@pytest.mark.parametrize("secret", [SECRET, "s" * 64])
def test_given_secret_is_taken_as_it_is(idp: Any, public: Any, shared: dict[str, Any], secret: str) -> None:
    made = _create(idp, shared, ClientSecret=secret, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    assert made["ClientSecret"] == secret
    assert _described(idp, made)["ClientSecret"] == secret
    parameters = {"USERNAME": "alice", "PASSWORD": factories.PASSWORD}
    call = {"ClientId": made["ClientId"], "AuthFlow": "USER_PASSWORD_AUTH"}
    with refused("NotAuthorizedException"):
        public.initiate_auth(**call, AuthParameters=parameters)
    proof = {"SECRET_HASH": clients.secret_hash(made, "alice")}
    assert "AuthenticationResult" in public.initiate_auth(**call, AuthParameters=parameters | proof)


def test_secret_is_either_generated_or_given(idp: Any, shared: dict[str, Any]) -> None:
    with refused("InvalidParameterException") as refusal:
        _create(idp, shared, GenerateSecret=True, ClientSecret=SECRET)
    assert SECRET not in refusal.message
    assert _create(idp, shared, GenerateSecret=False, ClientSecret=SECRET)["ClientSecret"] == SECRET
    assert "ClientSecret" not in _create(idp, shared, GenerateSecret=False)


@pytest.mark.parametrize("secret", ["short_one_of_23_letters", "l" * 65, "with-a-hyphen-and-24-long"])
def test_refused_secret_is_not_repeated(idp: Any, shared: dict[str, Any], secret: str) -> None:
    with refused("InvalidParameterException") as refusal:
        _create(idp, shared, ClientSecret=secret)
    assert "Value at 'clientSecret' failed to satisfy constraint: Member must " in refusal.message
    assert secret not in refusal.message


# Lifetimes of tokens


def _validity(
    access: int | None = None,
    id_token: int | None = None,
    refresh: int | None = None,
    units: tuple[str | None, str | None, str | None] | None = None,
) -> dict[str, Any]:
    numbers = {"AccessTokenValidity": access, "IdTokenValidity": id_token, "RefreshTokenValidity": refresh}
    members: dict[str, Any] = {name: number for name, number in numbers.items() if number is not None}
    if units:
        named = zip(("AccessToken", "IdToken", "RefreshToken"), units, strict=True)
        members["TokenValidityUnits"] = {token: unit for token, unit in named if unit}
    return members


@pytest.mark.parametrize(
    ("members", "access_seconds", "id_seconds"),
    [
        (_validity(), 3600, 3600),
        (_validity(2, 3), 7200, 10800),
        (_validity(300, 5, units=("seconds", "minutes", None)), 300, 300),
        (_validity(86400, 1440, units=("seconds", "minutes", None)), 86400, 86400),
        (_validity(1, 24, units=("days", None, None)), 86400, 86400),
        (_validity(90, units=("minutes", None, None)), 5400, 3600),
        # A unit alone says nothing about the length: an hour it stays.
        (_validity(15, units=("minutes", "minutes", None)), 900, 3600),
        (_validity(60, 60, 60, units=("minutes", "minutes", "minutes")), 3600, 3600),
    ],
)
def test_tokens_last_as_long_as_the_client_says(
    idp: Any, public: Any, shared: dict[str, Any], members: dict[str, Any], access_seconds: int, id_seconds: int
) -> None:
    client = factories.make_client(idp, shared, **members)
    assert {name: client[name] for name in members} == members
    result = factories.sign_in(public, client, "alice")
    assert result["ExpiresIn"] == access_seconds
    for token, seconds in (("AccessToken", access_seconds), ("IdToken", id_seconds)):
        claims = jwt.decode(result[token], options={"verify_signature": False})
        assert claims["exp"] - claims["iat"] == seconds


@pytest.mark.parametrize(
    ("members", "days"),
    [
        (_validity(), 30),
        (_validity(refresh=0), 30),
        (_validity(refresh=2), 2),
        (_validity(refresh=48, units=(None, None, "hours")), 2),
    ],
)
def test_refresh_token_ends_when_the_client_says(
    idp: Any, public: Any, shared: dict[str, Any], clock: Clock, members: dict[str, Any], days: int
) -> None:
    client = factories.make_client(idp, shared, **members)
    assert client["RefreshTokenValidity"] == (members.get("RefreshTokenValidity") or 30)
    token = factories.sign_in(public, client, "alice")["RefreshToken"]
    call = {
        "ClientId": client["ClientId"],
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": {"REFRESH_TOKEN": token},
    }
    clock.advance(days=days, minutes=-1)
    assert "AccessToken" in public.initiate_auth(**call)["AuthenticationResult"]
    clock.advance(minutes=2)
    with refused("NotAuthorizedException"):
        public.initiate_auth(**call)


@pytest.mark.parametrize(
    "members",
    [
        _validity(299, units=("seconds", None, None)),
        _validity(4, units=("minutes", None, None)),
        _validity(25),
        _validity(2, units=("days", None, None)),
        _validity(86400, units=("days", None, None)),
        _validity(id_token=299, units=(None, "seconds", None)),
        _validity(id_token=1441, units=(None, "minutes", None)),
        _validity(refresh=59, units=(None, None, "minutes")),
        _validity(refresh=3599, units=(None, None, "seconds")),
        _validity(refresh=3651),
        _validity(refresh=315360000),
        # Outliving the refresh token.
        _validity(2, refresh=1, units=(None, None, "hours")),
        _validity(id_token=2, refresh=1, units=(None, None, "hours")),
    ],
)
def test_lifetime_out_of_range_is_refused(idp: Any, shared: dict[str, Any], members: dict[str, Any]) -> None:
    with refused("InvalidParameterException"):
        _create(idp, shared, **members)


@pytest.mark.parametrize(
    "members",
    [
        _validity(5, 5, 60, units=("minutes", "minutes", "minutes")),
        _validity(24, 24, 1),
        _validity(refresh=3650),
        _validity(refresh=315360000, units=(None, None, "seconds")),
    ],
)
def test_lifetime_at_the_edge_of_its_range_is_taken(idp: Any, shared: dict[str, Any], members: dict[str, Any]) -> None:
    made = _create(idp, shared, **members)
    assert {name: made[name] for name in members} == members


# Authentication flows


@pytest.mark.parametrize(
    ("flows", "allows"),
    [
        (None, set()),
        (["ALLOW_USER_PASSWORD_AUTH"], {"USER_PASSWORD_AUTH"}),
        (["ALLOW_ADMIN_USER_PASSWORD_AUTH"], {"ADMIN_USER_PASSWORD_AUTH"}),
        (["USER_PASSWORD_AUTH"], {"USER_PASSWORD_AUTH"}),
        (["ADMIN_NO_SRP_AUTH"], {"ADMIN_USER_PASSWORD_AUTH"}),
        (["USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"], {"USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH"}),
    ],
)
def test_client_allows_the_flows_it_names(
    idp: Any, public: Any, shared: dict[str, Any], flows: list[str] | None, allows: set[str]
) -> None:
    made = _create(idp, shared, **({} if flows is None else {"ExplicitAuthFlows": flows}))
    assert made.get("ExplicitAuthFlows") == flows
    parameters = {"USERNAME": "alice", "PASSWORD": factories.PASSWORD}
    ask: dict[str, Callable[[], Any]] = {
        "USER_PASSWORD_AUTH": lambda: public.initiate_auth(
            ClientId=made["ClientId"], AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
        ),
        "ADMIN_USER_PASSWORD_AUTH": lambda: idp.admin_initiate_auth(
            UserPoolId=shared["Id"],
            ClientId=made["ClientId"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters=parameters,
        ),
    }
    for flow, sign_in in ask.items():
        if flow in allows:
            assert "AuthenticationResult" in sign_in()
        else:
            with refused("InvalidParameterException"):
                sign_in()


@pytest.mark.parametrize("flow", ["USER_PASSWORD_AUTH", "ALLOW_USER_PASSWORD_AUTH"])
def test_refresh_is_in_legacy_names_and_must_be_given_with_the_newer_ones(
    idp: Any, public: Any, shared: dict[str, Any], flow: str
) -> None:
    made = _create(idp, shared, ExplicitAuthFlows=[flow])
    token = factories.sign_in(public, made, "alice")["RefreshToken"]
    call = {
        "ClientId": made["ClientId"],
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": {"REFRESH_TOKEN": token},
    }
    if flow == "USER_PASSWORD_AUTH":
        assert "AccessToken" in public.initiate_auth(**call)["AuthenticationResult"]
    else:
        with refused("InvalidParameterException"):
            public.initiate_auth(**call)


@pytest.mark.parametrize("legacy", ["ADMIN_NO_SRP_AUTH", "CUSTOM_AUTH_FLOW_ONLY", "USER_PASSWORD_AUTH"])
def test_legacy_flow_names_do_not_mix_with_the_newer_ones(idp: Any, shared: dict[str, Any], legacy: str) -> None:
    assert _create(idp, shared, ExplicitAuthFlows=[legacy])["ExplicitAuthFlows"] == [legacy]
    with refused("InvalidParameterException"):
        _create(idp, shared, ExplicitAuthFlows=[legacy, "ALLOW_REFRESH_TOKEN_AUTH"])


def test_choice_based_sign_in_needs_a_higher_tier_than_lite(idp: Any) -> None:
    lite = factories.make_pool(idp, UserPoolTier="LITE")
    with refused("FeatureUnavailableInTierException"):
        _create(idp, lite, ExplicitAuthFlows=["ALLOW_USER_AUTH"])
    made = _create(idp, lite)
    with refused("FeatureUnavailableInTierException"):
        _update(idp, made, ExplicitAuthFlows=["ALLOW_USER_AUTH"])
    assert _described(idp, made) == made
    idp.update_user_pool(UserPoolId=lite["Id"], UserPoolTier="ESSENTIALS")
    assert _update(idp, made, ExplicitAuthFlows=["ALLOW_USER_AUTH"])["ExplicitAuthFlows"] == ["ALLOW_USER_AUTH"]


# Attributes a client may read and write


def test_client_reads_what_it_may(idp: Any, public: Any, shared: dict[str, Any]) -> None:
    for readable, shown in (
        (None, {"sub", "email", "name"}),
        (["email"], {"sub", "email"}),
        (["nickname", "custom:role"], {"sub"}),
    ):
        members = {} if readable is None else {"ReadAttributes": readable}
        token = factories.sign_in(public, factories.make_client(idp, shared, **members), "alice")["AccessToken"]
        assert factories.attributes_of(public.get_user(AccessToken=token)).keys() == shown


def test_client_writes_what_it_may(idp: Any, public: Any, shared: dict[str, Any]) -> None:
    client = factories.make_client(idp, shared, WriteAttributes=["name", "custom:role"])
    call = {"ClientId": client["ClientId"], "Password": factories.PASSWORD}
    attributes = [{"Name": "name", "Value": "Bob"}, {"Name": "custom:role", "Value": "cook"}]
    with refused("NotAuthorizedException", "A client attempted to write unauthorized attribute"):
        more = [*attributes, {"Name": "nickname", "Value": "bobby"}]
        public.sign_up(**call, Username=factories.unique(), UserAttributes=more)
    name = factories.unique()
    public.sign_up(**call, Username=name, UserAttributes=attributes)
    found = factories.attributes_of(idp.admin_get_user(UserPoolId=shared["Id"], Username=name))
    assert (found["name"], found["custom:role"]) == ("Bob", "cook")


@pytest.mark.parametrize(
    ("member", "name"),
    [
        ("ReadAttributes", "custom:unknown"),
        ("ReadAttributes", "role"),
        ("ReadAttributes", "dev:custom:secret"),
        ("WriteAttributes", "custom:unknown"),
        ("WriteAttributes", "role"),
        ("WriteAttributes", "dev:custom:secret"),
        ("WriteAttributes", "email_verified"),
        ("WriteAttributes", "phone_number_verified"),
        ("WriteAttributes", "sub"),
    ],
)
def test_attribute_that_no_client_may_have_is_refused(idp: Any, shared: dict[str, Any], member: str, name: str) -> None:
    kind = {"ReadAttributes": "read", "WriteAttributes": "write"}[member]
    with refused("InvalidParameterException", f"Invalid {kind} attributes specified while creating a client"):
        _create(idp, shared, **{member: ["email", name]})


def test_flags_and_sub_are_readable(idp: Any, shared: dict[str, Any]) -> None:
    names = ["sub", "email_verified", "phone_number_verified", "custom:role"]
    assert _create(idp, shared, ReadAttributes=names)["ReadAttributes"] == names


def test_writable_attributes_hold_those_the_pool_requires(idp: Any) -> None:
    schema = [{"Name": "email", "Required": True}, {"Name": "badge", "Mutable": False}]
    pool = factories.make_pool(idp, Schema=schema)
    with refused("InvalidParameterException", "Invalid write attributes specified while creating a client"):
        _create(idp, pool, WriteAttributes=["name"])
    names = ["name", "email", "custom:badge"]
    assert _create(idp, pool, WriteAttributes=names)["WriteAttributes"] == names
    assert "WriteAttributes" not in _create(idp, pool)


def test_attribute_added_later_is_not_in_an_explicit_list(idp: Any, pool: dict[str, Any]) -> None:
    made = _create(idp, pool, ReadAttributes=["email"], WriteAttributes=["email"])
    with refused("InvalidParameterException"):
        _update(idp, made, ReadAttributes=["email", "custom:role"])
    idp.add_custom_attributes(UserPoolId=pool["Id"], CustomAttributes=[{"Name": "role"}])
    assert _described(idp, made) == made
    updated = _update(idp, made, ReadAttributes=["email", "custom:role"])
    assert updated["ReadAttributes"] == ["email", "custom:role"]


# OAuth


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com:8443/callback?tenant=a&b=c",
        "http://localhost",
        "http://localhost:3000/callback",
        "http://127.0.0.1:8080/",
        "http://[::1]:8080/callback",
        "myapp://example",
        "com.example.app:/callback",
        "https://bücher.example/zurück",
        "https://example.com/" + "x" * 1004,
    ],
)
@pytest.mark.parametrize("member", ["CallbackURLs", "LogoutURLs"])
def test_address_of_an_app_is_taken_as_it_is(idp: Any, shared: dict[str, Any], member: str, url: str) -> None:
    assert _create(idp, shared, **{member: [url]})[member] == [url]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/callback",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "http://[2001:db8::1]/",
        "HTTP://example.com",
        "https://example.com/#fragment",
        "https://example.com/#",
        "myapp://example#fragment",
        "/callback",
        "//example.com/callback",
        "example.com/callback",
        "https://",
        "https:///callback",
        "https:callback",
        "http://[not-an-address/",
    ],
)
@pytest.mark.parametrize("member", ["CallbackURLs", "LogoutURLs"])
def test_address_that_no_app_may_have_is_refused(idp: Any, shared: dict[str, Any], member: str, url: str) -> None:
    with refused("InvalidParameterException"):
        _create(idp, shared, **{member: ["https://example.com", url]})


def test_plain_http_and_fragments_are_named_as_the_reason(idp: Any, shared: dict[str, Any]) -> None:
    with refused("InvalidParameterException") as refusal:
        _create(idp, shared, CallbackURLs=["http://example.com"])
    assert "cannot use the HTTP protocol." in refusal.message
    with refused("InvalidParameterException") as refusal:
        _create(idp, shared, CallbackURLs=["https://example.com#top"])
    assert "cannot contain a fragment" in refusal.message


def test_default_redirect_is_one_of_the_callbacks(idp: Any, shared: dict[str, Any]) -> None:
    callbacks = ["https://example.com/a", "https://example.com/b"]
    made = _create(idp, shared, CallbackURLs=callbacks, DefaultRedirectURI=callbacks[1])
    assert made["DefaultRedirectURI"] == callbacks[1]
    for url, members in (("https://example.com/c", {"CallbackURLs": callbacks}), (callbacks[0], {})):
        with refused("InvalidParameterException"):
            _create(idp, shared, DefaultRedirectURI=url, **members)


@pytest.mark.parametrize("other", ["code", "implicit"])
def test_client_credentials_stand_alone(idp: Any, shared: dict[str, Any], other: str) -> None:
    text = "client_credentials flow can not be selected along with code flow or implicit flow."
    with refused("InvalidOAuthFlowException", text):
        _create(idp, shared, GenerateSecret=True, AllowedOAuthFlows=["client_credentials", other])


def test_client_credentials_need_a_secret(idp: Any, shared: dict[str, Any]) -> None:
    text = "client_credentials flow can not be selected if client does not have a client secret."
    with refused("InvalidOAuthFlowException", text):
        _create(idp, shared, AllowedOAuthFlows=["client_credentials"])
    for secret in ({"GenerateSecret": True}, {"ClientSecret": SECRET}):
        made = _create(idp, shared, AllowedOAuthFlows=["client_credentials"], **secret)
        assert _update(idp, made, AllowedOAuthFlows=["client_credentials"])["AllowedOAuthFlows"]
    with refused("InvalidOAuthFlowException", text):
        _update(idp, _create(idp, shared), AllowedOAuthFlows=["client_credentials"])


def test_client_credentials_have_no_scopes_of_users(idp: Any, shared: dict[str, Any]) -> None:
    with refused("InvalidOAuthFlowException", "openid is not supported with client_credentials flow"):
        _create(
            idp,
            shared,
            GenerateSecret=True,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthScopes=["openid"],
        )


@pytest.mark.parametrize("scope", ["Cognito", "OPENID", "orders/read"])
def test_unknown_scope_is_refused(idp: Any, shared: dict[str, Any], scope: str) -> None:
    members = {"AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid", scope]}
    with refused("ScopeDoesNotExistException", f"Invalid scope requested: {scope}"):
        _create(idp, shared, **members)
    with refused("ScopeDoesNotExistException", f"Invalid scope requested: {scope}"):
        _update(idp, _create(idp, shared), **members)


@pytest.mark.parametrize("provider", ["Facebook", "MyCompany", "cognito"])
def test_provider_must_exist(idp: Any, shared: dict[str, Any], provider: str) -> None:
    text = f"The provider {provider} does not exist for User Pool {shared['Id']}."
    with refused("InvalidParameterException", text):
        _create(idp, shared, SupportedIdentityProviders=["COGNITO", provider])


UNBUILT = {
    "AnalyticsConfiguration.ApplicationId": "0123456789abcdef",
    "EnablePropagateAdditionalUserContextData": True,
}


@pytest.mark.parametrize("path", UNBUILT)
def test_setting_that_is_not_built_yet_is_refused_aloud(idp: Any, shared: dict[str, Any], path: str) -> None:
    made = _create(idp, shared, GenerateSecret=True)
    value = UNBUILT[path]
    for name in reversed(path.split(".")):
        value = {name: value}
    for ask in (lambda: _create(idp, shared, GenerateSecret=True, **value), lambda: _update(idp, made, **value)):
        with refused("InvalidParameterException") as refusal:
            ask()
        assert refusal.message.endswith(": this value is not available in this version of Gatehouse.")
        assert path.startswith(refusal.message.partition(":")[0])
    assert _described(idp, made) == made


# Updating


@pytest.mark.parametrize("secret", [{}, {"GenerateSecret": True}], ids=["public", "confidential"])
def test_update_replaces_every_setting_and_leaves_the_rest_at_default(
    idp: Any, shared: dict[str, Any], secret: dict[str, bool]
) -> None:
    made = _create(idp, shared, **secret)
    kept = {name: made[name] for name in ("ClientSecret",) if name in made}
    changed = _update(idp, made, ClientName="renamed", **CHANGED)
    assert _recorded(changed) == BARE_CLIENT | CHANGED | kept
    assert changed == _described(idp, made)
    for name in ("ClientId", "UserPoolId", "CreationDate"):
        assert changed[name] == made[name]

    restored = _update(idp, made)
    assert _recorded(restored) == BARE_CLIENT | kept
    assert restored == _described(idp, made)
    assert restored["ClientName"] == "renamed"


def test_update_with_what_describe_tells_changes_nothing(idp: Any, shared: dict[str, Any]) -> None:
    made = _create(idp, shared, GenerateSecret=True, **CHANGED)
    updatable = idp.meta.service_model.operation_model("UpdateUserPoolClient").input_shape.members
    ids = {"UserPoolId", "ClientId"}
    updated = _update(idp, made, **{name: made[name] for name in updatable if name in made and name not in ids})
    assert updated == made | {"LastModifiedDate": updated["LastModifiedDate"]}


def test_refused_update_changes_nothing(idp: Any, shared: dict[str, Any]) -> None:
    made = _create(idp, shared, **CHANGED)
    for wrong in (
        {"CallbackURLs": ["http://example.com"]},
        {"AllowedOAuthScopes": ["unknown"]},
        {"AllowedOAuthFlows": ["client_credentials"]},
        {"AccessTokenValidity": 25},
    ):
        with pytest.raises(idp.exceptions.ClientError):
            _update(idp, made, ClientName="renamed", **wrong)
    assert _described(idp, made) == made


def test_update_moves_the_date_of_modification_alone(idp: Any, shared: dict[str, Any], clock: Clock) -> None:
    made = _create(idp, shared)
    clock.advance(hours=1)
    updated = _update(idp, made)
    assert updated["CreationDate"] == made["CreationDate"]
    assert (updated["LastModifiedDate"] - made["LastModifiedDate"]).total_seconds() >= 3600


def test_update_is_in_force_at_once(idp: Any, public: Any, shared: dict[str, Any]) -> None:
    made = factories.make_client(idp, shared)
    factories.sign_in(public, made, "alice")
    _update(idp, made)
    with refused("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client"):
        factories.sign_in(public, made, "alice")


# Deleting, missing clients


def test_deleted_client_is_gone_and_its_tokens_stop_refreshing(idp: Any, public: Any, shared: dict[str, Any]) -> None:
    made = factories.make_client(idp, shared)
    token = factories.sign_in(public, made, "alice")["RefreshToken"]
    ids = {"UserPoolId": shared["Id"], "ClientId": made["ClientId"]}
    answer = idp.delete_user_pool_client(**ids)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-length"] == "0"

    gone = f"User pool client {made['ClientId']} does not exist."
    for ask in (
        lambda: _described(idp, made),
        lambda: idp.delete_user_pool_client(**ids),
        lambda: factories.sign_in(public, made, "alice"),
        lambda: public.initiate_auth(
            ClientId=made["ClientId"], AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": token}
        ),
    ):
        with refused("ResourceNotFoundException", gone):
            ask()
    other = factories.make_client(idp, shared)
    with refused("NotAuthorizedException"):
        public.initiate_auth(
            ClientId=other["ClientId"], AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": token}
        )


WITH_CLIENT_ID: dict[str, Callable[[Any, dict[str, str]], Any]] = {
    "DescribeUserPoolClient": lambda idp, ids: idp.describe_user_pool_client(**ids),
    "UpdateUserPoolClient": lambda idp, ids: idp.update_user_pool_client(**ids),
    "DeleteUserPoolClient": lambda idp, ids: idp.delete_user_pool_client(**ids),
}


@pytest.mark.parametrize("operation", WITH_CLIENT_ID)
def test_missing_client_is_not_found(idp: Any, shared: dict[str, Any], operation: str) -> None:
    with refused("ResourceNotFoundException", "User pool client nosuchclient does not exist."):
        WITH_CLIENT_ID[operation](idp, {"UserPoolId": shared["Id"], "ClientId": "nosuchclient"})


@pytest.mark.parametrize("operation", WITH_CLIENT_ID)
def test_client_of_another_pool_is_not_found(
    idp: Any, shared: dict[str, Any], pool: dict[str, Any], operation: str
) -> None:
    made = _create(idp, shared)
    with refused("ResourceNotFoundException", f"User pool client {made['ClientId']} does not exist."):
        WITH_CLIENT_ID[operation](idp, {"UserPoolId": pool["Id"], "ClientId": made["ClientId"]})
    assert _described(idp, made) == made


@pytest.mark.parametrize("operation", WITH_CLIENT_ID)
def test_client_of_another_region_is_not_found(
    idp: Any, server: Server, shared: dict[str, Any], operation: str
) -> None:
    made = _create(idp, shared)
    ids = {"UserPoolId": shared["Id"], "ClientId": made["ClientId"]}
    with refused("ResourceNotFoundException", f"User pool {shared['Id']} does not exist."):
        WITH_CLIENT_ID[operation](clients.idp(server, region="eu-west-1"), ids)
    assert _described(idp, made) == made


@pytest.mark.parametrize("operation", WITH_CLIENT_ID)
def test_ids_must_satisfy_the_model(idp: Any, operation: str) -> None:
    with refused("InvalidParameterException") as refusal:
        WITH_CLIENT_ID[operation](idp, {"UserPoolId": "us-east-1_AbCdEf123", "ClientId": "with-a-hyphen"})
    pattern = r"Member must satisfy regular expression pattern: [\w+]+"
    assert f"Value at 'clientId' failed to satisfy constraint: {pattern}" in refusal.message
    assert "with-a-hyphen" not in refusal.message


# Listing


def _pages(idp: Any, **call: Any) -> list[list[dict[str, Any]]]:
    pages = []
    while True:
        page = idp.list_user_pool_clients(**call)
        pages.append(page["UserPoolClients"])
        if "NextToken" not in page:
            return pages
        call["NextToken"] = page["NextToken"]


def test_list_tells_id_pool_and_name_only(idp: Any, pool: dict[str, Any]) -> None:
    assert _pages(idp, UserPoolId=pool["Id"]) == [[]]
    made = _create(idp, pool, GenerateSecret=True)
    summary = {name: made[name] for name in ("ClientId", "UserPoolId", "ClientName")}
    assert _pages(idp, UserPoolId=pool["Id"]) == [[summary]]
    assert _pages(idp, UserPoolId=pool["Id"], ClientType="REGULAR") == [[summary]]
    assert _pages(idp, UserPoolId=pool["Id"], ClientType="DCR") == [[]]


def test_pages_hold_every_client_once(idp: Any, pool: dict[str, Any]) -> None:
    made = sorted(_create(idp, pool)["ClientId"] for _ in range(61))
    for call, sizes in (
        ({}, [60, 1]),
        ({"MaxResults": 60}, [60, 1]),
        ({"MaxResults": 25, "ClientType": "REGULAR"}, [25, 25, 11]),
        ({"MaxResults": 31}, [31, 30]),
    ):
        pages = _pages(idp, UserPoolId=pool["Id"], **call)
        assert [len(page) for page in pages] == sizes
        assert sorted(client["ClientId"] for page in pages for client in page) == made


def test_pages_stay_in_step_while_clients_come_and_go(idp: Any, pool: dict[str, Any]) -> None:
    made = {_create(idp, pool)["ClientId"] for _ in range(8)}
    first = idp.list_user_pool_clients(UserPoolId=pool["Id"], MaxResults=3)
    seen = [client["ClientId"] for client in first["UserPoolClients"]]
    unseen = sorted(made - set(seen))
    for client_id in (*seen, unseen[0]):
        idp.delete_user_pool_client(UserPoolId=pool["Id"], ClientId=client_id)
    for _ in range(4):
        _create(idp, pool)
    for page in _pages(idp, UserPoolId=pool["Id"], MaxResults=3, NextToken=first["NextToken"]):
        seen += [client["ClientId"] for client in page]
    assert len(seen) == len(set(seen))
    assert made - {unseen[0]} <= set(seen)


@pytest.mark.parametrize("count", [0, 61])
def test_page_size_is_one_to_sixty(idp: Any, shared: dict[str, Any], count: int) -> None:
    with refused("InvalidParameterException") as refusal:
        idp.list_user_pool_clients(UserPoolId=shared["Id"], MaxResults=count)
    assert f"Value '{count}' at 'maxResults' failed to satisfy constraint: Member must have value" in refusal.message


def test_foreign_changed_and_late_tokens_are_refused(
    idp: Any, shared: dict[str, Any], pool: dict[str, Any], clock: Clock
) -> None:
    for place in (shared, pool):
        for _ in range(2):
            _create(idp, place)
    call = {"UserPoolId": pool["Id"], "MaxResults": 1}
    token = idp.list_user_pool_clients(**call)["NextToken"]
    assert idp.list_user_pool_clients(**call, NextToken=token)["UserPoolClients"]
    for foreign in (
        {**call, "UserPoolId": shared["Id"]},
        {**call, "ClientType": "REGULAR"},
        {**call, "ClientType": "DCR"},
    ):
        with refused("InvalidParameterException", BAD_TOKEN):
            idp.list_user_pool_clients(**foreign, NextToken=token)
    for changed in (token[:-4], token.swapcase(), "nonsense"):
        with refused("InvalidParameterException", BAD_TOKEN):
            idp.list_user_pool_clients(**call, NextToken=changed)
    clock.advance(hours=1, seconds=1)
    with refused("InvalidParameterException", BAD_TOKEN):
        idp.list_user_pool_clients(**call, NextToken=token)
