"""A pool's settings against the service model: no member of a request is dropped without a word."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore import xform_name
from botocore.model import Shape

from identity.errors import FeatureUnavailableInTier, InvalidParameter
from identity.wire.services import cognito_idp
from pools.config import pool, unbuilt
from pools.config.sign_in import SignInSettings
from pools.operations import pools as operations

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
CODE = "Your code: {####}"

# A value away from the default for every leaf of the model; by path, else by the name of the leaf's shape.
BY_PATH: Mapping[str, Any] = {
    "Policies.PasswordPolicy.MinimumLength": 20,
    "Policies.PasswordPolicy.RequireUppercase": False,
    "Policies.PasswordPolicy.RequireLowercase": False,
    "Policies.PasswordPolicy.RequireNumbers": False,
    "Policies.PasswordPolicy.RequireSymbols": False,
    "Policies.PasswordPolicy.PasswordHistorySize": 5,
    "Policies.PasswordPolicy.TemporaryPasswordValidityDays": 5,
    "Policies.SignInPolicy.AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"],
    "LambdaConfig.PreTokenGenerationConfig.LambdaVersion": "V2_0",
    "LambdaConfig.CustomSMSSender.LambdaVersion": "V1_0",
    "LambdaConfig.CustomEmailSender.LambdaVersion": "V1_0",
    "LambdaConfig.InboundFederation.LambdaVersion": "V1_0",
    "VerificationMessageTemplate.DefaultEmailOption": "CONFIRM_WITH_LINK",
    "VerificationMessageTemplate.EmailMessageByLink": "Click {##here##}",
    "EmailConfiguration.From": "Example <no-reply@example.com>",
    "AdminCreateUserConfig.AllowAdminCreateUserOnly": True,
    "AdminCreateUserConfig.UnusedAccountValidityDays": 5,
    "AdminCreateUserConfig.InviteMessageTemplate.SMSMessage": "{username} {####}",
    "AdminCreateUserConfig.InviteMessageTemplate.EmailMessage": "{username} {####}",
    "Schema": [{"Name": "role", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MinValue": "1"}}],
    "UserPoolAddOns.AdvancedSecurityMode": "ENFORCED",
    "UserPoolAddOns.AdvancedSecurityAdditionalFlows.CustomAuthMode": "AUDIT",
    "DcrConfiguration.EnableStatus": "Disabled",
    "DcrConfiguration.OpenDcrEnabled": True,
    "DcrConfiguration.AuthenticatedGrantTypes": [],
    "DcrConfiguration.OpenDcrGrantTypes": ["client_credentials"],
    "DcrConfiguration.AllowedScopes": ["aws.cognito.signin.user.admin"],
    "AccountRecoverySetting.RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}],
    "KeyConfiguration.KeyType": "CUSTOMER_MANAGED_KEY",
    "IssuerConfiguration.Type": "UPDATED",
    "AcrConfiguration": {f"Level{level}": {"AcrValue": f"urn:example:{level}"} for level in range(1, 5)},
}
BY_SHAPE: Mapping[str, Any] = {
    "AliasAttributesListType": ["email"],
    "ArnType": ARN,
    "AttributesRequireVerificationBeforeUpdateType": ["email"],
    "BooleanType": True,
    "DeletionProtectionType": "ACTIVE",
    "EmailAddressType": "help@example.com",
    "EmailSendingAccountType": "DEVELOPER",
    "EmailVerificationMessageType": CODE,
    "EmailVerificationSubjectByLinkType": "Your link",
    "EmailVerificationSubjectType": "Your code",
    "EncryptionKeyArnType": ARN,
    "OptionalArnType": ARN,
    "RegionCodeType": "eu-west-1",
    "SESConfigurationSet": "marketing",
    "SmsVerificationMessageType": CODE,
    "StringType": "text",
    "UserPoolMfaType": "OPTIONAL",
    "UserPoolTierType": "PLUS",
    "UsernameAttributesListType": ["email"],
    "VerifiedAttributesListType": ["email"],
    "WrappedBooleanType": False,
}
# What a leaf needs beside it before a request may have it.
COMPANIONS: Mapping[str, Mapping[str, Any]] = {
    "MfaConfiguration": {"SmsConfiguration": {"SnsCallerArn": ARN}},
    "UserAttributeUpdateSettings": {"AutoVerifiedAttributes": ["email"]},
    "EmailConfiguration.EmailSendingAccount": {"EmailConfiguration": {"SourceArn": ARN}},
    "SmsConfiguration.EumsSms": {"SmsConfiguration": {"EumsSms": {"CallerArn": ARN}}},
    "UserPoolAddOns.AdvancedSecurityAdditionalFlows": {"UserPoolAddOns": {"AdvancedSecurityMode": "OFF"}},
    "LambdaConfig.PreTokenGenerationConfig": {
        "LambdaConfig": {"PreTokenGenerationConfig": {"LambdaArn": ARN, "LambdaVersion": "V1_0"}}
    },
    **{
        f"LambdaConfig.{name}": {"LambdaConfig": {name: {"LambdaArn": ARN, "LambdaVersion": "V1_0"}, "KMSKeyID": ARN}}
        for name in ("CustomSMSSender", "CustomEmailSender", "InboundFederation")
    },
    **{
        f"DcrConfiguration.{name}": {"DcrConfiguration": {"EnableStatus": "Disabled"}}
        for name in ("OpenDcrEnabled", "AuthenticatedGrantTypes", "OpenDcrGrantTypes", "AllowedScopes")
    },
}
# What the operation or `provisioning` takes before settings are made; its contract tests show that each has effect.
NOT_SETTINGS = {"PoolName", "UserPoolId", "UserPoolTags"}
ANSWERED_AS = {"Schema": "SchemaAttributes"}


def _leaves(shape: Shape, path: str = "") -> Iterator[tuple[str, Shape]]:
    if shape.type_name != "structure":
        yield path, shape
        return
    for name, member in shape.members.items():
        yield from _leaves(member, f"{path}.{name}".removeprefix("."))


def _input(operation: str) -> Shape:
    return cognito_idp.model.operation_model(operation).input_shape


LEAVES = {
    operation: {path: shape for path, shape in _leaves(_input(operation)) if path.partition(".")[0] not in NOT_SETTINGS}
    for operation in ("CreateUserPool", "UpdateUserPool")
}


def _request(path: str, shape: Shape) -> dict[str, Any]:
    """Members that set one leaf, as a caller would write them."""
    members: dict[str, Any] = {}
    for start, companion in COMPANIONS.items():
        if path.startswith(start):
            members = _merged(members, companion)
    value = BY_PATH[path] if path in BY_PATH else BY_SHAPE[shape.name]
    for name in reversed(path.split(".")):
        value = {name: value}
    return _merged(members, value)


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(one)
    for name, value in other.items():
        is_nested = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = _merged(merged[name], value) if is_nested else value
    return merged


def _at(settings: Mapping[str, Any], path: str) -> Any:
    value: Any = settings
    for name in path.split("."):
        value = value.get(ANSWERED_AS.get(name, name)) if isinstance(value, Mapping) else None
    return value


def _parsed(operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
    """The settings among the members, after the wire has found the request valid."""
    ids = {"CreateUserPool": {"PoolName": "p"}, "UpdateUserPool": {"UserPoolId": "us-east-1_a"}}[operation]
    parsed = cognito_idp.operations[operation].parse({**ids, **members})
    return {name: value for name, value in parsed.items() if name not in {xform_name(taken) for taken in NOT_SETTINGS}}


@pytest.mark.parametrize("path", LEAVES["CreateUserPool"])
def test_member_of_create_is_described_or_refused_as_unbuilt(path: str) -> None:
    members = _parsed("CreateUserPool", _request(path, LEAVES["CreateUserPool"][path]))
    given, default = _at(members, path), _at(pool.described(pool.created({})), path)
    assert given != default, "the sample must be away from the default"
    try:
        found = _at(pool.described(pool.created(members)), path)
    except InvalidParameter as error:
        assert error.message.endswith("this value is not available in this version of Gatehouse.")
        assert error.field is not None
        assert path.startswith(error.field)
        return
    if path == "Schema":
        assert [entry["Name"] for entry in found[len(default) :]] == ["custom:role"]
    else:
        assert found == given


@pytest.mark.parametrize("path", LEAVES["UpdateUserPool"])
def test_member_of_update_is_described_and_gone_when_left_out(path: str) -> None:
    start = pool.created({})
    members = _parsed("UpdateUserPool", _request(path, LEAVES["UpdateUserPool"][path]))
    try:
        changed = pool.replaced(start, members)
    except InvalidParameter as error:
        assert error.message.endswith("this value is not available in this version of Gatehouse.")
        return
    assert _at(pool.described(changed), path) == _at(members, path)
    kept = {"DcrConfiguration": changed["DcrConfiguration"]} if "DcrConfiguration" in changed else {}
    assert pool.replaced(changed, {}) == start | kept


def test_settings_take_every_member_that_the_operations_do_not() -> None:
    for handler in (operations.create_user_pool, operations.update_user_pool):
        parameters = list(inspect.signature(handler).parameters)[1:]
        assert set(parameters) <= {*(xform_name(name) for name in NOT_SETTINGS), "members"}


def test_members_of_create_that_update_lacks_are_the_immutable_ones() -> None:
    only_create = _input("CreateUserPool").members.keys() - _input("UpdateUserPool").members.keys()
    assert {ANSWERED_AS.get(name, name) for name in only_create} == set(pool.IMMUTABLE)


def test_every_unbuilt_path_is_one_of_the_model() -> None:
    ends = set(LEAVES["CreateUserPool"])
    nodes = {path[: len(part)] for path in ends for part in _prefixes(path)}
    assert set(unbuilt._POOL) <= nodes


def _prefixes(path: str) -> Iterator[str]:
    parts = path.split(".")
    for count in range(1, len(parts) + 1):
        yield ".".join(parts[:count])


@pytest.mark.parametrize(
    "members",
    [
        {"LambdaConfig": {}},
        {"UserPoolAddOns": {"AdvancedSecurityMode": "OFF"}},
        {"Policies": {"PasswordPolicy": {"PasswordHistorySize": 0}}},
        {"VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"}},
        {"DcrConfiguration": {"EnableStatus": "Disabled"}},
        {"KeyConfiguration": {"KeyType": "AWS_OWNED_KEY"}},
        {"IssuerConfiguration": {"Type": "ORIGINAL"}},
    ],
    ids=lambda members: next(iter(members)),
)
def test_unbuilt_setting_may_be_given_as_it_is_anyway(members: dict[str, Any]) -> None:
    pool.created(members)


def test_immutable_settings_outlive_a_replacement() -> None:
    fixed = {"AliasAttributes": ["email"], "UsernameConfiguration": {"CaseSensitive": False}}
    start = pool.created({**fixed, "Schema": [{"Name": "role"}], "UserPoolTier": "PLUS"})
    replaced = pool.replaced(start, {})
    assert replaced == start | {"UserPoolTier": "ESSENTIALS"}
    settings = SignInSettings.read(replaced)
    assert settings.alias_attributes == {"email"}
    assert not settings.is_case_sensitive


def test_lite_pool_may_be_told_the_default_acr_names() -> None:
    described = pool.created({"UserPoolTier": "LITE"})
    assert pool.replaced(described, {name: described[name] for name in ("UserPoolTier", "AcrConfiguration")})
    with pytest.raises(FeatureUnavailableInTier):
        pool.replaced(described, {"UserPoolTier": "LITE", "AcrConfiguration": {"Level1": {"AcrValue": "urn:one"}}})
