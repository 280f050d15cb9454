"""Text messages by Amazon: the pool's role is assumed, messages are published in it, refusals have AWS's names."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from moto.backends import get_backend
from moto.server import ThreadedMotoServer

from tests.support import clients, factories
from tests.support.clients import OK, at_once, refused
from tests.support.factories import PASSWORD, unique
from tests.support.mailbox import Mailbox
from tests.support.server import Server, running
from tests.support.texts import AMAZON_ENVIRONMENT, OWN_KEY, Amazon, Role, form_of
from tests.support.until import until

ACCOUNT = "111122223333"
MOTO_ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/sms"
UNTRUSTED = "InvalidSmsRoleTrustRelationshipException"
POWERLESS = "InvalidSmsRoleAccessPolicyException"
UNTRUSTED_TEXT = "Role does not have a trust relationship allowing Cognito to assume the role"
POWERLESS_TEXT = "Role does not have permission to publish with SNS"
NUMBER = "+4915112360001"

Members = dict[str, Any]


def attributes(**given: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in given.items()]


def sending(url: str, **environment: str) -> Iterator[Server]:
    """A server that sends text messages by Amazon, at `url`."""
    with running("--dev", GATEHOUSE_SMS_URL=f"sns:{url}", **AMAZON_ENVIRONMENT, **environment) as started:
        yield started


def texting_pool(idp: Any, **configuration: Any) -> Members:
    return factories.make_pool(idp, AutoVerifiedAttributes=["phone_number"], SmsConfiguration=configuration)


def sign_up(idp: Any, client: Members, number: str = NUMBER) -> str:
    name = unique()
    idp.sign_up(
        ClientId=client["ClientId"],
        Username=name,
        Password=PASSWORD,
        UserAttributes=attributes(phone_number=number),
    )
    return name


def ask_for_code(idp: Any, client: Members, number: str = NUMBER) -> None:
    """A code that the request waits for."""
    pool = {"Id": client["UserPoolId"]}
    name = factories.make_user(idp, pool, phone_number=number, phone_number_verified="true")
    idp.forgot_password(ClientId=client["ClientId"], Username=name)


# A moto server in Amazon's place


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def by_moto(moto: str) -> Iterator[Server]:
    yield from sending(moto)


def texts(region: str, number: str) -> list[str]:
    """What moto has sent to a number, for the account of the role and in a region; newest last."""
    sent = get_backend("sns")[ACCOUNT][region].sms_messages.values()
    return [text for to, text in sent if to == number]


def ask_for_texts(idp: Any, pool_id: str, name: str) -> None:
    """A code by text message is the user's second factor from now on."""
    idp.set_user_pool_mfa_config(UserPoolId=pool_id, MfaConfiguration="OPTIONAL", SmsMfaConfiguration={})
    preferred = {"Enabled": True, "PreferredMfa": True}
    idp.admin_set_user_mfa_preference(UserPoolId=pool_id, Username=name, SMSMfaSettings=preferred)


def code_in(text: str) -> str:
    found = re.search(r"\b\d{6}\b", text)
    assert found
    return found[0]


def test_codes_and_invitations_arrive_at_the_number(by_moto: Server) -> None:
    idp, number, other = clients.idp(by_moto), "+4915112361001", "+4915112361002"
    pool = texting_pool(idp, SnsCallerArn=MOTO_ROLE, ExternalId="pool-1", SnsRegion="eu-central-1")
    client = factories.make_client(idp, pool)
    name = sign_up(idp, client, number)
    until(lambda: texts("eu-central-1", number))
    [text] = texts("eu-central-1", number)
    assert text == f"Your verification code is {code_in(text)}. "
    idp.confirm_sign_up(ClientId=client["ClientId"], Username=name, ConfirmationCode=code_in(text))
    token = factories.sign_in(idp, client, name)["AccessToken"]
    idp.get_user_attribute_verification_code(AccessToken=token, AttributeName="phone_number")
    code = code_in(texts("eu-central-1", number)[-1])
    idp.verify_user_attribute(AccessToken=token, AttributeName="phone_number", Code=code)
    invited = unique()
    idp.admin_create_user(
        UserPoolId=pool["Id"],
        Username=invited,
        TemporaryPassword=PASSWORD,
        UserAttributes=attributes(phone_number=other),
    )
    until(lambda: texts("eu-central-1", other))
    assert texts("eu-central-1", other) == [f"Your username is {invited} and temporary password is {PASSWORD}. "]
    assert Mailbox(by_moto).messages(number) == []


def test_sign_in_code_arrives_at_the_number(by_moto: Server) -> None:
    idp, number = clients.idp(by_moto), "+4915112361004"
    pool = texting_pool(idp, SnsCallerArn=MOTO_ROLE)
    client = factories.make_client(idp, pool)
    name = factories.make_user(idp, pool, phone_number=number, phone_number_verified="true")
    ask_for_texts(idp, pool["Id"], name)
    asked = idp.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )
    [text] = texts("us-east-1", number)
    assert text == f"Your authentication code is {code_in(text)}. "
    signed_in = idp.respond_to_auth_challenge(
        ClientId=client["ClientId"],
        ChallengeName="SMS_MFA",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": name, "SMS_MFA_CODE": code_in(text)},
    )
    assert signed_in["AuthenticationResult"]["AccessToken"]


def test_without_a_region_the_pools_own_sends(by_moto: Server) -> None:
    idp = clients.idp(by_moto, region="ap-southeast-2")
    number = "+4915112361003"
    ask_for_code(idp, factories.make_client(idp, texting_pool(idp, SnsCallerArn=MOTO_ROLE)), number)
    assert len(texts("ap-southeast-2", number)) == 1


def test_role_is_assumed_with_the_external_id(by_moto: Server) -> None:
    idp, role = clients.idp(by_moto), f"{MOTO_ROLE}-{unique()}"
    client = factories.make_client(idp, texting_pool(idp, SnsCallerArn=role, ExternalId="shared/secret"))
    for _ in range(3):
        ask_for_code(idp, client)
    assumed = [found for found in get_backend("sts")[ACCOUNT]["aws"].assumed_roles if found.role_arn == role]
    assert [found.external_id for found in assumed] == ["shared/secret"]


# An endpoint that tells what it was asked, and refuses on demand


@pytest.fixture(scope="module")
def amazon() -> Iterator[Amazon]:
    with Amazon() as listening:
        yield listening


@pytest.fixture(scope="module")
def by_amazon(amazon: Amazon) -> Iterator[Server]:
    """Logs all it has to say."""
    yield from sending(amazon.url, GATEHOUSE_SMS_TIMEOUT_SECONDS="3", GATEHOUSE_LOG_LEVEL="DEBUG")


@pytest.fixture(scope="module")
def idp(by_amazon: Server) -> Any:
    return clients.idp(by_amazon)


def client_of(idp: Any, role: Role, **configuration: Any) -> Members:
    """Of a pool that sends through a role."""
    return factories.make_client(idp, texting_pool(idp, SnsCallerArn=role.arn, **configuration))


def test_own_credentials_assume_the_role_and_its_credentials_publish(idp: Any, amazon: Amazon) -> None:
    role = amazon.role()
    ask_for_code(idp, client_of(idp, role, ExternalId="external", SnsRegion="eu-west-1"))
    [asked] = [post for post in amazon.received if form_of(post).get("RoleArn") == role.arn]
    assert asked.scope == (OWN_KEY, "eu-west-1", "sts")
    assert form_of(asked)["ExternalId"] == "external"
    [published] = amazon.messages(role)
    key, *scope = published.scope
    assert scope == ["eu-west-1", "sns"]
    assert published.headers["x-amz-security-token"] == f"token-of-{key}"
    sent = form_of(published)
    assert (sent["Action"], sent["PhoneNumber"]) == ("Publish", NUMBER)
    assert sent["Message"].startswith("Your verification code is ")
    assert sent["MessageAttributes.entry.1.Name"] == "AWS.SNS.SMS.SMSType"
    assert sent["MessageAttributes.entry.1.Value.StringValue"] == "Transactional"


def test_without_an_external_id_none_is_sent(idp: Any, amazon: Amazon) -> None:
    role = amazon.role()
    ask_for_code(idp, client_of(idp, role))
    [asked] = amazon.assumptions(role)
    assert "ExternalId" not in asked


def test_role_is_assumed_once_for_all_who_send_at_the_same_time(idp: Any, amazon: Amazon) -> None:
    role = amazon.role()
    client = client_of(idp, role)
    assert at_once(*[lambda: ask_for_code(idp, client)] * 6) == [OK] * 6
    assert (len(amazon.assumptions(role)), len(amazon.messages(role))) == (1, 6)


def test_credentials_are_no_other_external_ids_or_regions(idp: Any, amazon: Amazon) -> None:
    """A pool that does not know the external id sends nothing with what a pool that knows it was given."""
    role = amazon.role()
    client = client_of(idp, role, ExternalId="known")
    ask_for_code(idp, client)
    role.trusts = False
    ask_for_code(idp, client)
    for other in ({}, {"ExternalId": "guess"}, {"ExternalId": "known", "SnsRegion": "eu-west-3"}):
        with refused(UNTRUSTED):
            ask_for_code(idp, client_of(idp, role, **other))
    assert len(amazon.messages(role)) == 2


def test_credentials_are_renewed_before_they_expire(idp: Any, amazon: Amazon) -> None:
    short, long = amazon.role(valid_for=timedelta(minutes=4)), amazon.role(valid_for=timedelta(minutes=15))
    for role in (short, long):
        client = client_of(idp, role)
        for _ in range(2):
            ask_for_code(idp, client)
    assert (len(amazon.assumptions(short)), len(amazon.assumptions(long))) == (2, 1)


def test_role_that_was_refused_is_assumed_anew(idp: Any, amazon: Amazon) -> None:
    """As when its sessions were revoked: nobody waits for the credentials' end."""
    role = amazon.role(refusal="AuthorizationError")
    client = client_of(idp, role)
    with refused(POWERLESS, POWERLESS_TEXT):
        ask_for_code(idp, client)
    role.refusal = ""
    ask_for_code(idp, client)
    assert len(amazon.assumptions(role)) == 2


# Refusals


class Sender:
    """A user of a pool whose role has sent before, and every operation that waits for what it sends to their number."""

    def __init__(self, idp: Any, amazon: Amazon, role: Role) -> None:
        self.idp, self.role = idp, role
        self.client = client_of(idp, role)
        self.pool_id = self.client["UserPoolId"]
        self.unconfirmed = sign_up(idp, self.client, "+4915112362001")
        amazon.wait_for_messages(role, 1)
        known = {"phone_number": NUMBER, "phone_number_verified": "true"}
        self.name = factories.make_user(idp, {"Id": self.pool_id}, **known)
        self.token = factories.sign_in(idp, self.client, self.name)["AccessToken"]

    def by_name(self, operation: str, **members: Any) -> None:
        getattr(self.idp, operation)(**{"ClientId": self.client["ClientId"], "Username": self.name, **members})

    def by_operator(self, operation: str, **members: Any) -> None:
        getattr(self.idp, operation)(**{"UserPoolId": self.pool_id, "Username": self.name, **members})

    def sign_in(self, *, is_admin: bool = False, has_temporary_password: bool = False) -> None:
        """With a text message as the second factor, and with a new password on the way to it."""
        ask_for_texts(self.idp, self.pool_id, self.name)
        to = {"ClientId": self.client["ClientId"]} | ({"UserPoolId": self.pool_id} if is_admin else {})
        initiate = self.idp.admin_initiate_auth if is_admin else self.idp.initiate_auth
        respond = self.idp.admin_respond_to_auth_challenge if is_admin else self.idp.respond_to_auth_challenge
        if has_temporary_password:
            self.by_operator("admin_set_user_password", Password=PASSWORD, Permanent=False)
        asked = initiate(
            **to,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH" if is_admin else "USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": self.name, "PASSWORD": PASSWORD},
        )
        respond(
            **to,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": self.name, "NEW_PASSWORD": f"{PASSWORD}-new"},
        )


NEW = attributes(phone_number="+4915112362002")
OPERATIONS: dict[str, Callable[[Sender], object]] = {
    "ResendConfirmationCode": lambda to: to.by_name("resend_confirmation_code", Username=to.unconfirmed),
    "ForgotPassword": lambda to: to.by_name("forgot_password"),
    "AdminResetUserPassword": lambda to: to.by_operator("admin_reset_user_password"),
    "AdminUpdateUserAttributes": lambda to: to.by_operator("admin_update_user_attributes", UserAttributes=NEW),
    "UpdateUserAttributes": lambda to: to.idp.update_user_attributes(AccessToken=to.token, UserAttributes=NEW),
    "GetUserAttributeVerificationCode": lambda to: to.idp.get_user_attribute_verification_code(
        AccessToken=to.token, AttributeName="phone_number"
    ),
    "InitiateAuth": lambda to: to.sign_in(),
    "AdminInitiateAuth": lambda to: to.sign_in(is_admin=True),
    "RespondToAuthChallenge": lambda to: to.sign_in(has_temporary_password=True),
    "AdminRespondToAuthChallenge": lambda to: to.sign_in(is_admin=True, has_temporary_password=True),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("behaviour", "code", "text"),
    [
        ({"trusts": False}, UNTRUSTED, UNTRUSTED_TEXT),
        ({"refusal": "AccessDenied"}, POWERLESS, POWERLESS_TEXT),
        ({"refusal": "AuthorizationError"}, POWERLESS, POWERLESS_TEXT),
    ],
)
def test_refusal_is_the_roles_by_name(
    idp: Any, amazon: Amazon, operation: str, behaviour: Members, code: str, text: str
) -> None:
    role = amazon.role(valid_for=timedelta(minutes=1))
    sender = Sender(idp, amazon, role)
    vars(role).update(behaviour)
    with refused(code, text):
        OPERATIONS[operation](sender)


def test_sign_ups_and_invitations_wait_for_no_role(idp: Any, amazon: Amazon) -> None:
    """They are tried again; the refusals are told to the log."""
    role = amazon.role(refusal="AuthorizationError")
    client = client_of(idp, role)
    sign_up(idp, client)
    idp.admin_create_user(UserPoolId=client["UserPoolId"], Username=unique(), UserAttributes=NEW)
    amazon.wait_for_messages(role, 2)
    role.refusal = ""
    amazon.wait_for_messages(role, 4)


def test_change_stands_when_the_role_is_refused(idp: Any, amazon: Amazon) -> None:
    role = amazon.role()
    sender = Sender(idp, amazon, role)
    role.refusal = "AccessDenied"
    for operation in ("AdminResetUserPassword", "AdminUpdateUserAttributes"):
        with refused(POWERLESS):
            OPERATIONS[operation](sender)
    user = sender.idp.admin_get_user(UserPoolId=sender.pool_id, Username=sender.name)
    assert user["UserStatus"] == "RESET_REQUIRED"
    assert factories.attributes_of(user)["phone_number"] == NEW[0]["Value"]


def test_who_hides_users_hides_the_roles_refusal(idp: Any, amazon: Amazon) -> None:
    role = amazon.role()
    sender = Sender(idp, amazon, role)
    pool = {"Id": sender.pool_id}
    careful = factories.make_client(idp, pool, PreventUserExistenceErrors="ENABLED")["ClientId"]
    role.refusal = "AuthorizationError"
    for name in (sender.name, "nobody"):
        answer = idp.forgot_password(ClientId=careful, Username=name)
        assert answer["CodeDeliveryDetails"]["DeliveryMedium"] == "SMS"
    for name in (sender.unconfirmed, "nobody"):
        idp.resend_confirmation_code(ClientId=careful, Username=name)
    amazon.wait_for_messages(role, 3)


def test_invitation_by_mail_is_enough(idp: Any, amazon: Amazon, by_amazon: Server) -> None:
    role, name = amazon.role(trusts=False), unique()
    idp.admin_create_user(
        UserPoolId=client_of(idp, role)["UserPoolId"],
        Username=name,
        DesiredDeliveryMediums=["SMS", "EMAIL"],
        UserAttributes=attributes(phone_number=NUMBER, email=f"{name}@example.com"),
    )
    assert Mailbox(by_amazon).messages(f"{name}@example.com")
    until(lambda: amazon.assumptions(role))


@pytest.mark.parametrize("code", ["InvalidParameter", "KMSAccessDenied", "ExpiredToken"])
def test_other_errors_are_a_failed_delivery(idp: Any, amazon: Amazon, code: str) -> None:
    with refused("CodeDeliveryFailureException"):
        ask_for_code(idp, client_of(idp, amazon.role(refusal=code)))


def test_silence_is_a_failed_delivery(idp: Any, amazon: Amazon) -> None:
    role = amazon.role(is_silent=True)
    with refused("CodeDeliveryFailureException"):
        ask_for_code(idp, client_of(idp, role))
    assert len(amazon.messages(role)) == 2, "there is one more try"


@pytest.mark.parametrize("configuration", [{}, {"SnsRegion": "eu-west-1"}, {"SnsCallerArn": "", "ExternalId": "x"}])
def test_pool_without_a_role_sends_nothing(idp: Any, amazon: Amazon, configuration: Members) -> None:
    client = factories.make_client(idp, texting_pool(idp, **configuration))
    before = len(amazon.received)
    text = "User pool does not have SMS configuration to send messages."
    for ask in (sign_up, ask_for_code):
        with refused("CodeDeliveryFailureException", text):
            ask(idp, client)
    assert len(amazon.received) == before


# AWS End User Messaging


def test_end_user_messaging_is_told_everything(idp: Any, amazon: Amazon) -> None:
    role = amazon.role()
    configuration = {
        "CallerArn": role.arn,
        "ExternalId": "eums",
        "OriginationIdentity": "+14255550100",
        "ConfigurationSetName": "codes",
        "InEntityId": "110100001234",
        "InTemplateId": "1107160000",
        "Region": "ap-south-1",
    }
    ask_for_code(idp, factories.make_client(idp, texting_pool(idp, EumsSms=configuration)))
    [asked] = amazon.assumptions(role)
    assert asked["ExternalId"] == "eums"
    [post] = amazon.messages(role)
    assert post.scope[1:] == ("ap-south-1", "sms-voice")
    assert post.headers["x-amz-target"] == "PinpointSMSVoiceV2.SendTextMessage"
    sent = post.json
    assert sent.pop("MessageBody").startswith("Your verification code is ")
    assert sent == {
        "DestinationPhoneNumber": NUMBER,
        "MessageType": "TRANSACTIONAL",
        "OriginationIdentity": "+14255550100",
        "ConfigurationSetName": "codes",
        "DestinationCountryParameters": {"IN_ENTITY_ID": "110100001234", "IN_TEMPLATE_ID": "1107160000"},
    }


def test_end_user_messaging_needs_a_role_alone(idp: Any, amazon: Amazon) -> None:
    role = amazon.role()
    ask_for_code(idp, factories.make_client(idp, texting_pool(idp, EumsSms={"CallerArn": role.arn})))
    [post] = amazon.messages(role)
    assert post.scope[1] == "us-east-1", "the pool's region"
    assert post.json.keys() == {"DestinationPhoneNumber", "MessageBody", "MessageType"}


def test_end_user_messaging_refuses_as_sns_does(idp: Any, amazon: Amazon) -> None:
    role = amazon.role(refusal="AccessDeniedException")
    client = factories.make_client(idp, texting_pool(idp, EumsSms={"CallerArn": role.arn}))
    with refused(POWERLESS, POWERLESS_TEXT):
        ask_for_code(idp, client)
    role.trusts = False
    with refused(UNTRUSTED, UNTRUSTED_TEXT):
        ask_for_code(idp, client)
    role.trusts, role.refusal = True, "ValidationException"
    with refused("CodeDeliveryFailureException"):
        ask_for_code(idp, client)


# The log


def test_the_log_has_no_code_number_or_credential(idp: Any, amazon: Amazon, by_amazon: Server) -> None:
    """At its most talkative, and although Amazon's refusal repeats the whole message."""
    role, number = amazon.role(), "+4915112369876"
    client = client_of(idp, role)
    ask_for_code(idp, client, number)
    role.refusal = "InvalidParameter"
    with refused("CodeDeliveryFailureException"):
        ask_for_code(idp, client, number)
    assert "was not sent: Publish answered 'InvalidParameter'" in by_amazon.log
    published = amazon.messages(role)
    for post in published:
        key = post.scope[0]
        assert not re.search(rf"\b{code_in(form_of(post)['Message'])}\b", by_amazon.log)
        for secret in (number[1:], key, f"secret-of-{key}", f"token-of-{key}"):
            assert secret not in by_amazon.log
    assert len(published) == 2
    assert AMAZON_ENVIRONMENT["AWS_SECRET_ACCESS_KEY"] not in by_amazon.log
