"""SignUp, ConfirmSignUp, ResendConfirmationCode and AdminConfirmSignUp."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import clients, factories
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, attributes_of, unique
from tests.support.mailbox import Mailbox
from tests.support.server import Server

CODE_MISMATCH = "Invalid verification code provided, please try again."
CODE_EXPIRED = "Invalid code provided, please request a code again."
LIMIT_EXCEEDED = "Attempt limit exceeded, please try after some time."
UNAUTHORIZED_ATTRIBUTE = "A client attempted to write unauthorized attribute"
NOT_FOUND = "Username/client id combination not found."
CANNOT_RESEND = "Cannot resend codes. Auto verification not turned on."
MOST_CONFIRMATIONS = 15
MOST_RESENDS = 5

Client = dict[str, Any]
Pool = dict[str, Any]
Statuses = Callable[[str], str]


@pytest.fixture(scope="module")
def email_pool(idp: Any) -> Pool:
    """E-mail addresses are verified; user names are free."""
    return factories.make_pool(idp, AutoVerifiedAttributes=["email"])


@pytest.fixture(scope="module")
def app(idp: Any, email_pool: Pool) -> Client:
    """A public client of `email_pool` that tells which users exist."""
    return factories.make_client(idp, email_pool)


@pytest.fixture(scope="module")
def discreet_app(idp: Any, email_pool: Pool) -> Client:
    """A public client of `email_pool` that hides which users exist."""
    return factories.make_client(idp, email_pool, PreventUserExistenceErrors="ENABLED")


@pytest.fixture(scope="module")
def secret_app(idp: Any, email_pool: Pool) -> Client:
    return factories.make_client(idp, email_pool, GenerateSecret=True)


@pytest.fixture(scope="module")
def plain_pool(idp: Any) -> Pool:
    """Nothing is verified, so no code is ever sent."""
    return factories.make_pool(idp)


@pytest.fixture(scope="module")
def plain_app(idp: Any, plain_pool: Pool) -> Client:
    return factories.make_client(idp, plain_pool)


@pytest.fixture(scope="module")
def schema_pool(idp: Any) -> Pool:
    """Required, constrained, custom, immutable and developer-only attributes."""
    return factories.make_pool(
        idp,
        Schema=[
            {"Name": "given_name", "Required": True},
            {"Name": "family_name", "Required": True},
            {"Name": "role", "AttributeDataType": "String", "StringAttributeConstraints": {"MaxLength": "8"}},
            {"Name": "company", "AttributeDataType": "String", "Mutable": False},
            {
                "Name": "level",
                "AttributeDataType": "Number",
                "NumberAttributeConstraints": {"MinValue": "1", "MaxValue": "9"},
            },
            {"Name": "since", "AttributeDataType": "DateTime"},
            {"Name": "member", "AttributeDataType": "Boolean"},
            {"Name": "score", "AttributeDataType": "String", "DeveloperOnlyAttribute": True},
        ],
    )


@pytest.fixture(scope="module")
def schema_app(idp: Any, schema_pool: Pool) -> Client:
    return factories.make_client(idp, schema_pool)


@pytest.fixture
def user_in(idp: Any, public: Any, email_pool: Pool, app: Client) -> Statuses:
    """Makes a user of `email_pool` in a status, with an address; returns the user name."""

    def make(status: str) -> str:
        name = unique()
        email = f"{name}@example.com"
        if status == "UNCONFIRMED":
            sign_up(public, app, name, {"email": email})
        elif status == "CONFIRMED":
            factories.make_user(idp, email_pool, name, email=email)
        else:
            listed = as_members({"email": email})
            idp.admin_create_user(
                UserPoolId=email_pool["Id"], Username=name, MessageAction="SUPPRESS", UserAttributes=listed
            )
        assert idp.admin_get_user(UserPoolId=email_pool["Id"], Username=name)["UserStatus"] == status
        return name

    return make


def as_members(attributes: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def sign_up(
    public: Any, client: Client, username: str, attributes: dict[str, str] | None = None, **members: Any
) -> dict[str, Any]:
    request = {"ClientId": client["ClientId"], "Username": username, "Password": PASSWORD, **members}
    answer: dict[str, Any] = public.sign_up(UserAttributes=as_members(attributes or {}), **request)
    return answer


def confirm(public: Any, client: Client, username: str, code: str, **members: Any) -> dict[str, Any]:
    answer: dict[str, Any] = public.confirm_sign_up(
        ClientId=client["ClientId"], Username=username, ConfirmationCode=code, **members
    )
    return answer


def resend(public: Any, client: Client, username: str, **members: Any) -> dict[str, Any]:
    answer: dict[str, Any] = public.resend_confirmation_code(ClientId=client["ClientId"], Username=username, **members)
    return answer


def other_than(code: str) -> str:
    """A well-formed code that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06}"


def without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


# SignUp


def test_sign_up_makes_an_unconfirmed_user_and_sends_a_code(
    idp: Any, public: Any, email_pool: Pool, app: Client, mailbox: Mailbox
) -> None:
    name = unique()
    answer = without_metadata(sign_up(public, app, name, {"email": f"{name}@example.com", "name": "Ada"}))
    sub = answer.pop("UserSub")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", sub)
    assert answer == {
        "UserConfirmed": False,
        "CodeDeliveryDetails": {
            "Destination": "u***@e***",
            "DeliveryMedium": "EMAIL",
            "AttributeName": "email",
        },
    }
    user = idp.admin_get_user(UserPoolId=email_pool["Id"], Username=name)
    assert (user["Username"], user["UserStatus"], user["Enabled"]) == (name, "UNCONFIRMED", True)
    attributes = attributes_of(user)
    assert attributes.pop("email_verified", "false") == "false"
    assert attributes == {"sub": sub, "email": f"{name}@example.com", "name": "Ada"}
    assert re.fullmatch("[0-9]{6}", mailbox.code(f"{name}@example.com"))


def test_without_an_auto_verified_address_no_code_is_sent(
    public: Any, app: Client, plain_app: Client, mailbox: Mailbox
) -> None:
    nothing_verified, no_address = unique(), unique()
    answer = sign_up(public, plain_app, nothing_verified, {"email": f"{nothing_verified}@example.com"})
    assert "CodeDeliveryDetails" not in answer
    answer = sign_up(public, app, no_address)
    assert "CodeDeliveryDetails" not in answer
    assert mailbox.messages(nothing_verified) == mailbox.messages(no_address) == []


def test_phone_gets_the_code_before_email(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email", "phone_number"])
    client = factories.make_client(idp, pool)
    both, only_email = unique(), unique()
    answer = sign_up(public, client, both, {"email": f"{both}@example.com", "phone_number": "+4915112349934"})
    assert answer["CodeDeliveryDetails"] == {
        "Destination": "+*********9934",
        "DeliveryMedium": "SMS",
        "AttributeName": "phone_number",
    }
    assert mailbox.messages(f"{both}@example.com") == []
    confirm(public, client, both, mailbox.code("+4915112349934"))
    attributes = attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=both))
    assert attributes["phone_number_verified"] == "true"
    assert attributes.get("email_verified", "false") == "false", "only the address that got the code is verified"

    answer = sign_up(public, client, only_email, {"email": f"{only_email}@example.com"})
    assert answer["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"


def test_taken_name_is_refused_and_the_first_user_stays(
    idp: Any, public: Any, plain_pool: Pool, plain_app: Any
) -> None:
    name = unique()
    first = sign_up(public, plain_app, name, {"name": "First"})
    with refused("UsernameExistsException", "User already exists"):
        sign_up(public, plain_app, name, {"name": "Second"}, Password="Another-Horse-2")
    attributes = attributes_of(idp.admin_get_user(UserPoolId=plain_pool["Id"], Username=name))
    assert attributes == {"sub": first["UserSub"], "name": "First"}
    idp.admin_confirm_sign_up(UserPoolId=plain_pool["Id"], Username=name)
    assert factories.sign_in(public, plain_app, name)


def test_same_name_lives_in_two_pools(public: Any, app: Client, plain_app: Client) -> None:
    name = unique()
    assert sign_up(public, app, name)["UserSub"] != sign_up(public, plain_app, name)["UserSub"]


def test_password_may_be_left_out_only_where_there_is_another_factor(
    idp: Any, public: Any, email_pool: Pool, app: Client
) -> None:
    name = unique()
    with refused("InvalidParameterException"):
        public.sign_up(ClientId=app["ClientId"], Username=name)
    assert_absent(idp, email_pool, name)


def test_checks_are_made_in_the_documented_order(idp: Any, public: Any) -> None:
    """Everything is wrong at first; each step puts right what the last refusal named."""
    closed = {"AllowAdminCreateUserOnly": True}
    pool = factories.make_pool(
        idp,
        UsernameAttributes=["email"],
        AdminCreateUserConfig=closed,
        Schema=[{"Name": "tier", "AttributeDataType": "String"}],
    )
    client = factories.make_client(idp, pool, GenerateSecret=True, WriteAttributes=["email"])
    taken = f"{unique()}@example.com"
    factories.make_user(idp, pool, taken)
    request = {
        "ClientId": "nosuchclient",
        "SecretHash": "wrong",
        "Username": "not an address",
        "Password": "short",
        "UserAttributes": as_members({"custom:nosuch": "x"}),
    }

    def expect(code: str, message: str | None = None) -> None:
        with refused(code, message):
            public.sign_up(**request)

    expect(
        "InvalidParameterException",
        "1 validation error detected: Value at 'username' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+",
    )
    request["Username"] = "not-an-address"
    expect("ResourceNotFoundException", "User pool client nosuchclient does not exist.")
    request["ClientId"] = client["ClientId"]
    expect("NotAuthorizedException", f"Unable to verify secret hash for client {client['ClientId']}")
    request["SecretHash"] = clients.secret_hash(client, "not-an-address")
    expect("NotAuthorizedException", "SignUp is not permitted for this user pool")
    idp.update_user_pool(UserPoolId=pool["Id"])
    expect("InvalidParameterException", "Username should be an email.")
    request |= {"Username": taken, "SecretHash": clients.secret_hash(client, taken)}
    expect("InvalidPasswordException", "Password did not conform with policy: Password not long enough")
    request["Password"] = PASSWORD
    expect("InvalidParameterException", "user.custom:nosuch: Attribute does not exist in the schema.")
    request["UserAttributes"] = as_members({"custom:tier": "gold"})
    expect("NotAuthorizedException", UNAUTHORIZED_ATTRIBUTE)
    request["UserAttributes"] = []
    expect("UsernameExistsException", "An account with the given email already exists.")
    fresh = f"{unique()}@example.com"
    request |= {"Username": fresh, "SecretHash": clients.secret_hash(client, fresh)}
    assert public.sign_up(**request)["UserConfirmed"] is False


def test_closed_pool_refuses_even_without_a_password(idp: Any, public: Any) -> None:
    pool = factories.make_pool(idp, AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})
    client = factories.make_client(idp, pool)
    with refused("NotAuthorizedException", "SignUp is not permitted for this user pool"):
        public.sign_up(ClientId=client["ClientId"], Username=unique())


# The client's secret


def _sign_up_with(public: Any, client: Client, username: str, **members: Any) -> Any:
    return sign_up(public, client, username, **members)


def _confirm_with(public: Any, client: Client, username: str, **members: Any) -> Any:
    return confirm(public, client, username, "123456", **members)


def _resend_with(public: Any, client: Client, username: str, **members: Any) -> Any:
    return resend(public, client, username, **members)


SECRET_OPERATIONS = [_sign_up_with, _confirm_with, _resend_with]


@pytest.mark.parametrize("perform", SECRET_OPERATIONS)
def test_secret_hash_is_asked_for_and_checked(public: Any, secret_app: Client, perform: Callable[..., Any]) -> None:
    client_id = secret_app["ClientId"]
    name = unique()
    with refused("NotAuthorizedException", f"Client {client_id} is configured for secret but secret was not received"):
        perform(public, secret_app, name)
    for wrong in (clients.secret_hash(secret_app, f"{name}x"), "wrong", secret_app["ClientSecret"]):
        with refused("NotAuthorizedException", f"Unable to verify secret hash for client {client_id}"):
            perform(public, secret_app, name, SecretHash=wrong)


@pytest.mark.parametrize("perform", SECRET_OPERATIONS)
def test_hash_for_a_client_without_secret_is_refused(public: Any, app: Client, perform: Callable[..., Any]) -> None:
    mac = clients.secret_hash({**app, "ClientSecret": ""}, "someone")
    with refused("NotAuthorizedException", f"Unable to verify secret hash for client {app['ClientId']}"):
        perform(public, app, "someone", SecretHash=mac)


def test_right_hash_carries_a_user_through_with_either_of_two_secrets(
    idp: Any, public: Any, email_pool: Pool, mailbox: Mailbox
) -> None:
    client = factories.make_client(idp, email_pool, GenerateSecret=True)
    added = idp.add_user_pool_client_secret(UserPoolId=email_pool["Id"], ClientId=client["ClientId"])
    second = {**client, "ClientSecret": added["ClientSecretDescriptor"]["ClientSecretValue"]}
    name = unique()
    sign_up(public, client, name, {"email": f"{name}@example.com"}, SecretHash=clients.secret_hash(client, name))
    resend(public, client, name, SecretHash=clients.secret_hash(second, name))
    code = mailbox.code(f"{name}@example.com")
    assert without_metadata(confirm(public, client, name, code, SecretHash=clients.secret_hash(second, name))) == {}


def test_hash_is_over_the_name_as_typed(idp: Any, public: Any, email_pool: Pool, secret_app: Client) -> None:
    name = unique()
    signed_up = sign_up(public, secret_app, name, SecretHash=clients.secret_hash(secret_app, name))
    by_sub = signed_up["UserSub"]
    with refused("NotAuthorizedException"):
        confirm(public, secret_app, by_sub, "123456", SecretHash=clients.secret_hash(secret_app, name))
    with refused("ExpiredCodeException", CODE_EXPIRED):
        confirm(public, secret_app, by_sub, "123456", SecretHash=clients.secret_hash(secret_app, by_sub))


# ConfirmSignUp


def test_right_code_confirms_and_verifies_the_address(
    idp: Any, public: Any, email_pool: Pool, app: Client, mailbox: Mailbox
) -> None:
    name = unique()
    sign_up(public, app, name, {"email": f"{name}@example.com"})
    with refused("UserNotConfirmedException", "User is not confirmed."):
        factories.sign_in(public, app, name)
    with refused("NotAuthorizedException", "Incorrect username or password."):
        factories.sign_in(public, app, name, "Wrong-Password-1")
    assert without_metadata(confirm(public, app, name, mailbox.code(f"{name}@example.com"))) == {}
    user = idp.admin_get_user(UserPoolId=email_pool["Id"], Username=name)
    assert user["UserStatus"] == "CONFIRMED"
    assert attributes_of(user)["email_verified"] == "true"
    assert user["UserLastModifiedDate"] > user["UserCreateDate"]
    assert factories.sign_in(public, app, name)


def test_wrong_code_is_refused_and_the_right_one_still_works(
    idp: Any, public: Any, email_pool: Pool, app: Client, mailbox: Mailbox
) -> None:
    name = unique()
    sign_up(public, app, name, {"email": f"{name}@example.com"})
    code = mailbox.code(f"{name}@example.com")
    for wrong in (other_than(code), f"{code}0", code[:5], "x", "\uff11\uff12\uff13\uff14\uff15\uff16", "9" * 2048):
        with refused("CodeMismatchException", CODE_MISMATCH):
            confirm(public, app, name, wrong)
    assert idp.admin_get_user(UserPoolId=email_pool["Id"], Username=name)["UserStatus"] == "UNCONFIRMED"
    confirm(public, app, name, code)


@pytest.mark.parametrize("code", ["", "12 34", "9" * 2049])
def test_malformed_code_breaks_a_constraint(public: Any, app: Client, code: str) -> None:
    with refused("InvalidParameterException") as refusal:
        confirm(public, app, "someone", code)
    assert "at 'confirmationCode' failed to satisfy constraint" in refusal.message


def test_code_of_another_user_is_refused(public: Any, app: Client, mailbox: Mailbox) -> None:
    first, second = unique(), unique()
    for name in (first, second):
        sign_up(public, app, name, {"email": f"{name}@example.com"})
    code = mailbox.code(f"{first}@example.com")
    if code != mailbox.code(f"{second}@example.com"):
        with refused("CodeMismatchException"):
            confirm(public, app, second, code)


def test_code_is_used_once(public: Any, app: Client, mailbox: Mailbox) -> None:
    name = unique()
    sign_up(public, app, name, {"email": f"{name}@example.com"})
    code = mailbox.code(f"{name}@example.com")
    confirm(public, app, name, code)
    with refused("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED"):
        confirm(public, app, name, code)


def test_user_who_was_sent_no_code_is_told_to_ask_for_one(public: Any, app: Client) -> None:
    name = unique()
    sign_up(public, app, name)
    with refused("ExpiredCodeException", CODE_EXPIRED):
        confirm(public, app, name, "123456")


def test_code_lasts_a_day(public: Any, app: Client, mailbox: Mailbox, clock: Clock) -> None:
    in_time, too_late = unique(), unique()
    codes = {}
    for name in (in_time, too_late):
        sign_up(public, app, name, {"email": f"{name}@example.com"})
        codes[name] = mailbox.code(f"{name}@example.com")
    clock.advance(hours=23, minutes=59)
    confirm(public, app, in_time, codes[in_time])
    clock.advance(minutes=1)
    for code in (codes[too_late], other_than(codes[too_late])):
        with refused("ExpiredCodeException", CODE_EXPIRED):
            confirm(public, app, too_late, code)
    resend(public, app, too_late)
    confirm(public, app, too_late, mailbox.code(f"{too_late}@example.com"))


def test_fifteen_confirmations_an_hour_then_even_the_right_code_waits(
    public: Any, app: Client, mailbox: Mailbox, clock: Clock
) -> None:
    name, neighbour = unique(), unique()
    for each in (name, neighbour):
        sign_up(public, app, each, {"email": f"{each}@example.com"})
    code = mailbox.code(f"{name}@example.com")
    for _ in range(MOST_CONFIRMATIONS):
        with refused("CodeMismatchException"):
            confirm(public, app, name, other_than(code))
    with refused("LimitExceededException", LIMIT_EXCEEDED):
        confirm(public, app, name, code)
    confirm(public, app, neighbour, mailbox.code(f"{neighbour}@example.com"))
    clock.advance(minutes=59)
    with refused("LimitExceededException", LIMIT_EXCEEDED):
        confirm(public, app, name, code)
    clock.advance(minutes=1)
    confirm(public, app, name, code)


def test_limit_holds_for_every_name_of_a_user(public: Any, app: Client) -> None:
    name = unique()
    sub = sign_up(public, app, name, {"email": f"{name}@example.com"})["UserSub"]
    for number in range(MOST_CONFIRMATIONS):
        with refused("CodeMismatchException"):
            confirm(public, app, (name, sub)[number % 2], "x")
    for each in (name, sub):
        with refused("LimitExceededException", LIMIT_EXCEEDED):
            confirm(public, app, each, "x")


@pytest.mark.parametrize("status", ["FORCE_CHANGE_PASSWORD", "CONFIRMED"])
def test_only_an_unconfirmed_user_can_be_confirmed(
    idp: Any, public: Any, email_pool: Pool, app: Client, user_in: Statuses, status: str
) -> None:
    name = user_in(status)
    text = f"User cannot be confirmed. Current status is {status}"
    with refused("NotAuthorizedException", text):
        confirm(public, app, name, "123456")
    with refused("NotAuthorizedException", text):
        idp.admin_confirm_sign_up(UserPoolId=email_pool["Id"], Username=name)
    assert idp.admin_get_user(UserPoolId=email_pool["Id"], Username=name)["UserStatus"] == status


# ResendConfirmationCode


def test_new_code_invalidates_the_older(public: Any, app: Client, mailbox: Mailbox) -> None:
    name = unique()
    signed_up = sign_up(public, app, name, {"email": f"{name}@example.com"})
    older = mailbox.code(f"{name}@example.com")
    newer = older
    while newer == older:  # one in a million is the same by chance
        answer = without_metadata(resend(public, app, name))
        newer = mailbox.code(f"{name}@example.com")
    assert answer == {"CodeDeliveryDetails": signed_up["CodeDeliveryDetails"]}
    with refused("CodeMismatchException", CODE_MISMATCH):
        confirm(public, app, name, older)
    confirm(public, app, name, newer)


def test_five_codes_an_hour(public: Any, app: Client, mailbox: Mailbox, clock: Clock) -> None:
    name = unique()
    sign_up(public, app, name, {"email": f"{name}@example.com"})
    for _ in range(MOST_RESENDS):
        resend(public, app, name)
    with refused("LimitExceededException", LIMIT_EXCEEDED):
        resend(public, app, name)
    assert len(mailbox.messages(name)) == 1 + MOST_RESENDS
    clock.advance(hours=1)
    resend(public, app, name)
    confirm(public, app, name, mailbox.code(name))


@pytest.mark.parametrize("status", ["FORCE_CHANGE_PASSWORD", "CONFIRMED"])
def test_no_code_for_a_user_who_needs_none(
    public: Any, app: Client, user_in: Statuses, mailbox: Mailbox, status: str
) -> None:
    name = user_in(status)
    with refused("InvalidParameterException", "User is already confirmed."):
        resend(public, app, name)
    assert mailbox.messages(name) == []


def test_no_code_where_nothing_is_verified(public: Any, plain_app: Client) -> None:
    name = unique()
    sign_up(public, plain_app, name, {"email": f"{name}@example.com"})
    with refused("InvalidParameterException", CANNOT_RESEND):
        resend(public, plain_app, name)


def test_no_code_without_an_address(public: Any, app: Client) -> None:
    name = unique()
    sign_up(public, app, name)
    with refused("InvalidParameterException"):
        resend(public, app, name)


# Users that do not exist


def test_legacy_client_tells_that_a_user_does_not_exist(public: Any, app: Client) -> None:
    name = unique()
    with refused("UserNotFoundException", NOT_FOUND):
        confirm(public, app, name, "123456")
    with refused("UserNotFoundException", NOT_FOUND):
        resend(public, app, name)


def test_user_of_another_pool_does_not_exist(public: Any, app: Client, plain_app: Client) -> None:
    name = unique()
    sign_up(public, plain_app, name)
    with refused("UserNotFoundException", NOT_FOUND):
        confirm(public, app, name, "123456")


def test_discreet_client_answers_a_wrong_code_alike(public: Any, discreet_app: Client) -> None:
    name = unique()
    sign_up(public, discreet_app, name, {"email": f"{name}@example.com"})
    for asked in (name, unique()):
        with refused("CodeMismatchException", CODE_MISMATCH):
            confirm(public, discreet_app, asked, "x")


@pytest.mark.parametrize(
    ("name", "destination"),
    [(unique(), r"[a-z]\*\*\*@[a-z]\*\*\*"), ("nobody@nowhere.example", r"n\*\*\*@n\*\*\*")],
    ids=["name", "address"],
)
def test_discreet_client_simulates_a_delivery_that_never_changes(
    public: Any, discreet_app: Client, mailbox: Mailbox, name: str, destination: str
) -> None:
    first, second = (without_metadata(resend(public, discreet_app, name)) for _ in range(2))
    assert first == second
    assert re.fullmatch(destination, first["CodeDeliveryDetails"].pop("Destination"))
    assert first == {"CodeDeliveryDetails": {"DeliveryMedium": "EMAIL", "AttributeName": "email"}}
    assert mailbox.messages(name) == []


def test_simulated_deliveries_of_different_names_differ(public: Any, discreet_app: Client) -> None:
    answers = {resend(public, discreet_app, unique())["CodeDeliveryDetails"]["Destination"] for _ in range(5)}
    assert len(answers) > 1


def test_simulated_delivery_follows_the_pool_and_the_form_of_the_name(idp: Any, public: Any) -> None:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email", "phone_number"])
    client = factories.make_client(idp, pool, PreventUserExistenceErrors="ENABLED")
    by_email = resend(public, client, "nobody@nowhere.example")["CodeDeliveryDetails"]
    assert (by_email["DeliveryMedium"], by_email["Destination"]) == ("EMAIL", "n***@n***")
    by_phone = resend(public, client, "+4915112349934")["CodeDeliveryDetails"]
    assert (by_phone["DeliveryMedium"], by_phone["Destination"]) == ("SMS", "+*********9934")
    by_name = resend(public, client, unique())["CodeDeliveryDetails"]
    assert re.fullmatch(r"\+\*+[0-9]{4}", by_name["Destination"])
    assert (by_name["DeliveryMedium"], by_name["AttributeName"]) == ("SMS", "phone_number")


@pytest.mark.parametrize("status", ["FORCE_CHANGE_PASSWORD", "CONFIRMED"])
def test_discreet_client_does_not_tell_that_an_account_is_in_use(
    public: Any, discreet_app: Client, user_in: Statuses, mailbox: Mailbox, status: str
) -> None:
    name = user_in(status)
    delivery = resend(public, discreet_app, name)["CodeDeliveryDetails"]
    assert delivery.keys() == {"Destination", "DeliveryMedium", "AttributeName"}
    assert mailbox.messages(name) == []


def test_discreet_client_sends_to_who_waits_for_a_code(public: Any, discreet_app: Client, mailbox: Mailbox) -> None:
    name = unique()
    sign_up(public, discreet_app, name, {"email": f"{name}@example.com"})
    resend(public, discreet_app, name)
    assert len(mailbox.messages(name)) == 2


def test_discreet_client_says_the_same_of_all_where_nothing_is_verified(
    idp: Any, public: Any, plain_pool: Pool
) -> None:
    client = factories.make_client(idp, plain_pool, PreventUserExistenceErrors="ENABLED")
    name = unique()
    sign_up(public, client, name)
    for asked in (name, unique()):
        with refused("InvalidParameterException", CANNOT_RESEND):
            resend(public, client, asked)


def test_unknown_names_are_limited_like_known_ones(public: Any, discreet_app: Client, clock: Clock) -> None:
    known, unknown = unique(), unique()
    sign_up(public, discreet_app, known, {"email": f"{known}@example.com"})
    for name in (known, unknown):
        for _ in range(MOST_RESENDS):
            resend(public, discreet_app, name)
        with refused("LimitExceededException", LIMIT_EXCEEDED):
            resend(public, discreet_app, name)
        for _ in range(MOST_CONFIRMATIONS):
            with refused("CodeMismatchException"):
                confirm(public, discreet_app, name, "x")
        with refused("LimitExceededException", LIMIT_EXCEEDED):
            confirm(public, discreet_app, name, "x")
    clock.advance(hours=1)
    for name in (known, unknown):
        resend(public, discreet_app, name)


def test_discreet_client_still_says_that_a_name_is_taken(public: Any, discreet_app: Client, user_in: Statuses) -> None:
    with refused("UsernameExistsException", "User already exists"):
        sign_up(public, discreet_app, user_in("CONFIRMED"))


# AdminConfirmSignUp


def test_administrator_confirms_without_verifying(
    idp: Any, public: Any, email_pool: Pool, app: Client, mailbox: Mailbox
) -> None:
    name = unique()
    sign_up(public, app, name, {"email": f"{name}@example.com"})
    assert without_metadata(idp.admin_confirm_sign_up(UserPoolId=email_pool["Id"], Username=name)) == {}
    user = idp.admin_get_user(UserPoolId=email_pool["Id"], Username=name)
    assert user["UserStatus"] == "CONFIRMED"
    assert attributes_of(user).get("email_verified", "false") == "false"
    assert factories.sign_in(public, app, name)
    with refused("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED"):
        confirm(public, app, name, mailbox.code(name))


def test_administrator_cannot_confirm_who_does_not_exist(idp: Any, email_pool: Pool) -> None:
    with refused("UserNotFoundException", "User does not exist."):
        idp.admin_confirm_sign_up(UserPoolId=email_pool["Id"], Username=unique())
    with refused("ResourceNotFoundException", "User pool us-east-1_NoSuchOne does not exist."):
        idp.admin_confirm_sign_up(UserPoolId="us-east-1_NoSuchOne", Username=unique())


def test_confirmation_by_administrator_needs_a_signature(public: Any, email_pool: Pool) -> None:
    with refused("MissingAuthenticationTokenException"):
        public.admin_confirm_sign_up(UserPoolId=email_pool["Id"], Username="someone")


# Attributes


NAMES = {"given_name": "Ada", "family_name": "Lovelace"}


def test_required_and_custom_attributes_are_kept(idp: Any, public: Any, schema_pool: Pool, schema_app: Client) -> None:
    name = unique()
    given = {
        **NAMES,
        "custom:role": "admin",
        "custom:company": "Analytical",
        "custom:level": "7",
        "custom:since": "2024-02-29",
        "custom:member": "true",
        "birthdate": "1815-12-10",
        "updated_at": "0",
    }
    sub = sign_up(public, schema_app, name, given)["UserSub"]
    user = idp.admin_get_user(UserPoolId=schema_pool["Id"], Username=name)
    assert attributes_of(user) == {"sub": sub, **given}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"given_name": "Ada"},
            "Attributes did not conform to the schema: family_name: The attribute is required\n",
        ),
        (
            {"given_name": "", "custom:role": "admin"},
            "Attributes did not conform to the schema: given_name: The attribute is required\n"
            "family_name: The attribute is required\n",
        ),
        ({**NAMES, "custom:nosuch": "x"}, "user.custom:nosuch: Attribute does not exist in the schema."),
        ({**NAMES, "role": "x"}, "Type for attribute {role} could not be determined"),
        ({**NAMES, "Email": "a@b.example"}, "Type for attribute {Email} could not be determined"),
        ({**NAMES, "sub": "x"}, "user.sub: Attribute cannot be updated."),
        ({**NAMES, "email": "nobody"}, "Invalid email address format."),
        ({**NAMES, "email": "a@b@c.example"}, "Invalid email address format."),
        ({**NAMES, "email": "a b@c.example"}, "Invalid email address format."),
        ({**NAMES, "email": "a@c.example\nBcc: x@y.example"}, "Invalid email address format."),
        ({**NAMES, "email": "a\x01@c.example"}, "Invalid email address format."),
        ({**NAMES, "phone_number": "015112349934"}, "Invalid phone number format."),
        ({**NAMES, "phone_number": "+49 151 12349934"}, "Invalid phone number format."),
        ({**NAMES, "phone_number": "+\u0664\u0669\u0661\u0665\u0661\u0661\u0662"}, "Invalid phone number format."),
        ({**NAMES, "phone_number": "+4915112349934\n"}, "Invalid phone number format."),
    ],
)
def test_attributes_must_conform(
    idp: Any, public: Any, schema_pool: Pool, schema_app: Client, given: dict[str, str], message: str
) -> None:
    name = unique()
    with refused("InvalidParameterException", message):
        sign_up(public, schema_app, name, given)
    assert_absent(idp, schema_pool, name)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("custom:role", "ninechars"),
        ("custom:level", "0"),
        ("custom:level", "10"),
        ("custom:level", "seven"),
        ("custom:level", "\u0667"),
        ("custom:level", "1e3"),
        ("custom:level", "NaN"),
        ("custom:member", "yes"),
        ("custom:since", "yesterday"),
        ("birthdate", "1815-12-1"),
        ("birthdate", "1815-12-100"),
        ("updated_at", "-1"),
    ],
)
def test_value_of_the_wrong_type_or_size_is_refused_by_name(
    idp: Any, public: Any, schema_pool: Pool, schema_app: Client, attribute: str, value: str
) -> None:
    name = unique()
    with refused("InvalidParameterException") as refusal:
        sign_up(public, schema_app, name, {**NAMES, attribute: value})
    assert refusal.message.startswith(f"Attributes did not conform to the schema: {attribute}: ")
    assert_absent(idp, schema_pool, name)


def test_all_that_does_not_conform_is_named_at_once(public: Any, schema_app: Client) -> None:
    with refused("InvalidParameterException") as refusal:
        sign_up(public, schema_app, unique(), {**NAMES, "custom:level": "0", "custom:role": "ninechars"})
    lines = refusal.message.removeprefix("Attributes did not conform to the schema: ").splitlines()
    assert {line.partition(": ")[0] for line in lines} == {"custom:level", "custom:role"}


@pytest.mark.parametrize("value", ["True", "TRUE", "true"])
def test_booleans_are_kept_as_lower_case_text(
    idp: Any, public: Any, schema_pool: Pool, schema_app: Client, value: str
) -> None:
    name = unique()
    sign_up(public, schema_app, name, {**NAMES, "custom:member": value})
    user = idp.admin_get_user(UserPoolId=schema_pool["Id"], Username=name)
    assert attributes_of(user)["custom:member"] == "true"


@pytest.mark.parametrize("attribute", ["email_verified", "phone_number_verified", "dev:custom:score"])
def test_users_cannot_write_what_is_not_theirs(
    idp: Any, public: Any, schema_pool: Pool, schema_app: Client, attribute: str
) -> None:
    name = unique()
    with refused("NotAuthorizedException", UNAUTHORIZED_ATTRIBUTE):
        sign_up(public, schema_app, name, {**NAMES, attribute: "true"})
    assert_absent(idp, schema_pool, name)


def test_client_limits_what_users_may_write(idp: Any, public: Any, schema_pool: Pool) -> None:
    client = factories.make_client(
        idp, schema_pool, WriteAttributes=["given_name", "family_name", "custom:company", "email"]
    )
    refused_name, name = unique(), unique()
    for attribute in ("custom:role", "nickname"):
        with refused("NotAuthorizedException", UNAUTHORIZED_ATTRIBUTE):
            sign_up(public, client, refused_name, {**NAMES, attribute: "x"})
    assert_absent(idp, schema_pool, refused_name)
    sign_up(public, client, name, {**NAMES, "custom:company": "Analytical"})
    user = idp.admin_get_user(UserPoolId=schema_pool["Id"], Username=name)
    assert attributes_of(user)["custom:company"] == "Analytical", "immutable means: written once, here"


def test_blank_values_are_no_values(idp: Any, public: Any, plain_pool: Pool, plain_app: Client) -> None:
    name = unique()
    sub = sign_up(public, plain_app, name, {"email": "", "nickname": "", "name": "Ada"})["UserSub"]
    user = idp.admin_get_user(UserPoolId=plain_pool["Id"], Username=name)
    assert attributes_of(user) == {"sub": sub, "name": "Ada"}


# Hostile values


def assert_absent(idp: Any, pool: Pool, name: str) -> None:
    with refused("UserNotFoundException", "User does not exist."):
        idp.admin_get_user(UserPoolId=pool["Id"], Username=name)


@pytest.mark.parametrize(
    "name",
    ["x" * 129, "two words", "tab\there", "line\nbreak", "zero\u200bwidth", "turned\u202eback", "bell\x07", " "],
)
def test_name_that_breaks_a_constraint_is_not_shown_again(public: Any, plain_app: Client, name: str) -> None:
    with refused("InvalidParameterException") as refusal:
        sign_up(public, plain_app, name)
    assert refusal.message.startswith("1 validation error detected: Value at 'username' failed to satisfy constraint: ")
    assert name == " " or name not in refusal.message


def test_empty_name_breaks_two_constraints(public: Any, plain_app: Client) -> None:
    with refused("InvalidParameterException") as refusal:
        sign_up(public, plain_app, "")
    assert refusal.message.startswith(
        "2 validation errors detected: Value at 'username' failed to satisfy constraint: "
    )


@pytest.mark.parametrize(
    "name",
    [
        "x" * 128,
        "漢" * 128,
        "😀" * 128,
        "İ" * 128,
        "e\u0301",
        "é",
        "\u0430",
        "a",
        "<b>&'\"",
        "%00",
        "../..",
        "{####}",
        "null",
    ],
)
def test_strange_names_are_names(idp: Any, public: Any, plain_pool: Pool, plain_app: Client, name: str) -> None:
    """Look-alikes (composed and combining, Latin and Cyrillic) are different users."""
    sub = sign_up(public, plain_app, name)["UserSub"]
    user = idp.admin_get_user(UserPoolId=plain_pool["Id"], Username=name)
    assert (user["Username"], attributes_of(user)["sub"]) == (name, sub)


@pytest.mark.parametrize("value", ["x" * 2048, "😀" * 1024, "漢" * 2048, "line\nbreak\r\n", "\u202e", " "])
def test_strange_values_come_back_unchanged(
    idp: Any, public: Any, plain_pool: Pool, plain_app: Client, value: str
) -> None:
    name = unique()
    sign_up(public, plain_app, name, {"nickname": value})
    user = idp.admin_get_user(UserPoolId=plain_pool["Id"], Username=name)
    assert attributes_of(user)["nickname"] == value


def test_value_that_is_too_long_breaks_a_constraint(idp: Any, public: Any, plain_pool: Pool, plain_app: Client) -> None:
    name = unique()
    with refused(
        "InvalidParameterException",
        "1 validation error detected: Value at 'userAttributes.1.member.value' failed to satisfy constraint: "
        "Member must have length less than or equal to 2048",
    ):
        sign_up(public, plain_app, name, {"nickname": "x" * 2049})
    assert_absent(idp, plain_pool, name)


@pytest.mark.parametrize("poison", [r"\u0000", r"\ud800", r"\udfff\ud800"], ids=["null", "surrogate", "swapped"])
@pytest.mark.parametrize("member", ["Username", "Password", "Value", "Name", "ValidationData", "ClientMetadata"])
def test_what_no_database_takes_is_refused_before_it_gets_there(
    idp: Any, server: Server, plain_pool: Pool, plain_app: Client, poison: str, member: str
) -> None:
    name = unique()
    value = {"Username": name, "Password": PASSWORD, "Value": "Ada", "Name": "nickname", "ValidationData": "x"}
    value |= {"ClientMetadata": "x"}
    value[member] += poison
    body = (
        f'{{"ClientId": "{plain_app["ClientId"]}", "Username": "{value["Username"]}", '
        f'"Password": "{value["Password"]}", '
        f'"UserAttributes": [{{"Name": "{value["Name"]}", "Value": "{value["Value"]}"}}], '
        f'"ValidationData": [{{"Name": "v", "Value": "{value["ValidationData"]}"}}], '
        f'"ClientMetadata": {{"{value["ClientMetadata"]}": "y"}}}}'
    )
    answer = clients.post(server, "SignUp", body)
    assert answer.status_code == 400
    assert answer.json()["__type"] in {"SerializationException", "InvalidParameterException"}
    assert_absent(idp, plain_pool, name)


def test_refusal_that_quotes_a_name_carries_no_header(server: Server, plain_app: Client) -> None:
    body = {
        "ClientId": plain_app["ClientId"],
        "Username": unique(),
        "Password": PASSWORD,
        "UserAttributes": [{"Name": "a\r\nX-Planted: b", "Value": "x"}],
    }
    answer = clients.post(server, "SignUp", json.dumps(body))
    assert answer.json()["message"] == "Type for attribute {a\r\nX-Planted: b} could not be determined"
    assert answer.headers["x-amzn-ErrorType"] == "InvalidParameterException:"
    assert "X-Planted" not in answer.headers


def test_confirmation_gives_a_session_to_go_on_with_whether_or_not_it_brings_that_of_the_sign_up(
    idp: Any, public: Any, mailbox: Mailbox
) -> None:
    """Source: ConfirmSignUp, Session. aws-amplify 6 sends none, and signs in with the one in the answer."""
    factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"], Policies=factors)
    client = factories.make_client(idp, pool, ExplicitAuthFlows=["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])
    for name, brings_it in (("alice", True), ("bob", False)):
        address = factories.address_of(pool, name)
        named = {"ClientId": client["ClientId"], "Username": name}
        email = [{"Name": "email", "Value": address}]
        begun = public.sign_up(**named, Password=PASSWORD, UserAttributes=email)["Session"]
        brought = {"Session": begun} if brings_it else {}
        session = public.confirm_sign_up(**named, ConfirmationCode=mailbox.code(address), **brought)["Session"]
        sign_in = {"ClientId": client["ClientId"], "AuthFlow": "USER_AUTH", "AuthParameters": {"USERNAME": name}}
        tokens = public.initiate_auth(**sign_in, Session=session)["AuthenticationResult"]
        assert factories.claims_of(tokens["AccessToken"])["username"] == name
        with refused("NotAuthorizedException", "Invalid session for the user, session can only be used once."):
            public.initiate_auth(**sign_in, Session=session)


def test_clients_that_do_not_begin_with_a_choice_get_no_session(public: Any, app: Client, mailbox: Mailbox) -> None:
    name, address = unique(), f"{unique()}@example.com"
    named = {"ClientId": app["ClientId"], "Username": name}
    email = [{"Name": "email", "Value": address}]
    assert "Session" not in public.sign_up(**named, Password=PASSWORD, UserAttributes=email)
    assert "Session" not in public.confirm_sign_up(**named, ConfirmationCode=mailbox.code(address))
