"""AdminCreateUser, AdminGetUser, GetUser, AdminDeleteUser and DeleteUser."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support import clients, factories
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, attributes_of, unique
from tests.support.mailbox import Mailbox
from tests.support.server import Server

NOT_FOUND = "User does not exist."
NO_POOL = "us-east-1_NoSuchOne"

Client = dict[str, Any]
Pool = dict[str, Any]


@pytest.fixture(scope="module")
def pool(idp: Any) -> Pool:
    """Shared by the tests of this module: every user of theirs has a name of its own."""
    return factories.make_pool(
        idp,
        AutoVerifiedAttributes=["email"],
        Schema=[
            {"Name": "family_name", "Required": True},
            {"Name": "role", "AttributeDataType": "String"},
            {"Name": "company", "AttributeDataType": "String", "Mutable": False},
            {"Name": "score", "AttributeDataType": "String", "DeveloperOnlyAttribute": True},
        ],
    )


@pytest.fixture(scope="module")
def client(idp: Any, pool: Pool) -> Client:
    return factories.make_client(idp, pool)


def as_members(attributes: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def create(idp: Any, pool: Pool, username: str, attributes: dict[str, str] | None = None, **members: Any) -> Any:
    listed = as_members(attributes or {})
    return idp.admin_create_user(UserPoolId=pool["Id"], Username=username, UserAttributes=listed, **members)["User"]


def values(user: dict[str, Any]) -> dict[str, str]:
    """The attributes of AdminCreateUser's answer."""
    return attributes_of({"UserAttributes": user["Attributes"]})


def assert_absent(idp: Any, pool: Pool, name: str) -> None:
    with refused("UserNotFoundException", NOT_FOUND):
        idp.admin_get_user(UserPoolId=pool["Id"], Username=name)


# AdminCreateUser


def test_created_user_is_answered_whole(idp: Any, pool: Pool) -> None:
    name = unique()
    given = {"email": f"{name}@example.com", "email_verified": "true", "family_name": "Lovelace", "custom:role": "x"}
    before = datetime.now(UTC) - timedelta(seconds=1)
    user = create(idp, pool, name, given, MessageAction="SUPPRESS")
    assert user.keys() == {
        "Username",
        "Attributes",
        "UserCreateDate",
        "UserLastModifiedDate",
        "Enabled",
        "UserStatus",
    }
    assert (user["Username"], user["Enabled"], user["UserStatus"]) == (name, True, "FORCE_CHANGE_PASSWORD")
    assert user["UserCreateDate"] == user["UserLastModifiedDate"]
    assert before < user["UserCreateDate"] < datetime.now(UTC) + timedelta(seconds=1)
    attributes = values(user)
    assert attributes.pop("sub")
    assert attributes == given

    read = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
    read.pop("ResponseMetadata")
    assert attributes_of({"UserAttributes": read.pop("UserAttributes")}) == values(user)
    assert read == {name: value for name, value in user.items() if name != "Attributes"}


def test_created_user_is_asked_for_a_password_at_sign_in(public: Any, idp: Any, pool: Pool, client: Client) -> None:
    name = unique()
    create(idp, pool, name, {"family_name": "Lovelace"}, TemporaryPassword=PASSWORD)
    answer = public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )
    assert answer["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert "AuthenticationResult" not in answer


def test_taken_name_is_refused(idp: Any, pool: Pool) -> None:
    name = unique()
    sub = values(create(idp, pool, name))["sub"]
    with refused("UsernameExistsException", "User account already exists"):
        create(idp, pool, name, {"custom:role": "other"})
    assert attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=name)) == {"sub": sub}


def test_closed_pool_is_open_to_administrators(idp: Any) -> None:
    pool = factories.make_pool(idp, AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})
    assert create(idp, pool, unique())["UserStatus"] == "FORCE_CHANGE_PASSWORD"


def test_required_attributes_may_be_left_to_the_user(public: Any, idp: Any, pool: Pool, client: Client) -> None:
    """Source: AdminCreateUser, UserAttributes: the administrator supplies them, or the user with the new password."""
    name = unique()
    create(idp, pool, name, TemporaryPassword=PASSWORD)
    answer = public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )
    assert answer["ChallengeParameters"]["requiredAttributes"] == '["userAttributes.family_name"]'


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"custom:nosuch": "x"}, "user.custom:nosuch: Attribute does not exist in the schema."),
        ({"dev:custom:nosuch": "x"}, "user.dev:custom:nosuch: Attribute does not exist in the schema."),
        ({"role": "x"}, "Type for attribute {role} could not be determined"),
        ({"sub": "x"}, "user.sub: Attribute cannot be updated."),
        ({"email": "nobody"}, "Invalid email address format."),
        ({"phone_number": "110"}, "Invalid phone number format."),
        ({"email_verified": "maybe"}, None),
        ({"email_verified": "true"}, None),
        ({"phone_number_verified": "true", "email": "a@b.example"}, None),
    ],
)
def test_attributes_must_conform(idp: Any, pool: Pool, attributes: dict[str, str], message: str | None) -> None:
    name = unique()
    with refused("InvalidParameterException", message):
        create(idp, pool, name, attributes)
    assert_absent(idp, pool, name)


@pytest.mark.parametrize(("given", "kept"), [("True", "true"), ("FALSE", "false"), ("true", "true")])
def test_verified_flags_are_kept_as_lower_case_text(idp: Any, pool: Pool, given: str, kept: str) -> None:
    name = unique()
    create(idp, pool, name, {"email": f"{name}@example.com", "email_verified": given}, MessageAction="SUPPRESS")
    assert attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=name))["email_verified"] == kept


def test_administrators_write_what_users_cannot(idp: Any, pool: Pool) -> None:
    name = unique()
    given = {"dev:custom:score": "7", "custom:company": "Analytical", "phone_number": "+4915112349934"}
    given |= {"phone_number_verified": "true"}
    user = create(idp, pool, name, given, MessageAction="SUPPRESS")
    assert {**values(user), "sub": ""} == {**given, "sub": ""}


@pytest.mark.parametrize(
    ("password", "rule"),
    [("Sh0rt-!", "Password not long enough"), ("correct-horse-1", "Password must have uppercase characters")],
)
def test_temporary_password_must_satisfy_the_policy(idp: Any, pool: Pool, password: str, rule: str) -> None:
    name = unique()
    with refused("InvalidPasswordException", f"Password did not conform with policy: {rule}"):
        create(idp, pool, name, TemporaryPassword=password)
    assert_absent(idp, pool, name)


# Invitations


def test_invitation_goes_by_sms_unless_asked_otherwise(
    public: Any, idp: Any, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    name = unique()
    phone = "+4915112340001"
    create(idp, pool, name, {"email": f"{name}@example.com", "phone_number": phone, "family_name": "x"})
    [message] = mailbox.messages(name)
    assert (message["channel"], message["to"]) == ("SMS", phone)
    assert message["body"].strip() == f"Your username is {name} and temporary password is {message['code']}."
    answer = public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": message["code"]},
    )
    assert answer["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_nothing_is_sent_by_default_to_who_has_no_phone(idp: Any, pool: Pool, mailbox: Mailbox) -> None:
    name = unique()
    create(idp, pool, name, {"email": f"{name}@example.com"})
    assert mailbox.messages(name) == []


@pytest.mark.parametrize("mediums", [["EMAIL"], ["SMS"], ["EMAIL", "SMS"], ["SMS", "EMAIL", "SMS"]])
def test_invitation_goes_where_it_was_asked_to(idp: Any, pool: Pool, mailbox: Mailbox, mediums: list[str]) -> None:
    name = unique()
    create(
        idp,
        pool,
        name,
        {"email": f"{name}@example.com", "phone_number": "+4915112340002"},
        DesiredDeliveryMediums=mediums,
        TemporaryPassword=PASSWORD,
    )
    messages = mailbox.messages(name)
    assert sorted(message["channel"] for message in messages) == sorted(set(mediums))
    assert {message["code"] for message in messages} == {PASSWORD}


def test_suppressed_invitation_is_not_sent(idp: Any, pool: Pool, mailbox: Mailbox) -> None:
    name = unique()
    create(
        idp,
        pool,
        name,
        {"email": f"{name}@example.com"},
        MessageAction="SUPPRESS",
        DesiredDeliveryMediums=["EMAIL"],
    )
    assert mailbox.messages(name) == []


@pytest.mark.parametrize(
    ("mediums", "message"),
    [
        (["SMS"], "User does not have a valid phone number"),
        (["EMAIL", "SMS"], "User does not have a valid phone number"),
        (["PIGEON"], None),
    ],
)
def test_medium_without_an_address_creates_nobody(
    idp: Any, pool: Pool, mailbox: Mailbox, mediums: list[str], message: str | None
) -> None:
    name = unique()
    with refused("InvalidParameterException", message):
        create(idp, pool, name, {"email": f"{name}@example.com"}, DesiredDeliveryMediums=mediums)
    assert_absent(idp, pool, name)
    assert mailbox.messages(name) == []


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"MinimumLength": 99, "RequireSymbols": True, "RequireNumbers": True, "RequireUppercase": True},
        {"MinimumLength": 6},
    ],
)
def test_generated_password_satisfies_the_policy(idp: Any, mailbox: Mailbox, policy: dict[str, Any]) -> None:
    pool = factories.make_pool(idp, **({"Policies": {"PasswordPolicy": policy}} if policy else {}))
    passwords = set()
    for _ in range(5):
        name = unique()
        create(idp, pool, name, {"email": f"{name}@example.com"}, DesiredDeliveryMediums=["EMAIL"])
        password = mailbox.code(name)
        idp.admin_set_user_password(UserPoolId=pool["Id"], Username=name, Password=password, Permanent=True)
        passwords.add(password)
    assert len(passwords) == 5


# RESEND


def test_resent_invitation_brings_a_new_password_and_ends_the_old(
    public: Any, idp: Any, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    name = unique()
    email = {"email": f"{name}@example.com"}
    create(idp, pool, name, {**email, "family_name": "x"}, DesiredDeliveryMediums=["EMAIL"])
    first = mailbox.code(name)
    user = create(idp, pool, name, MessageAction="RESEND", DesiredDeliveryMediums=["EMAIL"])
    second = mailbox.code(name)
    assert first != second
    assert (user["Username"], user["UserStatus"]) == (name, "FORCE_CHANGE_PASSWORD")
    assert len(mailbox.messages(name)) == 2
    with refused("NotAuthorizedException", "Incorrect username or password."):
        factories.sign_in(public, client, name, first)
    answer = public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": second},
    )
    assert answer["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_resent_invitation_may_bring_a_chosen_password(idp: Any, pool: Pool, mailbox: Mailbox) -> None:
    name = unique()
    create(idp, pool, name, {"email": f"{name}@example.com"})
    members = {"MessageAction": "RESEND", "DesiredDeliveryMediums": ["EMAIL"]}
    with refused("InvalidPasswordException"):
        create(idp, pool, name, TemporaryPassword="short", **members)
    create(idp, pool, name, TemporaryPassword="Chosen-Horse-3", **members)
    assert mailbox.code(name) == "Chosen-Horse-3"


def test_resent_invitation_goes_where_it_was_asked_to(idp: Any, pool: Pool, mailbox: Mailbox) -> None:
    name = unique()
    given = {"email": f"{name}@example.com", "phone_number": "+4915112340003"}
    create(idp, pool, name, given, MessageAction="SUPPRESS")
    for mediums in (["EMAIL"], ["SMS"], ["SMS", "EMAIL"]):
        before = len(mailbox.messages(name))
        create(idp, pool, name, MessageAction="RESEND", DesiredDeliveryMediums=mediums)
        new = mailbox.messages(name)[: len(mailbox.messages(name)) - before]
        assert sorted(message["channel"] for message in new) == sorted(mediums)
        assert len({message["code"] for message in new}) == 1, "one password by all channels"
        assert {message["kind"] for message in new} == {"AdminCreateUser"}
    create(idp, pool, name, MessageAction="RESEND")
    assert mailbox.messages(name)[0]["channel"] == "SMS"


def test_invitation_that_cannot_be_resent_leaves_the_password(
    public: Any, idp: Any, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    name = unique()
    create(idp, pool, name, {"family_name": "x"}, TemporaryPassword=PASSWORD)
    for medium, noun in (("SMS", "phone number"), ("EMAIL", "email")):
        with refused("InvalidParameterException", f"User does not have a valid {noun}"):
            create(idp, pool, name, MessageAction="RESEND", DesiredDeliveryMediums=[medium])
    with refused("InvalidPasswordException"):
        create(idp, pool, name, MessageAction="RESEND", TemporaryPassword="short")
    answer = public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )
    assert answer["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert mailbox.messages(name) == []


def test_resending_changes_the_password_and_nothing_else(idp: Any, pool: Pool) -> None:
    name = unique()
    made = create(idp, pool, name, {"email": f"{name}@example.com", "family_name": "Lovelace"})
    resent = create(idp, pool, name, {"family_name": "Other", "custom:role": "x"}, MessageAction="RESEND")
    assert values(resent) == values(made)
    assert resent.keys() == made.keys()
    assert (resent["UserCreateDate"], resent["Enabled"]) == (made["UserCreateDate"], True)


@pytest.mark.parametrize(
    ("form", "make_name", "medium"),
    [
        ("email", lambda: f"{unique()}@example.com", "EMAIL"),
        ("phone_number", lambda: f"+49151{uuid.uuid4().int % 10**9:09}", "SMS"),
    ],
)
def test_invitation_names_the_address_that_is_the_user_name(
    idp: Any, mailbox: Mailbox, form: str, make_name: Callable[[], str], medium: str
) -> None:
    pool = factories.make_pool(idp, UsernameAttributes=[form])
    name = make_name()
    user = create(idp, pool, name, DesiredDeliveryMediums=[medium])
    assert user["Username"] == values(user)["sub"]
    for known_as in (name, user["Username"]):
        create(idp, pool, known_as, MessageAction="RESEND", DesiredDeliveryMediums=[medium])
    messages = mailbox.messages(name)
    assert len(messages) == 3
    for message in messages:
        assert message["body"].strip() == f"Your username is {name} and temporary password is {message['code']}."


def test_generated_password_of_a_suppressed_invitation_is_nowhere(idp: Any, pool: Pool, mailbox: Mailbox) -> None:
    """Whoever suppresses the message sets a password of their own, or has the invitation resent."""
    name = unique()
    answer = create(idp, pool, name, {"email": f"{name}@example.com"}, MessageAction="SUPPRESS")
    assert "password" not in str(answer).lower().replace("force_change_password", "")
    assert mailbox.messages(name) == []
    create(idp, pool, name, MessageAction="RESEND", DesiredDeliveryMediums=["EMAIL"])
    assert len(mailbox.messages(name)) == 1


def test_message_action_is_one_of_two(idp: Any, pool: Pool) -> None:
    name = unique()
    with refused("InvalidParameterException"):
        create(idp, pool, name, MessageAction="WHISPER")
    assert_absent(idp, pool, name)


def test_nothing_is_resent_to_who_does_not_exist(idp: Any, pool: Pool) -> None:
    name = unique()
    with refused("UserNotFoundException", NOT_FOUND):
        create(idp, pool, name, MessageAction="RESEND")
    assert_absent(idp, pool, name)


@pytest.mark.parametrize("status", ["UNCONFIRMED", "CONFIRMED"])
def test_nothing_is_resent_to_who_was_not_invited(
    public: Any, idp: Any, pool: Pool, client: Client, status: str
) -> None:
    name = unique()
    public.sign_up(
        ClientId=client["ClientId"],
        Username=name,
        Password=PASSWORD,
        UserAttributes=as_members({"family_name": "x"}),
    )
    if status == "CONFIRMED":
        idp.admin_confirm_sign_up(UserPoolId=pool["Id"], Username=name)
    with refused("UnsupportedUserStateException", f"Resend not possible. {name} status is not FORCE_CHANGE_PASSWORD"):
        create(idp, pool, name, MessageAction="RESEND")


# AdminGetUser, GetUser


def test_missing_user_and_missing_pool_are_told_apart(idp: Any, pool: Pool) -> None:
    assert_absent(idp, pool, unique())
    with refused("ResourceNotFoundException", f"User pool {NO_POOL} does not exist."):
        idp.admin_get_user(UserPoolId=NO_POOL, Username=unique())


def test_pool_of_another_region_does_not_exist(server: Server, pool: Pool) -> None:
    elsewhere = clients.idp(server, region="eu-west-1")
    for operation in (elsewhere.admin_get_user, elsewhere.admin_delete_user, elsewhere.admin_create_user):
        with refused("ResourceNotFoundException", f"User pool {pool['Id']} does not exist."):
            operation(UserPoolId=pool["Id"], Username="someone")


def test_operators_are_no_users_of_a_pool(idp: Any) -> None:
    for operation in (idp.admin_get_user, idp.admin_delete_user, idp.admin_create_user):
        with refused("ResourceNotFoundException"):
            operation(UserPoolId="gatehouse_operators", Username="operator")
    with refused("ResourceNotFoundException"):
        idp.admin_set_user_password(UserPoolId="gatehouse_operators", Username="operator", Password=PASSWORD)


@pytest.mark.parametrize("operation", ["admin_get_user", "admin_delete_user", "admin_create_user"])
def test_administration_needs_a_signature(public: Any, pool: Pool, operation: str) -> None:
    with refused("MissingAuthenticationTokenException"):
        getattr(public, operation)(UserPoolId=pool["Id"], Username="someone")


def test_user_sees_attributes_but_no_status(public: Any, idp: Any, pool: Pool, client: Client) -> None:
    name = factories.make_user(idp, pool, email="a@b.example", family_name="Lovelace", **{"custom:role": "admin"})
    token = factories.sign_in(public, client, name)["AccessToken"]
    me = public.get_user(AccessToken=token)
    me.pop("ResponseMetadata")
    shown = attributes_of(me)
    assert shown.pop("sub")
    assert shown == {"email": "a@b.example", "family_name": "Lovelace", "custom:role": "admin"}
    assert me.keys() == {"Username", "UserAttributes"}
    assert me["Username"] == name


def test_user_sees_what_the_client_may_read(public: Any, idp: Any, pool: Pool) -> None:
    narrow = factories.make_client(idp, pool, ReadAttributes=["family_name", "custom:company"])
    name = factories.make_user(
        idp, pool, email="a@b.example", family_name="Lovelace", **{"custom:role": "x", "custom:company": "y"}
    )
    shown = attributes_of(public.get_user(AccessToken=factories.sign_in(public, narrow, name)["AccessToken"]))
    assert shown.keys() == {"sub", "family_name", "custom:company"}


def test_developers_attributes_are_for_administrators_only(public: Any, idp: Any, pool: Pool, client: Client) -> None:
    name = factories.make_user(idp, pool, family_name="x", **{"dev:custom:score": "7"})
    shown = attributes_of(public.get_user(AccessToken=factories.sign_in(public, client, name)["AccessToken"]))
    assert shown.keys() == {"sub", "family_name"}
    all_of_them = attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=name))
    assert all_of_them["dev:custom:score"] == "7"


# AdminDeleteUser, DeleteUser


def _by_administrator(idp: Any, public: Any, pool: Pool, name: str, token: str) -> Any:
    return idp.admin_delete_user(UserPoolId=pool["Id"], Username=name)


def _by_themselves(idp: Any, public: Any, pool: Pool, name: str, token: str) -> Any:
    return public.delete_user(AccessToken=token)


@pytest.mark.parametrize("delete", [_by_administrator, _by_themselves])
def test_deleted_user_is_gone_with_all_tokens(
    public: Any, idp: Any, pool: Pool, client: Client, delete: Callable[..., Any]
) -> None:
    name = factories.make_user(idp, pool)
    tokens = factories.sign_in(public, client, name)
    answer = delete(idp, public, pool, name, tokens["AccessToken"])
    assert answer.keys() == {"ResponseMetadata"}
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-length"] == "0"
    assert_absent(idp, pool, name)
    for operation in (public.get_user, public.delete_user):
        with refused("UserNotFoundException", NOT_FOUND):
            operation(AccessToken=tokens["AccessToken"])
    with refused("UserNotFoundException", NOT_FOUND):
        factories.sign_in(public, client, name)
    with refused("NotAuthorizedException"):
        public.initiate_auth(
            ClientId=client["ClientId"],
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
        )
    with refused("UserNotFoundException", NOT_FOUND):
        idp.admin_delete_user(UserPoolId=pool["Id"], Username=name)


def test_name_of_a_deleted_user_can_be_used_by_another(public: Any, idp: Any, pool: Pool, client: Client) -> None:
    name = factories.make_user(idp, pool, family_name="First")
    token = factories.sign_in(public, client, name)["AccessToken"]
    first = attributes_of(public.get_user(AccessToken=token))["sub"]
    public.delete_user(AccessToken=token)
    factories.make_user(idp, pool, name, family_name="Second")
    second = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
    assert attributes_of(second)["sub"] != first
    assert attributes_of(second)["family_name"] == "Second"
    assert_absent(idp, pool, first)
    with refused("UserNotFoundException", NOT_FOUND):
        public.get_user(AccessToken=token)
    with refused("UserNotFoundException", NOT_FOUND):
        public.delete_user(AccessToken=token)
    assert idp.admin_get_user(UserPoolId=pool["Id"], Username=name)


@pytest.mark.parametrize("status", ["UNCONFIRMED", "FORCE_CHANGE_PASSWORD"])
def test_user_in_any_status_can_be_deleted(public: Any, idp: Any, pool: Pool, client: Client, status: str) -> None:
    name = unique()
    if status == "UNCONFIRMED":
        attributes = as_members({"family_name": "x", "email": f"{name}@example.com"})
        public.sign_up(ClientId=client["ClientId"], Username=name, Password=PASSWORD, UserAttributes=attributes)
    else:
        create(idp, pool, name, TemporaryPassword=PASSWORD)
        public.initiate_auth(
            ClientId=client["ClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )
    idp.admin_delete_user(UserPoolId=pool["Id"], Username=name)
    assert_absent(idp, pool, name)


def test_limits_of_a_deleted_user_do_not_meet_the_next(
    public: Any, idp: Any, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    name = unique()
    for _ in range(2):
        attributes = as_members({"family_name": "x", "email": f"{name}@example.com"})
        public.sign_up(ClientId=client["ClientId"], Username=name, Password=PASSWORD, UserAttributes=attributes)
        for _ in range(5):
            public.resend_confirmation_code(ClientId=client["ClientId"], Username=name)
        with refused("LimitExceededException"):
            public.resend_confirmation_code(ClientId=client["ClientId"], Username=name)
        idp.admin_delete_user(UserPoolId=pool["Id"], Username=name)


@pytest.mark.parametrize("operation", ["get_user", "delete_user"])
@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "e30.e30.e30"])
def test_what_is_no_access_token_is_refused(public: Any, operation: str, token: str) -> None:
    with refused("NotAuthorizedException", "Invalid Access Token"):
        getattr(public, operation)(AccessToken=token)


def test_expired_token_deletes_nobody(public: Any, idp: Any, pool: Pool, client: Client, clock: Clock) -> None:
    name = factories.make_user(idp, pool)
    token = factories.sign_in(public, client, name)["AccessToken"]
    clock.advance(hours=1)
    with refused("NotAuthorizedException", "Access Token has expired"):
        public.delete_user(AccessToken=token)
    assert idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
