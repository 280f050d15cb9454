"""UserMigration: what becomes of what a function knows, at ForgotPassword and at sign-in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support import factories
from tests.support.clients import OK, at_once, refused
from tests.support.events import event_of, shown
from tests.support.factories import PASSWORD, address_of, number_of, unique
from tests.support.hooks import Hook, Hooks
from tests.support.mailbox import Mailbox
from tests.support.until import until

NEW_PASSWORD = "Another-Horse-2"
AUTHENTICATION, FORGOT = "UserMigration_Authentication", "UserMigration_ForgotPassword"
MEMBERS = (
    "userAttributes",
    "forceAliasCreation",
    "enableSMSMFA",
    "finalUserStatus",
    "messageAction",
    "desiredDeliveryMediums",
)
UNREADABLE = "Unrecognizable lambda output"
METADATA = {"from": "an app"}

Json = dict[str, Any]
Make = Callable[..., Json]


@pytest.fixture
def make_pool(idp: Any, hooks: Hooks) -> Make:
    """A pool whose unknown users the test's functions are asked for."""

    def make(*triggers: str, **settings: Any) -> Json:
        named = dict.fromkeys(triggers or ("UserMigration",), hooks.arn)
        return factories.make_pool(idp, **{"LambdaConfig": named, **settings})

    return make


def knowing(attributes: Json | None = None, **response: Any) -> Hook:
    """A directory that knows everybody."""
    known = {"userAttributes": {"given_name": "Ada"} if attributes is None else attributes}
    defaults = {"finalUserStatus": "CONFIRMED", "messageAction": "SUPPRESS"}

    def hook(event: Json) -> Json:
        if not event["triggerSource"].startswith("UserMigration"):
            return event
        return {**event, "response": {**known, **defaults, **response}}

    return hook


def verified(pool: Json) -> dict[str, str]:
    return {"email": address_of(pool), "email_verified": "true"}


def assert_absent(idp: Any, pool: Json, name: str) -> None:
    with refused("UserNotFoundException"):
        idp.admin_get_user(UserPoolId=pool["Id"], Username=name)


# ForgotPassword


@pytest.mark.parametrize("metadata", [{}, {"ClientMetadata": METADATA}], ids=["without metadata", "with metadata"])
def test_who_forgot_a_password_elsewhere_sets_one_here(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox, metadata: Json
) -> None:
    pool = make_pool()
    calls = hooks.on(pool, knowing(verified(pool)))
    client, name = factories.make_client(idp, pool), unique()
    asked = {"ClientId": client["ClientId"], "Username": name}
    delivery = public.forgot_password(**asked, **metadata)["CodeDeliveryDetails"]
    assert delivery["AttributeName"] == "email"
    request = {"validationData": None, **({"clientMetadata": METADATA} if metadata else {})}
    assert calls == [event_of(pool, client, FORGOT, name, request, dict.fromkeys(MEMBERS), calls[0])]
    public.confirm_forgot_password(**asked, ConfirmationCode=mailbox.code(name), Password=NEW_PASSWORD)
    assert factories.sign_in(public, client, name, NEW_PASSWORD)
    public.forgot_password(**asked)
    assert len(calls) == 1, "the user is known by now"


def test_who_is_to_reset_the_password_does_so_by_forgetting_it(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    pool = make_pool()
    hooks.on(pool, knowing(verified(pool), finalUserStatus=None))
    client, name = factories.make_client(idp, pool), unique()
    asked = {"ClientId": client["ClientId"], "Username": name}
    public.forgot_password(**asked)
    assert shown(idp, pool, name)["cognito:user_status"] == "RESET_REQUIRED"
    public.confirm_forgot_password(**asked, ConfirmationCode=mailbox.code(name), Password=NEW_PASSWORD)
    assert factories.sign_in(public, client, name, NEW_PASSWORD)


def test_migration_comes_before_the_message(idp: Any, public: Any, hooks: Hooks, make_pool: Make) -> None:
    pool = make_pool("UserMigration", "CustomMessage", "PreSignUp", "PostConfirmation")
    hooks.on(pool, knowing(verified(pool)))
    public.forgot_password(ClientId=factories.make_client(idp, pool)["ClientId"], Username=unique())
    assert hooks.sources(pool) == [FORGOT, "CustomMessage_ForgotPassword"]


def test_who_is_known_nowhere_is_told(idp: Any, public: Any, hooks: Hooks, make_pool: Make) -> None:
    pool = make_pool()
    asked = {"ClientId": factories.make_client(idp, pool)["ClientId"], "Username": unique()}
    hooks.on(pool)
    with refused("UserNotFoundException", "Username/client id combination not found."):
        public.forgot_password(**asked)

    def hook(event: Json) -> Json:
        raise ValueError("No such user")

    hooks.on(pool, hook)
    with refused("UserLambdaValidationException", "UserMigration failed with error No such user."):
        public.forgot_password(**asked)
    assert_absent(idp, pool, asked["Username"])


@pytest.mark.parametrize("answer", ["nothing", "error", "garbage", "unfit"])
def test_where_existence_is_hidden_nobody_learns_what_the_function_said(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, answer: str
) -> None:
    pool = make_pool(AutoVerifiedAttributes=["email"])
    client = factories.make_client(idp, pool, PreventUserExistenceErrors="ENABLED")

    def hook(event: Json) -> Any:
        if answer == "error":
            raise ValueError("No such user")
        return {"nothing": event, "garbage": b"[]", "unfit": knowing({"nonsense": "x"})(event)}[answer]

    calls = hooks.on(pool, hook)
    name = unique()
    details = public.forgot_password(ClientId=client["ClientId"], Username=name)["CodeDeliveryDetails"]
    assert details["AttributeName"] == "email"
    assert len(calls) == 1
    assert_absent(idp, pool, name)


def test_where_existence_is_hidden_a_known_user_gets_the_code(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    pool = make_pool()
    hooks.on(pool, knowing(verified(pool)))
    client, name = factories.make_client(idp, pool, PreventUserExistenceErrors="ENABLED"), unique()
    asked = {"ClientId": client["ClientId"], "Username": name}
    public.forgot_password(**asked)
    public.confirm_forgot_password(**asked, ConfirmationCode=mailbox.code(name), Password=NEW_PASSWORD)


def test_a_function_is_not_asked_without_end(idp: Any, public: Any, hooks: Hooks, make_pool: Make) -> None:
    pool = make_pool()
    calls = hooks.on(pool)
    asked = {"ClientId": factories.make_client(idp, pool)["ClientId"], "Username": unique()}
    for _ in range(10):
        with refused("UserNotFoundException"):
            public.forgot_password(**asked)
    with refused("LimitExceededException"):
        public.forgot_password(**asked)
    assert len(calls) == 10


def test_where_administrators_alone_help_no_function_is_asked(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make
) -> None:
    recovery = {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]}
    pool = make_pool(AccountRecoverySetting=recovery)
    calls = hooks.on(pool, knowing())
    with refused("NotAuthorizedException", "Contact administrator to reset password."):
        public.forgot_password(ClientId=factories.make_client(idp, pool)["ClientId"], Username=unique())
    assert calls == []


# What the function says of the user


def migrated(idp: Any, public: Any, pool: Json, name: str, **settings: Any) -> dict[str, str]:
    """A user who has signed in, as events would show them."""
    factories.sign_in(public, factories.make_client(idp, pool, **settings), name)
    return shown(idp, pool, name)


def test_attributes_are_kept(idp: Any, public: Any, hooks: Hooks, make_pool: Make) -> None:
    pool = make_pool(Schema=[{"Name": "plan", "AttributeDataType": "String"}])
    known = {**verified(pool), "custom:plan": "gold", "name": "Ada"}
    hooks.on(pool, knowing(known))
    told = migrated(idp, public, pool, unique())
    assert {name: told[name] for name in known} == known
    assert told["cognito:user_status"] == "CONFIRMED"


def test_passwords_come_as_they_are_whatever_the_policy_says(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make
) -> None:
    pool = make_pool()
    hooks.on(pool, knowing())
    client, name = factories.make_client(idp, pool), unique()
    assert factories.sign_in(public, client, name, "short")
    assert factories.sign_in(public, client, name, "short")
    with refused("NotAuthorizedException"):
        factories.sign_in(public, client, name, "other")


def test_without_a_status_the_password_is_to_be_reset(idp: Any, public: Any, hooks: Hooks, make_pool: Make) -> None:
    pool = make_pool()
    hooks.on(pool, knowing(finalUserStatus=None))
    client, name = factories.make_client(idp, pool), unique()
    with refused("PasswordResetRequiredException"):
        factories.sign_in(public, client, name)
    assert shown(idp, pool, name)["cognito:user_status"] == "RESET_REQUIRED"


def test_a_user_name_may_be_given_beside_an_alias(idp: Any, public: Any, hooks: Hooks, make_pool: Make) -> None:
    pool = make_pool(AliasAttributes=["email"])
    name = unique()
    hooks.on(pool, knowing({"username": name, **verified(pool)}))
    told = migrated(idp, public, pool, address_of(pool))
    assert idp.admin_get_user(UserPoolId=pool["Id"], Username=told["sub"])["Username"] == name
    assert "username" not in told


def test_an_address_is_the_user_name_where_the_pool_has_it_so(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make
) -> None:
    pool = make_pool(UsernameAttributes=["email"])
    hooks.on(pool, knowing({"email_verified": "true"}))
    told = migrated(idp, public, pool, address_of(pool))
    assert told["email"] == address_of(pool)
    assert idp.admin_get_user(UserPoolId=pool["Id"], Username=told["sub"])["Username"] == told["sub"]


@pytest.mark.parametrize("forces", [True, False, None])
def test_an_alias_moves_when_it_is_forced(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, forces: bool | None
) -> None:
    pool = make_pool(AliasAttributes=["email"])
    former = factories.make_user(idp, pool, **verified(pool))
    hooks.on(pool, knowing(verified(pool), forceAliasCreation=forces))
    name, client = unique(), factories.make_client(idp, pool)
    if forces:
        assert factories.sign_in(public, client, name)
        assert shown(idp, pool, former)["email_verified"] == "false"
        assert shown(idp, pool, address_of(pool))["sub"] == shown(idp, pool, name)["sub"]
    else:
        with refused("InvalidLambdaResponseException", "An account with the given email already exists."):
            factories.sign_in(public, client, name)
        assert_absent(idp, pool, name)
        assert shown(idp, pool, former)["email_verified"] == "true"


def test_text_messages_are_the_second_factor_from_the_beginning(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    pool = make_pool()
    role = {"SnsCallerArn": "arn:aws:iam::000000000000:role/any"}
    idp.set_user_pool_mfa_config(
        UserPoolId=pool["Id"], MfaConfiguration="OPTIONAL", SmsMfaConfiguration={"SmsConfiguration": role}
    )
    number = {"phone_number": number_of(pool), "phone_number_verified": "true"}
    hooks.on(pool, knowing(number, enableSMSMFA=True))
    client, name = factories.make_client(idp, pool), unique()
    asked = public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )
    assert asked["ChallengeName"] == "SMS_MFA"
    assert mailbox.code(number_of(pool))
    hooks.on(pool, knowing(enableSMSMFA=True))
    other = unique()
    with refused("InvalidLambdaResponseException", "phone_number is required for SMS MFA."):
        factories.sign_in(public, client, other)
    assert_absent(idp, pool, other)


@pytest.mark.parametrize(
    ("response", "channels"),
    [
        ({"messageAction": "SUPPRESS", "desiredDeliveryMediums": ["EMAIL", "SMS"]}, set()),
        ({"messageAction": None}, {"SMS"}),
        ({"messageAction": None, "desiredDeliveryMediums": ["EMAIL"]}, {"EMAIL"}),
        ({"messageAction": None, "desiredDeliveryMediums": ["EMAIL", "SMS"]}, {"EMAIL", "SMS"}),
    ],
)
def test_a_welcome_is_sent_where_it_is_wanted_and_tells_no_password(
    idp: Any,
    public: Any,
    hooks: Hooks,
    make_pool: Make,
    mailbox: Mailbox,
    response: Json,
    channels: set[str],
) -> None:
    pool = make_pool()
    hooks.on(pool, knowing({"email": address_of(pool), "phone_number": number_of(pool)}, **response))
    name = unique()
    migrated(idp, public, pool, name)
    found = mailbox.messages(name)
    assert {message["channel"] for message in found} == channels
    assert {message["kind"] for message in found} <= {"AdminCreateUser"}
    assert all(name in message["body"] and PASSWORD not in str(message) for message in found)


def test_a_welcome_is_worded(idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox) -> None:
    pool = make_pool("UserMigration", "CustomMessage")
    known = knowing({"phone_number": number_of(pool)}, messageAction=None)

    def hook(event: Json) -> Json:
        if event["triggerSource"].startswith("UserMigration"):
            return dict(known(event))
        return {**event, "response": {"smsMessage": "Welcome {username}, not {####}"}}

    hooks.on(pool, hook)
    name = unique()
    migrated(idp, public, pool, name)
    until(lambda: mailbox.messages(name))
    assert hooks.sources(pool) == [AUTHENTICATION, "CustomMessage_AdminCreateUser"]
    assert mailbox.messages(name)[0]["body"] == f"Welcome {name}, not ********"


@pytest.mark.parametrize("nothing", [{}, None, {"userAttributes": {}}, {"userAttributes": None}], ids=repr)
def test_without_attributes_nobody_is_known(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, nothing: Json | None
) -> None:
    pool = make_pool()
    hooks.on(pool, lambda event: {**event, "response": nothing})
    name = unique()
    with refused("UserNotFoundException"):
        factories.sign_in(public, factories.make_client(idp, pool), name)
    assert_absent(idp, pool, name)


@pytest.mark.parametrize(
    "response",
    [
        {"userAttributes": ["Ada"]},
        {"userAttributes": {"given_name": 1}},
        {"userAttributes": {"given_name": None}},
        {"userAttributes": {"given_name": "\0"}},
        {"finalUserStatus": "confirmed"},
        {"finalUserStatus": "UNCONFIRMED"},
        {"finalUserStatus": True},
        {"messageAction": "SHOUT"},
        {"desiredDeliveryMediums": "SMS"},
        {"desiredDeliveryMediums": ["PIGEON"]},
        {"forceAliasCreation": "true"},
        {"enableSMSMFA": 1},
    ],
    ids=repr,
)
def test_what_is_not_understood_makes_no_user(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, response: Json
) -> None:
    pool = make_pool()
    hooks.on(pool, knowing(**response))
    name = unique()
    with refused("InvalidLambdaResponseException", UNREADABLE):
        factories.sign_in(public, factories.make_client(idp, pool), name)
    assert_absent(idp, pool, name)


@pytest.mark.parametrize(
    ("attributes", "complaint"),
    [
        ({"sub": "1"}, "user.sub: Attribute cannot be updated."),
        ({"custom:plan": "gold"}, "user.custom:plan: Attribute does not exist in the schema."),
        ({"email": "nonsense"}, "Invalid email address format."),
        ({"email_verified": "true"}, "email is required to set email_verified to true."),
        ({"given_name": "A" * 2049}, "String must be less than 2048 characters long"),
        ({"username": "two words", "given_name": "Ada"}, "Username should not be longer than"),
        ({"username": "x" * 129, "given_name": "Ada"}, "Username should not be longer than"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_does_not_fit_the_pool_makes_no_user(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, attributes: Json, complaint: str
) -> None:
    pool = make_pool()
    hooks.on(pool, knowing(attributes))
    name = unique()
    client = factories.make_client(idp, pool)
    with refused("InvalidLambdaResponseException") as refusal:
        factories.sign_in(public, client, name)
    assert complaint in refusal.message
    assert_absent(idp, pool, name)
    with refused("NotAuthorizedException", "Incorrect username or password."):
        hiding = factories.make_client(idp, pool, PreventUserExistenceErrors="ENABLED")
        factories.sign_in(public, hiding, name)


def test_who_comes_twice_at_once_is_one_user(idp: Any, public: Any, hooks: Hooks, make_pool: Make) -> None:
    pool = make_pool()
    hooks.on(pool, knowing())
    client, name = factories.make_client(idp, pool), unique()
    assert at_once(*[lambda: factories.sign_in(public, client, name)] * 4) == [OK] * 4
    listed = idp.list_users(UserPoolId=pool["Id"])["Users"]
    assert [user["Username"] for user in listed] == [name]
