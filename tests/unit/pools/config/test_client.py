"""A client's settings against the service model, its redirect addresses, its flows and its lifetimes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from botocore import xform_name
from hypothesis import given
from hypothesis import strategies as st

from identity.errors import InvalidParameter
from identity.wire.services import cognito_idp
from pools.config import client, pool, unbuilt
from pools.config.client import ClientSettings
from pools.config.lifetimes import Lifetimes
from pools.config.schema import Schema
from pools.operations import clients as operations

SCHEMA = Schema.read(pool.created({"Schema": [{"Name": "role"}]}))

# A value away from the default for every member of the model, with what it needs beside it.
SAMPLES: Mapping[str, Mapping[str, Any]] = {
    "RefreshTokenValidity": {"RefreshTokenValidity": 5},
    "AccessTokenValidity": {"AccessTokenValidity": 5},
    "IdTokenValidity": {"IdTokenValidity": 5},
    "TokenValidityUnits": {
        "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "seconds", "RefreshToken": "hours"},
        "AccessTokenValidity": 10,
        "IdTokenValidity": 600,
    },
    "ReadAttributes": {"ReadAttributes": ["email", "custom:role"]},
    "WriteAttributes": {"WriteAttributes": ["email", "custom:role"]},
    "ExplicitAuthFlows": {"ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_TOKEN_EXCHANGE_DELEGATION"]},
    "SupportedIdentityProviders": {"SupportedIdentityProviders": ["COGNITO"]},
    "CallbackURLs": {"CallbackURLs": ["https://example.com/a"]},
    "LogoutURLs": {"LogoutURLs": ["https://example.com/b"]},
    "DefaultRedirectURI": {
        "DefaultRedirectURI": "https://example.com/a",
        "CallbackURLs": ["https://example.com/a"],
    },
    "AllowedOAuthFlows": {"AllowedOAuthFlows": ["code", "implicit"]},
    "AllowedOAuthScopes": {"AllowedOAuthScopes": ["openid", "profile"]},
    "AllowedOAuthFlowsUserPoolClient": {"AllowedOAuthFlowsUserPoolClient": True},
    "AnalyticsConfiguration": {"AnalyticsConfiguration": {"ApplicationId": "0123"}},
    "PreventUserExistenceErrors": {"PreventUserExistenceErrors": "LEGACY"},
    "EnableTokenRevocation": {"EnableTokenRevocation": False},
    "EnablePropagateAdditionalUserContextData": {"EnablePropagateAdditionalUserContextData": True},
    "AuthSessionValidity": {"AuthSessionValidity": 5},
    "RefreshTokenRotation": {"RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 5}},
}
# What the operation or `provisioning` takes before settings are made; their contract tests show that each has effect.
NOT_SETTINGS = {"UserPoolId", "ClientId", "ClientName", "GenerateSecret", "ClientSecret"}


def _stored(members: Mapping[str, Any], *, tier: str = "ESSENTIALS", has_secret: bool = True) -> dict[str, Any]:
    return client.stored(members, pool_id="us-east-1_a", schema=SCHEMA, tier=tier, has_secret=has_secret)


@pytest.mark.parametrize("operation", ["CreateUserPoolClient", "UpdateUserPoolClient"])
def test_members_of_the_model_are_all_known_here(operation: str) -> None:
    members = cognito_idp.model.operation_model(operation).input_shape.members
    assert members.keys() - NOT_SETTINGS == SAMPLES.keys()
    handler = {
        "CreateUserPoolClient": operations.create_user_pool_client,
        "UpdateUserPoolClient": operations.update_user_pool_client,
    }[operation]
    parameters = list(inspect.signature(handler).parameters)[1:]
    assert set(parameters) <= {*(xform_name(name) for name in NOT_SETTINGS), "members"}


@pytest.mark.parametrize("member", SAMPLES)
def test_member_is_described_or_refused_as_unbuilt(member: str) -> None:
    ids = {"UserPoolId": "us-east-1_a", "ClientName": "c"}
    parsed = cognito_idp.operations["CreateUserPoolClient"].parse({**ids, **SAMPLES[member]})
    members = {name: parsed[name] for name in SAMPLES[member]}
    assert client.described(_stored({})).get(member) != members[member], "the sample must be away from the default"
    try:
        described = client.described(_stored(members))
    except InvalidParameter as error:
        assert error.message == f"{error.field}: this value is not available in this version of Gatehouse."
        assert error.field == member
        return
    assert {name: described[name] for name in members} == members


def test_every_unbuilt_path_is_one_of_the_model() -> None:
    assert {path.partition(".")[0] for path in unbuilt._CLIENT} <= SAMPLES.keys()


@pytest.mark.parametrize(
    "members",
    [
        {"AnalyticsConfiguration": {}},
        {"EnablePropagateAdditionalUserContextData": False},
    ],
    ids=lambda members: next(iter(members)),
)
def test_unbuilt_setting_may_be_given_as_it_is_anyway(members: dict[str, Any]) -> None:
    _stored(members)


@pytest.mark.parametrize("member", ["ReadAttributes", "WriteAttributes", "ExplicitAuthFlows", "CallbackURLs"])
def test_empty_list_is_as_good_as_none(member: str) -> None:
    assert _stored({member: []}) == _stored({})


# Flows

REFRESH, SRP, CUSTOM = "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"


@pytest.mark.parametrize(
    ("flows", "allowed"),
    [
        ([], {REFRESH, SRP, CUSTOM}),
        (["ALLOW_USER_PASSWORD_AUTH"], {"ALLOW_USER_PASSWORD_AUTH"}),
        ([SRP, REFRESH], {SRP, REFRESH}),
        (["USER_PASSWORD_AUTH"], {"ALLOW_USER_PASSWORD_AUTH", REFRESH, SRP}),
        (["ADMIN_NO_SRP_AUTH"], {"ALLOW_ADMIN_USER_PASSWORD_AUTH", REFRESH, SRP}),
        (["CUSTOM_AUTH_FLOW_ONLY"], {CUSTOM, REFRESH}),
    ],
)
def test_flows_are_read_as_newer_names(flows: list[str], allowed: set[str]) -> None:
    assert ClientSettings.read(_stored({"ExplicitAuthFlows": flows})).auth_flows == allowed


ROTATION = {"RefreshTokenRotation": {"Feature": "ENABLED"}}


@pytest.mark.parametrize(
    ("flows", "allowed"),
    [
        ([], {SRP, CUSTOM}),
        ([SRP], {SRP}),
        (["USER_PASSWORD_AUTH"], {"ALLOW_USER_PASSWORD_AUTH", SRP}),
        (["CUSTOM_AUTH_FLOW_ONLY"], {CUSTOM}),
    ],
)
def test_rotation_takes_the_refresh_flow_away(flows: list[str], allowed: set[str]) -> None:
    assert ClientSettings.read(_stored({"ExplicitAuthFlows": flows, **ROTATION})).auth_flows == allowed


def test_rotation_and_the_refresh_flow_exclude_each_other() -> None:
    with pytest.raises(InvalidParameter):
        _stored({"ExplicitAuthFlows": [SRP, REFRESH], **ROTATION})
    _stored({"ExplicitAuthFlows": [SRP, REFRESH], "RefreshTokenRotation": {"Feature": "DISABLED"}})


@pytest.mark.parametrize(
    ("rotation", "rotates", "seconds"),
    [
        ({}, False, 0),
        ({"Feature": "DISABLED"}, False, 0),
        ({"Feature": "DISABLED", "RetryGracePeriodSeconds": 7}, False, 7),
        ({"Feature": "ENABLED"}, True, 0),
        ({"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}, True, 0),
        ({"Feature": "ENABLED", "RetryGracePeriodSeconds": 60}, True, 60),
    ],
)
def test_rotation_as_the_domain_reads_it(rotation: dict[str, Any], rotates: bool, seconds: int) -> None:
    found = ClientSettings.read(_stored({"RefreshTokenRotation": rotation}))
    assert (found.rotates, found.retry_grace) == (rotates, timedelta(seconds=seconds))


@pytest.mark.parametrize("members", [{}, {"PreventUserExistenceErrors": "LEGACY"}])
def test_existence_of_users_is_told_unless_that_is_turned_off(members: dict[str, str]) -> None:
    assert not ClientSettings.read(_stored(members)).hides_existence
    assert ClientSettings.read(_stored({"PreventUserExistenceErrors": "ENABLED"})).hides_existence


def test_lists_of_attributes_limit_what_is_read_and_written() -> None:
    settings = ClientSettings.read(_stored({}))
    assert settings.may_read("custom:anything")
    assert settings.writable is None
    settings = ClientSettings.read(_stored({"ReadAttributes": ["email"], "WriteAttributes": ["name"]}))
    assert [settings.may_read(name) for name in ("sub", "email", "name")] == [True, True, False]
    assert settings.writable == {"name"}


# Lifetimes


def _lifetimes(**members: Any) -> Lifetimes:
    return Lifetimes.read(_stored(members))


def test_lifetimes_default_to_an_hour_a_month_and_three_minutes() -> None:
    hour = timedelta(hours=1)
    assert _lifetimes() == Lifetimes(hour, hour, timedelta(days=30), timedelta(minutes=3))


def test_unit_without_a_number_leaves_the_default() -> None:
    units = {"AccessToken": "minutes", "IdToken": "days"}
    found = _lifetimes(TokenValidityUnits=units, AuthSessionValidity=15)
    assert (found.access_token, found.id_token) == (timedelta(hours=1), timedelta(hours=1))
    assert found.auth_session == timedelta(minutes=15)


UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}


@given(st.sampled_from(["AccessToken", "IdToken"]), st.sampled_from(list(UNITS)), st.integers(1, 86400))
def test_access_and_id_tokens_last_five_minutes_to_a_day(token: str, unit: str, number: int) -> None:
    members = {f"{token}Validity": number, "TokenValidityUnits": {token: unit}}
    if 300 <= number * UNITS[unit] <= 86400:
        lasts = _lifetimes(**members)
        found = {"AccessToken": lasts.access_token, "IdToken": lasts.id_token}[token]
        assert found == timedelta(seconds=number * UNITS[unit])
    else:
        with pytest.raises(InvalidParameter):
            _stored(members)


@given(st.sampled_from(list(UNITS)), st.integers(1, 315360000))
def test_refresh_tokens_last_an_hour_to_ten_years(unit: str, number: int) -> None:
    members = {"RefreshTokenValidity": number, "TokenValidityUnits": {"RefreshToken": unit}}
    if 3600 <= number * UNITS[unit] <= 315360000:
        assert _lifetimes(**members).refresh_token == timedelta(seconds=number * UNITS[unit])
    else:
        with pytest.raises(InvalidParameter):
            _stored(members)


# Redirect addresses


@given(st.text(min_size=1, max_size=40))
def test_any_text_is_taken_as_an_address_or_refused(text: str) -> None:
    try:
        kept = _stored({"CallbackURLs": [text]})["CallbackURLs"]
    except InvalidParameter as error:
        assert error.field == "callback_urls"
    else:
        assert kept == [text]
        assert ":" in text
        assert "#" not in text


def test_refusal_names_the_list_it_is_about() -> None:
    for member, field in (("CallbackURLs", "callback_urls"), ("LogoutURLs", "logout_urls")):
        with pytest.raises(InvalidParameter) as caught:
            _stored({member: ["http://example.com"]})
        assert caught.value.field == field
