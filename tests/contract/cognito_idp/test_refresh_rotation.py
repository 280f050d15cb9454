"""GetTokensFromRefreshToken: with rotation each token is spent by its exchange, and what is spent betrays its thief."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import factories
from tests.support.clients import refused, secret_hash
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, claims_of, unique

INVALID = "Invalid Refresh Token"
REVOKED = "Refresh Token has been revoked"
EXPIRED = "Refresh Token has expired"
ACCESS_REVOKED = "Access Token has been revoked"
REUSED = "Refresh token has been used already."
PASSWORD_FLOW = ["ALLOW_USER_PASSWORD_AUTH"]


def rotating(idp: Any, pool: dict[str, Any], grace: int | None = None, **members: Any) -> dict[str, Any]:
    """A client that rotates refresh tokens."""
    seconds = {} if grace is None else {"RetryGracePeriodSeconds": grace}
    return factories.make_client(
        idp,
        pool,
        **{
            "ExplicitAuthFlows": PASSWORD_FLOW,
            "RefreshTokenRotation": {"Feature": "ENABLED", **seconds},
            **members,
        },
    )


@pytest.fixture(scope="module")
def pool(idp: Any) -> dict[str, Any]:
    return factories.make_pool(idp)


@pytest.fixture(scope="module")
def client(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    """Rotates, without a grace period."""
    return rotating(idp, pool)


@pytest.fixture(scope="module")
def patient(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    """Rotates, with a grace period of 30 seconds."""
    return rotating(idp, pool, 30)


@pytest.fixture(scope="module")
def plain(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    """Does not rotate."""
    return factories.make_client(idp, pool)


def exchange(public: Any, client: dict[str, Any], token: str, **members: Any) -> dict[str, Any]:
    answer = public.get_tokens_from_refresh_token(ClientId=client["ClientId"], RefreshToken=token, **members)
    assert answer.keys() == {"AuthenticationResult", "ResponseMetadata"}
    result: dict[str, Any] = answer["AuthenticationResult"]
    return result


def refresh(public: Any, client: dict[str, Any], token: str) -> dict[str, Any]:
    answer = public.initiate_auth(
        ClientId=client["ClientId"], AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": token}
    )
    result: dict[str, Any] = answer["AuthenticationResult"]
    return result


def signed_in(public: Any, client: dict[str, Any], user: str) -> str:
    """The refresh token of a new sign-in."""
    token: str = factories.sign_in(public, client, user)["RefreshToken"]
    return token


def update(idp: Any, client: dict[str, Any], **members: Any) -> None:
    idp.update_user_pool_client(UserPoolId=client["UserPoolId"], ClientId=client["ClientId"], **members)


# Settings


@pytest.mark.parametrize("flows", [["ALLOW_REFRESH_TOKEN_AUTH"], [*PASSWORD_FLOW, "ALLOW_REFRESH_TOKEN_AUTH"]])
def test_rotation_and_the_refresh_flow_exclude_each_other(idp: Any, pool: dict[str, Any], flows: list[str]) -> None:
    text = "ALLOW_REFRESH_TOKEN_AUTH can not be used while refresh token rotation is enabled."
    with refused("InvalidParameterException", text):
        rotating(idp, pool, ExplicitAuthFlows=flows)
    made = rotating(idp, pool)
    with refused("InvalidParameterException", text):
        update(idp, made, ExplicitAuthFlows=flows, RefreshTokenRotation={"Feature": "ENABLED"})
    update(idp, made, ExplicitAuthFlows=flows, RefreshTokenRotation={"Feature": "DISABLED"})


@pytest.mark.parametrize(("seconds", "bound"), [(-1, "greater than or equal to 0"), (61, "less than or equal to 60")])
def test_grace_period_has_its_range(idp: Any, pool: dict[str, Any], seconds: int, bound: str) -> None:
    with refused("InvalidParameterException") as refusal:
        rotating(idp, pool, seconds)
    assert bound in refusal.message


def test_settings_are_described_as_given(idp: Any, pool: dict[str, Any]) -> None:
    for grace in (None, 0, 60):
        made = rotating(idp, pool, grace)
        wanted = {"Feature": "ENABLED"} | ({} if grace is None else {"RetryGracePeriodSeconds": grace})
        described = idp.describe_user_pool_client(UserPoolId=pool["Id"], ClientId=made["ClientId"])["UserPoolClient"]
        assert made["RefreshTokenRotation"] == described["RefreshTokenRotation"] == wanted


@pytest.mark.parametrize("flow", ["REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"])
@pytest.mark.parametrize("flows", [PASSWORD_FLOW, [], ["USER_PASSWORD_AUTH"]], ids=str)
def test_refresh_flow_is_refused_and_spends_nothing(
    idp: Any, public: Any, pool: dict[str, Any], user: str, flows: list[str], flow: str
) -> None:
    """Neither the default flows nor the legacy ones, which bring it elsewhere, allow it."""
    client = rotating(idp, pool)
    token = signed_in(public, client, user)
    update(idp, client, ExplicitAuthFlows=flows, RefreshTokenRotation={"Feature": "ENABLED"})
    with refused("InvalidParameterException", f"{flow} flow not enabled for this client"):
        public.initiate_auth(ClientId=client["ClientId"], AuthFlow=flow, AuthParameters={"REFRESH_TOKEN": token})
    with refused("InvalidParameterException", "Auth flow not enabled for this client"):
        idp.admin_initiate_auth(
            UserPoolId=pool["Id"], ClientId=client["ClientId"], AuthFlow=flow, AuthParameters={"REFRESH_TOKEN": token}
        )
    exchange(public, client, token)


# Without rotation


def test_without_rotation_the_token_goes_on_and_none_is_given(public: Any, plain: dict[str, Any], user: str) -> None:
    tokens = factories.sign_in(public, plain, user)
    for _ in range(3):
        result = exchange(public, plain, tokens["RefreshToken"])
        assert result.keys() == {"AccessToken", "IdToken", "ExpiresIn", "TokenType"}
        assert (result["ExpiresIn"], result["TokenType"]) == (3600, "Bearer")
        assert public.get_user(AccessToken=result["AccessToken"])["Username"] == user
    assert refresh(public, plain, tokens["RefreshToken"])


def test_client_need_not_allow_the_refresh_flow(idp: Any, public: Any, pool: dict[str, Any], user: str) -> None:
    client = factories.make_client(idp, pool, ExplicitAuthFlows=PASSWORD_FLOW)
    assert "RefreshToken" not in exchange(public, client, signed_in(public, client, user))


# Rotation


def test_exchange_gives_tokens_of_the_same_family_and_a_new_refresh_token(
    public: Any, client: dict[str, Any], user: str, clock: Clock
) -> None:
    first = factories.sign_in(public, client, user)
    clock.advance(minutes=10)
    token, seen = first["RefreshToken"], {first["RefreshToken"]}
    for _ in range(4):
        result = exchange(public, client, token)
        assert result.keys() == {"AccessToken", "IdToken", "RefreshToken", "ExpiresIn", "TokenType"}
        for name in ("AccessToken", "IdToken"):
            before, after = claims_of(first[name]), claims_of(result[name])
            assert {key: after[key] for key in ("origin_jti", "auth_time", "sub")} == {
                key: before[key] for key in ("origin_jti", "auth_time", "sub")
            }
            assert after["jti"] != before["jti"]
            assert after["iat"] >= before["iat"] + 600
        assert public.get_user(AccessToken=result["AccessToken"])["Username"] == user
        token = result["RefreshToken"]
        assert token not in seen
        seen.add(token)


def test_chain_ends_when_the_sign_in_would_have(
    idp: Any, public: Any, pool: dict[str, Any], user: str, clock: Clock
) -> None:
    client = rotating(idp, pool, RefreshTokenValidity=2, TokenValidityUnits={"RefreshToken": "hours"})
    token = signed_in(public, client, user)
    for _ in range(3):
        clock.advance(minutes=35)
        token = exchange(public, client, token)["RefreshToken"]
    clock.advance(minutes=16)
    with refused("NotAuthorizedException", EXPIRED):
        exchange(public, client, token)


def test_family_is_told_in_tokens_even_where_revocation_is_off(
    idp: Any, public: Any, pool: dict[str, Any], user: str
) -> None:
    client = rotating(idp, pool, EnableTokenRevocation=False)
    tokens = factories.sign_in(public, client, user)
    assert claims_of(tokens["AccessToken"]).keys() >= {"jti", "origin_jti"}
    result = exchange(public, client, tokens["RefreshToken"])
    assert claims_of(result["IdToken"])["origin_jti"] == claims_of(tokens["IdToken"])["origin_jti"]
    with refused("RefreshTokenReuseException"):
        exchange(public, client, tokens["RefreshToken"])
    with refused("NotAuthorizedException", ACCESS_REVOKED):
        public.get_user(AccessToken=result["AccessToken"])


def test_sign_in_from_before_rotation_is_rotated(idp: Any, public: Any, pool: dict[str, Any], user: str) -> None:
    client = factories.make_client(idp, pool)
    token = signed_in(public, client, user)
    refresh(public, client, token)
    update(idp, client, ExplicitAuthFlows=PASSWORD_FLOW, RefreshTokenRotation={"Feature": "ENABLED"})
    exchange(public, client, exchange(public, client, token)["RefreshToken"])
    with refused("RefreshTokenReuseException", REUSED):
        exchange(public, client, token)


def test_groups_and_attributes_are_read_again(
    idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any], user: str
) -> None:
    token = exchange(public, client, signed_in(public, client, user))["RefreshToken"]
    group = unique("group")
    idp.create_group(UserPoolId=pool["Id"], GroupName=group)
    idp.admin_add_user_to_group(UserPoolId=pool["Id"], GroupName=group, Username=user)
    result = exchange(public, client, token)
    assert claims_of(result["AccessToken"])["cognito:groups"] == [group]


# Reuse and grace


@pytest.mark.parametrize("position", [0, 1, 2], ids=["the first", "a rotated one", "the last but one"])
def test_reuse_revokes_the_whole_family_and_no_other(
    public: Any, client: dict[str, Any], user: str, position: int
) -> None:
    other = signed_in(public, client, user)
    chain = [signed_in(public, client, user)]
    for _ in range(3):
        result = exchange(public, client, chain[-1])
        chain.append(result["RefreshToken"])
    for _ in range(2):  # a spent token is told as such, again and again
        with refused("RefreshTokenReuseException", REUSED):
            exchange(public, client, chain[position])
    with refused("NotAuthorizedException", REVOKED):
        exchange(public, client, chain[-1])
    with refused("NotAuthorizedException", ACCESS_REVOKED):
        public.get_user(AccessToken=result["AccessToken"])
    exchange(public, client, other)


def test_spent_token_works_within_the_grace_period_and_every_successor_stays(
    public: Any, patient: dict[str, Any], user: str, clock: Clock
) -> None:
    token = signed_in(public, patient, user)
    for _ in range(2):  # the first token of a session, then one that rotation made
        successors = [exchange(public, patient, token)["RefreshToken"]]
        clock.advance(seconds=25)
        successors += [exchange(public, patient, token)["RefreshToken"] for _ in range(2)]
        assert len({token, *successors}) == 4
        *others, token = successors
        for successor in others:
            exchange(public, patient, successor)


@pytest.mark.parametrize("is_first", [True, False], ids=["the first", "a rotated one"])
def test_grace_counts_from_the_first_exchange(
    public: Any, patient: dict[str, Any], user: str, clock: Clock, is_first: bool
) -> None:
    token = signed_in(public, patient, user)
    if not is_first:
        token = exchange(public, patient, token)["RefreshToken"]
    clock.advance(days=1)
    newest = exchange(public, patient, token)["RefreshToken"]
    clock.advance(seconds=20)
    newest = exchange(public, patient, newest)["RefreshToken"]
    exchange(public, patient, token)
    clock.advance(seconds=11)
    with refused("RefreshTokenReuseException", REUSED):
        exchange(public, patient, token)
    with refused("NotAuthorizedException", REVOKED):
        exchange(public, patient, newest)


def test_grace_gives_nothing_back_that_was_revoked(public: Any, patient: dict[str, Any], user: str) -> None:
    token = signed_in(public, patient, user)
    newest = exchange(public, patient, token)["RefreshToken"]
    public.revoke_token(Token=newest, ClientId=patient["ClientId"])
    for spent_or_not in (token, newest):
        with refused("NotAuthorizedException", REVOKED):
            exchange(public, patient, spent_or_not)


# Rotation that is switched off


@pytest.mark.parametrize("spender", [exchange, refresh], ids=["GetTokensFromRefreshToken", "REFRESH_TOKEN_AUTH"])
def test_rotation_switched_off_leaves_unspent_tokens_and_not_the_spent(
    idp: Any, public: Any, pool: dict[str, Any], user: str, spender: Any
) -> None:
    client = rotating(idp, pool)
    first = signed_in(public, client, user)
    second = exchange(public, client, first)["RefreshToken"]
    third = exchange(public, client, second)["RefreshToken"]
    update(idp, client, ExplicitAuthFlows=[*PASSWORD_FLOW, "ALLOW_REFRESH_TOKEN_AUTH"])
    for _ in range(2):
        assert "RefreshToken" not in spender(public, client, third)
    error = ("RefreshTokenReuseException", REUSED) if spender is exchange else ("NotAuthorizedException", REVOKED)
    for spent in (second, first):
        with refused(*error):
            spender(public, client, spent)
    with refused("NotAuthorizedException", REVOKED):
        spender(public, client, third)


# Revocation


@pytest.mark.parametrize("position", [0, 1, 2], ids=["the first", "a rotated one", "the unspent one"])
def test_revoke_token_finds_the_family_by_any_of_its_tokens(
    public: Any, patient: dict[str, Any], client: dict[str, Any], user: str, position: int
) -> None:
    chain = [signed_in(public, patient, user)]
    for _ in range(2):
        result = exchange(public, patient, chain[-1])
        chain.append(result["RefreshToken"])
    with refused("UnauthorizedException", "Token was not issued to this client."):
        public.revoke_token(Token=chain[position], ClientId=client["ClientId"])
    public.get_user(AccessToken=result["AccessToken"])
    public.revoke_token(Token=chain[position], ClientId=patient["ClientId"])
    with refused("NotAuthorizedException", ACCESS_REVOKED):
        public.get_user(AccessToken=result["AccessToken"])
    with refused("NotAuthorizedException", REVOKED):
        exchange(public, patient, chain[-1])


def test_global_sign_out_ends_rotated_tokens(
    idp: Any, public: Any, pool: dict[str, Any], patient: dict[str, Any], user: str
) -> None:
    token = exchange(public, patient, signed_in(public, patient, user))["RefreshToken"]
    idp.admin_user_global_sign_out(UserPoolId=pool["Id"], Username=user)
    with refused("NotAuthorizedException", REVOKED):
        exchange(public, patient, token)


# Refusals


def test_token_that_is_none_is_invalid(public: Any, client: dict[str, Any], plain: dict[str, Any], user: str) -> None:
    access = factories.sign_in(public, client, user)["AccessToken"]
    for token in ("nonsense", access):
        for asked in (client, plain):
            with refused("NotAuthorizedException", INVALID):
                exchange(public, asked, token)


def test_token_of_another_client_is_invalid_and_stays_as_it_is(
    public: Any, client: dict[str, Any], patient: dict[str, Any], plain: dict[str, Any], user: str
) -> None:
    first = signed_in(public, client, user)
    second = exchange(public, client, first)["RefreshToken"]
    for other in (patient, plain):
        for token in (first, second):
            with refused("NotAuthorizedException", INVALID):
                exchange(public, other, token)
    exchange(public, client, second)


def test_client_that_is_not_there(public: Any) -> None:
    with refused("ResourceNotFoundException", "User pool client nobody does not exist."):
        public.get_tokens_from_refresh_token(ClientId="nobody", RefreshToken="t")


def test_refusal_spends_nothing(idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any]) -> None:
    """The user comes back, and so does the token."""
    name = factories.make_user(idp, pool, email=f"{unique()}@example.com", email_verified="true")
    token = signed_in(public, client, name)
    idp.admin_reset_user_password(UserPoolId=pool["Id"], Username=name)
    with refused("NotAuthorizedException", "Password reset required for the user"):
        exchange(public, client, token)
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=name, Password=PASSWORD, Permanent=True)
    exchange(public, client, token)


def test_deleted_users_token_is_invalid(idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any]) -> None:
    name = factories.make_user(idp, pool)
    first = signed_in(public, client, name)
    second = exchange(public, client, first)["RefreshToken"]
    idp.admin_delete_user(UserPoolId=pool["Id"], Username=name)
    for token in (first, second):
        with refused("NotAuthorizedException", INVALID):
            exchange(public, client, token)


def test_the_secret_is_given_in_clear(idp: Any, public: Any, pool: dict[str, Any], user: str) -> None:
    client = rotating(idp, pool, GenerateSecret=True)
    answer = public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user, "PASSWORD": PASSWORD, "SECRET_HASH": secret_hash(client, user)},
    )
    token = answer["AuthenticationResult"]["RefreshToken"]
    text = f"Client {client['ClientId']} is configured for secret but secret was not received"
    with refused("NotAuthorizedException", text):
        exchange(public, client, token)
    with refused("NotAuthorizedException", "Invalid client secret"):
        exchange(public, client, token, ClientSecret="x" * 24)
    token = exchange(public, client, token, ClientSecret=client["ClientSecret"])["RefreshToken"]
    added = idp.add_user_pool_client_secret(UserPoolId=pool["Id"], ClientId=client["ClientId"])
    second = added["ClientSecretDescriptor"]["ClientSecretValue"]
    exchange(public, client, token, ClientSecret=second)


def test_secret_for_a_client_without_one(public: Any, client: dict[str, Any], user: str) -> None:
    token = signed_in(public, client, user)
    with refused("NotAuthorizedException", "Invalid client secret"):
        exchange(public, client, token, ClientSecret="x" * 24)


def test_device_and_metadata_are_taken_and_have_no_effect_yet(public: Any, client: dict[str, Any], user: str) -> None:
    token = signed_in(public, client, user)
    exchange(public, client, token, DeviceKey="us-east-1_0123abcd", ClientMetadata={"a": "b"})
