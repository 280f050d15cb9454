"""What access keys may do: IAM policies decide over every signed request, and no policy opens the operators' pool."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore import xform_name

from identity.wire.services import cognito_idp
from tests.support import clients, factories
from tests.support.clients import post, refused
from tests.support.server import Server

OPERATOR = "arn:aws:iam::000000000000:user/operator"
OPERATORS = "gatehouse_operators"
EVERYWHERE = "arn:aws:cognito-idp:*:*:userpool/*"

Policy = dict[str, Any]
MakeIdp = Callable[[Policy], Any]


def statement(effect: str, **elements: Any) -> Policy:
    if "NotAction" not in elements:
        elements.setdefault("Action", "*")
    if "NotResource" not in elements:
        elements.setdefault("Resource", "*")
    return {"Effect": effect, **elements}


def allow(**elements: Any) -> Policy:
    return statement("Allow", **elements)


def deny(**elements: Any) -> Policy:
    return statement("Deny", **elements)


def policy(*statements: Policy) -> Policy:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def no_allow(operation: str, resource: str) -> str:
    action = f"cognito-idp:{operation}"
    return (
        f"User: {OPERATOR} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )


def explicit_deny(operation: str, resource: str) -> str:
    return (
        f"User: {OPERATOR} is not authorized to perform: cognito-idp:{operation} on resource: {resource} "
        "with an explicit deny in an identity-based policy"
    )


# A line of the table names one policy; the pools of this session stand in it as MINE and THEIRS.
POLICIES: dict[str, Policy] = {
    "everything": policy(allow()),
    "reads": policy(allow(Action=["cognito-idp:Describe*", "cognito-idp:List*", "cognito-idp:AdminGet*"])),
    "one character": policy(allow(Action="cognito-idp:ListUserPool?")),
    "lower case": policy(allow(Action="COGNITO-IDP:listuserpools")),
    "one pool": policy(allow(Action="cognito-idp:*", Resource="MINE")),
    "one pool and listing": policy(
        allow(Action="cognito-idp:*", Resource="MINE"), allow(Action="cognito-idp:ListUserPools")
    ),
    "pools of a region": policy(allow(Resource="arn:aws:cognito-idp:us-east-1:000000000000:userpool/*")),
    "pools of another region": policy(allow(Resource="arn:aws:cognito-idp:eu-west-1:*:userpool/*")),
    "pools of another account": policy(allow(Resource="arn:aws:cognito-idp:*:111122223333:userpool/*")),
    "denied deletion": policy(allow(), deny(Action="cognito-idp:*Delete*")),
    "denied before allowed": policy(deny(Action="cognito-idp:AdminGetUser"), allow()),
    "denied pool": policy(allow(), deny(Resource="THEIRS")),
    "all but reading users": policy(allow(NotAction="cognito-idp:AdminGetUser")),
    "denied but reading": policy(allow(), deny(NotAction=["cognito-idp:Describe*", "cognito-idp:AdminGet*"])),
    "all but one pool": policy(allow(NotResource="THEIRS")),
    "denied but one pool": policy(allow(), deny(NotResource="MINE")),
    "allowed under a condition": policy(
        allow(Condition={"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}), allow(Action="cognito-idp:ListUserPools")
    ),
    "denied under a condition": policy(
        allow(),
        deny(Action="cognito-idp:AdminGetUser", Condition={"StringEquals": {"aws:RequestedRegion": "nowhere"}}),
    ),
    "another service": policy(allow(Action="cognito-identity:*"), allow(Action="s3:*")),
    "only denied": policy(deny(Action="cognito-idp:DeleteUserPool")),
}


@pytest.fixture(scope="session")
def mine(idp: Any) -> dict[str, Any]:
    """A pool with a user `u`."""
    pool = factories.make_pool(idp)
    factories.make_user(idp, pool, "u")
    return pool


@pytest.fixture(scope="session")
def theirs(idp: Any) -> dict[str, Any]:
    """Another pool with a user `u`."""
    pool = factories.make_pool(idp)
    factories.make_user(idp, pool, "u")
    return pool


@pytest.fixture(scope="session")
def keys(
    server: Server, mine: dict[str, Any], theirs: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, str]]:
    """A key of the first operator for each policy of the table, made at once."""
    text = json.dumps(POLICIES).replace("MINE", mine["Arn"]).replace("THEIRS", theirs["Arn"])
    file = tmp_path_factory.mktemp("policies") / "policies.json"
    file.write_text(text)
    made = server.manage(
        "shell",
        "-v0",
        "-c",
        f"""
import json
from identity.access import keys
from pools.models import Pool, User
operator = User.objects.get(pool_id=Pool.OPERATORS, username="operator")
policies = json.load(open({str(file)!r}))
made = {{name: keys.create(operator.pk, policy=json.dumps(policy)) for name, policy in policies.items()}}
print(json.dumps({{name: {{"access_key_id": key.access_key_id, "secret": key.secret}} for name, key in made.items()}}))
""",
    )
    found: dict[str, dict[str, str]] = json.loads(made.splitlines()[-1])
    return found


class Holder:
    """What the holder of a key can try, on either pool."""

    def __init__(self, server: Server, key: dict[str, str], mine: dict[str, Any], theirs: dict[str, Any]) -> None:
        self._pools = {"mine": mine, "theirs": theirs}
        self._clients = {region: clients.idp(server, region=region, **key) for region in ("us-east-1", "eu-west-1")}

    def resource(self, on: str) -> str:
        return str(self._pools[on]["Arn"]) if on in self._pools else "*"

    def attempt(self, operation: str, on: str) -> Any:
        idp = self._clients["us-east-1"]
        if operation == "ListUserPools":
            return idp.list_user_pools(MaxResults=1)
        if operation == "ListTagsForResource":
            return idp.list_tags_for_resource(ResourceArn=self._pools[on]["Arn"])
        pool_id = self._pools[on]["Id"]
        if operation == "DescribeUserPool":
            return idp.describe_user_pool(UserPoolId=pool_id)
        if operation == "AdminGetUser":
            return idp.admin_get_user(UserPoolId=pool_id, Username="u")
        # Protection keeps the pool alive where the deletion is allowed: what is tested is who may ask.
        assert operation == "AdminDeleteUser"
        return idp.admin_delete_user(UserPoolId=pool_id, Username="nobody")


ALLOWED = [
    ("everything", "ListUserPools", "*"),
    ("everything", "AdminGetUser", "mine"),
    ("reads", "ListUserPools", "*"),
    ("reads", "DescribeUserPool", "theirs"),
    ("reads", "AdminGetUser", "theirs"),
    ("one character", "ListUserPools", "*"),
    ("lower case", "ListUserPools", "*"),
    ("one pool", "AdminGetUser", "mine"),
    ("one pool", "DescribeUserPool", "mine"),
    ("one pool", "ListTagsForResource", "mine"),
    ("one pool and listing", "ListUserPools", "*"),
    ("pools of a region", "AdminGetUser", "theirs"),
    ("denied deletion", "AdminGetUser", "mine"),
    ("denied before allowed", "DescribeUserPool", "mine"),
    ("denied pool", "AdminGetUser", "mine"),
    ("denied pool", "ListUserPools", "*"),
    ("all but reading users", "DescribeUserPool", "mine"),
    ("denied but reading", "AdminGetUser", "mine"),
    ("all but one pool", "AdminGetUser", "mine"),
    ("all but one pool", "ListUserPools", "*"),
    ("denied but one pool", "AdminGetUser", "mine"),
    ("allowed under a condition", "ListUserPools", "*"),
    ("denied under a condition", "DescribeUserPool", "mine"),
]
NOT_ALLOWED = [
    ("reads", "AdminDeleteUser", "mine"),
    ("one character", "AdminGetUser", "mine"),
    ("lower case", "DescribeUserPool", "mine"),
    ("one pool", "AdminGetUser", "theirs"),
    ("one pool", "ListTagsForResource", "theirs"),
    ("one pool", "ListUserPools", "*"),
    ("pools of a region", "ListUserPools", "*"),
    ("pools of another region", "AdminGetUser", "mine"),
    ("pools of another account", "AdminGetUser", "mine"),
    ("all but reading users", "AdminGetUser", "mine"),
    ("all but one pool", "AdminGetUser", "theirs"),
    ("allowed under a condition", "AdminGetUser", "mine"),
    ("another service", "ListUserPools", "*"),
    ("another service", "AdminGetUser", "mine"),
    ("only denied", "ListUserPools", "*"),
]
DENIED = [
    ("denied deletion", "AdminDeleteUser", "mine"),
    ("denied before allowed", "AdminGetUser", "mine"),
    ("denied pool", "AdminGetUser", "theirs"),
    ("denied pool", "ListTagsForResource", "theirs"),
    ("denied but reading", "AdminDeleteUser", "mine"),
    ("denied but reading", "ListUserPools", "*"),
    ("denied but one pool", "AdminGetUser", "theirs"),
    ("denied but one pool", "ListUserPools", "*"),
    ("denied under a condition", "AdminGetUser", "mine"),
]


@pytest.fixture
def holder(
    request: pytest.FixtureRequest,
    server: Server,
    keys: dict[str, dict[str, str]],
    mine: dict[str, Any],
    theirs: dict[str, Any],
) -> Holder:
    return Holder(server, keys[request.param], mine, theirs)


@pytest.mark.parametrize(("holder", "operation", "on"), ALLOWED, indirect=["holder"])
def test_what_a_policy_allows_is_done(holder: Holder, operation: str, on: str) -> None:
    assert holder.attempt(operation, on)


@pytest.mark.parametrize(("holder", "operation", "on"), NOT_ALLOWED, indirect=["holder"])
def test_what_no_policy_allows_is_refused(holder: Holder, operation: str, on: str) -> None:
    with refused("AccessDeniedException", no_allow(operation, holder.resource(on))) as refusal:
        holder.attempt(operation, on)
    assert refusal.status == 400


@pytest.mark.parametrize(("holder", "operation", "on"), DENIED, indirect=["holder"])
def test_what_a_policy_denies_is_refused_whatever_allows_it(holder: Holder, operation: str, on: str) -> None:
    with refused("AccessDeniedException", explicit_deny(operation, holder.resource(on))) as refusal:
        holder.attempt(operation, on)
    assert refusal.status == 400


@pytest.fixture
def limited(server: Server, keys: dict[str, dict[str, str]]) -> Any:
    """cognito-idp with the key that is limited to `mine`."""
    return clients.idp(server, **keys["one pool"])


def test_a_member_that_the_operation_does_not_have_cannot_widen_a_policy(
    limited: Any, mine: dict[str, Any], theirs: dict[str, Any]
) -> None:
    """A key limited to one pool names that pool where nothing reads it, and something else where it counts."""
    for operation, members, resource in (
        ("ListUserPools", {"MaxResults": 1}, "*"),
        ("CreateUserPool", {"PoolName": "sneaked"}, "*"),
        ("ListTagsForResource", {"ResourceArn": theirs["Arn"]}, theirs["Arn"]),
        ("TagResource", {"ResourceArn": theirs["Arn"], "Tags": {"k": "v"}}, theirs["Arn"]),
        ("UntagResource", {"ResourceArn": theirs["Arn"], "TagKeys": ["k"]}, theirs["Arn"]),
    ):
        sent = inject(limited, operation, {"UserPoolId": mine["Id"], "userPoolId": mine["Id"]})
        with refused("AccessDeniedException", no_allow(operation, resource)):
            getattr(limited, xform_name(operation))(**members)
        assert sent == [{**members, "UserPoolId": mine["Id"], "userPoolId": mine["Id"]}]
    inject(limited, "AdminGetUser", {"ResourceArn": mine["Arn"]})
    with refused("AccessDeniedException", no_allow("AdminGetUser", theirs["Arn"])):
        limited.admin_get_user(UserPoolId=theirs["Id"], Username="u")


def inject(idp: Any, operation: str, members: dict[str, str]) -> list[dict[str, Any]]:
    """Put members into the body that boto3's serialiser leaves out, for the model lacks them; returns what is sent."""
    sent = []

    def add(params: dict[str, Any], **kwargs: Any) -> None:
        body = {**json.loads(params["body"]), **members}
        sent.append(body)
        params["body"] = json.dumps(body).encode()

    idp.meta.events.register(f"before-call.cognito-identity-provider.{operation}", add)
    return sent


def test_a_policy_that_names_a_pool_does_not_reach_its_id_in_another_region(
    server: Server, keys: dict[str, dict[str, str]], mine: dict[str, Any]
) -> None:
    elsewhere = clients.idp(server, region="eu-west-1", **keys["one pool"])
    resource = mine["Arn"].replace("us-east-1:", "eu-west-1:")
    with refused("AccessDeniedException", no_allow("DescribeUserPool", resource)):
        elsewhere.describe_user_pool(UserPoolId=mine["Id"])


def test_a_refusal_does_not_tell_whether_the_pool_exists(limited: Any) -> None:
    resource = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_None00000"
    with refused("AccessDeniedException", no_allow("DescribeUserPool", resource)):
        limited.describe_user_pool(UserPoolId="us-east-1_None00000")


def test_permission_is_decided_before_the_members_are_judged(limited: Any, theirs: dict[str, Any]) -> None:
    with refused("AccessDeniedException", no_allow("AdminGetUser", theirs["Arn"])):
        limited.admin_get_user(UserPoolId=theirs["Id"], Username="with space")
    with refused("AccessDeniedException", no_allow("AdminGetUser", "*")):
        limited.admin_get_user(Username="u")


def test_a_pool_id_is_matched_as_text_not_as_a_pattern(limited: Any) -> None:
    for pool_id in ("*", "us-east-1_?????????", "${*}", "us-east-1_*"):
        resource = f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool_id}"
        with refused("AccessDeniedException", no_allow("DescribeUserPool", resource)):
            limited.describe_user_pool(UserPoolId=pool_id)


def test_users_need_no_policy(server: Server, keys: dict[str, dict[str, str]], mine: dict[str, Any], idp: Any) -> None:
    client = factories.make_client(idp, mine)
    nobody = clients.idp(server, **keys["only denied"])
    tokens = factories.sign_in(nobody, client, "u")
    assert nobody.get_user(AccessToken=tokens["AccessToken"])["Username"] == "u"


def test_a_key_with_a_policy_from_a_file_is_made_on_the_command_line(
    server: Server, tmp_path: Path, mine: dict[str, Any]
) -> None:
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(policy(allow(Action="cognito-idp:DescribeUserPool", Resource=mine["Arn"]))))
    printed = server.manage("access_key", "create", "--policy", str(file))
    key_id, secret = (line.partition("=")[2] for line in printed.splitlines()[-2:])
    held = clients.idp(server, access_key_id=key_id, secret=secret)
    assert held.describe_user_pool(UserPoolId=mine["Id"])["UserPool"]["Id"] == mine["Id"]
    with refused("AccessDeniedException", no_allow("AdminGetUser", mine["Arn"])):
        held.admin_get_user(UserPoolId=mine["Id"], Username="u")


# The operators' pool


VALUES = {
    "UserPoolId": OPERATORS,
    "ResourceArn": f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{OPERATORS}",
    "Username": "operator",
    "Password": factories.PASSWORD,
    "MaxResults": 10,
    "GroupName": "group",
    "Identifier": "orders",
    "Name": "orders",
    "ClientId": "client",
    "ClientName": "escalation",
    "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
    "ChallengeName": "NEW_PASSWORD_REQUIRED",
    "ClientSecretId": "client--1700000000",
    "CustomAttributes": [{"Name": "role", "AttributeDataType": "String"}],
    "Tags": {"k": "v"},
    "TagKeys": ["k"],
    "UserAttributes": [{"Name": "nickname", "Value": "n"}],
    "UserAttributeNames": ["nickname"],
    "MFAOptions": [],
    "Domain": "escalation",
    "JobName": "escalation",
    "JobId": "import-none",
    "CloudWatchLogsRoleArn": "arn:aws:iam::000000000000:role/import",
}
ON_A_POOL = sorted(
    name
    for name, operation in cognito_idp.operations.items()
    if not operation.is_unsigned and operation.resource_member is not None
)


def test_every_operation_on_a_pool_is_tried_on_that_of_the_operators() -> None:
    """The sample above must stay complete, or an operation would be refused for a missing member instead."""
    for name in ON_A_POOL:
        lacking = set(cognito_idp.operations[name].model.input_shape.required_members) - VALUES.keys()
        assert not lacking, f"{name}: give {lacking} a value in VALUES"


@pytest.mark.parametrize("region", ["us-east-1", "gatehouse", "eu-west-1"])
def test_no_operation_reaches_the_operators_pool(server: Server, region: str) -> None:
    almighty = clients.idp(server, region=region)
    for name in ON_A_POOL:
        operation = cognito_idp.operations[name]
        members = {member: VALUES[member] for member in operation.model.input_shape.required_members}
        if "ResourceArn" in members:
            members["ResourceArn"] = VALUES["ResourceArn"].replace("us-east-1", region)
        with refused("ResourceNotFoundException", f"User pool {OPERATORS} does not exist."):
            getattr(almighty, xform_name(name))(**members)


def test_the_operators_pool_is_not_listed(server: Server) -> None:
    for region in ("us-east-1", "gatehouse"):
        idp = clients.idp(server, region=region)
        listed = [pool["Id"] for page in pages(idp) for pool in page["UserPools"]]
        assert OPERATORS not in listed


def pages(idp: Any) -> Iterator[dict[str, Any]]:
    token: dict[str, str] = {}
    while True:
        page = idp.list_user_pools(MaxResults=60, **token)
        yield page
        if "NextToken" not in page:
            return
        token = {"NextToken": page["NextToken"]}


def test_an_empty_region_does_not_reach_the_operators_pool_either(server: Server) -> None:
    """Its region is empty; a credential scope cannot say that."""
    answer = post(
        server,
        "DescribeUserPool",
        json.dumps({"UserPoolId": OPERATORS}).encode(),
        {
            "X-Amz-Date": "20260101T000000Z",
            "Authorization": "AWS4-HMAC-SHA256 Credential=AKIATESTOPERATOR0001/20260101//cognito-idp/aws4_request, "
            "SignedHeaders=host;x-amz-date;x-amz-target, Signature=00",
        },
    )
    assert answer.json() == {
        "__type": "InvalidSignatureException",
        "message": "Credential should be scoped to a valid region.",
    }


@pytest.fixture(scope="session")
def operators_tokens(server: Server) -> dict[str, str]:
    """A client in the operators' pool with tokens for the operator, as a console would have."""
    made = server.manage(
        "shell",
        "-v0",
        "-c",
        """
import json
from identity import clock
from identity.access.actor import Actor, Kind
from pools.models import Pool, User
from pools.provisioning import clients
from pools.tokens import issue
from pools.triggers.origin import Origin
pool = Pool.objects.get(id=Pool.OPERATORS)
system = Actor(Kind.SYSTEM, "test", clock.now(), "", "")
flows = {"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}
client = clients.create(pool, name="console", members=flows, by=system)
operator = User.objects.get(pool=pool, username="operator")
told = {"origin": Origin(), "source": "TokenGeneration_Authentication"}
tokens = issue.start_session(pool, client, operator, by=system, **told)
print(json.dumps({"ClientId": client.client_id, "Access": tokens.access_token, "Refresh": tokens.refresh_token}))
""",
    )
    found: dict[str, str] = json.loads(made.splitlines()[-1])
    return found


def test_clients_of_the_operators_pool_do_not_exist_for_the_public(
    public: Any, operators_tokens: dict[str, str]
) -> None:
    client_id = operators_tokens["ClientId"]
    named = {"ClientId": client_id, "Username": "operator"}
    challenge = {"ChallengeName": "NEW_PASSWORD_REQUIRED", "ChallengeResponses": {"USERNAME": "operator"}}
    password = {"USERNAME": "operator", "PASSWORD": factories.PASSWORD}
    refresh = {"REFRESH_TOKEN": operators_tokens["Refresh"]}
    tries: dict[str, Callable[[], Any]] = {
        "SignUp": lambda: public.sign_up(**named, Password=factories.PASSWORD),
        "ConfirmSignUp": lambda: public.confirm_sign_up(**named, ConfirmationCode="123456"),
        "ResendConfirmationCode": lambda: public.resend_confirmation_code(**named),
        "InitiateAuth": lambda: public.initiate_auth(
            ClientId=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=password
        ),
        "InitiateAuth, refresh": lambda: public.initiate_auth(
            ClientId=client_id, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=refresh
        ),
        "GetTokensFromRefreshToken": lambda: public.get_tokens_from_refresh_token(
            ClientId=client_id, RefreshToken=operators_tokens["Refresh"]
        ),
        "ForgotPassword": lambda: public.forgot_password(**named),
        "ConfirmForgotPassword": lambda: public.confirm_forgot_password(
            **named, ConfirmationCode="123456", Password=factories.PASSWORD
        ),
        "RespondToAuthChallenge": lambda: public.respond_to_auth_challenge(ClientId=client_id, **challenge),
        "RevokeToken": lambda: public.revoke_token(ClientId=client_id, Token=operators_tokens["Refresh"]),
    }
    by_client = {
        name
        for name, operation in cognito_idp.operations.items()
        if operation.is_unsigned and "ClientId" in operation.model.input_shape.members
    }
    assert by_client <= tries.keys(), "a public operation is not tried on a client of the operators' pool"
    for name, attempt in tries.items():
        # RevokeToken's model lists no ResourceNotFoundException.
        code = "UnauthorizedException" if name == "RevokeToken" else "ResourceNotFoundException"
        with refused(code, f"User pool client {client_id} does not exist."):
            attempt()


def test_tokens_of_operators_open_nothing_of_the_self_service(public: Any, operators_tokens: dict[str, str]) -> None:
    token = {"AccessToken": operators_tokens["Access"]}
    passwords = {"PreviousPassword": factories.PASSWORD, "ProposedPassword": factories.PASSWORD}
    tries: dict[str, Callable[[], Any]] = {
        "GetUser": lambda: public.get_user(**token),
        "ChangePassword": lambda: public.change_password(**token, **passwords),
        "GlobalSignOut": lambda: public.global_sign_out(**token),
        "UpdateUserAttributes": lambda: public.update_user_attributes(
            **token, UserAttributes=[{"Name": "nickname", "Value": "n"}]
        ),
        "DeleteUserAttributes": lambda: public.delete_user_attributes(**token, UserAttributeNames=["nickname"]),
        "GetUserAttributeVerificationCode": lambda: public.get_user_attribute_verification_code(
            **token, AttributeName="email"
        ),
        "VerifyUserAttribute": lambda: public.verify_user_attribute(**token, AttributeName="email", Code="123456"),
        "AssociateSoftwareToken": lambda: public.associate_software_token(**token),
        "VerifySoftwareToken": lambda: public.verify_software_token(**token, UserCode="123456"),
        "SetUserMFAPreference": lambda: public.set_user_mfa_preference(**token),
        "SetUserSettings": lambda: public.set_user_settings(**token, MFAOptions=[]),
        "GetUserAuthFactors": lambda: public.get_user_auth_factors(**token),
        "DeleteUser": lambda: public.delete_user(**token),
    }
    by_token = {
        name
        for name, operation in cognito_idp.operations.items()
        if operation.is_unsigned and "AccessToken" in operation.model.input_shape.members
    }
    assert by_token <= tries.keys(), "an operation by access token is not tried with an operator's token"
    for attempt in tries.values():
        with refused("NotAuthorizedException", "Invalid Access Token"):
            attempt()


@pytest.mark.parametrize("document", ["jwks.json", "openid-configuration"])
def test_the_operators_pool_has_no_issuer_documents(server: Server, document: str) -> None:
    answer = requests.get(f"{server.url}/{OPERATORS}/.well-known/{document}", timeout=10)
    other = requests.get(f"{server.url}/us-east-1_None00000/.well-known/{document}", timeout=10)
    assert answer.status_code == other.status_code == 404
    assert answer.text == other.text.replace("us-east-1_None00000", OPERATORS)
