"""PreSignUp and PostConfirmation: what they are told, what they decide, and what a refusal leaves."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import factories
from tests.support.clients import OK, at_once, refused
from tests.support.events import NO_CLIENT, event_of, members, shown
from tests.support.factories import PASSWORD, address_of, attributes_of, number_of, unique
from tests.support.hooks import Hook, Hooks
from tests.support.mailbox import Mailbox

NEW_PASSWORD = "Another-Horse-2"
SIGN_UP, CREATE = "PreSignUp_SignUp", "PreSignUp_AdminCreateUser"
CONFIRMED, RECOVERED = "PostConfirmation_ConfirmSignUp", "PostConfirmation_ConfirmForgotPassword"
FLAGS = {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
METADATA = {"from": "an app", "ünïcode": "✓"}
VALIDATION = [{"Name": "captcha", "Value": "42"}, {"Name": "empty"}]
UNREADABLE = "Unrecognizable lambda output"

Json = dict[str, Any]
Make = Callable[..., Json]


@pytest.fixture
def make_pool(idp: Any, hooks: Hooks) -> Make:
    """A pool that calls the test's functions, and verifies e-mail addresses."""

    def make(*triggers: str, **settings: Any) -> Json:
        named = triggers or ("PreSignUp", "PostConfirmation")
        defaults = {"AutoVerifiedAttributes": ["email"], "LambdaConfig": dict.fromkeys(named, hooks.arn)}
        return factories.make_pool(idp, **{**defaults, **settings})

    return make


def sign_up(public: Any, client: Json, name: str, attributes: dict[str, str], **more: Any) -> Json:
    answer: Json = public.sign_up(
        ClientId=client["ClientId"],
        Username=name,
        Password=PASSWORD,
        UserAttributes=members(attributes),
        **more,
    )
    return answer


def answering(**response: Any) -> Hook:
    """Of PreSignUp; other events come back as they are."""

    def hook(event: Json) -> Json:
        return {**event, "response": response} if event["triggerSource"].startswith("PreSignUp") else event

    return hook


def refusing(source: str, text: str = "Not today") -> Hook:
    def hook(event: Json) -> Json:
        if event["triggerSource"] == source:
            raise ValueError(text)
        return event

    return hook


def assert_absent(idp: Any, pool: Json, name: str) -> None:
    with refused("UserNotFoundException"):
        idp.admin_get_user(UserPoolId=pool["Id"], Username=name)


def status_of(idp: Any, pool: Json, name: str) -> str:
    return str(idp.admin_get_user(UserPoolId=pool["Id"], Username=name)["UserStatus"])


# PreSignUp at SignUp


def test_the_event_of_a_sign_up(idp: Any, public: Any, hooks: Hooks, make_pool: Make) -> None:
    pool = make_pool(Schema=[{"Name": "plan", "AttributeDataType": "String"}])
    calls = hooks.on(pool)
    client, name = factories.make_client(idp, pool), unique()
    given = {"email": address_of(pool), "custom:plan": "gold"}
    answer = sign_up(public, client, name, given, ClientMetadata=METADATA, ValidationData=VALIDATION)
    assert answer["UserConfirmed"] is False
    request = {
        "userAttributes": given,
        "validationData": {"captcha": "42", "empty": ""},
        "clientMetadata": METADATA,
    }
    assert calls == [event_of(pool, client, SIGN_UP, name, request, FLAGS, calls[0])]


def test_without_metadata_the_validation_data_are_null(idp: Any, public: Any, hooks: Hooks, make_pool: Make) -> None:
    pool = make_pool()
    calls = hooks.on(pool)
    sign_up(public, factories.make_client(idp, pool), unique(), {})
    assert calls[0]["request"] == {"userAttributes": {}, "validationData": None}


def test_the_user_name_of_a_pool_of_addresses_is_the_future_sub(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make
) -> None:
    pool = make_pool(UsernameAttributes=["email"])
    calls = hooks.on(pool)
    answer = sign_up(public, factories.make_client(idp, pool), address_of(pool), {})
    assert calls[0]["userName"] == answer["UserSub"]
    assert calls[0]["request"]["userAttributes"] == {"email": address_of(pool)}


def test_the_user_name_of_a_pool_that_ignores_case_is_the_stored_one(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make
) -> None:
    pool = make_pool(UsernameConfiguration={"CaseSensitive": False})
    calls = hooks.on(pool)
    sign_up(public, factories.make_client(idp, pool), "Ada", {})
    assert calls[0]["userName"] == "ada"


def test_what_the_request_itself_gets_wrong_reaches_no_function(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make
) -> None:
    pool = make_pool()
    calls = hooks.on(pool)
    client = factories.make_client(idp, pool)
    with refused("InvalidPasswordException"):
        public.sign_up(ClientId=client["ClientId"], Username=unique(), Password="short")
    with refused("InvalidParameterException"):
        sign_up(public, client, unique(), {"email": "nonsense"})
    assert calls == []


def test_a_taken_name_is_told_after_the_function(idp: Any, public: Any, hooks: Hooks, make_pool: Make) -> None:
    pool = make_pool()
    hooks.on(pool)
    client, name = factories.make_client(idp, pool), unique()
    sign_up(public, client, name, {})
    with refused("UsernameExistsException"):
        sign_up(public, client, name, {})
    assert hooks.sources(pool) == [SIGN_UP, SIGN_UP]


def test_a_refused_sign_up_leaves_nothing(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    pool = make_pool()
    hooks.on(pool, refusing(SIGN_UP))
    client, name = factories.make_client(idp, pool), unique()
    with refused("UserLambdaValidationException", "PreSignUp failed with error Not today."):
        sign_up(public, client, name, {"email": address_of(pool)})
    assert_absent(idp, pool, name)
    assert mailbox.messages(address_of(pool)) == []
    hooks.on(pool)
    sign_up(public, client, name, {"email": address_of(pool)})


def test_a_confirmed_user_needs_no_code(idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox) -> None:
    pool = make_pool()
    calls = hooks.on(pool, answering(autoConfirmUser=True))
    client, name = factories.make_client(idp, pool), unique()
    answer = sign_up(public, client, name, {"email": address_of(pool)}, ClientMetadata=METADATA)
    assert answer["UserConfirmed"] is True
    assert "CodeDeliveryDetails" not in answer
    assert mailbox.messages(address_of(pool)) == []
    assert hooks.sources(pool) == [SIGN_UP, CONFIRMED]
    told = shown(idp, pool, name)
    assert told["cognito:user_status"] == "CONFIRMED"
    assert "email_verified" not in told
    request = {"userAttributes": told, "clientMetadata": METADATA}
    assert calls[1] == event_of(pool, client, CONFIRMED, name, request, {}, calls[1])
    assert factories.sign_in(public, client, name)


def test_a_confirmed_user_stays_when_post_confirmation_refuses(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make
) -> None:
    def hook(event: Json) -> Json:
        if event["triggerSource"] == CONFIRMED:
            raise ValueError("Too late")
        return {**event, "response": {"autoConfirmUser": True}}

    pool = make_pool()
    hooks.on(pool, hook)
    client, name = factories.make_client(idp, pool), unique()
    with refused("UserLambdaValidationException", "PostConfirmation failed with error Too late."):
        sign_up(public, client, name, {})
    assert status_of(idp, pool, name) == "CONFIRMED"
    assert factories.sign_in(public, client, name)


def test_a_confirmed_user_gets_no_session_to_confirm_with(idp: Any, public: Any, hooks: Hooks, make_pool: Make) -> None:
    pool = make_pool()
    hooks.on(pool, answering(autoConfirmUser=True))
    client = factories.make_client(idp, pool, ExplicitAuthFlows=["ALLOW_USER_AUTH"])
    assert "Session" not in sign_up(public, client, unique(), {"email": address_of(pool)})
    hooks.on(pool)
    assert sign_up(public, client, unique(), {"email": address_of(pool)})["Session"]


@pytest.mark.parametrize(("flag", "name"), [("autoVerifyEmail", "email"), ("autoVerifyPhone", "phone_number")])
def test_an_address_may_be_verified_without_a_code(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox, flag: str, name: str
) -> None:
    """And the user still has to be confirmed."""
    pool = make_pool()
    hooks.on(pool, answering(**{flag: True}))
    client, user = factories.make_client(idp, pool), unique()
    given = {"email": address_of(pool), "phone_number": number_of(pool)}
    assert sign_up(public, client, user, given)["UserConfirmed"] is False
    told = shown(idp, pool, user)
    assert {key for key in told if key.endswith("_verified") and told[key] == "true"} == {f"{name}_verified"}
    public.confirm_sign_up(ClientId=client["ClientId"], Username=user, ConfirmationCode=mailbox.code(address_of(pool)))
    assert hooks.sources(pool) == [SIGN_UP, CONFIRMED]


@pytest.mark.parametrize(("flag", "name"), [("autoVerifyEmail", "email"), ("autoVerifyPhone", "phone_number")])
def test_an_address_that_is_not_there_cannot_be_verified(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, flag: str, name: str
) -> None:
    pool = make_pool()
    hooks.on(pool, answering(autoConfirmUser=True, **{flag: True}))
    user = unique()
    with refused("InvalidLambdaResponseException", f"Error: user does not have attribute {name}"):
        sign_up(public, factories.make_client(idp, pool), user, {})
    assert_absent(idp, pool, user)
    assert hooks.sources(pool) == [SIGN_UP]


def test_an_alias_moves_to_who_is_verified(idp: Any, public: Any, hooks: Hooks, make_pool: Make) -> None:
    pool = make_pool("PreSignUp", AliasAttributes=["email", "phone_number"])
    hooks.on(pool, answering(autoConfirmUser=True, autoVerifyEmail=True))
    client, address, number = factories.make_client(idp, pool), address_of(pool), number_of(pool)
    former = factories.make_user(
        idp, pool, email=address, email_verified="true", phone_number=number, phone_number_verified="true"
    )
    name = unique()
    answer = sign_up(public, client, name, {"email": address, "phone_number": number})
    assert shown(idp, pool, address)["sub"] == answer["UserSub"]
    before = shown(idp, pool, former)
    assert (before["email"], before["email_verified"], before["phone_number_verified"]) == (address, "false", "true")
    assert shown(idp, pool, number)["sub"] == before["sub"], "nobody said that the number is theirs"
    assert factories.sign_in(public, client, address)


def test_of_many_who_take_an_alias_at_once_each_is_made_and_one_has_it(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make
) -> None:
    pool = make_pool("PreSignUp", AliasAttributes=["email"])
    hooks.on(pool, answering(autoConfirmUser=True, autoVerifyEmail=True))
    client, names = factories.make_client(idp, pool), [unique() for _ in range(4)]
    given = {"email": address_of(pool)}
    outcomes = at_once(*[lambda name=name: sign_up(public, client, name, given) for name in names])
    assert set(outcomes) <= {OK, "UsernameExistsException"}
    made = [shown(idp, pool, name) for name, outcome in zip(names, outcomes, strict=True) if outcome == OK]
    verified = [told["sub"] for told in made if told["email_verified"] == "true"]
    assert verified == [shown(idp, pool, given["email"])["sub"]]


@pytest.mark.parametrize("value", ["true", 1, {}, ["x"]], ids=repr)
@pytest.mark.parametrize("flag", FLAGS)
def test_what_is_no_boolean_is_no_decision(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, flag: str, value: object
) -> None:
    pool = make_pool()
    hooks.on(pool, answering(**{flag: value}))
    name = unique()
    with refused("InvalidLambdaResponseException", UNREADABLE):
        sign_up(public, factories.make_client(idp, pool), name, {})
    assert_absent(idp, pool, name)


@pytest.mark.parametrize("garbage", [b"", b"null", b"[]", b"{}", b'"yes"', b"\xff", b'{"response": []}'])
def test_garbage_is_no_permission(idp: Any, public: Any, hooks: Hooks, make_pool: Make, garbage: bytes) -> None:
    pool = make_pool()
    hooks.on(pool, lambda event: garbage)
    name = unique()
    with refused("InvalidLambdaResponseException", UNREADABLE):
        sign_up(public, factories.make_client(idp, pool), name, {})
    assert_absent(idp, pool, name)


@pytest.mark.parametrize("response", [{}, None, dict.fromkeys(FLAGS), {"unheard": "of"}], ids=repr)
def test_no_decision_is_a_permission(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, response: Json | None
) -> None:
    pool = make_pool()
    hooks.on(pool, lambda event: {**event, "response": response})
    name = unique()
    assert sign_up(public, factories.make_client(idp, pool), name, {})["UserConfirmed"] is False
    assert status_of(idp, pool, name) == "UNCONFIRMED"


def test_a_function_may_sign_up_others(idp: Any, public: Any, hooks: Hooks, make_pool: Make) -> None:
    """It calls back while the first request waits for it, which holds no lock."""
    pool = make_pool("PreSignUp")
    client, name, other = factories.make_client(idp, pool), unique(), unique()

    def hook(event: Json) -> Json:
        if event["userName"] == name:
            sign_up(public, client, other, {})
        return event

    hooks.on(pool, hook)
    sign_up(public, client, name, {})
    assert status_of(idp, pool, other) == status_of(idp, pool, name) == "UNCONFIRMED"


# PreSignUp at AdminCreateUser


def create(idp: Any, pool: Json, name: str, attributes: dict[str, str], **more: Any) -> Json:
    named: Json = idp.admin_create_user(
        UserPoolId=pool["Id"], Username=name, UserAttributes=members(attributes), MessageAction="SUPPRESS", **more
    )
    return named


def test_the_event_of_a_creation(idp: Any, hooks: Hooks, make_pool: Make) -> None:
    pool = make_pool()
    calls = hooks.on(pool)
    name, given = unique(), {"email": address_of(pool), "email_verified": "true"}
    create(idp, pool, name, given, ClientMetadata=METADATA, ValidationData=VALIDATION)
    request = {
        "userAttributes": given,
        "validationData": {"captcha": "42", "empty": ""},
        "clientMetadata": METADATA,
    }
    assert calls == [event_of(pool, NO_CLIENT, CREATE, name, request, FLAGS, calls[0])]


def test_the_flags_mean_nothing_at_a_creation(idp: Any, hooks: Hooks, make_pool: Make) -> None:
    pool = make_pool()
    hooks.on(pool, answering(autoConfirmUser=True, autoVerifyEmail=True, autoVerifyPhone=True))
    user = create(idp, pool, unique(), {"email": address_of(pool)})["User"]
    assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert "email_verified" not in attributes_of({"User": user})
    assert hooks.sources(pool) == [CREATE]


def test_a_refused_creation_leaves_nothing(idp: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox) -> None:
    pool = make_pool()
    hooks.on(pool, refusing(CREATE))
    name = unique()
    with refused("UserLambdaValidationException", "PreSignUp failed with error Not today."):
        idp.admin_create_user(
            UserPoolId=pool["Id"],
            Username=name,
            UserAttributes=members({"email": address_of(pool)}),
            DesiredDeliveryMediums=["EMAIL"],
        )
    assert_absent(idp, pool, name)
    assert mailbox.messages(address_of(pool)) == []


def test_a_creation_without_a_password_is_asked_about_as_well(idp: Any, hooks: Hooks, make_pool: Make) -> None:
    pool = make_pool(Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}})
    hooks.on(pool, refusing(CREATE))
    name = unique()
    with refused("UserLambdaValidationException"):
        create(idp, pool, name, {"email": address_of(pool)})
    assert_absent(idp, pool, name)


def test_an_invitation_that_is_sent_again_is_no_creation(idp: Any, hooks: Hooks, make_pool: Make) -> None:
    pool = make_pool()
    hooks.on(pool)
    name = unique()
    create(idp, pool, name, {"email": address_of(pool)})
    idp.admin_create_user(
        UserPoolId=pool["Id"], Username=name, MessageAction="RESEND", DesiredDeliveryMediums=["EMAIL"]
    )
    assert hooks.sources(pool) == [CREATE]


# PostConfirmation


def waiting(public: Any, client: Json, pool: Json, mailbox: Mailbox) -> tuple[str, str]:
    """A user who has signed up, and the code."""
    name = unique()
    sign_up(public, client, name, {"email": address_of(pool)})
    return name, mailbox.code(address_of(pool))


@pytest.mark.parametrize("metadata", [{}, {"ClientMetadata": METADATA}], ids=["without metadata", "with metadata"])
def test_the_event_of_a_confirmation(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox, metadata: Json
) -> None:
    pool = make_pool("PostConfirmation")
    calls = hooks.on(pool)
    client = factories.make_client(idp, pool)
    name, code = waiting(public, client, pool, mailbox)
    assert calls == []
    public.confirm_sign_up(ClientId=client["ClientId"], Username=name, ConfirmationCode=code, **metadata)
    told = shown(idp, pool, name)
    assert (told["cognito:user_status"], told["email_verified"]) == ("CONFIRMED", "true")
    request = {"userAttributes": told, **({"clientMetadata": METADATA} if metadata else {})}
    assert calls == [event_of(pool, client, CONFIRMED, name, request, {}, calls[0])]


def test_aliases_are_told_where_they_are_the_users(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    pool = make_pool("PostConfirmation", AliasAttributes=["email", "phone_number"])
    calls = hooks.on(pool)
    client, name = factories.make_client(idp, pool), unique()
    sign_up(public, client, name, {"email": address_of(pool), "phone_number": number_of(pool)})
    code = mailbox.code(address_of(pool))
    public.confirm_sign_up(ClientId=client["ClientId"], Username=name, ConfirmationCode=code)
    told = {**shown(idp, pool, name), "cognito:email_alias": address_of(pool)}
    assert calls[0]["request"] == {"userAttributes": told}
    idp.admin_update_user_attributes(
        UserPoolId=pool["Id"], Username=name, UserAttributes=members({"phone_number_verified": "true"})
    )
    public.forgot_password(ClientId=client["ClientId"], Username=name)
    public.confirm_forgot_password(
        ClientId=client["ClientId"],
        Username=name,
        ConfirmationCode=mailbox.code(name),
        Password=NEW_PASSWORD,
    )
    assert calls[1]["request"]["userAttributes"]["cognito:phone_number_alias"] == number_of(pool)


def test_the_event_of_an_administrators_confirmation(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    pool = make_pool("PostConfirmation")
    calls = hooks.on(pool)
    name, _ = waiting(public, factories.make_client(idp, pool), pool, mailbox)
    idp.admin_confirm_sign_up(UserPoolId=pool["Id"], Username=name, ClientMetadata=METADATA)
    request = {"userAttributes": shown(idp, pool, name), "clientMetadata": METADATA}
    assert calls == [event_of(pool, NO_CLIENT, CONFIRMED, name, request, {}, calls[0])]


def test_the_event_of_a_recovered_password(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    pool = make_pool("PostConfirmation")
    calls = hooks.on(pool)
    client = factories.make_client(idp, pool)
    name = factories.make_user(idp, pool, email=address_of(pool), email_verified="true")
    asked = {"ClientId": client["ClientId"], "Username": name}
    public.forgot_password(**asked)
    code = mailbox.code(address_of(pool))
    public.confirm_forgot_password(**asked, ConfirmationCode=code, Password=NEW_PASSWORD, ClientMetadata=METADATA)
    request = {"userAttributes": shown(idp, pool, name), "clientMetadata": METADATA}
    assert calls == [event_of(pool, client, RECOVERED, name, request, {}, calls[0])]


def test_the_confirmation_stands_when_a_function_refuses(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    pool = make_pool("PostConfirmation")
    hooks.on(pool, refusing(CONFIRMED))
    client = factories.make_client(idp, pool)
    name, code = waiting(public, client, pool, mailbox)
    text = "PostConfirmation failed with error Not today."
    with refused("UserLambdaValidationException", text):
        public.confirm_sign_up(ClientId=client["ClientId"], Username=name, ConfirmationCode=code)
    assert status_of(idp, pool, name) == "CONFIRMED"
    other, _ = waiting(public, client, pool, mailbox)
    with refused("UserLambdaValidationException", text):
        idp.admin_confirm_sign_up(UserPoolId=pool["Id"], Username=other)
    assert status_of(idp, pool, other) == "CONFIRMED"


def test_the_new_password_stands_when_a_function_refuses(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    pool = make_pool("PostConfirmation")
    hooks.on(pool, refusing(RECOVERED))
    client = factories.make_client(idp, pool)
    name = factories.make_user(idp, pool, email=address_of(pool), email_verified="true")
    asked = {"ClientId": client["ClientId"], "Username": name}
    public.forgot_password(**asked)
    with refused("UserLambdaValidationException", "PostConfirmation failed with error Not today."):
        public.confirm_forgot_password(**asked, ConfirmationCode=mailbox.code(address_of(pool)), Password=NEW_PASSWORD)
    assert factories.sign_in(public, client, name, NEW_PASSWORD)


@pytest.mark.parametrize("garbage", [b"{}", b"[]", b"not JSON"])
def test_the_confirmation_stands_when_a_function_answers_garbage(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox, garbage: bytes
) -> None:
    pool = make_pool("PostConfirmation")
    hooks.on(pool, lambda event: garbage)
    client = factories.make_client(idp, pool)
    name, code = waiting(public, client, pool, mailbox)
    with refused("InvalidLambdaResponseException", UNREADABLE):
        public.confirm_sign_up(ClientId=client["ClientId"], Username=name, ConfirmationCode=code)
    assert status_of(idp, pool, name) == "CONFIRMED"


def test_a_wrong_code_confirms_nobody(idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox) -> None:
    pool = make_pool("PostConfirmation")
    hooks.on(pool)
    client = factories.make_client(idp, pool)
    name, code = waiting(public, client, pool, mailbox)
    with refused("CodeMismatchException"):
        public.confirm_sign_up(ClientId=client["ClientId"], Username=name, ConfirmationCode=re.sub(r"\d$", "x", code))
    assert hooks.sources(pool) == []


def test_a_function_puts_who_is_confirmed_into_a_group(
    idp: Any, public: Any, hooks: Hooks, make_pool: Make, mailbox: Mailbox
) -> None:
    pool = make_pool("PostConfirmation")
    idp.create_group(UserPoolId=pool["Id"], GroupName="members")

    def hook(event: Json) -> Json:
        idp.admin_add_user_to_group(UserPoolId=pool["Id"], Username=event["userName"], GroupName="members")
        return event

    hooks.on(pool, hook)
    client = factories.make_client(idp, pool)
    name, code = waiting(public, client, pool, mailbox)
    public.confirm_sign_up(ClientId=client["ClientId"], Username=name, ConfirmationCode=code)
    token = factories.sign_in(public, client, name)["IdToken"]
    assert factories.claims_of(token)["cognito:groups"] == ["members"]
