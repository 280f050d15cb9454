"""CreateUserPool, DescribeUserPool, UpdateUserPool, DeleteUserPool, ListUserPools and AddCustomAttributes."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.support import clients, factories
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.server import Server

SMS_ROLE = "arn:aws:iam::000000000000:role/sms"
SES_IDENTITY = "arn:aws:ses:us-east-1:000000000000:identity/example.com"
NOBODY = "us-east-1_NoSuchOne"
ASSIGNED = ("Id", "Name", "Arn", "CreationDate", "LastModifiedDate")
BAD_TOKEN = "Invalid pagination token given."


def _attribute(name: str, kind: str = "String", **changes: Any) -> dict[str, Any]:
    entry = {
        "Name": name,
        "AttributeDataType": kind,
        "DeveloperOnlyAttribute": False,
        "Mutable": True,
        "Required": False,
    }
    return entry | changes


def _string(name: str, low: str = "0", high: str = "2048", **changes: Any) -> dict[str, Any]:
    return _attribute(name, StringAttributeConstraints={"MinLength": low, "MaxLength": high}, **changes)


STANDARD_SCHEMA = [
    _string("sub", "1", Mutable=False, Required=True),
    _string("name"),
    _string("given_name"),
    _string("family_name"),
    _string("middle_name"),
    _string("nickname"),
    _string("preferred_username"),
    _string("profile"),
    _string("picture"),
    _string("website"),
    _string("email"),
    _attribute("email_verified", "Boolean"),
    _string("gender"),
    _string("birthdate", "10", "10"),
    _string("zoneinfo"),
    _string("locale"),
    _string("phone_number"),
    _attribute("phone_number_verified", "Boolean"),
    _string("address"),
    _attribute("updated_at", "Number", NumberAttributeConstraints={"MinValue": "0"}),
]

BARE_POOL = {
    **{name: f"<{name}>" for name in ASSIGNED},
    "Policies": {
        "PasswordPolicy": {
            "MinimumLength": 8,
            "RequireUppercase": True,
            "RequireLowercase": True,
            "RequireNumbers": True,
            "RequireSymbols": True,
            "TemporaryPasswordValidityDays": 7,
        },
        "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
    },
    "DeletionProtection": "INACTIVE",
    "LambdaConfig": {},
    "SchemaAttributes": STANDARD_SCHEMA,
    "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": []},
    "MfaConfiguration": "OFF",
    "EstimatedNumberOfUsers": 0,
    "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
    "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False, "UnusedAccountValidityDays": 7},
    "UserPoolTags": {},
    "UserPoolTier": "ESSENTIALS",
    "AcrConfiguration": {f"Level{level}": {"AcrValue": f"urn:cognito:loa:{level}"} for level in range(1, 5)},
}

# Every member of UpdateUserPool that this version performs, away from its default, as Describe shows it afterwards.
CHANGED: dict[str, Any] = {
    "Policies": {
        "PasswordPolicy": {
            "MinimumLength": 12,
            "RequireUppercase": False,
            "RequireLowercase": True,
            "RequireNumbers": False,
            "RequireSymbols": False,
            "PasswordHistorySize": 5,
            "TemporaryPasswordValidityDays": 3,
        },
        "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]},
    },
    "MfaConfiguration": "OPTIONAL",
    "DeletionProtection": "ACTIVE",
    "AutoVerifiedAttributes": ["email"],
    "SmsVerificationMessage": "Code by SMS: {####}",
    "EmailVerificationMessage": "Code by e-mail: {####}",
    "EmailVerificationSubject": "Code",
    "VerificationMessageTemplate": {
        "SmsMessage": "Code by SMS: {####}",
        "EmailMessage": "Code by e-mail: {####}",
        "EmailSubject": "Code",
        "EmailMessageByLink": "Click {##here##}",
        "EmailSubjectByLink": "Link",
        "DefaultEmailOption": "CONFIRM_WITH_CODE",
    },
    "SmsAuthenticationMessage": "Sign in with {####}",
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
    "EmailConfiguration": {
        "SourceArn": SES_IDENTITY,
        "ReplyToEmailAddress": "help@example.com",
        "EmailSendingAccount": "DEVELOPER",
        "From": "Example <no-reply@example.com>",
        "ConfigurationSet": "marketing",
    },
    "SmsConfiguration": {"SnsCallerArn": SMS_ROLE, "ExternalId": "external", "SnsRegion": "eu-west-1"},
    "UserPoolTags": {"team": "blue"},
    "AdminCreateUserConfig": {
        "AllowAdminCreateUserOnly": True,
        "UnusedAccountValidityDays": 3,
        "InviteMessageTemplate": {
            "SMSMessage": "{username}: {####}",
            "EmailMessage": "Welcome {username}: {####}",
            "EmailSubject": "Welcome",
        },
    },
    "UserPoolAddOns": {"AdvancedSecurityMode": "OFF"},
    "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]},
    "UserPoolTier": "PLUS",
    "KeyConfiguration": {"KeyType": "AWS_OWNED_KEY"},
    "IssuerConfiguration": {"Type": "ORIGINAL"},
    "AcrConfiguration": {f"Level{level}": {"AcrValue": f"urn:example:{level}"} for level in range(1, 5)},
}


@pytest.fixture
def elsewhere(server: Server) -> Any:
    """cognito-idp in a region where there is no pool yet."""
    return clients.idp(server, region=factories.unique("xx-region"))


@pytest.fixture(scope="module")
def shared(idp: Any) -> dict[str, Any]:
    """A bare pool for tests that only have requests refused."""
    return factories.make_pool(idp)


def _described(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]
    return found


def _recorded(pool: dict[str, Any]) -> dict[str, Any]:
    """The whole answer, with what the service assigns replaced by placeholders."""
    return pool | {name: f"<{name}>" for name in ASSIGNED if name in pool}


def _with(path: str, value: Any) -> dict[str, Any]:
    """Request members with one value at a dotted path."""
    for name in reversed(path.split(".")):
        value = {name: value}
    members: dict[str, Any] = value
    return members


# Creating and describing


def test_bare_pool_has_every_documented_default(idp: Any) -> None:
    made = idp.create_user_pool(PoolName="bare")["UserPool"]
    assert _recorded(made) == BARE_POOL
    assert made["Name"] == "bare"


def test_identifiers_have_the_documented_forms(pool: dict[str, Any]) -> None:
    assert re.fullmatch(r"us-east-1_[0-9a-zA-Z]{9}", pool["Id"])
    assert re.fullmatch(r"arn:aws:cognito-idp:us-east-1:[0-9]{12}:userpool/" + pool["Id"], pool["Arn"])


def test_describe_answers_what_create_answered(idp: Any) -> None:
    members = {name: value for name, value in CHANGED.items() if name != "DeletionProtection"}
    made = factories.make_pool(idp, **members, UsernameAttributes=["email"], Schema=[{"Name": "role"}])
    assert made == _described(idp, made)
    assert {name: made[name] for name in members} == members


def test_two_pools_may_have_the_same_name(idp: Any) -> None:
    first, second = (factories.make_pool(idp, PoolName="twins") for _ in range(2))
    assert first["Name"] == second["Name"]
    assert first["Id"] != second["Id"]


def test_users_are_counted(idp: Any, pool: dict[str, Any]) -> None:
    for _ in range(2):
        factories.make_user(idp, pool)
    assert _described(idp, pool)["EstimatedNumberOfUsers"] == 2


def test_alias_and_username_attributes_exclude_each_other(idp: Any) -> None:
    text = "Only one of the aliasAttributes or usernameAttributes can be set in an user pool."
    with refused("InvalidParameterException", text):
        factories.make_pool(idp, AliasAttributes=["preferred_username"], UsernameAttributes=["email"])


@pytest.mark.parametrize(
    ("name", "constraint"),
    [
        (None, "Value null at 'poolName' failed to satisfy constraint: Member must not be null"),
        ("", "Member must have length greater than or equal to 1"),
        ("n" * 129, "Member must have length less than or equal to 128"),
        ("a/b", "Value 'a/b' at 'poolName' failed to satisfy constraint: Member must satisfy regular expression"),
    ],
)
def test_pool_name_must_satisfy_the_model(idp: Any, name: str | None, constraint: str) -> None:
    with refused("InvalidParameterException") as refusal:
        idp.create_user_pool(PoolName=name)
    assert constraint in refusal.message


def test_a_name_of_the_greatest_length_is_taken(idp: Any) -> None:
    name = "Gatehouse + Co., a=b @ home-1_ " + "n" * 97
    assert factories.make_pool(idp, PoolName=name)["Name"] == name


def test_a_region_holds_a_thousand_pools(server: Server, elsewhere: Any) -> None:
    region = elsewhere.meta.region_name
    server.manage(
        "shell",
        "-c",
        "from pools.models import Pool\n"
        f"Pool.objects.bulk_create(Pool(id=f'{region}_{{n:09}}', name='n', region='{region}') for n in range(999))",
    )
    pool = factories.make_pool(elsewhere)
    with refused("LimitExceededException"):
        factories.make_pool(elsewhere)
    elsewhere.delete_user_pool(UserPoolId=pool["Id"])
    factories.make_pool(elsewhere)


# Schema and custom attributes


def test_given_custom_attributes_follow_the_standard_ones(idp: Any) -> None:
    pool = factories.make_pool(
        idp,
        Schema=[
            {"Name": "role"},
            {"Name": "level", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MaxValue": "9"}},
            {"Name": "hired", "AttributeDataType": "DateTime", "Mutable": False},
            {"Name": "active", "AttributeDataType": "Boolean"},
            {"Name": "badge", "StringAttributeConstraints": {"MinLength": "2", "MaxLength": "8"}},
            {"Name": "score", "AttributeDataType": "Number", "DeveloperOnlyAttribute": True},
        ],
    )
    assert pool["SchemaAttributes"] == [
        *STANDARD_SCHEMA,
        _attribute("custom:role", StringAttributeConstraints={}),
        _attribute("custom:level", "Number", NumberAttributeConstraints={"MaxValue": "9"}),
        _attribute("custom:hired", "DateTime", Mutable=False),
        _attribute("custom:active", "Boolean"),
        _string("custom:badge", "2", "8"),
        _attribute("dev:custom:score", "Number", DeveloperOnlyAttribute=True, NumberAttributeConstraints={}),
    ]


def test_standard_attribute_takes_required_mutable_and_lengths(idp: Any) -> None:
    pool = factories.make_pool(
        idp,
        Schema=[
            {"Name": "email", "AttributeDataType": "String", "Required": True, "Mutable": False},
            {"Name": "nickname", "StringAttributeConstraints": {"MinLength": "3"}},
            {"Name": "updated_at", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MaxValue": "5"}},
        ],
    )
    expected = {entry["Name"]: entry for entry in STANDARD_SCHEMA}
    expected["email"] = _string("email", Required=True, Mutable=False)
    expected["nickname"] = _string("nickname", "3")
    bounds = {"MinValue": "0", "MaxValue": "5"}
    expected["updated_at"] = _attribute("updated_at", "Number", NumberAttributeConstraints=bounds)
    assert pool["SchemaAttributes"] == list(expected.values())


TOO_LONG = "user.badge: String attributes cannot have a length of more than 2048"
FIXED = "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email"


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ([{"Name": "badge", "Required": True}], "Required custom attributes are not supported currently."),
        (
            [{"Name": "badge", "StringAttributeConstraints": {"MinLength": "9", "MaxLength": "8"}}],
            "Max length cannot be less than min length.",
        ),
        ([{"Name": "badge", "StringAttributeConstraints": {"MaxLength": "2049"}}], TOO_LONG),
        ([{"Name": "badge", "StringAttributeConstraints": {"MinLength": "2049"}}], TOO_LONG),
        ([{"Name": "badge", "StringAttributeConstraints": {"MaxLength": "9" * 5000}}], TOO_LONG),
        ([{"Name": "badge", "StringAttributeConstraints": {"MaxLength": "ten"}}], None),
        ([{"Name": "badge", "StringAttributeConstraints": {"MinLength": "-1"}}], None),
        (
            [
                {
                    "Name": "level",
                    "AttributeDataType": "Number",
                    "NumberAttributeConstraints": {"MinValue": "9", "MaxValue": "8"},
                }
            ],
            None,
        ),
        ([{"Name": "level", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MinValue": "few"}}], None),
        ([{"Name": "level", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MaxValue": "nan"}}], None),
        ([{"Name": "email", "AttributeDataType": "Number"}], FIXED),
        ([{"Name": "email", "DeveloperOnlyAttribute": True}], FIXED),
        ([{"Name": "sub", "Mutable": True}], None),
        ([{"Name": "birthdate", "StringAttributeConstraints": {"MinLength": "11"}}], None),
        (
            [{"Name": "badge"}, {"Name": "badge", "AttributeDataType": "Number"}],
            "custom:badge: Existing attribute already has name custom:badge.",
        ),
        ([{"Name": "email", "Required": True}, {"Name": "email", "Required": False}], None),
        ([{"AttributeDataType": "String"}], None),
    ],
)
def test_schema_that_cannot_be_is_refused(idp: Any, schema: list[dict[str, Any]], text: str | None) -> None:
    with refused("InvalidParameterException", text):
        factories.make_pool(idp, Schema=schema)


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ([], "'schema'"),
        ([{"Name": f"a{number}"} for number in range(51)], "'schema'"),
        ([{"Name": "fine"}, {"Name": "n" * 21}], "'schema.2.member.name'"),
        ([{"Name": "in between"}], "'schema.1.member.name'"),
        ([{"Name": "role", "AttributeDataType": "Text"}], "'schema.1.member.attributeDataType'"),
    ],
)
def test_schema_must_satisfy_the_model(idp: Any, schema: list[dict[str, Any]], path: str) -> None:
    with refused("InvalidParameterException") as refusal:
        factories.make_pool(idp, Schema=schema)
    assert refusal.message.startswith("1 validation error detected: ")
    assert path in refusal.message


def test_custom_attributes_are_added_to_a_pool(idp: Any, pool: dict[str, Any]) -> None:
    idp.add_custom_attributes(UserPoolId=pool["Id"], CustomAttributes=[{"Name": "role"}])
    added = [{"Name": "secret", "DeveloperOnlyAttribute": True}, {"Name": "email", "AttributeDataType": "Boolean"}]
    idp.add_custom_attributes(UserPoolId=pool["Id"], CustomAttributes=added)
    assert _described(idp, pool)["SchemaAttributes"] == [
        *STANDARD_SCHEMA,
        _attribute("custom:role", StringAttributeConstraints={}),
        _attribute("dev:custom:secret", DeveloperOnlyAttribute=True, StringAttributeConstraints={}),
        _attribute("custom:email", "Boolean"),
    ]


def test_added_attribute_can_be_given_to_users(idp: Any, pool: dict[str, Any]) -> None:
    with refused("InvalidParameterException"):
        factories.make_user(idp, pool, **{"custom:role": "cook"})
    idp.add_custom_attributes(UserPoolId=pool["Id"], CustomAttributes=[{"Name": "role"}])
    name = factories.make_user(idp, pool, **{"custom:role": "cook"})
    found = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
    assert factories.attributes_of(found)["custom:role"] == "cook"


def test_taken_name_adds_none_of_the_attributes(idp: Any, pool: dict[str, Any]) -> None:
    idp.add_custom_attributes(UserPoolId=pool["Id"], CustomAttributes=[{"Name": "role"}])
    with refused("InvalidParameterException", "custom:role: Existing attribute already has name custom:role."):
        idp.add_custom_attributes(UserPoolId=pool["Id"], CustomAttributes=[{"Name": "new"}, {"Name": "role"}])
    assert "custom:new" not in [entry["Name"] for entry in _described(idp, pool)["SchemaAttributes"]]


def test_required_attribute_cannot_be_added(idp: Any, shared: dict[str, Any]) -> None:
    with refused("InvalidParameterException", "Required custom attributes are not supported currently."):
        idp.add_custom_attributes(UserPoolId=shared["Id"], CustomAttributes=[{"Name": "role", "Required": True}])


@pytest.mark.parametrize("count", [0, 26])
def test_one_to_twenty_five_attributes_are_added_at_a_time(idp: Any, shared: dict[str, Any], count: int) -> None:
    attributes = [{"Name": f"a{number}"} for number in range(count)]
    with refused("InvalidParameterException") as refusal:
        idp.add_custom_attributes(UserPoolId=shared["Id"], CustomAttributes=attributes)
    assert "at 'customAttributes' failed to satisfy constraint: Member must have length" in refusal.message


def test_pool_has_at_most_fifty_custom_attributes(idp: Any, pool: dict[str, Any]) -> None:
    for start in (0, 25):
        attributes = [{"Name": f"a{number}", "DeveloperOnlyAttribute": number % 2 == 0} for number in range(25)]
        attributes = [entry | {"Name": f"b{start}{entry['Name']}"} for entry in attributes]
        idp.add_custom_attributes(UserPoolId=pool["Id"], CustomAttributes=attributes)
    with refused("InvalidParameterException"):
        idp.add_custom_attributes(UserPoolId=pool["Id"], CustomAttributes=[{"Name": "more"}])
    assert len(_described(idp, pool)["SchemaAttributes"]) == 70


def test_attributes_added_at_the_same_time_are_all_kept(idp: Any, pool: dict[str, Any]) -> None:
    def add(number: int) -> None:
        idp.add_custom_attributes(UserPoolId=pool["Id"], CustomAttributes=[{"Name": f"a{number}"}])

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(add, range(6)))
    names = {entry["Name"] for entry in _described(idp, pool)["SchemaAttributes"]}
    assert {f"custom:a{number}" for number in range(6)} <= names


# Updating


def test_update_replaces_every_setting_and_leaves_the_rest_at_default(idp: Any, pool: dict[str, Any]) -> None:
    idp.update_user_pool(UserPoolId=pool["Id"], PoolName="renamed", **CHANGED)
    changed = _described(idp, pool)
    assert _recorded(changed) == BARE_POOL | CHANGED
    assert (changed["Id"], changed["Arn"], changed["Name"]) == (pool["Id"], pool["Arn"], "renamed")

    idp.update_user_pool(UserPoolId=pool["Id"])
    restored = _described(idp, pool)
    # Tags are kept: what manages them by TagResource leaves them out of its updates.
    assert _recorded(restored) == BARE_POOL | {"UserPoolTags": {"team": "blue"}}
    assert restored["Name"] == "renamed"


def test_update_answers_an_empty_object(idp: Any, pool: dict[str, Any]) -> None:
    answer = idp.update_user_pool(UserPoolId=pool["Id"])
    assert answer.keys() == {"ResponseMetadata"}
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-length"] == "2"


@pytest.mark.parametrize(
    "fixed",
    [
        {"AliasAttributes": ["email", "preferred_username"]},
        {"UsernameAttributes": ["email", "phone_number"]},
        {"UsernameConfiguration": {"CaseSensitive": False}},
    ],
    ids=lambda fixed: next(iter(fixed)),
)
def test_update_leaves_what_is_immutable(idp: Any, fixed: dict[str, Any]) -> None:
    pool = factories.make_pool(idp, Schema=[{"Name": "role"}, {"Name": "email", "Required": True}], **fixed)
    idp.update_user_pool(UserPoolId=pool["Id"], UserPoolTier="PLUS")
    updated = _described(idp, pool)
    assert _recorded(updated) == _recorded(pool) | {"UserPoolTier": "PLUS"}
    assert {name: updated[name] for name in fixed} == fixed


@pytest.mark.parametrize("members", [{"UserPoolTier": "LITE"}, CHANGED], ids=["lite", "everything set"])
def test_update_with_what_describe_tells_changes_nothing(idp: Any, members: dict[str, Any]) -> None:
    pool = factories.make_pool(idp, **members)
    updatable = idp.meta.service_model.operation_model("UpdateUserPool").input_shape.members
    idp.update_user_pool(UserPoolId=pool["Id"], **{name: pool[name] for name in updatable if name in pool})
    assert _described(idp, pool) == pool | {"LastModifiedDate": _described(idp, pool)["LastModifiedDate"]}


def test_dynamic_registration_stays_as_it_was_when_left_out_of_an_update(idp: Any, pool: dict[str, Any]) -> None:
    idp.update_user_pool(UserPoolId=pool["Id"], DcrConfiguration={"EnableStatus": "Disabled", "OpenDcrEnabled": True})
    expected = {
        "EnableStatus": "Disabled",
        "OpenDcrEnabled": True,
        "AuthenticatedGrantTypes": ["code", "client_credentials"],
        "OpenDcrGrantTypes": ["code"],
    }
    assert _described(idp, pool)["DcrConfiguration"] == expected
    idp.update_user_pool(UserPoolId=pool["Id"])
    assert _described(idp, pool)["DcrConfiguration"] == expected


def test_refused_update_changes_nothing(idp: Any, pool: dict[str, Any]) -> None:
    with refused("InvalidParameterException"):
        idp.update_user_pool(
            UserPoolId=pool["Id"],
            PoolName="renamed",
            UserPoolTags={"aws": "fine"},
            UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
        )
    with refused("UserPoolTaggingException"):
        idp.update_user_pool(UserPoolId=pool["Id"], PoolName="renamed", UserPoolTags={"aws:not": "fine"})
    assert _described(idp, pool) == pool


def test_update_moves_the_date_of_modification_alone(idp: Any, pool: dict[str, Any], clock: Clock) -> None:
    clock.advance(hours=1)
    idp.update_user_pool(UserPoolId=pool["Id"])
    updated = _described(idp, pool)
    assert updated["CreationDate"] == pool["CreationDate"]
    assert (updated["LastModifiedDate"] - pool["LastModifiedDate"]).total_seconds() >= 3600


# Groups of settings


@pytest.mark.parametrize("legacy_first", [True, False])
@pytest.mark.parametrize(
    ("legacy", "member"),
    [
        ("SmsVerificationMessage", "SmsMessage"),
        ("EmailVerificationMessage", "EmailMessage"),
        ("EmailVerificationSubject", "EmailSubject"),
    ],
)
def test_legacy_message_and_template_mirror_each_other(
    idp: Any, shared: dict[str, Any], legacy: str, member: str, legacy_first: bool
) -> None:
    text = "Your code: {####}"
    given = {legacy: text} if legacy_first else {"VerificationMessageTemplate": {member: text}}
    idp.update_user_pool(UserPoolId=shared["Id"], **given)
    found = _described(idp, shared)
    assert found[legacy] == text
    assert found["VerificationMessageTemplate"] == {member: text, "DefaultEmailOption": "CONFIRM_WITH_CODE"}

    both = {legacy: text, "VerificationMessageTemplate": {member: text}}
    idp.update_user_pool(UserPoolId=shared["Id"], **both)
    assert _described(idp, shared)[legacy] == text
    with refused("InvalidParameterException"):
        idp.update_user_pool(UserPoolId=shared["Id"], **{**both, legacy: "Another code: {####}"})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("SmsVerificationMessage", "no code"),
        ("SmsVerificationMessage", "{####}" + "x" * 135),
        ("SmsAuthenticationMessage", "no code"),
        ("EmailVerificationMessage", "no code"),
        ("EmailVerificationMessage", "{####}" + "x" * 19995),
        ("EmailVerificationSubject", "x" * 141),
        ("VerificationMessageTemplate.SmsMessage", "no code"),
        ("VerificationMessageTemplate.EmailMessage", "no code"),
        ("VerificationMessageTemplate.EmailMessageByLink", "no link"),
        ("VerificationMessageTemplate.EmailSubjectByLink", "x" * 141),
        ("AdminCreateUserConfig.InviteMessageTemplate.SMSMessage", "{username} {####}" + "x" * 124),
        ("AdminCreateUserConfig.InviteMessageTemplate.EmailSubject", "x" * 141),
        ("AdminCreateUserConfig.UnusedAccountValidityDays", 366),
        ("Policies.PasswordPolicy.MinimumLength", 5),
        ("Policies.PasswordPolicy.MinimumLength", 100),
        ("Policies.PasswordPolicy.TemporaryPasswordValidityDays", 366),
        ("Policies.PasswordPolicy.PasswordHistorySize", 25),
        ("Policies.SignInPolicy.AllowedFirstAuthFactors", []),
        ("EmailConfiguration.ReplyToEmailAddress", "not an address"),
        ("EmailConfiguration.ConfigurationSet", "not a set"),
        ("DeletionProtection", "MAYBE"),
        ("UserPoolTier", "FREE"),
    ],
)
def test_setting_must_satisfy_the_model(idp: Any, shared: dict[str, Any], path: str, value: Any) -> None:
    before = _described(idp, shared)
    with refused("InvalidParameterException") as refusal:
        idp.update_user_pool(UserPoolId=shared["Id"], **_with(path, value))
    shown = ".".join(name[:1].lower() + name[1:] for name in path.split("."))
    assert f"at '{shown}' failed to satisfy constraint: Member must " in refusal.message
    assert _described(idp, shared) == before


@pytest.mark.parametrize("text", ["only {####}", "only {username}"])
@pytest.mark.parametrize("member", ["SMSMessage", "EmailMessage"])
def test_invitation_must_name_the_user_and_the_password(
    idp: Any, shared: dict[str, Any], member: str, text: str
) -> None:
    config = {"InviteMessageTemplate": {member: text}}
    with refused("InvalidParameterException"):
        idp.update_user_pool(UserPoolId=shared["Id"], AdminCreateUserConfig=config)


def test_password_policy_given_in_part_requires_only_what_it_says(idp: Any, pool: dict[str, Any]) -> None:
    idp.update_user_pool(UserPoolId=pool["Id"], Policies={"PasswordPolicy": {"RequireNumbers": True}})
    assert _described(idp, pool)["Policies"]["PasswordPolicy"] == {
        "MinimumLength": 6,
        "RequireUppercase": False,
        "RequireLowercase": False,
        "RequireNumbers": True,
        "RequireSymbols": False,
        "TemporaryPasswordValidityDays": 7,
    }
    name = factories.make_user(idp, pool)
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=name, Password="abcde1", Permanent=True)
    with refused("InvalidPasswordException") as refusal:
        idp.admin_set_user_password(UserPoolId=pool["Id"], Username=name, Password="abcdef", Permanent=True)
    assert refusal.message == "Password did not conform with policy: Password must have numeric characters"


def test_sign_in_policy_alone_leaves_the_password_policy_at_default(idp: Any, shared: dict[str, Any]) -> None:
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}}
    idp.update_user_pool(UserPoolId=shared["Id"], Policies=policies)
    assert _described(idp, shared)["Policies"] == BARE_POOL["Policies"]


@pytest.mark.parametrize(
    ("unused_account", "temporary_password", "days"),
    [(3, None, 3), (None, 3, 3), (3, 3, 3), (0, None, 7), (None, 0, 7), (0, 3, 3), (3, 0, 3), (365, None, 365)],
)
def test_both_names_of_the_temporary_days_tell_the_same(
    idp: Any, shared: dict[str, Any], unused_account: int | None, temporary_password: int | None, days: int
) -> None:
    members: dict[str, Any] = {}
    if unused_account is not None:
        members["AdminCreateUserConfig"] = {"UnusedAccountValidityDays": unused_account}
    if temporary_password is not None:
        members["Policies"] = {"PasswordPolicy": {"TemporaryPasswordValidityDays": temporary_password}}
    idp.update_user_pool(UserPoolId=shared["Id"], **members)
    found = _described(idp, shared)
    assert found["AdminCreateUserConfig"]["UnusedAccountValidityDays"] == days
    assert found["Policies"]["PasswordPolicy"]["TemporaryPasswordValidityDays"] == days


def test_different_temporary_days_contradict_each_other(idp: Any, shared: dict[str, Any]) -> None:
    with refused("InvalidParameterException"):
        idp.update_user_pool(
            UserPoolId=shared["Id"],
            Policies={"PasswordPolicy": {"TemporaryPasswordValidityDays": 3}},
            AdminCreateUserConfig={"UnusedAccountValidityDays": 4},
        )


def test_invited_user_has_as_many_days_as_the_policy_says(
    idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any], clock: Clock
) -> None:
    policies = {"PasswordPolicy": {"TemporaryPasswordValidityDays": 2}}
    idp.update_user_pool(UserPoolId=pool["Id"], Policies=policies)
    names = [factories.unique() for _ in range(2)]
    for name in names:
        idp.admin_create_user(
            UserPoolId=pool["Id"], Username=name, TemporaryPassword="Temporary-1", MessageAction="SUPPRESS"
        )
    parameters = [{"USERNAME": name, "PASSWORD": "Temporary-1"} for name in names]
    call = {"ClientId": client["ClientId"], "AuthFlow": "USER_PASSWORD_AUTH"}
    clock.advance(days=1, hours=23)
    assert public.initiate_auth(**call, AuthParameters=parameters[0])["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    clock.advance(hours=2)
    with refused("NotAuthorizedException"):
        public.initiate_auth(**call, AuthParameters=parameters[1])


@pytest.mark.parametrize("verified", [None, [], ["phone_number"]])
def test_only_auto_verified_attributes_can_need_verification_before_update(
    idp: Any, shared: dict[str, Any], verified: list[str] | None
) -> None:
    members = {} if verified is None else {"AutoVerifiedAttributes": verified}
    with refused("InvalidParameterException"):
        idp.update_user_pool(
            UserPoolId=shared["Id"],
            UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
            **members,
        )


@pytest.mark.parametrize(
    "email",
    [
        {"EmailSendingAccount": "DEVELOPER"},
        {"From": "no address"},
        {"From": "a@example.com\nBcc: everybody@example.com"},
        {"From": "a@example.com\rBcc: everybody@example.com"},
    ],
)
def test_email_configuration_that_could_not_send_is_refused(
    idp: Any, shared: dict[str, Any], email: dict[str, str]
) -> None:
    with refused("InvalidParameterException"):
        idp.update_user_pool(UserPoolId=shared["Id"], EmailConfiguration=email)


def test_sms_is_sent_either_by_sns_or_by_end_user_messaging(idp: Any, shared: dict[str, Any]) -> None:
    messaging = {"CallerArn": SMS_ROLE, "OriginationIdentity": "+12065550100"}
    with refused("InvalidParameterException"):
        idp.update_user_pool(UserPoolId=shared["Id"], SmsConfiguration={"SnsCallerArn": SMS_ROLE, "EumsSms": messaging})
    idp.update_user_pool(UserPoolId=shared["Id"], SmsConfiguration={"EumsSms": messaging})
    assert _described(idp, shared)["SmsConfiguration"] == {"EumsSms": messaging}


def test_given_acr_names_are_merged_with_the_default_ones(idp: Any, shared: dict[str, Any]) -> None:
    names = {"Level2": {"AcrValue": "urn:example:two"}}
    idp.update_user_pool(UserPoolId=shared["Id"], AcrConfiguration=names)
    assert _described(idp, shared)["AcrConfiguration"] == BARE_POOL["AcrConfiguration"] | names

    swapped = {"Level1": {"AcrValue": "urn:cognito:loa:2"}, "Level2": {"AcrValue": "urn:cognito:loa:1"}}
    idp.update_user_pool(UserPoolId=shared["Id"], AcrConfiguration=swapped)
    assert _described(idp, shared)["AcrConfiguration"] == BARE_POOL["AcrConfiguration"] | swapped


@pytest.mark.parametrize(
    "names",
    [
        {"Level1": {"AcrValue": "urn:same"}, "Level4": {"AcrValue": "urn:same"}},
        {"Level1": {"AcrValue": "urn:cognito:loa:2"}},
        {"Level5": {"AcrValue": "urn:five"}},
        {"Level1": {"AcrValue": ""}},
        {"Level1": {"AcrValue": "x" * 65}},
        {"Level1": {"AcrValue": "with space"}},
        {"Level1": {"AcrValue": 'with"quote'}},
        {"Level1": {"AcrValue": "with\\backslash"}},
        {"Level1": {}},
    ],
)
def test_acr_names_are_well_formed_and_unique(idp: Any, shared: dict[str, Any], names: dict[str, Any]) -> None:
    with refused("InvalidParameterException"):
        idp.update_user_pool(UserPoolId=shared["Id"], AcrConfiguration=names)


def test_lite_pool_has_no_acr_names_of_its_own(idp: Any, pool: dict[str, Any]) -> None:
    names = {"Level1": {"AcrValue": "urn:example:one"}}
    with refused("FeatureUnavailableInTierException"):
        factories.make_pool(idp, UserPoolTier="LITE", AcrConfiguration=names)
    with refused("FeatureUnavailableInTierException"):
        idp.update_user_pool(UserPoolId=pool["Id"], UserPoolTier="LITE", AcrConfiguration=names)
    idp.update_user_pool(UserPoolId=pool["Id"], UserPoolTier="LITE", AcrConfiguration={})
    assert _described(idp, pool)["AcrConfiguration"] == BARE_POOL["AcrConfiguration"]


UNBUILT = {
    "LambdaConfig.InboundFederation": {
        "LambdaVersion": "V1_0",
        "LambdaArn": "arn:aws:lambda:us-east-1:000000000000:function:f",
    },
    "DeviceConfiguration": {},
    "UserPoolAddOns.AdvancedSecurityMode": "AUDIT",
    "Policies.SignInPolicy.AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"],
    "DcrConfiguration": {},
    "KeyConfiguration.KeyType": "CUSTOMER_MANAGED_KEY",
    "KeyConfiguration.KmsKeyArn": "arn:aws:kms:us-east-1:000000000000:key/k",
    "IssuerConfiguration.Type": "UPDATED",
}


@pytest.mark.parametrize("path", UNBUILT)
def test_setting_that_is_not_built_yet_is_refused_aloud(idp: Any, shared: dict[str, Any], path: str) -> None:
    before = _described(idp, shared)
    members = _with(path, UNBUILT[path])
    for ask in (
        lambda: idp.create_user_pool(PoolName="unbuilt", **members),
        lambda: idp.update_user_pool(UserPoolId=shared["Id"], **members),
    ):
        with refused("InvalidParameterException") as refusal:
            ask()
        assert refusal.message.endswith(": this value is not available in this version of Gatehouse.")
        assert path.startswith(refusal.message.partition(":")[0])
    assert _described(idp, shared) == before


# Deleting


def test_deleted_pool_is_gone_with_everything_in_it(
    idp: Any, public: Any, server: Server, pool: dict[str, Any], client: dict[str, Any], user: str
) -> None:
    jwks = f"{server.url}/{pool['Id']}/.well-known/jwks.json"
    assert requests.get(jwks, timeout=10).status_code == 200
    token = factories.sign_in(public, client, user)["AccessToken"]
    answer = idp.delete_user_pool(UserPoolId=pool["Id"])
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-length"] == "0"

    gone = f"User pool {pool['Id']} does not exist."
    with refused("ResourceNotFoundException", gone):
        _described(idp, pool)
    with refused("ResourceNotFoundException", gone):
        idp.delete_user_pool(UserPoolId=pool["Id"])
    with refused("ResourceNotFoundException", f"User pool client {client['ClientId']} does not exist."):
        factories.sign_in(public, client, user)
    with pytest.raises(public.exceptions.ClientError):
        public.get_user(AccessToken=token)
    assert requests.get(jwks, timeout=10).status_code == 404


def test_protected_pool_is_deleted_only_after_protection_is_off(idp: Any) -> None:
    pool = factories.make_pool(idp, DeletionProtection="ACTIVE")
    text = (
        "The user pool cannot be deleted because deletion protection is activated. "
        "Deletion protection must be inactivated first."
    )
    with refused("InvalidParameterException", text):
        idp.delete_user_pool(UserPoolId=pool["Id"])
    assert _described(idp, pool) == pool
    idp.update_user_pool(UserPoolId=pool["Id"], DeletionProtection="INACTIVE")
    idp.delete_user_pool(UserPoolId=pool["Id"])


def test_deleting_while_clients_are_made_leaves_no_crash(idp: Any, pool: dict[str, Any]) -> None:
    def make_clients(_: int) -> set[str]:
        codes = set()
        for _ in range(15):
            try:
                factories.make_client(idp, pool)
            except idp.exceptions.ClientError as error:
                codes.add(error.response["Error"]["Code"])
        return codes

    with ThreadPoolExecutor(4) as threads:
        makers = [threads.submit(make_clients, number) for number in range(3)]
        deleted = threads.submit(idp.delete_user_pool, UserPoolId=pool["Id"])
        deleted.result()
        assert set().union(*(maker.result() for maker in makers)) <= {"ResourceNotFoundException"}


# Missing pools, other regions

WITH_POOL_ID: dict[str, Callable[[Any, str], Any]] = {
    "DescribeUserPool": lambda idp, pool_id: idp.describe_user_pool(UserPoolId=pool_id),
    "UpdateUserPool": lambda idp, pool_id: idp.update_user_pool(UserPoolId=pool_id),
    "DeleteUserPool": lambda idp, pool_id: idp.delete_user_pool(UserPoolId=pool_id),
    "GetUserPoolMfaConfig": lambda idp, pool_id: idp.get_user_pool_mfa_config(UserPoolId=pool_id),
    "SetUserPoolMfaConfig": lambda idp, pool_id: idp.set_user_pool_mfa_config(UserPoolId=pool_id),
    "AddCustomAttributes": lambda idp, pool_id: idp.add_custom_attributes(
        UserPoolId=pool_id, CustomAttributes=[{"Name": "role"}]
    ),
    "CreateUserPoolClient": lambda idp, pool_id: idp.create_user_pool_client(UserPoolId=pool_id, ClientName="c"),
    "ListUserPoolClients": lambda idp, pool_id: idp.list_user_pool_clients(UserPoolId=pool_id),
}


@pytest.mark.parametrize("operation", WITH_POOL_ID)
def test_missing_pool_is_not_found(idp: Any, operation: str) -> None:
    for pool_id in (NOBODY, "gatehouse_operators"):
        with refused("ResourceNotFoundException", f"User pool {pool_id} does not exist."):
            WITH_POOL_ID[operation](idp, pool_id)


@pytest.mark.parametrize("operation", WITH_POOL_ID)
def test_pool_id_must_satisfy_the_model(idp: Any, operation: str) -> None:
    with refused("InvalidParameterException") as refusal:
        WITH_POOL_ID[operation](idp, "nonsense")
    pattern = r"Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+"
    assert f"Value 'nonsense' at 'userPoolId' failed to satisfy constraint: {pattern}" in refusal.message


@pytest.mark.parametrize("operation", WITH_POOL_ID)
def test_pool_of_another_region_is_not_found(idp: Any, server: Server, shared: dict[str, Any], operation: str) -> None:
    with refused("ResourceNotFoundException", f"User pool {shared['Id']} does not exist."):
        WITH_POOL_ID[operation](clients.idp(server, region="eu-west-1"), shared["Id"])
    assert _described(idp, shared)["Name"] == shared["Name"]


def test_pool_lives_in_the_region_of_the_signature(elsewhere: Any) -> None:
    region = elsewhere.meta.region_name
    pool = factories.make_pool(elsewhere)
    assert re.fullmatch(region + r"_[0-9a-zA-Z]{9}", pool["Id"])
    assert pool["Arn"].startswith(f"arn:aws:cognito-idp:{region}:")
    listed = elsewhere.list_user_pools(MaxResults=60)["UserPools"]
    assert [entry["Id"] for entry in listed] == [pool["Id"]]


# Listing


def test_list_tells_id_name_and_dates(elsewhere: Any) -> None:
    pool = factories.make_pool(elsewhere, PoolName="listed")
    assert elsewhere.list_user_pools(MaxResults=1)["UserPools"] == [
        {
            "Id": pool["Id"],
            "Name": "listed",
            "LambdaConfig": {},
            "CreationDate": pool["CreationDate"],
            "LastModifiedDate": pool["LastModifiedDate"],
        }
    ]


def test_empty_region_lists_nothing(elsewhere: Any) -> None:
    answer = elsewhere.list_user_pools(MaxResults=1)
    assert answer["UserPools"] == []
    assert "NextToken" not in answer


@pytest.mark.parametrize("page_size", [1, 2, 4, 5, 60])
def test_pages_hold_every_pool_once(elsewhere: Any, page_size: int) -> None:
    made = {factories.make_pool(elsewhere)["Id"] for _ in range(4)}
    found: list[str] = []
    call: dict[str, Any] = {"MaxResults": page_size}
    while True:
        page = elsewhere.list_user_pools(**call)
        assert len(page["UserPools"]) <= page_size
        found += [pool["Id"] for pool in page["UserPools"]]
        if "NextToken" not in page:
            break
        assert len(page["UserPools"]) == page_size
        call["NextToken"] = page["NextToken"]
    assert sorted(found) == sorted(made)


def test_pages_stay_in_step_while_pools_come_and_go(elsewhere: Any) -> None:
    made = {factories.make_pool(elsewhere)["Id"] for _ in range(6)}
    first = elsewhere.list_user_pools(MaxResults=2)
    seen = [pool["Id"] for pool in first["UserPools"]]
    for pool_id in seen:
        elsewhere.delete_user_pool(UserPoolId=pool_id)
    unseen = sorted(made - set(seen))
    elsewhere.delete_user_pool(UserPoolId=unseen[0])
    for _ in range(3):
        factories.make_pool(elsewhere)
    token = first["NextToken"]
    while token:
        page = elsewhere.list_user_pools(MaxResults=2, NextToken=token)
        seen += [pool["Id"] for pool in page["UserPools"]]
        token = page.get("NextToken")
    assert len(seen) == len(set(seen))
    assert made - {unseen[0]} <= set(seen)


@pytest.fixture(scope="module")
def there(server: Server) -> Any:
    """cognito-idp in a region with two pools."""
    found = clients.idp(server, region=factories.unique("xx-region"))
    for _ in range(2):
        factories.make_pool(found)
    return found


@pytest.fixture(scope="module")
def second_page(there: Any) -> dict[str, Any]:
    """The request that leads to the second of them."""
    return {"MaxResults": 1, "NextToken": there.list_user_pools(MaxResults=1)["NextToken"]}


def test_token_lasts_an_hour(there: Any, second_page: dict[str, Any], clock: Clock) -> None:
    clock.advance(minutes=55)
    assert there.list_user_pools(**second_page)["UserPools"]
    clock.advance(minutes=6)
    with refused("InvalidParameterException", BAD_TOKEN):
        there.list_user_pools(**second_page)


@pytest.mark.parametrize(
    "change",
    [
        lambda token: ("A" if token[0] != "A" else "B") + token[1:],
        lambda token: token[:60] + ("A" if token[60] != "A" else "B") + token[61:],
        lambda token: token + "AAAA",
        lambda token: token[:-4],
        lambda token: token[:8],
        lambda token: "nonsense",
        lambda token: "é",
    ],
    ids=["first character", "inner character", "longer", "shorter", "cut off", "nonsense", "not ASCII"],
)
def test_changed_token_is_refused(there: Any, second_page: dict[str, Any], change: Callable[[str], str]) -> None:
    with refused("InvalidParameterException", BAD_TOKEN):
        there.list_user_pools(MaxResults=1, NextToken=change(second_page["NextToken"]))


def test_token_of_another_region_or_operation_is_refused(
    idp: Any, second_page: dict[str, Any], shared: dict[str, Any]
) -> None:
    with refused("InvalidParameterException", BAD_TOKEN):
        idp.list_user_pools(**second_page)
    with refused("InvalidParameterException", BAD_TOKEN):
        idp.list_user_pool_clients(UserPoolId=shared["Id"], **second_page)


@pytest.mark.parametrize(
    ("given", "item"),
    [
        ({}, "Value null at 'maxResults' failed to satisfy constraint: Member must not be null"),
        (
            {"MaxResults": 0},
            "Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
        (
            {"MaxResults": 61},
            "Value '61' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 60",
        ),
    ],
)
def test_list_needs_a_page_size_of_one_to_sixty(idp: Any, given: dict[str, int], item: str) -> None:
    with refused("InvalidParameterException", f"1 validation error detected: {item}"):
        idp.list_user_pools(**given)


@pytest.mark.parametrize("token", ["", "with space"])
def test_token_must_satisfy_the_model(idp: Any, token: str) -> None:
    with refused("InvalidParameterException") as refusal:
        idp.list_user_pools(MaxResults=1, NextToken=token)
    assert "at 'nextToken' failed to satisfy constraint" in refusal.message


def test_a_tier_without_what_a_client_uses_is_refused_and_nothing_changes(idp: Any, pool: dict[str, Any]) -> None:
    factories.make_client(idp, pool, ExplicitAuthFlows=["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])
    with refused("TierChangeNotAllowedException"):
        idp.update_user_pool(UserPoolId=pool["Id"], PoolName="renamed", UserPoolTier="LITE")
    described = idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]
    assert (described["UserPoolTier"], described["Name"]) == ("ESSENTIALS", pool["Name"])
