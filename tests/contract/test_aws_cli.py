"""The walk of the README with the real AWS CLI. It pins botocore, so it lives in an environment of its own: AWS_CLI."""

import base64
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support import aws_cli, imports
from tests.support.mailbox import Mailbox
from tests.support.server import Server

PASSWORD = "MyPassword123!"

pytestmark = aws_cli.is_needed

Aws = Callable[..., Any]
"""Runs an operation of cognito-idp; returns its JSON, or the error text when it fails."""


@pytest.fixture
def aws(server: Server, tmp_path: Path) -> Aws:
    return partial(aws_cli.Aws(server, tmp_path), "cognito-idp")


@pytest.fixture
def pool_id(aws: Aws) -> str:
    made = aws(
        "create-user-pool",
        *("--pool-name", "my-user-pool", "--auto-verified-attributes", "email"),
        *("--policies", "PasswordPolicy={MinimumLength=8,RequireUppercase=true}"),
    )
    return str(made["UserPool"]["Id"])


def test_client_with_a_secret_meets_the_two_refusals_of_aws(aws: Aws, pool_id: str) -> None:
    made = aws("create-user-pool-client", "--user-pool-id", pool_id, "--client-name", "web", "--generate-secret")
    client_id = made["UserPoolClient"]["ClientId"]

    refused = aws("sign-up", "--client-id", client_id, "--username", "alice@example.com", "--password", PASSWORD)
    assert "(NotAuthorizedException)" in refused
    assert refused.endswith(f"Client {client_id} is configured for secret but secret was not received")

    refused = aws(
        "initiate-auth",
        *("--auth-flow", "USER_PASSWORD_AUTH", "--client-id", client_id),
        *("--auth-parameters", f"USERNAME=alice@example.com,PASSWORD={PASSWORD}"),
    )
    assert "(NotAuthorizedException)" in refused
    assert refused.endswith(f"Client {client_id} is configured with secret but SECRET_HASH was not received")


def test_client_without_secret_signs_up_in_and_out(aws: Aws, pool_id: str, mailbox: Mailbox) -> None:
    made = aws(
        "create-user-pool-client",
        *("--user-pool-id", pool_id, "--client-name", "app"),
        *("--explicit-auth-flows", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"),
    )
    client = ("--client-id", made["UserPoolClient"]["ClientId"])
    address = f"alice-{pool_id[-9:].lower()}@example.com"
    alice = ("--username", address)

    signed_up = aws(
        "sign-up", *client, *alice, "--password", PASSWORD, "--user-attributes", f"Name=email,Value={address}"
    )
    assert signed_up["UserConfirmed"] is False
    assert signed_up["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    assert not aws("confirm-sign-up", *client, *alice, "--confirmation-code", mailbox.code(address))

    bob = ("--username", "bob")
    aws("sign-up", *client, *bob, "--password", PASSWORD)
    assert not aws("admin-confirm-sign-up", "--user-pool-id", pool_id, *bob)

    tokens = aws(
        "initiate-auth",
        *client,
        *("--auth-flow", "USER_PASSWORD_AUTH", "--auth-parameters", f"USERNAME={address},PASSWORD={PASSWORD}"),
    )["AuthenticationResult"]
    access_token = ("--access-token", tokens["AccessToken"])
    shown = {item["Name"]: item["Value"] for item in aws("get-user", *access_token)["UserAttributes"]}
    assert shown == {"sub": signed_up["UserSub"], "email": address, "email_verified": "true"}

    changed = ("--previous-password", PASSWORD, "--proposed-password", "Another-Password-1")
    assert not aws("change-password", *access_token, *changed)
    assert not aws("global-sign-out", *access_token)
    refused = aws(
        "initiate-auth",
        *client,
        *("--auth-flow", "REFRESH_TOKEN_AUTH", "--auth-parameters", f"REFRESH_TOKEN={tokens['RefreshToken']}"),
    )
    assert refused.endswith("Refresh Token has been revoked")
    assert aws("get-user", *access_token).endswith("Access Token has been revoked")


@pytest.fixture
def client(aws: Aws, pool_id: str) -> tuple[str, str]:
    """Arguments that name an app client without a secret."""
    made = aws(
        "create-user-pool-client",
        *("--user-pool-id", pool_id, "--client-name", "app"),
        *("--explicit-auth-flows", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"),
    )
    return ("--client-id", made["UserPoolClient"]["ClientId"])


def begin(aws: Aws, client: tuple[str, str], name: str, password: str) -> Any:
    parameters = json.dumps({"USERNAME": name, "PASSWORD": password})
    return aws("initiate-auth", *client, "--auth-flow", "USER_PASSWORD_AUTH", "--auth-parameters", parameters)


def test_invited_user_sets_a_password(aws: Aws, pool_id: str, client: tuple[str, str], mailbox: Mailbox) -> None:
    pool = ("--user-pool-id", pool_id)
    address = f"carol-{pool_id[-9:].lower()}@example.com"
    carol = ("--username", "carol")
    created = aws(
        "admin-create-user",
        *(*pool, *carol, "--desired-delivery-mediums", "EMAIL"),
        *("--user-attributes", f"Name=email,Value={address}", "Name=email_verified,Value=true"),
    )["User"]
    assert (created["Username"], created["UserStatus"]) == ("carol", "FORCE_CHANGE_PASSWORD")
    first = mailbox.code(address)

    assert aws("forgot-password", *client, *carol).endswith("User password cannot be reset in the current state.")
    refused = aws("admin-create-user", *pool, *carol)
    assert "(UsernameExistsException)" in refused
    assert refused.endswith("User account already exists")

    resend = ("--message-action", "RESEND", "--desired-delivery-mediums", "EMAIL")
    assert aws("admin-create-user", *pool, *carol, *resend)["User"]["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert begin(aws, client, "carol", first).endswith("Incorrect username or password.")
    challenge = begin(aws, client, "carol", mailbox.code(address))
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    signed_in = aws(
        "respond-to-auth-challenge",
        *(*client, "--challenge-name", "NEW_PASSWORD_REQUIRED", "--session", challenge["Session"]),
        *("--challenge-responses", json.dumps({"USERNAME": "carol", "NEW_PASSWORD": PASSWORD})),
    )
    assert signed_in["AuthenticationResult"]["TokenType"] == "Bearer"

    refused = aws("admin-create-user", *pool, *carol, *resend)
    assert "(UnsupportedUserStateException)" in refused
    assert refused.endswith("Resend not possible. carol status is not FORCE_CHANGE_PASSWORD")
    found = aws("list-users", *pool, "--filter", f'email ^= "{address[:7].upper()}"', "--attributes-to-get", "email")
    assert [(user["Username"], user["UserStatus"]) for user in found["Users"]] == [("carol", "CONFIRMED")]
    assert found["Users"][0]["Attributes"] == [{"Name": "email", "Value": address}]
    assert aws("list-users", *pool, "--filter", 'cognito:user_status = "RESET_REQUIRED"')["Users"] == []
    assert aws("list-users", *pool, "--filter", 'email > "a"').endswith("Error while parsing filter")


def test_reset_user_sets_a_password(aws: Aws, pool_id: str, client: tuple[str, str], mailbox: Mailbox) -> None:
    pool, dave = ("--user-pool-id", pool_id), ("--username", "dave")
    address = f"dave-{pool_id[-9:].lower()}@example.com"
    attributes = (f"Name=email,Value={address}", "Name=email_verified,Value=true")
    aws("admin-create-user", *pool, *dave, "--message-action", "SUPPRESS", "--user-attributes", *attributes)
    assert aws("admin-reset-user-password", *pool, *dave).endswith(
        "User password cannot be reset in the current state."
    )
    assert not aws("admin-set-user-password", *pool, *dave, "--password", PASSWORD, "--permanent")

    assert not aws("admin-reset-user-password", *pool, *dave)
    assert aws("admin-get-user", *pool, *dave)["UserStatus"] == "RESET_REQUIRED"
    assert begin(aws, client, "dave", PASSWORD).endswith("Password reset required for the user")
    asked = aws("forgot-password", *client, *dave)["CodeDeliveryDetails"]
    assert asked == {"Destination": "d***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
    new = "Another-Password-1"
    confirm = ("confirm-forgot-password", *client, *dave, "--password", new, "--confirmation-code")
    assert aws(*confirm, "no-code").endswith("Invalid verification code provided, please try again.")
    assert not aws(*confirm, mailbox.code(address))
    assert begin(aws, client, "dave", new)["AuthenticationResult"]["AccessToken"]

    assert not aws("admin-disable-user", *pool, *dave)
    assert begin(aws, client, "dave", new).endswith("User is disabled.")
    assert [user["Username"] for user in aws("list-users", *pool, "--filter", 'status = "Disabled"')["Users"]] == [
        "dave"
    ]
    assert not aws("admin-enable-user", *pool, *dave)
    assert begin(aws, client, "dave", new)["AuthenticationResult"]["AccessToken"]


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def test_groups_reach_the_tokens_of_their_members(aws: Aws, pool_id: str, client: tuple[str, str]) -> None:
    pool, erin = ("--user-pool-id", pool_id), ("--username", "erin")
    aws("admin-create-user", *pool, *erin)
    assert not aws("admin-set-user-password", *pool, *erin, "--password", PASSWORD, "--permanent")
    role = "arn:aws:iam::000000000000:role/editor"
    made = aws("create-group", *pool, "--group-name", "editors", "--precedence", "5", "--role-arn", role)["Group"]
    assert (made["GroupName"], made["Precedence"], made["RoleArn"]) == ("editors", 5, role)
    aws("create-group", *pool, "--group-name", "readers")
    assert "(GroupExistsException)" in aws("create-group", *pool, "--group-name", "readers")
    for group in ("editors", "readers"):
        assert not aws("admin-add-user-to-group", *pool, *erin, "--group-name", group)

    listed = aws("admin-list-groups-for-user", *pool, *erin)["Groups"]
    assert [group["GroupName"] for group in listed] == ["editors", "readers"]
    members = aws("list-users-in-group", *pool, "--group-name", "editors")["Users"]
    assert [user["Username"] for user in members] == ["erin"]
    tokens = begin(aws, client, "erin", PASSWORD)["AuthenticationResult"]
    assert claims_of(tokens["AccessToken"])["cognito:groups"] == ["editors", "readers"]
    id_claims = claims_of(tokens["IdToken"])
    assert (id_claims["cognito:roles"], id_claims["cognito:preferred_role"]) == ([role], role)

    assert not aws("admin-remove-user-from-group", *pool, *erin, "--group-name", "readers")
    assert not aws("delete-group", *pool, "--group-name", "editors")
    assert aws("admin-list-groups-for-user", *pool, *erin)["Groups"] == []
    assert aws("get-group", *pool, "--group-name", "editors").endswith("Group not found.")


def test_second_factors_of_a_pool_are_set_and_told(aws: Aws, pool_id: str) -> None:
    pool = ("--user-pool-id", pool_id)
    assert aws("get-user-pool-mfa-config", *pool) == {"MfaConfiguration": "OFF"}
    totp = ("--software-token-mfa-configuration", "Enabled=true")
    told = aws("set-user-pool-mfa-config", *pool, "--mfa-configuration", "OPTIONAL", *totp)
    assert told == {"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
    assert aws("get-user-pool-mfa-config", *pool) == told
    assert "(InvalidParameterException)" in aws("set-user-pool-mfa-config", *pool, "--mfa-configuration", "ON")
    assert aws("get-user-pool-mfa-config", *pool) == told


def test_imported_users_sign_in_after_a_reset(
    aws: Aws, pool_id: str, client: tuple[str, str], mailbox: Mailbox
) -> None:
    pool = ("--user-pool-id", pool_id)
    header = aws("get-csv-header", *pool)["CSVHeader"]
    made = aws(
        "create-user-import-job",
        *(*pool, "--job-name", "from-before", "--cloud-watch-logs-role-arn", "arn:aws:iam::000000000000:role/import"),
    )["UserImportJob"]
    assert made["Status"] == "Created"
    job = (*pool, "--job-id", made["JobId"])
    assert "(PreconditionNotMetException)" in aws("start-user-import-job", *job)

    address = f"frank-{pool_id[-9:].lower()}@example.com"
    frank = imports.person("frank", email=address)
    uploaded = imports.upload(made, imports.csv(header, frank, {"cognito:username": "grace"}))
    assert uploaded.status_code == 200
    assert aws("start-user-import-job", *job)["UserImportJob"]["Status"] == "Pending"
    deadline = time.monotonic() + imports.JOB_SECONDS
    while (shown := aws("describe-user-import-job", *job)["UserImportJob"])["Status"] in imports.RUNNING:
        assert time.monotonic() < deadline, shown
    assert (shown["Status"], shown["ImportedUsers"], shown["FailedUsers"]) == ("Succeeded", 1, 1)
    listed = aws("list-user-import-jobs", *pool, "--max-results", "10")["UserImportJobs"]
    assert [each["JobId"] for each in listed] == [made["JobId"]]

    assert begin(aws, client, "frank", PASSWORD).endswith("Password reset required for the user")
    assert aws("forgot-password", *client, "--username", "frank")["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
    confirmed = ("--confirmation-code", mailbox.code(address), "--password", PASSWORD)
    assert not aws("confirm-forgot-password", *client, "--username", "frank", *confirmed)
    assert begin(aws, client, "frank", PASSWORD)["AuthenticationResult"]["AccessToken"]
