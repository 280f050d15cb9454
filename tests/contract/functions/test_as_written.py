"""Functions as people wrote them for AWS Lambda, deployed with the AWS CLI, met by boto3 and by a JavaScript app."""

from __future__ import annotations

import json
from typing import Any

from tests.contract.functions.conftest import Deploy
from tests.support import factories
from tests.support.aws_cli import Aws, is_needed
from tests.support.clients import refused
from tests.support.factories import PASSWORD, attributes_of, claims_of, unique
from tests.support.javascript import StartApp, rejected
from tests.support.mailbox import Mailbox
from tests.support.postman import Postman
from tests.support.server import Server

pytestmark = is_needed

FLOWS = [
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]
REFUSED = "PreSignUp failed with error Only company addresses are allowed."
INCORRECT = "Incorrect username or password."


def connect(idp: Any, pool: dict[str, Any], **triggers: Any) -> None:
    idp.update_user_pool(UserPoolId=pool["Id"], AutoVerifiedAttributes=["email"], LambdaConfig=triggers)


def make_client(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    return factories.make_client(idp, pool, ExplicitAuthFlows=FLOWS)


def sign_up(public: Any, client: dict[str, Any], name: str, address: str) -> dict[str, Any]:
    answer: dict[str, Any] = public.sign_up(
        ClientId=client["ClientId"],
        Username=name,
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": address}],
    )
    return answer


def test_sign_ups_of_the_company_alone_are_admitted(
    idp: Any, public: Any, aws: Aws, deploy: Deploy, start_app: StartApp, mailbox: Mailbox
) -> None:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"])
    client = make_client(idp, pool)
    arn = deploy(pool, "company_sign_up.js")
    connect(idp, pool, PreSignUp=arn)
    app = start_app(client)

    with rejected("UserLambdaValidationException", REFUSED):
        app("signUp", "mallory", PASSWORD, {"email": "mallory@elsewhere.example"})
    with refused("UserLambdaValidationException", REFUSED):
        sign_up(public, client, "mallory", "mallory@elsewhere.example")
    with refused("UserNotFoundException"):
        idp.admin_get_user(UserPoolId=pool["Id"], Username="mallory")

    alice = unique("alice")
    assert app("signUp", alice, PASSWORD, {"email": f"{alice}@example.com"})["userConfirmed"] is True
    assert app("authenticateUser", alice, PASSWORD)["callback"] == "onSuccess"
    assert app("getUserAttributes", alice)["email_verified"] == "true"
    assert sign_up(public, client, "bob", "bob@example.com")["UserConfirmed"] is True
    assert mailbox.messages(f"{alice}@example.com") == []

    named = ("--function-name", arn)
    aws(
        *("lambda", "update-function-configuration", *named),
        *("--environment", "Variables={COMPANY_DOMAIN=elsewhere.example}"),
    )
    assert app("signUp", "mallory", PASSWORD, {"email": "mallory@elsewhere.example"})["userConfirmed"] is True
    assert aws("lambda", "delete-function", *named)["StatusCode"] == 204
    with refused("UnexpectedLambdaException", "PreSignUp invocation failed due to error ResourceNotFoundException."):
        sign_up(public, client, "carol", "carol@elsewhere.example")


def test_access_tokens_get_what_a_function_adds(idp: Any, public: Any, server: Server, deploy: Deploy) -> None:
    schema = [{"Name": "tenant", "AttributeDataType": "String", "Mutable": True}]
    pool = factories.make_pool(idp, Schema=schema)
    client = make_client(idp, pool)
    user = factories.make_user(idp, pool, **{"custom:tenant": "acme"})
    before = factories.sign_in(public, client, user)
    assert claims_of(before["IdToken"])["custom:tenant"] == "acme"

    arn = deploy(pool, "tenant_claims.py")
    connect(idp, pool, PreTokenGenerationConfig={"LambdaVersion": "V2_0", "LambdaArn": arn})
    after = factories.sign_in(public, client, user)
    renewed = public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": before["RefreshToken"]},
    )["AuthenticationResult"]
    for tokens in (after, renewed):
        claims = claims_of(tokens["AccessToken"])
        assert (claims["tenant"], claims["limits"]) == ("acme", {"seats": 5, "regions": ["eu", "us"]})
        assert set(claims["scope"].split()) == {"aws.cognito.signin.user.admin", "tenant/acme"}
        assert "custom:tenant" not in claims_of(tokens["IdToken"])
    assert "tokens for tenant acme" in server.manage("function_log", arn.rpartition(":")[2])


def test_a_code_by_email_signs_in(idp: Any, public: Any, deploy: Deploy, start_app: StartApp, postman: Postman) -> None:
    pool = factories.make_pool(idp)
    client = make_client(idp, pool)
    smtp = {"SMTP_URL": f"smtp://127.0.0.1:{postman.port}"}
    connect(
        idp,
        pool,
        DefineAuthChallenge=deploy(pool, "define_auth_challenge.js"),
        CreateAuthChallenge=deploy(pool, "create_auth_challenge.mjs", packages=["nodemailer"], environment=smtp),
        VerifyAuthChallengeResponse=deploy(pool, "verify_auth_challenge_response.js"),
    )
    alice = factories.make_user(idp, pool, unique("alice"), email=f"{unique('alice')}@example.com")
    address = attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=alice))["email"]

    app = start_app(client)
    asked = app("initiateAuth", alice)
    assert (asked["callback"], asked["values"][0]["email"]) == ("customChallenge", "a***@example.com")
    code = postman.code_to(address)
    assert code not in json.dumps(asked)
    assert app("sendCustomChallengeAnswer", alice, "no-code")["callback"] == "customChallenge"
    assert len(postman.mails_to(address)) == 1, "the code stays the same while somebody tries"
    signed_in = app("sendCustomChallengeAnswer", alice, code)
    assert signed_in["callback"] == "onSuccess"
    assert claims_of(signed_in["session"]["idToken"])["cognito:username"] == alice

    answer = public.initiate_auth(
        ClientId=client["ClientId"], AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": alice}
    )
    assert postman.code_to(address) != code
    for is_last in (False, False, True):
        responses = {"USERNAME": alice, "ANSWER": code}
        challenge = {"ChallengeName": "CUSTOM_CHALLENGE", "Session": answer["Session"]}
        if is_last:
            with refused("NotAuthorizedException", INCORRECT):
                public.respond_to_auth_challenge(ClientId=client["ClientId"], ChallengeResponses=responses, **challenge)
        else:
            answer = public.respond_to_auth_challenge(
                ClientId=client["ClientId"], ChallengeResponses=responses, **challenge
            )
            assert answer["ChallengeName"] == "CUSTOM_CHALLENGE"


def test_people_of_the_old_system_come_over(
    idp: Any, public: Any, aws: Aws, deploy: Deploy, start_app: StartApp, mailbox: Mailbox
) -> None:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"])
    client = make_client(idp, pool)
    ada, grace = unique("ada"), unique("grace")
    people = {name: {"password": f"old {name}", "email": f"{name}@example.com"} for name in (ada, grace)}
    arn = deploy(pool, "migrate_user.py", files={"people.json": json.dumps(people)})
    connect(idp, pool, UserMigration=arn)

    with refused("UserLambdaValidationException", "UserMigration failed with error Bad password."):
        factories.sign_in(public, client, ada, "wrong")
    with refused("UserNotFoundException"):
        idp.admin_get_user(UserPoolId=pool["Id"], Username=ada)
    app = start_app(client)
    app("setAuthenticationFlowType", ada, "USER_PASSWORD_AUTH")
    assert app("authenticateUser", ada, f"old {ada}")["callback"] == "onSuccess"
    found = idp.admin_get_user(UserPoolId=pool["Id"], Username=ada)
    assert (found["UserStatus"], attributes_of(found)["email_verified"]) == ("CONFIRMED", "true")

    public.forgot_password(ClientId=client["ClientId"], Username=grace)
    code = mailbox.code(f"{grace}@example.com")
    public.confirm_forgot_password(
        ClientId=client["ClientId"], Username=grace, ConfirmationCode=code, Password=PASSWORD
    )
    assert aws("lambda", "delete-function", "--function-name", arn)["StatusCode"] == 204
    assert factories.sign_in(public, client, ada, f"old {ada}")  # here by now, without the old system
    assert factories.sign_in(public, client, grace)


def test_who_has_signed_up_joins_a_group(idp: Any, public: Any, deploy: Deploy, mailbox: Mailbox) -> None:
    """The function calls back with boto3 and with nothing but what it finds in its environment."""
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"])
    client = make_client(idp, pool)
    idp.create_group(UserPoolId=pool["Id"], GroupName="members")
    connect(idp, pool, PostConfirmation=deploy(pool, "join_group.py"))
    address = f"{unique('alice')}@example.com"
    sign_up(public, client, "alice", address)
    assert _groups(idp, pool, "alice") == []
    public.confirm_sign_up(ClientId=client["ClientId"], Username="alice", ConfirmationCode=mailbox.code(address))
    assert _groups(idp, pool, "alice") == ["members"]
    tokens = factories.sign_in(public, client, "alice")
    assert claims_of(tokens["AccessToken"])["cognito:groups"] == ["members"]


def test_group_that_is_missing_is_told_and_the_confirmation_stays(
    idp: Any, public: Any, deploy: Deploy, mailbox: Mailbox
) -> None:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"])
    client = make_client(idp, pool)
    connect(idp, pool, PostConfirmation=deploy(pool, "join_group.py"))
    address = f"{unique('bob')}@example.com"
    sign_up(public, client, "bob", address)
    told = (
        "PostConfirmation failed with error An error occurred (ResourceNotFoundException) when calling the "
        "AdminAddUserToGroup operation: Group not found.."
    )
    with refused("UserLambdaValidationException", told):
        public.confirm_sign_up(ClientId=client["ClientId"], Username="bob", ConfirmationCode=mailbox.code(address))
    assert idp.admin_get_user(UserPoolId=pool["Id"], Username="bob")["UserStatus"] == "CONFIRMED"


def _groups(idp: Any, pool: dict[str, Any], name: str) -> list[str]:
    found = idp.admin_list_groups_for_user(UserPoolId=pool["Id"], Username=name)["Groups"]
    return [group["GroupName"] for group in found]
