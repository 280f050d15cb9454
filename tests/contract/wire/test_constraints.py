"""Violations of the service model's constraints: all of a request at once, in AWS's words, secrets left out."""

import json
from typing import Any

import pytest

from tests.support import factories
from tests.support.clients import post, refused
from tests.support.server import Server

POOL = "us-east-1_AbCdEf123"
NULL = "Member must not be null"
POOL_ID_PATTERN = r"Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+"
NAME_PATTERN = r"Member must satisfy regular expression pattern: [\w\s+=,.@-]+"
CLIENT_ID_PATTERN = r"Member must satisfy regular expression pattern: [\w+]+"
USERNAME_PATTERN = r"Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+"
PASSWORD_PATTERN = r"Member must satisfy regular expression pattern: [\S]+"
AUTH_FLOWS = (
    "Member must satisfy enum value set: [USER_SRP_AUTH, REFRESH_TOKEN_AUTH, REFRESH_TOKEN, CUSTOM_AUTH, "
    "ADMIN_NO_SRP_AUTH, USER_PASSWORD_AUTH, ADMIN_USER_PASSWORD_AUTH, USER_AUTH]"
)
PUBLIC = {"SignUp", "ConfirmSignUp", "InitiateAuth", "RespondToAuthChallenge", "RevokeToken", "GetUser"}


def at_least(number: int, what: str = "length") -> str:
    return f"Member must have {what} greater than or equal to {number}"


def at_most(number: int, what: str = "length") -> str:
    return f"Member must have {what} less than or equal to {number}"


def check(server: Server, operation: str, body: dict[str, Any], *items: str) -> None:
    """`items` are what follows `Value`, in order: ` '<value>' at '<path>': <constraint>`, the value optional."""
    answer = post(server, operation, json.dumps(body).encode(), signed=operation not in PUBLIC)
    noun = "error" if len(items) == 1 else "errors"
    told = "; ".join(f"Value{item.replace(': ', ' failed to satisfy constraint: ', 1)}" for item in items)
    expected = f"{len(items)} validation {noun} detected: {told}"
    assert (answer.status_code, answer.json()) == (400, {"__type": "InvalidParameterException", "message": expected})


@pytest.mark.parametrize(
    ("operation", "body", "item"),
    [
        # missing
        ("ListUserPools", {}, f" null at 'maxResults': {NULL}"),
        ("GetUser", {}, f" null at 'accessToken': {NULL}"),
        # numbers
        ("ListUserPools", {"MaxResults": 0}, f" '0' at 'maxResults': {at_least(1, 'value')}"),
        ("ListUserPools", {"MaxResults": -5}, f" '-5' at 'maxResults': {at_least(1, 'value')}"),
        ("ListUserPools", {"MaxResults": 61}, f" '61' at 'maxResults': {at_most(60, 'value')}"),
        # lengths
        ("CreateUserPool", {"PoolName": "n" * 129}, f" '{'n' * 129}' at 'poolName': {at_most(128)}"),
        (
            "ListUserPoolClients",
            {"UserPoolId": POOL, "NextToken": "x" * 131073},
            f" '{'x' * 131073}' at 'nextToken': {at_most(131072)}",
        ),
        ("AddCustomAttributes", {"UserPoolId": POOL, "CustomAttributes": []}, f" at 'customAttributes': {at_least(1)}"),
        (
            "CreateUserPoolClient",
            {
                "UserPoolId": POOL,
                "ClientName": "n",
                "AllowedOAuthFlows": ["code", "implicit", "client_credentials", "code"],
            },
            f" '[code, implicit, client_credentials, code]' at 'allowedOAuthFlows': {at_most(3)}",
        ),
        # patterns
        ("CreateUserPool", {"PoolName": "a/b"}, f" 'a/b' at 'poolName': {NAME_PATTERN}"),
        ("CreateUserPool", {"PoolName": "é"}, f" 'é' at 'poolName': {NAME_PATTERN}"),
        ("DescribeUserPool", {"UserPoolId": "nonsense"}, f" 'nonsense' at 'userPoolId': {POOL_ID_PATTERN}"),
        ("DescribeUserPool", {"UserPoolId": f"{POOL}\n"}, f" '{POOL}\n' at 'userPoolId': {POOL_ID_PATTERN}"),
        # a Cyrillic letter that looks like a Latin one
        ("DescribeUserPool", {"UserPoolId": f"{POOL}\u0430"}, f" '{POOL}\u0430' at 'userPoolId': {POOL_ID_PATTERN}"),
        # enums
        ("InitiateAuth", {"ClientId": "x", "AuthFlow": "PASSWORD"}, f" 'PASSWORD' at 'authFlow': {AUTH_FLOWS}"),
        ("InitiateAuth", {"ClientId": "x", "AuthFlow": "user_auth"}, f" 'user_auth' at 'authFlow': {AUTH_FLOWS}"),
        ("InitiateAuth", {"ClientId": "x", "AuthFlow": ""}, f" '' at 'authFlow': {AUTH_FLOWS}"),
        (
            "CreateUserPool",
            {"PoolName": "n", "MfaConfiguration": "SOMETIMES"},
            " 'SOMETIMES' at 'mfaConfiguration': Member must satisfy enum value set: [OFF, ON, OPTIONAL]",
        ),
    ],
)
def test_each_constraint_has_its_text(server: Server, operation: str, body: dict[str, Any], item: str) -> None:
    check(server, operation, body, item)


@pytest.mark.parametrize(
    ("operation", "body", "item"),
    [
        ("GetUser", {"AccessToken": "not a token"}, " at 'accessToken': {}[A-Za-z0-9-_=.]+"),
        ("SignUp", {"ClientId": "x!", "Username": "u"}, f" at 'clientId': {CLIENT_ID_PATTERN}"),
        ("SignUp", {"ClientId": "x", "Username": "u u"}, f" at 'username': {USERNAME_PATTERN}"),
        ("SignUp", {"ClientId": "x", "Username": "u" * 129}, f" at 'username': {at_most(128)}"),
        ("SignUp", {"ClientId": "x", "Username": "u", "Password": " secret"}, f" at 'password': {PASSWORD_PATTERN}"),
        ("SignUp", {"ClientId": "x", "Username": "u", "Password": "s" * 257}, f" at 'password': {at_most(256)}"),
        ("SignUp", {"ClientId": "x", "Username": "u", "SecretHash": "h h"}, " at 'secretHash': {}[\\w+=/]+"),
        (
            "SignUp",
            {"ClientId": "x", "Username": "u", "UserContextData": {"IpAddress": "s" * 131073}},
            f" at 'userContextData.ipAddress': {at_most(131072)}",
        ),
        (
            "SignUp",
            {"ClientId": "x", "Username": "u", "UserAttributes": [{"Name": "email", "Value": "s" * 2049}]},
            f" at 'userAttributes.1.member.value': {at_most(2048)}",
        ),
        (
            "RespondToAuthChallenge",
            {"ClientId": "x", "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "secret"},
            f" at 'session': {at_least(20)}",
        ),
        ("RevokeToken", {"ClientId": "x", "Token": "secret!"}, " at 'token': {}[A-Za-z0-9-_=.]+"),
    ],
)
def test_sensitive_values_are_left_out(server: Server, operation: str, body: dict[str, Any], item: str) -> None:
    check(server, operation, body, item.replace("{}", "Member must satisfy regular expression pattern: "))


@pytest.mark.parametrize(
    ("operation", "body", "item"),
    [
        (
            "SignUp",
            {
                "ClientId": "x",
                "Username": "u",
                "UserAttributes": [{"Name": "email"}, {"Name": "n" * 33, "Value": "v"}],
            },
            f" '{'n' * 33}' at 'userAttributes.2.member.name': {at_most(32)}",
        ),
        (
            "SignUp",
            {"ClientId": "x", "Username": "u", "UserAttributes": [{"Name": "email"}, None]},
            f" null at 'userAttributes.2.member': {NULL}",
        ),
        (
            "SignUp",
            {"ClientId": "x", "Username": "u", "UserAttributes": [{"Value": "v"}]},
            f" null at 'userAttributes.1.member.name': {NULL}",
        ),
        (
            "CreateUserPool",
            {"PoolName": "n", "Schema": [{"Name": "role"}, {"Name": "n" * 21}]},
            f" '{'n' * 21}' at 'schema.2.member.name': {at_most(20)}",
        ),
        (
            "CreateUserPool",
            {"PoolName": "n", "Policies": {"PasswordPolicy": {"MinimumLength": 5}}},
            f" '5' at 'policies.passwordPolicy.minimumLength': {at_least(6, 'value')}",
        ),
        (
            "TagResource",
            {"ResourceArn": f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{POOL}", "Tags": {"k": "v" * 257}},
            f" at 'tags': Map value must satisfy constraint: [{at_most(256)}]",
        ),
        (
            "TagResource",
            {"ResourceArn": f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{POOL}", "Tags": {"": "v"}},
            f" at 'tags': Map keys must satisfy constraint: [{at_least(1)}]",
        ),
    ],
)
def test_paths_lead_to_the_member_that_is_wrong(
    server: Server, operation: str, body: dict[str, Any], item: str
) -> None:
    check(server, operation, body, item)


def test_the_path_of_a_map_entry_has_its_key(server: Server) -> None:
    path = "acrConfiguration.Level1.member.acrValue"
    check(
        server,
        "CreateUserPool",
        {"PoolName": "n", "AcrConfiguration": {"Level1": {"AcrValue": ""}}},
        f" '' at '{path}': {at_least(1)}",
        rf" '' at '{path}': Member must satisfy regular expression pattern: [\x21\x23-\x5B\x5D-\x7E]+",
    )


def test_all_violations_are_told_at_once_in_the_order_of_the_model(server: Server) -> None:
    check(
        server,
        "SignUp",
        {
            "Username": "with space",
            "Password": "",
            "UserAttributes": [{"Value": "v"}, {"Name": "n" * 33}],
            "SecretHash": "?" * 129,
        },
        f" null at 'clientId': {NULL}",
        f" at 'secretHash': {at_most(128)}",
        r" at 'secretHash': Member must satisfy regular expression pattern: [\w+=/]+",
        f" at 'username': {USERNAME_PATTERN}",
        f" at 'password': {PASSWORD_PATTERN}",
        f" null at 'userAttributes.1.member.name': {NULL}",
        f" '{'n' * 33}' at 'userAttributes.2.member.name': {at_most(32)}",
    )


def test_one_value_can_violate_length_and_pattern(server: Server) -> None:
    value = "!" * 56
    check(
        server,
        "DescribeUserPool",
        {"UserPoolId": value},
        f" '{value}' at 'userPoolId': {at_most(55)}",
        f" '{value}' at 'userPoolId': {POOL_ID_PATTERN}",
    )


def test_constraints_come_before_the_pool_is_looked_for(idp: Any) -> None:
    with refused("InvalidParameterException") as refusal:
        idp.admin_get_user(UserPoolId=POOL, Username="with space")
    assert "at 'username'" in refusal.message
    with refused("ResourceNotFoundException", f"User pool {POOL} does not exist."):
        idp.admin_get_user(UserPoolId=POOL, Username="without")


def test_a_wrong_json_type_comes_before_the_violations(server: Server) -> None:
    body = json.dumps({"UserPoolId": "!", "Username": 5}).encode()
    answer = post(server, "AdminGetUser", body, signed=True)
    assert answer.json()["__type"] == "SerializationException"


def test_nothing_is_written_when_a_constraint_is_violated(idp: Any, pool: dict[str, Any]) -> None:
    with refused("InvalidParameterException"):
        idp.admin_create_user(UserPoolId=pool["Id"], Username="half", MessageAction="WHISPER")
    with refused("UserNotFoundException"):
        idp.admin_get_user(UserPoolId=pool["Id"], Username="half")


@pytest.mark.parametrize("username", ["ä", "日本語", "a@b", "+1", "🐎", "a\u0301", "$€¥", "٣"])
def test_user_names_may_hold_every_visible_character(idp: Any, pool: dict[str, Any], username: str) -> None:
    factories.make_user(idp, pool, username)
    assert idp.admin_get_user(UserPoolId=pool["Id"], Username=username)["Username"] == username


@pytest.mark.parametrize("space", [" ", "\t", "\n", "\u00a0", "\u3000", "\u200b", "\u2028", "\u202e", "\x7f", "\ue000"])
def test_user_names_hold_no_white_space_and_nothing_invisible(server: Server, space: str) -> None:
    check(
        server,
        "SignUp",
        {"ClientId": "x", "Username": f"a{space}b"},
        f" at 'username': {USERNAME_PATTERN}",
    )
