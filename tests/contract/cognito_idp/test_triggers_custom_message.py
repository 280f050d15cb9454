"""CustomMessage: what it is told for each kind of message, what it makes of it, and what a refusal leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support import factories
from tests.support.clients import refused
from tests.support.events import NO_CLIENT, event_of, members, shown
from tests.support.factories import PASSWORD, address_of, number_of, unique
from tests.support.hooks import Hook, Hooks
from tests.support.mailbox import Mailbox
from tests.support.until import until

METADATA = {"lang": "de"}
RESPONSE = dict.fromkeys(["smsMessage", "emailMessage", "emailSubject"])
PARAMETERS = {"codeParameter": "{####}", "linkParameter": "{##Click Here##}"}
DEVELOPERS = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/no-reply@example.com",
}
UNREADABLE = "Unrecognizable lambda output"
REFUSED = "CustomMessage failed with error Not today."

Json = dict[str, Any]
Make = Callable[..., Json]


@pytest.fixture
def make_pool(idp: Any, hooks: Hooks) -> Make:
    """A pool that has its messages worded by the test's functions, and verifies e-mail addresses."""

    def make(*triggers: str, **settings: Any) -> Json:
        named = triggers or ("CustomMessage",)
        defaults = {
            "AutoVerifiedAttributes": ["email"],
            "EmailConfiguration": DEVELOPERS,
            "LambdaConfig": dict.fromkeys(named, hooks.arn),
        }
        return factories.make_pool(idp, **{**defaults, **settings})

    return make


def wording(**response: Any) -> Hook:
    """Of CustomMessage; other events come back as they are."""

    def hook(event: Json) -> Json:
        return {**event, "response": response} if event["triggerSource"].startswith("CustomMessage") else event

    return hook


def refusing(event: Json) -> Json:
    if event["triggerSource"].startswith("CustomMessage"):
        raise ValueError("Not today")
    return event


class Everything:
    """A pool with everybody to whom a message can be sent, and every operation that sends one."""

    def __init__(self, idp: Any, public: Any, pool: Json, **settings: Any) -> None:
        self.idp, self.public, self.pool = idp, public, pool
        self.client = factories.make_client(idp, pool, **settings)
        self.asked = {"ClientId": self.client["ClientId"]}
        self.named = {"UserPoolId": pool["Id"]}
        self.address = address_of(pool)
        self.name = ""

    def new(self) -> str:
        """A name for a user who does not exist yet."""
        self.name = unique()
        return self.name

    def known(self) -> str:
        """A user with a verified address."""
        self.name = factories.make_user(self.idp, self.pool, email=self.address, email_verified="true")
        return self.name

    def unconfirmed(self) -> str:
        """A user who waits for another code: made by hand, so that nobody is asked for the wording of the first."""
        name = self.new()
        pool = {key: self.pool[key] for key in ("AutoVerifiedAttributes", "EmailConfiguration")}
        self.idp.update_user_pool(UserPoolId=self.pool["Id"], **pool)
        self.sign_up(name)
        self.idp.update_user_pool(UserPoolId=self.pool["Id"], LambdaConfig=self.pool["LambdaConfig"], **pool)
        return name

    def token(self) -> str:
        return str(factories.sign_in(self.public, self.client, self.known())["AccessToken"])

    def sign_up(self, name: str, **metadata: Any) -> Json:
        attributes = members({"email": self.address})
        answer: Json = self.public.sign_up(
            **self.asked, Username=name, Password=PASSWORD, UserAttributes=attributes, **metadata
        )
        return answer

    def invite(self, name: str, *mediums: str, **metadata: Any) -> None:
        attributes = members({"email": self.address, "phone_number": number_of(self.pool)})
        self.idp.admin_create_user(
            **self.named,
            Username=name,
            UserAttributes=attributes,
            DesiredDeliveryMediums=list(mediums or ["EMAIL"]),
            **metadata,
        )

    def invite_again(self, **metadata: Any) -> None:
        name = unique()
        self.idp.admin_create_user(
            **self.named, Username=name, UserAttributes=members({"email": self.address}), MessageAction="SUPPRESS"
        )
        self.name = name
        again = {"Username": name, "MessageAction": "RESEND", "DesiredDeliveryMediums": ["EMAIL"]}
        self.idp.admin_create_user(**self.named, **again, **metadata)

    @property
    def changed(self) -> list[dict[str, str]]:
        return members({"email": f"new.{self.address}"})


SENDERS: dict[str, Callable[..., object]] = {
    "SignUp": lambda to, **data: to.sign_up(to.new(), **data),
    "AdminCreateUser": lambda to, **data: to.invite(to.new(), **data),
    "AdminCreateUser again": lambda to, **data: to.invite_again(**data),
    "ResendCode": lambda to, **data: to.public.resend_confirmation_code(**to.asked, Username=to.unconfirmed(), **data),
    "ForgotPassword": lambda to, **data: to.public.forgot_password(**to.asked, Username=to.known(), **data),
    "ForgotPassword by an administrator": lambda to, **data: to.idp.admin_reset_user_password(
        **to.named, Username=to.known(), **data
    ),
    "UpdateUserAttribute": lambda to, **data: to.public.update_user_attributes(
        AccessToken=to.token(), UserAttributes=to.changed, **data
    ),
    "UpdateUserAttribute by an administrator": lambda to, **data: to.idp.admin_update_user_attributes(
        **to.named, Username=to.known(), UserAttributes=to.changed, **data
    ),
    "VerifyUserAttribute": lambda to, **data: to.public.get_user_attribute_verification_code(
        AccessToken=to.token(), AttributeName="email", **data
    ),
}
BY_ADMINISTRATOR = {
    "AdminCreateUser",
    "AdminCreateUser again",
    "ForgotPassword by an administrator",
    "UpdateUserAttribute by an administrator",
}


@pytest.mark.parametrize("metadata", [{}, {"ClientMetadata": METADATA}], ids=["without metadata", "with metadata"])
@pytest.mark.parametrize("sender", SENDERS)
def test_the_event_of_each_kind_of_message(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, sender: str, metadata: Json
) -> None:
    pool = make_pool()
    calls = hooks.on(pool)
    to = Everything(idp, public, pool)
    SENDERS[sender](to, **metadata)
    kind = sender.partition(" ")[0]
    client = NO_CLIENT if sender in BY_ADMINISTRATOR else to.client
    request = {"userAttributes": shown(idp, pool, to.name), **PARAMETERS}
    if kind == "AdminCreateUser":
        request["usernameParameter"] = "{username}"
    if metadata:
        request["clientMetadata"] = METADATA
    source = f"CustomMessage_{kind}"
    assert calls == [event_of(pool, client, source, to.name, request, RESPONSE, calls[0])]


def worded_by(event: Json) -> Json:
    """Everything, with what the event says a message needs."""
    said = event["request"]
    body = " ".join([said["codeParameter"], said.get("usernameParameter", ""), event["triggerSource"]])
    return {**event, "response": {"smsMessage": f"SMS {body}", "emailMessage": body, "emailSubject": "Betreff ✓"}}


@pytest.mark.parametrize("sender", SENDERS)
def test_messages_of_each_kind_say_what_the_function_says(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox, sender: str
) -> None:
    pool = make_pool()
    hooks.on(pool, worded_by)
    to = Everything(idp, public, pool)
    SENDERS[sender](to)
    message = mailbox.messages(to.name)[0]
    kind = sender.partition(" ")[0]
    shown_name = to.name if kind == "AdminCreateUser" else ""
    assert message["body"] == f"{message['code']} {shown_name} CustomMessage_{kind}"
    assert (message["channel"], message["subject"], message["kind"]) == ("EMAIL", "Betreff ✓", kind)


@pytest.mark.parametrize("sender", SENDERS)
def test_messages_that_are_refused_are_not_sent(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox, sender: str
) -> None:
    pool = make_pool()
    hooks.on(pool, refusing)
    to = Everything(idp, public, pool)
    with refused("UserLambdaValidationException", REFUSED):
        SENDERS[sender](to)
    kind = sender.partition(" ")[0]
    assert [found["kind"] for found in mailbox.messages(to.name)] == (["SignUp"] if kind == "ResendCode" else [])


def test_a_second_factors_code_is_worded(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    pool = make_pool()
    calls = hooks.on(pool, wording(smsMessage="Ihr Code: {####}"))
    idp.set_user_pool_mfa_config(
        UserPoolId=pool["Id"],
        MfaConfiguration="OPTIONAL",
        SmsMfaConfiguration={"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/any"}},
    )
    client = factories.make_client(idp, pool)
    name = factories.make_user(idp, pool, phone_number=number_of(pool), phone_number_verified="true")
    idp.admin_set_user_mfa_preference(
        UserPoolId=pool["Id"], Username=name, SMSMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    asked = public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        ClientMetadata=METADATA,
    )
    assert asked["ChallengeName"] == "SMS_MFA"
    request = {"userAttributes": shown(idp, pool, name), **PARAMETERS}
    assert calls == [event_of(pool, client, "CustomMessage_Authentication", name, request, RESPONSE, calls[0])]
    [message] = mailbox.messages(number_of(pool))
    assert message["body"] == f"Ihr Code: {message['code']}"


@pytest.mark.parametrize("hides", [False, True])
def test_a_first_factors_code_is_worded(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox, hides: bool
) -> None:
    """By a worker, where existence is hidden; the answer's metadata are told, those of the beginning are not."""
    pool = make_pool(Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}})
    calls = hooks.on(pool, wording(emailMessage="<b>{####}</b>"))
    settings = {"PreventUserExistenceErrors": "ENABLED"} if hides else {}
    client = factories.make_client(idp, pool, ExplicitAuthFlows=["ALLOW_USER_AUTH"], **settings)
    name = factories.make_user(idp, pool, email=address_of(pool), email_verified="true")
    asked = public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": name},
        ClientMetadata={"not": "this"},
    )
    public.respond_to_auth_challenge(
        ClientId=client["ClientId"],
        ChallengeName="SELECT_CHALLENGE",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": name, "ANSWER": "EMAIL_OTP"},
        ClientMetadata=METADATA,
    )
    until(lambda: mailbox.messages(name))
    request = {"userAttributes": shown(idp, pool, name), **PARAMETERS, "clientMetadata": METADATA}
    assert calls == [event_of(pool, client, "CustomMessage_Authentication", name, request, RESPONSE, calls[0])]
    [message] = mailbox.messages(name)
    assert message["body"] == f"<b>{message['code']}</b>"
    assert message["subject"] == "Your authentication code"


# What a function may say


@pytest.mark.parametrize("nothing", [{}, None, RESPONSE, {"emailMessage": ""}, {"unheard": "of"}], ids=repr)
def test_what_is_not_said_is_said_by_the_pool(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox, nothing: Json | None
) -> None:
    pool = make_pool()
    hooks.on(pool, lambda event: {**event, "response": nothing})
    to = Everything(idp, public, pool)
    to.sign_up(to.new())
    [message] = mailbox.messages(to.name)
    assert message["body"] == f"Your verification code is {message['code']}. "
    assert message["subject"] == "Your verification code"


@pytest.mark.parametrize(
    ("response", "subject", "body"),
    [
        ({"emailSubject": "Nur das"}, "Nur das", "Your verification code is {}. "),
        ({"emailMessage": "Nur {####}"}, "Your verification code", "Nur {}"),
        ({"smsMessage": "Nur {####}"}, "Your verification code", "Your verification code is {}. "),
    ],
)
def test_each_part_stands_for_itself(
    idp: Any,
    public: Any,
    hooks: Hooks,
    make_pool: Make,
    mailbox: Mailbox,
    response: Json,
    subject: str,
    body: str,
) -> None:
    pool = make_pool()
    hooks.on(pool, wording(**response))
    to = Everything(idp, public, pool)
    to.sign_up(to.new())
    [message] = mailbox.messages(to.name)
    assert (message["subject"], message["body"]) == (subject, body.format(message["code"]))


def test_a_text_message_says_what_is_said_for_it(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    pool = make_pool(AutoVerifiedAttributes=["phone_number"])
    hooks.on(pool, wording(smsMessage="SMS {####}", emailMessage="E-Mail {####}"))
    client, number = factories.make_client(idp, pool), number_of(pool)
    name = unique()
    public.sign_up(
        ClientId=client["ClientId"],
        Username=name,
        Password=PASSWORD,
        UserAttributes=members({"phone_number": number}),
    )
    [message] = mailbox.messages(number)
    assert message["body"] == f"SMS {message['code']}"
    public.confirm_sign_up(ClientId=client["ClientId"], Username=name, ConfirmationCode=message["code"])


@pytest.mark.parametrize(
    "response",
    [
        {"emailMessage": "No code"},
        {"smsMessage": "No code"},
        {"emailMessage": "A link alone {##Click Here##}"},
        {"smsMessage": "{####}" + "x" * 135},
        {"emailMessage": "{####}" + "x" * 19_995},
        {"emailSubject": "x" * 141},
        {"emailMessage": {"text": "{####}"}},
        {"smsMessage": 1},
        {"emailSubject": ["x"]},
        {"emailMessage": "{####}\0"},
    ],
    ids=lambda response: repr(response)[:40],
)
def test_what_cannot_be_sent_is_refused_and_the_user_stays(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox, response: Json
) -> None:
    pool = make_pool()
    hooks.on(pool, wording(**response))
    to = Everything(idp, public, pool)
    with refused("InvalidLambdaResponseException", UNREADABLE):
        to.sign_up(to.new())
    assert shown(idp, pool, to.name)["cognito:user_status"] == "UNCONFIRMED"
    assert mailbox.messages(to.name) == []


def test_the_longest_texts_are_sent(idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox) -> None:
    pool = make_pool()
    body, subject = "{####}" + "ü" * 19_994, "ü" * 140
    hooks.on(pool, wording(emailMessage=body, emailSubject=subject, smsMessage="{####}" + "ü" * 134))
    to = Everything(idp, public, pool)
    to.sign_up(to.new())
    [message] = mailbox.messages(to.name)
    assert message["body"] == body.replace("{####}", message["code"])
    assert message["subject"] == subject


@pytest.mark.parametrize("body", ["{####} alone", "{username} alone"])
def test_an_invitation_needs_name_and_password(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox, body: str
) -> None:
    pool = make_pool()
    hooks.on(pool, wording(emailMessage=body))
    to = Everything(idp, public, pool)
    with refused("InvalidLambdaResponseException", UNREADABLE):
        to.invite(to.new())
    assert shown(idp, pool, to.name)["cognito:user_status"] == "FORCE_CHANGE_PASSWORD"
    assert mailbox.messages(to.name) == []


def test_an_invitation_by_two_channels_is_worded_for_each(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    pool = make_pool()
    hooks.on(pool, wording(emailMessage="E {username} {####}", smsMessage="S {username} {####}"))
    to = Everything(idp, public, pool)
    to.invite(to.new(), "EMAIL", "SMS")
    found = mailbox.messages(to.name)
    assert {message["body"] for message in found} == {f"{letter} {to.name} {found[0]['code']}" for letter in ("E", "S")}
    assert hooks.sources(pool) == ["CustomMessage_AdminCreateUser"] * 2


@pytest.mark.parametrize("response", [{"emailMessage": "{####}"}, {"emailSubject": "Hello"}])
def test_mail_of_the_default_account_is_not_worded(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, response: Json
) -> None:
    pool = make_pool(EmailConfiguration={"EmailSendingAccount": "COGNITO_DEFAULT"})
    hooks.on(pool, wording(**response))
    to = Everything(idp, public, pool)
    with refused("InvalidLambdaResponseException", UNREADABLE):
        to.sign_up(to.new())
    hooks.on(pool, wording(smsMessage="{####}"))
    to.sign_up(to.new())


def test_what_is_filled_in_is_not_filled_in_again(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    pool = make_pool()
    hooks.on(pool, wording(emailMessage="{username}: {####}"))
    to = Everything(idp, public, pool)
    password = "Aa1{username}{####}"
    to.invite(to.new(), TemporaryPassword=password)
    assert mailbox.messages(to.name)[0]["body"] == f"{to.name}: {password}"


# What is left


def test_who_got_no_code_may_ask_for_another(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    pool = make_pool()
    hooks.on(pool, refusing)
    to = Everything(idp, public, pool)
    with refused("UserLambdaValidationException", REFUSED):
        to.sign_up(to.new())
    assert shown(idp, pool, to.name)["cognito:user_status"] == "UNCONFIRMED"
    hooks.on(pool)
    public.resend_confirmation_code(**to.asked, Username=to.name)
    public.confirm_sign_up(**to.asked, Username=to.name, ConfirmationCode=mailbox.code(to.name))


def test_a_change_stands_when_its_message_is_refused(idp: Any, public: Any, hooks: Hooks, make_pool: Make) -> None:
    pool = make_pool()
    hooks.on(pool, refusing)
    to = Everything(idp, public, pool)
    for sender in ("UpdateUserAttribute", "UpdateUserAttribute by an administrator"):
        with refused("UserLambdaValidationException", REFUSED):
            SENDERS[sender](to)
        told = shown(idp, pool, to.name)
        assert (told["email"], told["email_verified"]) == (f"new.{to.address}", "false")
    with refused("UserLambdaValidationException", REFUSED):
        SENDERS["ForgotPassword by an administrator"](to)
    assert shown(idp, pool, to.name)["cognito:user_status"] == "RESET_REQUIRED"


def test_every_other_code_is_sent_when_one_is_refused(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    pool = make_pool(AutoVerifiedAttributes=["email", "phone_number"])
    to = Everything(idp, public, pool)
    hooks.on(pool)
    token = to.token()
    first = []

    def hook(event: Json) -> Json:
        if not first:
            first.append(event)
            raise ValueError("Not today")
        return event

    hooks.on(pool, hook)
    both = members({"email": f"new.{to.address}", "phone_number": number_of(pool)})
    with refused("UserLambdaValidationException", REFUSED):
        public.update_user_attributes(AccessToken=token, UserAttributes=both)
    assert len(mailbox.messages(to.name)) == 1


def test_an_address_that_waits_is_told_as_the_users(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    """The pool keeps the verified one until then."""
    pool = make_pool(UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]})
    calls = hooks.on(pool)
    to = Everything(idp, public, pool)
    token = to.token()
    public.update_user_attributes(AccessToken=token, UserAttributes=to.changed)
    public.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
    told = shown(idp, pool, to.name)
    assert (told["email"], told["email_verified"]) == (to.address, "true")
    for call in calls:
        expected = {**told, "email": f"new.{to.address}", "email_verified": "false"}
        assert call["request"]["userAttributes"] == expected
    assert len(calls) == len(mailbox.messages(f"new.{to.address}")) == 2


# Order


def test_pre_sign_up_comes_before_custom_message_and_post_confirmation_last(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    pool = make_pool("PreSignUp", "PostConfirmation", "CustomMessage")
    hooks.on(pool)
    to = Everything(idp, public, pool)
    to.sign_up(to.new())
    public.resend_confirmation_code(**to.asked, Username=to.name)
    public.confirm_sign_up(**to.asked, Username=to.name, ConfirmationCode=mailbox.code(to.name))
    public.forgot_password(**to.asked, Username=to.name)
    public.confirm_forgot_password(
        **to.asked, Username=to.name, ConfirmationCode=mailbox.code(to.name), Password="Another-Horse-2"
    )
    to.invite(to.new())
    assert hooks.sources(pool) == [
        "PreSignUp_SignUp",
        "CustomMessage_SignUp",
        "CustomMessage_ResendCode",
        "PostConfirmation_ConfirmSignUp",
        "CustomMessage_ForgotPassword",
        "PostConfirmation_ConfirmForgotPassword",
        "PreSignUp_AdminCreateUser",
        "CustomMessage_AdminCreateUser",
    ]


def test_who_needs_no_code_has_no_message_worded(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    pool = make_pool("PreSignUp", "CustomMessage")
    hooks.on(pool, lambda event: {**event, "response": {"autoConfirmUser": True}})
    to = Everything(idp, public, pool)
    to.sign_up(to.new())
    assert hooks.sources(pool) == ["PreSignUp_SignUp"]


# Where existence is hidden


@pytest.mark.parametrize("operation", ["forgot_password", "resend_confirmation_code"])
def test_functions_are_asked_by_a_worker_for_who_exists_alone(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox, operation: str
) -> None:
    pool = make_pool()
    to = Everything(idp, public, pool, PreventUserExistenceErrors="ENABLED")
    name = to.known() if operation == "forgot_password" else to.unconfirmed()
    before = len(mailbox.messages(name))
    calls = hooks.on(pool, worded_by)
    for asked in ("nobody", name):
        assert getattr(public, operation)(**to.asked, Username=asked, ClientMetadata=METADATA)["CodeDeliveryDetails"]
    until(lambda: len(mailbox.messages(name)) > before)
    [call] = calls
    assert (call["userName"], call["request"]["clientMetadata"]) == (name, METADATA)
    assert call["callerContext"]["clientId"] == to.client["ClientId"]
    message = mailbox.messages(name)[0]
    assert message["body"] == f"{message['code']}  {call['triggerSource']}"


def test_a_refusal_does_not_tell_who_exists(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    """And is no reason to ask again."""
    pool = make_pool()
    calls = hooks.on(pool, refusing)
    to = Everything(idp, public, pool, PreventUserExistenceErrors="ENABLED")
    known, other = to.known(), to.known()
    for asked in ("nobody", known):
        assert public.forgot_password(**to.asked, Username=asked)["CodeDeliveryDetails"]
    until(lambda: calls)
    hooks.on(pool)
    public.forgot_password(**to.asked, Username=other)
    until(lambda: mailbox.messages(other))
    assert [call["userName"] for call in calls] == [known, other]
    assert mailbox.messages(known) == []
