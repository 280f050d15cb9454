"""CustomEmailSender and CustomSMSSender: what they are handed, when, and that nobody waits for them."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import clients, factories, second_factors, senders
from tests.support.clients import refused
from tests.support.factories import PASSWORD, unique
from tests.support.hooks import Hooks
from tests.support.mailbox import Mailbox
from tests.support.senders import Event, code_in, lambda_config, wait_for
from tests.support.server import Server

Pool = dict[str, Any]
MakePool = Callable[..., Pool]

ADDRESS, OTHER_ADDRESS = "ada@example.com", "lovelace@example.com"
PHONE, OTHER_PHONE = "+4915112349934", "+4915112349935"
EMAIL, SMS = "CustomEmailSender", "CustomSMSSender"
ATTRIBUTES = {EMAIL: "email", SMS: "phone_number"}
OLD = {EMAIL: ADDRESS, SMS: PHONE}
NEW = {EMAIL: OTHER_ADDRESS, SMS: OTHER_PHONE}
TYPES = {EMAIL: "customEmailSenderRequestV1", SMS: "customSMSSenderRequestV1"}
METADATA = {"campaign": "spring"}
CHANNELS = pytest.mark.parametrize("sender", [EMAIL, SMS])


@pytest.fixture(scope="session")
def key(server: Server) -> str:
    """The ARN of a key."""
    return str(senders.kms(server).create_key()["KeyMetadata"]["Arn"])


@pytest.fixture(autouse=True)
def aws(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in senders.environment(server).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def make_pool(idp: Any, hooks: Hooks, key: str) -> MakePool:
    """Makes a pool with both senders that verifies the addresses of one."""

    def make(sender: str = EMAIL, **members: Any) -> Pool:
        defaults = {
            "AutoVerifiedAttributes": [ATTRIBUTES[sender]],
            "SmsConfiguration": senders.SMS_ROLE,
            "EmailConfiguration": second_factors.EMAIL_SENDER,
            "LambdaConfig": lambda_config(hooks.arn, key),
        }
        return factories.make_pool(idp, **{**defaults, **members})

    return make


def members_of(**given: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in given.items()]


class Person:
    """Somebody with an address of one kind, in a pool that verifies it."""

    def __init__(self, idp: Any, public: Any, hooks: Hooks, pool: Pool, sender: str) -> None:
        self.idp, self.public, self.pool, self.sender = idp, public, pool, sender
        self.attribute = ATTRIBUTES[sender]
        self.client = factories.make_client(idp, pool)
        self.named = {"ClientId": self.client["ClientId"], "Username": unique()}
        self.managed = {"UserPoolId": pool["Id"], "Username": self.named["Username"]}
        self.calls = hooks.on(pool)
        self.attributes = {self.attribute: OLD[sender]}

    def sign_up(self, **members: Any) -> None:
        attributes = members_of(**self.attributes)
        self.public.sign_up(**self.named, Password=PASSWORD, UserAttributes=attributes, **members)

    def make(self) -> None:
        """Confirmed, with a verified address."""
        attributes = {**self.attributes, f"{self.attribute}_verified": "true"}
        factories.make_user(self.idp, self.pool, self.named["Username"], **attributes)

    @property
    def token(self) -> dict[str, str]:
        signed_in = factories.sign_in(self.public, self.client, self.named["Username"])
        return {"AccessToken": signed_in["AccessToken"]}

    def event(self, kind: str, status: str, metadata: dict[str, str] | None, **attributes: str) -> Event:
        """What is expected, but for the code."""
        sub = factories.attributes_of(self.idp.admin_get_user(**self.managed))["sub"]
        request = {
            "type": TYPES[self.sender],
            "userAttributes": {"sub": sub, "cognito:user_status": status, **self.attributes, **attributes},
        }
        return {
            "version": "1",
            "triggerSource": f"{self.sender}_{kind}",
            "region": "us-east-1",
            "userPoolId": self.pool["Id"],
            "userName": self.named["Username"],
            "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": self.client["ClientId"]},
            "request": request if metadata is None else {**request, "clientMetadata": metadata},
            "response": {},
        }


@pytest.fixture
def person(idp: Any, public: Any, hooks: Hooks, make_pool: MakePool, sender: str) -> Person:
    return Person(idp, public, hooks, make_pool(sender), sender)


def without_code(event: Event) -> Event:
    """And without the SDK, which is this test's own."""
    request = {name: value for name, value in event["request"].items() if name != "code"}
    caller = {**event["callerContext"], "awsSdkVersion": "aws-sdk-unknown-unknown"}
    return {**event, "request": request, "callerContext": caller}


# Sources


@CHANNELS
def test_sign_up(person: Person, key: str) -> None:
    person.sign_up(ClientMetadata=METADATA)
    event = wait_for(person.calls)
    assert without_code(event) == person.event("SignUp", "UNCONFIRMED", METADATA)
    person.public.confirm_sign_up(**person.named, ConfirmationCode=code_in(event, key))


@CHANNELS
def test_another_code_for_sign_up(person: Person, key: str) -> None:
    person.sign_up()
    wait_for(person.calls)
    person.public.resend_confirmation_code(**person.named, ClientMetadata=METADATA)
    event = wait_for(person.calls, 2)
    assert without_code(event) == person.event("ResendCode", "UNCONFIRMED", METADATA)
    person.public.confirm_sign_up(**person.named, ConfirmationCode=code_in(event, key))


@CHANNELS
def test_forgotten_password(person: Person, key: str) -> None:
    person.make()
    answer = person.public.forgot_password(**person.named, ClientMetadata=METADATA)
    assert answer["CodeDeliveryDetails"]["AttributeName"] == person.attribute
    event = wait_for(person.calls)
    verified = {f"{person.attribute}_verified": "true"}
    assert without_code(event) == person.event("ForgotPassword", "CONFIRMED", METADATA, **verified)
    code = code_in(event, key)
    person.public.confirm_forgot_password(**person.named, ConfirmationCode=code, Password="Another-Horse-2")


@CHANNELS
def test_password_reset_by_an_administrator(person: Person, key: str) -> None:
    person.make()
    person.idp.admin_reset_user_password(**person.managed, ClientMetadata=METADATA)
    event = wait_for(person.calls)
    verified = {f"{person.attribute}_verified": "true"}
    wanted = person.event("ForgotPassword", "RESET_REQUIRED", METADATA, **verified)
    wanted["callerContext"]["clientId"] = "CLIENT_ID_NOT_APPLICABLE"
    assert without_code(event) == wanted
    assert code_in(event, key).isdigit()


@CHANNELS
def test_changed_address(person: Person, key: str) -> None:
    person.make()
    token, new = person.token, NEW[person.sender]
    changes = members_of(**{person.attribute: new})
    person.public.update_user_attributes(**token, UserAttributes=changes, ClientMetadata=METADATA)
    event = wait_for(person.calls)
    changed = {person.attribute: new, f"{person.attribute}_verified": "false"}
    assert without_code(event) == person.event("UpdateUserAttribute", "CONFIRMED", METADATA, **changed)
    person.public.verify_user_attribute(**token, AttributeName=person.attribute, Code=code_in(event, key))


@CHANNELS
def test_address_that_waits_to_be_verified(
    idp: Any, public: Any, hooks: Hooks, make_pool: MakePool, sender: str, key: str
) -> None:
    """The old one is still the user's; the sender is told where the code is to go."""
    attribute = ATTRIBUTES[sender]
    waiting = {"AttributesRequireVerificationBeforeUpdate": [attribute]}
    person = Person(idp, public, hooks, make_pool(sender, UserAttributeUpdateSettings=waiting), sender)
    person.make()
    token, new = person.token, NEW[sender]
    public.update_user_attributes(**token, UserAttributes=members_of(**{attribute: new}))
    event = wait_for(person.calls)
    told = {attribute: new, f"{attribute}_verified": "false"}
    assert without_code(event) == person.event("UpdateUserAttribute", "CONFIRMED", None, **told)
    public.verify_user_attribute(**token, AttributeName=attribute, Code=code_in(event, key))


@CHANNELS
def test_code_for_an_address_on_request(person: Person, key: str) -> None:
    person.make()
    token = person.token
    person.public.get_user_attribute_verification_code(**token, AttributeName=person.attribute, ClientMetadata=METADATA)
    event = wait_for(person.calls)
    verified = {f"{person.attribute}_verified": "true"}
    assert without_code(event) == person.event("VerifyUserAttribute", "CONFIRMED", METADATA, **verified)
    person.public.verify_user_attribute(**token, AttributeName=person.attribute, Code=code_in(event, key))


@CHANNELS
def test_invitation(person: Person, key: str) -> None:
    medium = "EMAIL" if person.sender == EMAIL else "SMS"
    person.idp.admin_create_user(
        **person.managed,
        UserAttributes=members_of(**person.attributes),
        DesiredDeliveryMediums=[medium],
        TemporaryPassword="Temporary-Horse-1",
        ClientMetadata=METADATA,
    )
    event = wait_for(person.calls)
    wanted = person.event("AdminCreateUser", "FORCE_CHANGE_PASSWORD", METADATA)
    wanted["callerContext"]["clientId"] = "CLIENT_ID_NOT_APPLICABLE"
    assert without_code(event) == wanted
    assert code_in(event, key) == "Temporary-Horse-1"


@CHANNELS
def test_second_factor(idp: Any, public: Any, hooks: Hooks, make_pool: MakePool, sender: str, key: str) -> None:
    person = Person(idp, public, hooks, make_pool(sender), sender)
    factor = second_factors.EMAIL if sender == EMAIL else second_factors.SMS
    second_factors.set_mfa(idp, person.pool, factor)
    person.make()
    settings = {"EmailMfaSettings" if sender == EMAIL else "SMSMfaSettings": {"Enabled": True, "PreferredMfa": True}}
    public.set_user_mfa_preference(**person.token, **settings)
    asked = public.initiate_auth(
        ClientId=person.client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": person.named["Username"], "PASSWORD": PASSWORD},
        ClientMetadata=METADATA,
    )
    event = wait_for(person.calls)
    verified = {f"{person.attribute}_verified": "true"}
    assert without_code(event) == person.event("Authentication", "CONFIRMED", None, **verified)
    answer = {"USERNAME": person.named["Username"], f"{factor}_CODE": code_in(event, key)}
    signed_in = public.respond_to_auth_challenge(
        ClientId=person.client["ClientId"],
        ChallengeName=asked["ChallengeName"],
        Session=asked["Session"],
        ChallengeResponses=answer,
    )
    assert signed_in["AuthenticationResult"]["AccessToken"]


# What a sender replaces


def test_no_message_is_sent_beside_a_sender_and_the_other_channel_is_as_ever(
    idp: Any, public: Any, hooks: Hooks, make_pool: MakePool, key: str, mailbox: Mailbox
) -> None:
    pool = make_pool(
        AutoVerifiedAttributes=["email", "phone_number"], LambdaConfig=lambda_config(hooks.arn, key, EMAIL)
    )
    calls, address, phone = hooks.on(pool), factories.address_of(pool), factories.number_of(pool)
    client = factories.make_client(idp, pool)
    factories.make_user(idp, pool, name := unique())
    token = factories.sign_in(public, client, name)["AccessToken"]
    public.update_user_attributes(AccessToken=token, UserAttributes=members_of(email=address, phone_number=phone))
    assert wait_for(calls)["triggerSource"] == "CustomEmailSender_UpdateUserAttribute"
    assert mailbox.messages(address) == []
    assert mailbox.messages(phone)[0]["kind"] == "UpdateUserAttribute"


def test_nothing_words_what_a_sender_says(idp: Any, public: Any, hooks: Hooks, make_pool: MakePool, key: str) -> None:
    config = {**lambda_config(hooks.arn, key, EMAIL), "CustomMessage": hooks.arn}
    pool = make_pool(AutoVerifiedAttributes=["email", "phone_number"], LambdaConfig=config)
    hooks.on(pool)
    client = factories.make_client(idp, pool)
    for attributes in ({"email": ADDRESS}, {"phone_number": PHONE}):
        public.sign_up(
            ClientId=client["ClientId"], Username=unique(), Password=PASSWORD, UserAttributes=members_of(**attributes)
        )
    senders.wait_until(lambda: len(hooks.sources(pool)) == 2)
    assert sorted(hooks.sources(pool)) == ["CustomEmailSender_SignUp", "CustomMessage_SignUp"]


@pytest.mark.parametrize("sender", [EMAIL])
def test_nobody_is_called_for_nobody(person: Person) -> None:
    person.make()
    hidden = factories.make_client(person.idp, person.pool, PreventUserExistenceErrors="ENABLED")["ClientId"]
    for name in ("nobody", person.named["Username"]):
        answer = person.public.forgot_password(ClientId=hidden, Username=name)
        assert answer["CodeDeliveryDetails"]["AttributeName"] == "email"
    wait_for(person.calls)
    time.sleep(0.5)
    assert wait_for(person.calls)["userName"] == person.named["Username"]


# Failures


BRING_FORWARD = """
import time
from identity import clock
from pools.models import QueuedMessage
waiting = QueuedMessage.objects.filter(pool={pool!r}, failures=2)
while not waiting.update(next_try_at=clock.wall()):
    time.sleep(0.02)
"""
RECORD = """
from pools.models import Invocation
rows = Invocation.objects.filter(pool={pool!r}).order_by("pk").values_list("source", "outcome", "detail", "request")
print(*rows, sep="\\n")
"""


@pytest.mark.parametrize("sender", [EMAIL])
def test_a_sender_that_fails_is_called_three_times_and_nobody_else_learns_of_it(
    person: Person, hooks: Hooks, server: Server
) -> None:
    def fail(event: Event) -> Event:
        raise RuntimeError("no gateway")

    hooks.on(person.pool, fail)
    person.sign_up()
    senders.wait_until(lambda: len(person.calls) == 2)
    server.manage("shell", "-v0", "-c", BRING_FORWARD.format(pool=person.pool["Id"]))
    senders.wait_until(lambda: "EMAIL SignUp is given up after 3 tries" in server.log)
    assert len({event["request"]["code"] for event in person.calls}) == 3
    rows = server.manage("shell", "-v0", "-c", RECORD.format(pool=person.pool["Id"])).splitlines()
    assert len(rows) == 3
    for row, event in zip(rows, person.calls, strict=True):
        assert row.startswith("('CustomEmailSender_SignUp', 'error', 'no gateway', ")
        assert event["request"]["code"] not in row


@pytest.mark.parametrize("sender", [EMAIL])
@pytest.mark.parametrize("answer", [b"null", b"no JSON", b'{"response": []}'])
def test_any_answer_will_do(person: Person, hooks: Hooks, answer: bytes) -> None:
    hooks.on(person.pool, lambda event: answer)
    person.sign_up()
    wait_for(person.calls)
    time.sleep(3)  # the delay before a second try, and a little more
    wait_for(person.calls)


@pytest.mark.parametrize("sender", [EMAIL])
def test_a_message_waits_for_a_key_that_is_disabled(person: Person, idp: Any, server: Server) -> None:
    kms = senders.kms(server)
    own = kms.create_key()["KeyMetadata"]
    config = {**person.pool["LambdaConfig"], "KMSKeyID": own["Arn"]}
    idp.update_user_pool(
        UserPoolId=person.pool["Id"],
        AutoVerifiedAttributes=["email"],
        EmailConfiguration=second_factors.EMAIL_SENDER,
        LambdaConfig=config,
    )
    kms.disable_key(KeyId=own["KeyId"])
    person.sign_up()
    senders.wait_until(lambda: f"of pool {person.pool['Id']} was not sent: DisabledException" in server.log)
    assert person.calls == []
    kms.enable_key(KeyId=own["KeyId"])
    assert code_in(wait_for(person.calls), own["Arn"]).isdigit()


def test_a_sender_that_hangs_keeps_nobody_elses_waiting(
    idp: Any, public: Any, hooks: Hooks, server: Server, make_pool: MakePool, key: str
) -> None:
    other = server.manage("webhook", "add", "another-sender", hooks.url).splitlines()[0].split()[-1]
    slow = Person(idp, public, hooks, make_pool(LambdaConfig=lambda_config(other, key)), EMAIL)
    ended = []
    hooks.on(slow.pool, lambda event: (time.sleep(4), ended.append(event)))
    quick = Person(idp, public, hooks, make_pool(), EMAIL)
    for number in range(6):
        slow.named["Username"] = f"slow-{number}"
        slow.sign_up()
    quick.sign_up()
    wait_for(quick.calls)
    assert ended == []
    assert len(slow.calls) < 6


@pytest.mark.parametrize("sender", [EMAIL])
def test_many_messages_are_handed_over_each_once(person: Person, key: str) -> None:
    names = [unique() for _ in range(40)]
    for name in names:
        person.named["Username"] = name
        person.sign_up()
    senders.wait_until(lambda: len(person.calls) >= len(names))
    assert sorted(event["userName"] for event in person.calls) == sorted(names)


# The key


@pytest.fixture
def refusals(idp: Any, hooks: Hooks) -> Iterator[Callable[[str], None]]:
    def refuse(arn: str) -> None:
        text = f"KMSKeyID {arn} does not name an enabled key of this region."
        pool = factories.make_pool(idp)
        with refused("InvalidParameterException", text):
            factories.make_pool(idp, LambdaConfig=lambda_config(hooks.arn, arn))
        with refused("InvalidParameterException", text):
            idp.update_user_pool(UserPoolId=pool["Id"], LambdaConfig=lambda_config(hooks.arn, arn))
        assert idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]["LambdaConfig"] == {}

    yield refuse


def test_codes_need_a_key_that_is_kept_here_and_enabled(
    idp: Any, hooks: Hooks, server: Server, key: str, refusals: Callable[[str], None]
) -> None:
    kms = senders.kms(server)
    disabled, doomed = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    kms.disable_key(KeyId=disabled)
    kms.schedule_key_deletion(KeyId=doomed)
    elsewhere = senders.kms(server, "eu-west-1").create_key()["KeyMetadata"]["Arn"]
    foreign = key.replace("000000000000", "111122223333")
    unknown = key[:-12] + "123456789012"
    for arn in (disabled, doomed, elsewhere, foreign, unknown):
        refusals(arn)
    kms.enable_key(KeyId=disabled)
    pool = factories.make_pool(idp, LambdaConfig=lambda_config(hooks.arn, disabled))
    assert pool["LambdaConfig"] == lambda_config(hooks.arn, disabled)


def test_who_names_a_key_must_be_allowed_to_have_it_used(
    idp: Any, hooks: Hooks, server: Server, key: str, tmp_path: Path
) -> None:
    """Its senders may decrypt with it, whatever else it has encrypted."""
    allowed = senders.kms(server).create_key()["KeyMetadata"]["Arn"]
    statements = [
        {"Effect": "Allow", "Action": "cognito-idp:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "kms:CreateGrant", "Resource": allowed},
    ]
    (tmp_path / "policy").write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}))
    lines = server.manage("access_key", "create", "--policy", str(tmp_path / "policy")).splitlines()
    key_id, secret = (line.partition("=")[2] for line in lines)
    limited = clients.idp(server, access_key_id=key_id, secret=secret)
    pool = factories.make_pool(limited, LambdaConfig=lambda_config(hooks.arn, allowed))
    for attempt in (
        lambda: factories.make_pool(limited, LambdaConfig=lambda_config(hooks.arn, key)),
        lambda: limited.update_user_pool(UserPoolId=pool["Id"], LambdaConfig=lambda_config(hooks.arn, key)),
    ):
        with refused("AccessDeniedException") as refusal:
            attempt()
        assert f"not authorized to perform: kms:CreateGrant on resource: {key} because" in refusal.message
    limited.update_user_pool(UserPoolId=pool["Id"])
