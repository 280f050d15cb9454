"""The audit trail: every change by an operator leaves one row that names who, what and on what, and nothing secret."""

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from identity.wire.services import cognito_idp
from tests.support import clients, factories, imports
from tests.support.mailbox import Mailbox
from tests.support.server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server

ACTOR = "arn:aws:iam::000000000000:user/operator"
UNSIGNED = {name for name, operation in cognito_idp.operations.items() if operation.is_unsigned}
READS = {name for name in cognito_idp.operations if re.match("(Admin)?(Get|List|Describe)", name)}
CHANGES = cognito_idp.operations.keys() - UNSIGNED - READS
DOMAIN = "audited"

SECRETS = {
    "temporary password": "Temporary-Horse-1",
    "password": "Permanent-Horse-2",
    "new password": "Chosen-Horse-3",
    "client secret": "secretsecretsecretsecret1",
    "e-mail address": "audited@example.com",
    "attribute": "a very private nickname",
    "message": "Your private code is {####}",
}


@dataclass(frozen=True)
class Answered:
    """One call and how it ended."""

    operation: str
    request_id: str
    is_refused: bool


@dataclass
class Trail:
    """What was called, which pool it was about, and every audit row with a request id of these calls."""

    pool_arn: str
    calls: list[Answered]
    rows: list[dict[str, Any]]

    def rows_of(self, call: Answered) -> list[dict[str, Any]]:
        return [row for row in self.rows if row["request_id"] == call.request_id]


def watch(idp: Any, calls: list[Answered]) -> Any:
    def keep(parsed: dict[str, Any], model: Any, **kwargs: Any) -> None:
        metadata = parsed["ResponseMetadata"]
        calls.append(Answered(model.name, metadata["RequestId"], metadata["HTTPStatusCode"] != 200))

    idp.meta.events.register("after-call", keep)
    return idp


def rows_in(server: Server) -> list[dict[str, Any]]:
    """All of the trail, as it stands in the database."""
    printed = server.manage(
        "shell",
        "-v0",
        "-c",
        """
import json
from identity.models import AuditEvent
print(json.dumps([{**row, "at": row["at"].isoformat()} for row in AuditEvent.objects.order_by("pk").values()]))
""",
    )
    rows: list[dict[str, Any]] = json.loads(printed.splitlines()[-1])
    return rows


@pytest.fixture(scope="session")
def trail(server: Server, mailbox: Mailbox) -> Trail:
    """Every operation that changes something, done once or more, refused in many ways, among reads and sign-ins."""
    calls: list[Answered] = []
    idp, public = watch(clients.idp(server), calls), watch(clients.idp(server, signed=False), calls)
    pool = factories.make_pool(
        idp,
        AutoVerifiedAttributes=["email"],
        EmailVerificationMessage=SECRETS["message"],
        UserPoolTags={"team": "a"},
    )
    named = {"UserPoolId": pool["Id"]}
    client = factories.make_client(idp, pool)
    confidential = {**named, "ClientId": factories.make_client(idp, pool, GenerateSecret=True)["ClientId"]}
    change_everything(idp, public, pool, client, confidential)
    refuse_everything(server, idp, pool, client, confidential, calls)
    self_service(public, mailbox, client)
    read_everything(idp, named, confidential, pool["Arn"])
    idp.delete_user_pool_client(**confidential)
    idp.delete_user_pool(**named)
    ours = {call.request_id for call in calls}
    return Trail(pool["Arn"], calls, [row for row in rows_in(server) if row["request_id"] in ours])


def change_everything(
    idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any], confidential: dict[str, Any]
) -> None:
    named = {"UserPoolId": pool["Id"]}
    attributes = [
        {"Name": "email", "Value": SECRETS["e-mail address"]},
        {"Name": "nickname", "Value": SECRETS["attribute"]},
    ]
    idp.admin_create_user(
        **named,
        Username="invited",
        TemporaryPassword=SECRETS["temporary password"],
        UserAttributes=attributes,
        DesiredDeliveryMediums=["EMAIL"],
    )
    idp.admin_create_user(
        **named, Username="invited", MessageAction="RESEND", TemporaryPassword=SECRETS["temporary password"]
    )
    sign_in = {**named, "ClientId": client["ClientId"], "AuthFlow": "ADMIN_USER_PASSWORD_AUTH"}
    challenge = idp.admin_initiate_auth(
        **sign_in, AuthParameters={"USERNAME": "invited", "PASSWORD": SECRETS["temporary password"]}
    )
    idp.admin_respond_to_auth_challenge(
        **named,
        ClientId=client["ClientId"],
        ChallengeName=challenge["ChallengeName"],
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": "invited", "NEW_PASSWORD": SECRETS["new password"]},
    )
    idp.admin_set_user_password(**named, Username="invited", Password=SECRETS["password"], Permanent=True)
    tokens = idp.admin_initiate_auth(
        **sign_in, AuthParameters={"USERNAME": "invited", "PASSWORD": SECRETS["password"]}
    )["AuthenticationResult"]
    idp.admin_initiate_auth(
        **{**sign_in, "AuthFlow": "REFRESH_TOKEN_AUTH"}, AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]}
    )
    idp.admin_user_global_sign_out(**named, Username="invited")
    idp.admin_disable_user(**named, Username="invited")
    idp.admin_enable_user(**named, Username="invited")
    idp.admin_update_user_attributes(
        **named,
        Username="invited",
        UserAttributes=[
            {"Name": "email", "Value": SECRETS["e-mail address"]},
            {"Name": "email_verified", "Value": "true"},
            {"Name": "name", "Value": SECRETS["attribute"]},
        ],
    )
    idp.admin_delete_user_attributes(**named, Username="invited", UserAttributeNames=["name"])
    idp.admin_set_user_mfa_preference(**named, Username="invited")
    idp.admin_set_user_settings(**named, Username="invited", MFAOptions=[])
    idp.admin_delete_software_token(**named, Username="invited")
    idp.admin_reset_user_password(**named, Username="invited")
    idp.create_group(**named, GroupName="readers")
    idp.update_group(**named, GroupName="readers", Precedence=1)
    idp.admin_add_user_to_group(**named, GroupName="readers", Username="invited")
    idp.admin_remove_user_from_group(**named, GroupName="readers", Username="invited")
    idp.delete_group(**named, GroupName="readers")
    idp.create_group(**named, GroupName="writers")
    idp.create_resource_server(**named, Identifier="orders", Name="orders")
    idp.update_resource_server(**named, Identifier="orders", Name="all orders")
    idp.delete_resource_server(**named, Identifier="orders")
    idp.create_resource_server(**named, Identifier="invoices", Name="invoices")
    public.sign_up(ClientId=client["ClientId"], Username="to-confirm", Password=SECRETS["password"])
    idp.admin_confirm_sign_up(**named, Username="to-confirm")
    idp.admin_delete_user(**named, Username="to-confirm")
    idp.update_user_pool(
        **named,
        AutoVerifiedAttributes=["email"],
        EmailVerificationMessage=SECRETS["message"],
        UserPoolTags={"team": "b"},
    )
    idp.set_user_pool_mfa_config(**named, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True})
    idp.add_custom_attributes(**named, CustomAttributes=[{"Name": "role", "AttributeDataType": "String"}])
    idp.update_user_pool_client(
        **named,
        ClientId=client["ClientId"],
        ExplicitAuthFlows=client["ExplicitAuthFlows"],
        CallbackURLs=["https://app.example/callback"],
    )
    idp.tag_resource(ResourceArn=pool["Arn"], Tags={"team": "c"})
    idp.untag_resource(ResourceArn=pool["Arn"], TagKeys=["team"])
    idp.create_user_pool_domain(**named, Domain=DOMAIN)
    idp.set_ui_customization(**named, CSS=".label-customizable { color: red }")
    idp.update_user_pool_domain(**named, Domain=DOMAIN, ManagedLoginVersion=2)
    idp.delete_user_pool_domain(**named, Domain=DOMAIN)
    import_and_stop(idp, pool)
    added = idp.add_user_pool_client_secret(**confidential, ClientSecret=SECRETS["client secret"])
    idp.delete_user_pool_client_secret(**confidential, ClientSecretId=added["ClientSecretDescriptor"]["ClientSecretId"])


def import_and_stop(idp: Any, pool: dict[str, Any]) -> None:
    rows = (imports.person(f"imported-{number}") for number in range(5_000))
    job = imports.create(idp, pool)
    imports.upload(job, imports.csv(imports.header(idp, pool), *rows))
    imports.start(idp, job)
    idp.stop_user_import_job(UserPoolId=pool["Id"], JobId=job["JobId"])
    imports.ended(idp, job)


def refuse_everything(
    server: Server,
    idp: Any,
    pool: dict[str, Any],
    client: dict[str, Any],
    confidential: dict[str, Any],
    calls: list[Answered],
) -> None:
    named, invited = {"UserPoolId": pool["Id"]}, {"UserPoolId": pool["Id"], "Username": "invited"}
    nobody = {"UserPoolId": pool["Id"], "Username": "nobody"}
    admin = {**named, "ClientId": client["ClientId"]}
    last = idp.list_user_pool_client_secrets(**confidential)["ClientSecrets"][0]["ClientSecretId"]
    protected = factories.make_pool(idp, DeletionProtection="ACTIVE")
    attributes = [{"Name": "role", "AttributeDataType": "String"}]
    wrong_password = {"USERNAME": "invited", "PASSWORD": "Wrong-Horse-1"}
    refusals: list[Callable[[], Any]] = [
        # the tags are refused after the pool was made, in the same transaction
        lambda: idp.create_user_pool(PoolName="half", UserPoolTags={"aws:team": "a"}),
        lambda: idp.create_user_pool(PoolName="/"),
        lambda: idp.update_user_pool(**named, UserPoolTags={"aws:team": "a"}),
        lambda: idp.set_user_pool_mfa_config(**named, MfaConfiguration="ON"),
        lambda: idp.delete_user_pool(UserPoolId=protected["Id"]),
        lambda: idp.add_custom_attributes(**named, CustomAttributes=attributes),
        lambda: idp.tag_resource(ResourceArn=pool["Arn"], Tags={"aws:team": "a"}),
        lambda: idp.untag_resource(ResourceArn=f"{pool['Arn']}0", TagKeys=["team"]),
        lambda: idp.create_user_pool_client(**named, ClientName="c", AllowedOAuthFlows=["client_credentials"]),
        lambda: idp.update_user_pool_client(**admin, ReadAttributes=["custom:nonsense"]),
        lambda: idp.delete_user_pool_client(**named, ClientId="nobody"),
        lambda: idp.add_user_pool_client_secret(**admin),
        lambda: idp.delete_user_pool_client_secret(**confidential, ClientSecretId=last),
        lambda: idp.admin_create_user(**invited),
        lambda: idp.admin_create_user(**nobody, MessageAction="RESEND"),
        lambda: idp.admin_set_user_password(**invited, Password="weak"),
        lambda: idp.admin_confirm_sign_up(**invited),
        lambda: idp.admin_delete_user(**nobody),
        lambda: idp.admin_user_global_sign_out(**nobody),
        lambda: idp.admin_disable_user(**nobody),
        lambda: idp.admin_enable_user(**nobody),
        lambda: idp.admin_update_user_attributes(**nobody, UserAttributes=[{"Name": "name", "Value": "n"}]),
        lambda: idp.admin_delete_user_attributes(**nobody, UserAttributeNames=["name"]),
        lambda: idp.admin_reset_user_password(**nobody),
        lambda: idp.admin_set_user_mfa_preference(**invited, SoftwareTokenMfaSettings={"Enabled": True}),
        lambda: idp.admin_set_user_settings(**invited, MFAOptions=[{"DeliveryMedium": "SMS"}]),
        lambda: idp.admin_delete_software_token(**nobody),
        lambda: idp.create_group(**named, GroupName="writers"),
        lambda: idp.update_group(**named, GroupName="readers", Precedence=1),
        lambda: idp.delete_group(**named, GroupName="readers"),
        lambda: idp.create_resource_server(**named, Identifier="invoices", Name="invoices"),
        lambda: idp.update_resource_server(**named, Identifier="orders", Name="orders"),
        lambda: idp.delete_resource_server(**named, Identifier="orders"),
        lambda: idp.admin_add_user_to_group(**nobody, GroupName="writers"),
        lambda: idp.admin_remove_user_from_group(**nobody, GroupName="writers"),
        lambda: idp.admin_initiate_auth(**admin, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=wrong_password),
        lambda: idp.admin_respond_to_auth_challenge(
            **admin, ChallengeName="NEW_PASSWORD_REQUIRED", Session="s" * 20, ChallengeResponses={"USERNAME": "u"}
        ),
    ]
    refusals += [
        lambda: idp.create_user_pool_domain(**named, Domain="my-cognito"),
        lambda: idp.set_ui_customization(**named, CSS=".label-customizable { color: red }"),
        lambda: idp.update_user_pool_domain(**named, Domain=DOMAIN, ManagedLoginVersion=3),
        lambda: idp.delete_user_pool_domain(**named, Domain=DOMAIN),
    ]
    of_nothing = {**named, "JobId": "import-nothing"}
    refusals += [
        lambda: imports.create(idp, {"Id": f"{pool['Id']}0"}),
        lambda: idp.start_user_import_job(**of_nothing),
        lambda: idp.stop_user_import_job(**of_nothing),
    ]
    for refusal in refusals:
        with pytest.raises(ClientError):
            refusal()
    stranger = watch(clients.idp(server, secret="wrong"), calls)
    with pytest.raises(ClientError):
        stranger.admin_delete_user(**invited)


def self_service(public: Any, mailbox: Mailbox, client: dict[str, Any]) -> None:
    """What users do to themselves is not an operator's doing."""
    named = {"ClientId": client["ClientId"], "Username": f"self-{uuid.uuid4().hex[:6]}"}
    address = f"{named['Username']}@example.com"
    public.sign_up(**named, Password=SECRETS["password"], UserAttributes=[{"Name": "email", "Value": address}])
    public.resend_confirmation_code(**named)
    public.confirm_sign_up(**named, ConfirmationCode=mailbox.code(address))
    tokens = factories.sign_in(public, client, named["Username"], SECRETS["password"])
    public.change_password(
        AccessToken=tokens["AccessToken"],
        PreviousPassword=SECRETS["password"],
        ProposedPassword=SECRETS["new password"],
    )
    public.revoke_token(Token=tokens["RefreshToken"], ClientId=client["ClientId"])
    tokens = factories.sign_in(public, client, named["Username"], SECRETS["new password"])
    public.global_sign_out(AccessToken=tokens["AccessToken"])
    tokens = factories.sign_in(public, client, named["Username"], SECRETS["new password"])
    public.delete_user(AccessToken=tokens["AccessToken"])


def read_everything(idp: Any, named: dict[str, Any], confidential: dict[str, Any], arn: str) -> None:
    idp.describe_user_pool(**named)
    idp.get_user_pool_mfa_config(**named)
    idp.list_user_pools(MaxResults=1)
    idp.describe_user_pool_client(**confidential)
    idp.list_user_pool_clients(**named)
    idp.list_user_pool_client_secrets(**confidential)
    idp.list_tags_for_resource(ResourceArn=arn)
    idp.describe_user_pool_domain(Domain=DOMAIN)
    idp.get_ui_customization(**named)
    idp.admin_get_user(**named, Username="invited")
    idp.admin_get_user_auth_factors(**named, Username="invited")
    idp.list_users(**named)
    idp.list_user_import_jobs(**named, MaxResults=1)
    idp.get_group(**named, GroupName="writers")
    idp.list_groups(**named)
    idp.list_users_in_group(**named, GroupName="writers")
    idp.admin_list_groups_for_user(**named, Username="invited")
    idp.describe_resource_server(**named, Identifier="invoices")
    idp.list_resource_servers(**named, MaxResults=1)


def test_the_walk_changes_something_by_every_operation_that_can(trail: Trail) -> None:
    done = {call.operation for call in trail.calls if not call.is_refused}
    assert not CHANGES - done, f"add {CHANGES - done} to change_everything"
    refused = {call.operation for call in trail.calls if call.is_refused}
    assert not CHANGES - refused, f"add {CHANGES - refused} to refuse_everything"


def test_every_change_leaves_exactly_one_row(trail: Trail) -> None:
    changes = [call for call in trail.calls if call.operation in CHANGES and not call.is_refused]
    counted = {call: len(trail.rows_of(call)) for call in changes}
    assert {call.operation: count for call, count in counted.items() if count != 1} == {}


def test_a_row_says_who_did_what_when_and_from_where(trail: Trail) -> None:
    for row in trail.rows:
        assert (row["actor"], row["access_key_id"]) == (ACTOR, ACCESS_KEY_ID)
        assert row["address"] == "127.0.0.1"
        assert row["user_agent"].startswith("Boto3/")
        assert abs(datetime.fromisoformat(row["at"]) - datetime.now(UTC)) < timedelta(hours=1)
    events = {call.request_id: call.operation for call in trail.calls}
    assert {row["request_id"]: row["event"] for row in trail.rows} == {
        row["request_id"]: events[row["request_id"]] for row in trail.rows
    }


def test_a_row_names_the_pool_that_was_changed(trail: Trail) -> None:
    elsewhere = [row["resource"] for row in trail.rows if row["resource"] != trail.pool_arn]
    # only the protected pool of the refusals
    assert len(elsewhere) == 1
    assert elsewhere[0].startswith("arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_")
    deletion = next(call for call in trail.calls if call.operation == "DeleteUserPool" and not call.is_refused)
    assert trail.rows_of(deletion)[0]["resource"] == trail.pool_arn


@pytest.mark.parametrize(
    ("operation", "detail"),
    [
        ("TagResource", {"keys": ["team"]}),
        ("UpdateGroup", {"group": "readers", "members": ["precedence"]}),
        ("UntagResource", {"keys": ["team"]}),
        ("AddCustomAttributes", {"attributes": ["role"]}),
        ("SetUserPoolMfaConfig", {"members": ["MfaConfiguration", "SoftwareTokenMfaConfiguration"]}),
        ("UpdateUserPool", {"members": ["AutoVerifiedAttributes", "EmailVerificationMessage", "UserPoolTags"]}),
    ],
)
def test_a_row_tells_which_settings_were_changed(trail: Trail, operation: str, detail: dict[str, Any]) -> None:
    assert [row["detail"] for row in trail.rows if row["event"] == operation] == [detail]


@pytest.mark.parametrize(
    "operation", ["AdminCreateUser", "AdminSetUserPassword", "AdminDeleteUser", "AdminInitiateAuth"]
)
def test_users_are_named_by_sub_not_by_name(trail: Trail, operation: str) -> None:
    details = [row["detail"] for row in trail.rows if row["event"] == operation]
    assert any(uuid.UUID(detail["sub"]) for detail in details if "sub" in detail)
    assert "invited" not in json.dumps(details)


def test_refused_changes_leave_no_row(trail: Trail) -> None:
    refused = [call for call in trail.calls if call.is_refused]
    assert len(refused) > 20
    assert [call.operation for call in refused if trail.rows_of(call)] == []


def test_what_users_do_themselves_leaves_no_row(trail: Trail) -> None:
    own = [call for call in trail.calls if call.operation in UNSIGNED]
    assert {call.operation for call in own} >= {
        "SignUp",
        "ConfirmSignUp",
        "InitiateAuth",
        "ChangePassword",
        "DeleteUser",
    }
    assert [call.operation for call in own if trail.rows_of(call)] == []


def test_reads_leave_no_row(trail: Trail) -> None:
    reads = [call for call in trail.calls if call.operation in READS]
    assert {call.operation for call in reads} >= READS - UNSIGNED
    assert [call.operation for call in reads if trail.rows_of(call)] == []


def test_nothing_secret_and_nothing_personal_stands_in_the_trail(trail: Trail) -> None:
    text = json.dumps(trail.rows)
    for name, secret in {**SECRETS, "operator's key": SECRET_ACCESS_KEY}.items():
        assert secret not in text, name
    assert "eyJ" not in text, "a token"
    assert "@" not in text, "an address"
