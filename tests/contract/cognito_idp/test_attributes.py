"""Attributes after sign-up: what users and administrators may write and delete, and what is refused."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest

from tests.support import factories
from tests.support.clients import refused
from tests.support.factories import attributes_of, unique
from tests.support.mailbox import Mailbox

NOT_CONFORMING = "Attributes did not conform to the schema: "
UNAUTHORIZED = "A client attempted to write unauthorized attribute"

Client = dict[str, Any]
Pool = dict[str, Any]
Update = Callable[..., None]


def _custom(name: str, kind: str = "String", **members: Any) -> dict[str, Any]:
    return {"Name": name, "AttributeDataType": kind, **members}


@pytest.fixture(scope="module")
def pool(idp: Any) -> Pool:
    return factories.make_pool(
        idp,
        Schema=[
            _custom("family_name", Required=True),
            _custom("gender", Mutable=False),
            _custom("role", StringAttributeConstraints={"MinLength": "2", "MaxLength": "5"}),
            _custom("company", Mutable=False),
            _custom("score", DeveloperOnlyAttribute=True),
            _custom("level", "Number", NumberAttributeConstraints={"MinValue": "1", "MaxValue": "10"}),
            _custom("since", "DateTime"),
            _custom("member", "Boolean"),
        ],
    )


@pytest.fixture(scope="module")
def client(idp: Any, pool: Pool) -> Client:
    return factories.make_client(idp, pool)


@pytest.fixture
def name(idp: Any, pool: Pool) -> str:
    given = {"nickname": "Ada", "family_name": "L", "gender": "f", "custom:company": "ACME", "custom:role": "chief"}
    return factories.make_user(idp, pool, unique(), email="ada@example.com", email_verified="true", **given)


@pytest.fixture
def token(public: Any, client: Client, name: str) -> str:
    return str(factories.sign_in(public, client, name)["AccessToken"])


@pytest.fixture(params=["user", "administrator"])
def update(request: Any, idp: Any, public: Any, pool: Pool, name: str, token: str) -> Update:
    """The operation that users have for it, and the one that administrators have."""

    def by_user(given: dict[str, str]) -> None:
        public.update_user_attributes(AccessToken=token, UserAttributes=members(given))

    def by_administrator(given: dict[str, str]) -> None:
        idp.admin_update_user_attributes(UserPoolId=pool["Id"], Username=name, UserAttributes=members(given))

    return by_user if request.param == "user" else by_administrator


@pytest.fixture(params=["user", "administrator"])
def delete(request: Any, idp: Any, public: Any, pool: Pool, name: str, token: str) -> Update:
    def by_user(*names: str) -> None:
        public.delete_user_attributes(AccessToken=token, UserAttributeNames=list(names))

    def by_administrator(*names: str) -> None:
        idp.admin_delete_user_attributes(UserPoolId=pool["Id"], Username=name, UserAttributeNames=list(names))

    return by_user if request.param == "user" else by_administrator


def members(given: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in given.items()]


def held(idp: Any, pool: Pool, name: str) -> dict[str, str]:
    return attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=name))


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def listed(idp: Any, pool: Pool, condition: str) -> list[str]:
    return [user["Username"] for user in idp.list_users(UserPoolId=pool["Id"], Filter=condition)["Users"]]


# Update


def test_update_adds_changes_and_leaves_the_rest(idp: Any, pool: Pool, name: str, update: Update) -> None:
    before = held(idp, pool, name)
    given = {
        "nickname": "Countess",
        "website": "https://example.com",
        "custom:role": "boss",
        "custom:level": "7",
        "custom:since": "2024-02-29T12:00:00Z",
        "custom:member": "True",
        "address": "12 St James's Square\nLondon",
    }
    update(given)
    assert held(idp, pool, name) == {**before, **given, "custom:member": "true"}


def test_blank_value_deletes(idp: Any, pool: Pool, name: str, update: Update) -> None:
    update({"nickname": "", "custom:role": "", "website": ""})
    assert {"nickname", "custom:role", "website"}.isdisjoint(held(idp, pool, name))


def test_value_may_be_left_out_to_delete(idp: Any, public: Any, pool: Pool, name: str, token: str) -> None:
    public.update_user_attributes(AccessToken=token, UserAttributes=[{"Name": "nickname"}])
    assert "nickname" not in held(idp, pool, name)


def test_blank_address_takes_its_flag_along(idp: Any, pool: Pool, name: str, update: Update) -> None:
    update({"email": ""})
    assert {"email", "email_verified"}.isdisjoint(held(idp, pool, name))


def test_of_a_name_given_twice_the_last_value_counts(idp: Any, public: Any, pool: Pool, name: str, token: str) -> None:
    public.update_user_attributes(
        AccessToken=token, UserAttributes=[*members({"nickname": "One"}), *members({"nickname": "Two"})]
    )
    assert held(idp, pool, name)["nickname"] == "Two"


def test_empty_update_changes_nothing(idp: Any, pool: Pool, name: str, update: Update) -> None:
    before = held(idp, pool, name)
    update({})
    assert held(idp, pool, name) == before


def test_update_is_told_by_the_date_of_modification(idp: Any, pool: Pool, name: str, update: Update) -> None:
    before = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
    update({"nickname": "Later"})
    after = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
    assert after["UserLastModifiedDate"] > before["UserLastModifiedDate"]
    assert after["UserCreateDate"] == before["UserCreateDate"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sub": "x"}, "user.sub: Attribute cannot be updated."),
        ({"custom:company": "x"}, "user.custom:company: Attribute cannot be updated."),
        ({"custom:company": ""}, "user.custom:company: Attribute cannot be updated."),
        ({"gender": "m"}, "user.gender: Attribute cannot be updated."),
        ({"custom:none": "x"}, "user.custom:none: Attribute does not exist in the schema."),
        ({"dev:custom:none": "x"}, "user.dev:custom:none: Attribute does not exist in the schema."),
        ({"role": "x"}, "Type for attribute {role} could not be determined"),
        ({"Email": "a@example.com"}, "Type for attribute {Email} could not be determined"),
        ({"cognito:mfa_enabled": "true"}, "Type for attribute {cognito:mfa_enabled} could not be determined"),
        ({"family_name": ""}, f"{NOT_CONFORMING}family_name: The attribute is required\n"),
        ({"custom:role": "abcdef"}, f"{NOT_CONFORMING}custom:role: String must be less than 5 characters long\n"),
        ({"custom:role": "a"}, f"{NOT_CONFORMING}custom:role: String must be at least 2 characters long\n"),
        ({"birthdate": "1815"}, f"{NOT_CONFORMING}birthdate: String must be at least 10 characters long\n"),
        ({"custom:level": "ten"}, f"{NOT_CONFORMING}custom:level: Invalid number value\n"),
        ({"custom:level": "NaN"}, f"{NOT_CONFORMING}custom:level: Invalid number value\n"),
        ({"custom:level": "0"}, f"{NOT_CONFORMING}custom:level: Number must be at least 1\n"),
        ({"custom:level": "10.5"}, f"{NOT_CONFORMING}custom:level: Number must be at most 10\n"),
        ({"updated_at": "-1"}, f"{NOT_CONFORMING}updated_at: Number must be at least 0\n"),
        ({"custom:since": "yesterday"}, f"{NOT_CONFORMING}custom:since: Invalid date time value\n"),
        ({"custom:member": "yes"}, f"{NOT_CONFORMING}custom:member: Invalid boolean value\n"),
        (
            {"custom:role": "a", "custom:level": "x", "nickname": "fine"},
            f"{NOT_CONFORMING}custom:role: String must be at least 2 characters long\n"
            "custom:level: Invalid number value\n",
        ),
        ({"email": "nobody"}, "Invalid email address format."),
        ({"email": "a@b"}, "Invalid email address format."),
        ({"phone_number": "0151 123"}, "Invalid phone number format."),
    ],
)
def test_what_does_not_conform_changes_nothing(
    idp: Any, pool: Pool, name: str, update: Update, given: dict[str, str], message: str
) -> None:
    before = held(idp, pool, name)
    with refused("InvalidParameterException", message):
        update({"website": "https://example.com", **given})
    assert held(idp, pool, name) == before


def test_value_has_at_most_2048_characters(idp: Any, pool: Pool, name: str, update: Update) -> None:
    update({"nickname": "漢" * 2048})
    with refused("InvalidParameterException"):
        update({"nickname": "漢" * 2049})
    assert held(idp, pool, name)["nickname"] == "漢" * 2048


def test_required_attribute_may_be_missing_still_but_not_again(idp: Any, public: Any, pool: Pool) -> None:
    """Administrators create users without; whoever has a value keeps one."""
    name = factories.make_user(idp, pool, unique())
    user = {"UserPoolId": pool["Id"], "Username": name}
    idp.admin_update_user_attributes(**user, UserAttributes=members({"nickname": "Ada"}))
    idp.admin_update_user_attributes(**user, UserAttributes=members({"family_name": "L"}))
    with refused("InvalidParameterException"):
        idp.admin_delete_user_attributes(**user, UserAttributeNames=["family_name"])


# Delete


def test_delete_takes_what_is_named(idp: Any, pool: Pool, name: str, delete: Update) -> None:
    before = held(idp, pool, name)
    delete("nickname", "custom:role", "nickname")
    assert held(idp, pool, name) == {key: before[key] for key in before if key not in {"nickname", "custom:role"}}


def test_deleted_address_takes_its_flag_along(idp: Any, pool: Pool, name: str, delete: Update) -> None:
    delete("email")
    assert {"email", "email_verified"}.isdisjoint(held(idp, pool, name))


@pytest.mark.parametrize("names", [[], ["website"], ["custom:none"], ["dev:custom:none"], ["shoe_size"]])
def test_what_is_not_there_is_deleted_silently(
    idp: Any, pool: Pool, name: str, delete: Update, names: list[str]
) -> None:
    before = held(idp, pool, name)
    delete(*names)
    assert held(idp, pool, name) == before


@pytest.mark.parametrize(
    ("undeletable", "message"),
    [
        ("sub", "user.sub: Attribute cannot be updated."),
        ("custom:company", "user.custom:company: Attribute cannot be updated."),
        ("gender", "user.gender: Attribute cannot be updated."),
        ("family_name", f"{NOT_CONFORMING}family_name: The attribute is required\n"),
    ],
)
def test_what_must_stay_is_not_deleted(
    idp: Any, pool: Pool, name: str, delete: Update, undeletable: str, message: str
) -> None:
    before = held(idp, pool, name)
    with refused("InvalidParameterException", message):
        delete("nickname", undeletable)
    assert held(idp, pool, name) == before


def test_administrator_deletes_a_flag_alone(idp: Any, pool: Pool, name: str) -> None:
    idp.admin_delete_user_attributes(UserPoolId=pool["Id"], Username=name, UserAttributeNames=["email_verified"])
    user = held(idp, pool, name)
    assert user["email"] == "ada@example.com"
    assert "email_verified" not in user


# Who may


@pytest.mark.parametrize(
    "given",
    [
        {"email_verified": "true"},
        {"email_verified": "false"},
        {"phone_number_verified": "true"},
        {"email": "new@example.com", "email_verified": "true"},
        {"dev:custom:score": "9"},
        {"dev:custom:score": ""},
    ],
)
def test_users_write_neither_flags_nor_developers_attributes(
    idp: Any, public: Any, pool: Pool, name: str, token: str, given: dict[str, str]
) -> None:
    before = held(idp, pool, name)
    with refused("NotAuthorizedException", UNAUTHORIZED):
        public.update_user_attributes(AccessToken=token, UserAttributes=members({"nickname": "x", **given}))
    with refused("NotAuthorizedException", UNAUTHORIZED):
        public.delete_user_attributes(AccessToken=token, UserAttributeNames=["nickname", *given])
    assert held(idp, pool, name) == before


def test_client_limits_what_its_users_write_and_see(idp: Any, public: Any, pool: Pool, name: str) -> None:
    client = factories.make_client(
        idp, pool, WriteAttributes=["family_name", "nickname"], ReadAttributes=["nickname", "custom:role"]
    )
    tokens = factories.sign_in(public, client, name)
    token = tokens["AccessToken"]
    for unwritable in ("website", "custom:role", "email", "custom:none"):
        with refused("NotAuthorizedException", UNAUTHORIZED):
            public.update_user_attributes(AccessToken=token, UserAttributes=members({unwritable: "x"}))
        with refused("NotAuthorizedException", UNAUTHORIZED):
            public.delete_user_attributes(AccessToken=token, UserAttributeNames=["nickname", unwritable])
    public.update_user_attributes(AccessToken=token, UserAttributes=members({"family_name": "King", "nickname": "A"}))
    assert held(idp, pool, name)["family_name"] == "King"
    user = attributes_of(public.get_user(AccessToken=token))
    assert {key: value for key, value in user.items() if key != "sub"} == {"nickname": "A", "custom:role": "chief"}
    idp.admin_update_user_attributes(
        UserPoolId=pool["Id"], Username=name, UserAttributes=members({"website": "https://example.com"})
    )
    assert "website" not in attributes_of(public.get_user(AccessToken=token))


def test_developers_attributes_are_administrators_only(
    idp: Any, public: Any, pool: Pool, client: Client, name: str
) -> None:
    user = {"UserPoolId": pool["Id"], "Username": name}
    idp.admin_update_user_attributes(**user, UserAttributes=members({"dev:custom:score": "9"}))
    assert held(idp, pool, name)["dev:custom:score"] == "9"
    tokens = factories.sign_in(public, client, name)
    assert not [key for key in attributes_of(public.get_user(AccessToken=tokens["AccessToken"])) if "score" in key]
    assert not [key for key in [*claims(tokens["IdToken"]), *claims(tokens["AccessToken"])] if "score" in key]
    idp.admin_delete_user_attributes(**user, UserAttributeNames=["dev:custom:score"])
    assert "dev:custom:score" not in held(idp, pool, name)


@pytest.mark.parametrize("operation", ["admin_update_user_attributes", "admin_delete_user_attributes"])
def test_administrators_operations_name_a_user_that_exists(idp: Any, public: Any, pool: Pool, operation: str) -> None:
    about = {"UserAttributes": []} if "update" in operation else {"UserAttributeNames": []}
    with refused("UserNotFoundException", "User does not exist."):
        getattr(idp, operation)(UserPoolId=pool["Id"], Username="nobody", **about)
    with refused("ResourceNotFoundException", "User pool us-east-1_AbCdEf123 does not exist."):
        getattr(idp, operation)(UserPoolId="us-east-1_AbCdEf123", Username="nobody", **about)
    with refused("MissingAuthenticationTokenException"):
        getattr(public, operation)(UserPoolId=pool["Id"], Username="nobody", **about)


@pytest.mark.parametrize(
    ("operation", "about"),
    [
        ("update_user_attributes", {"UserAttributes": []}),
        ("delete_user_attributes", {"UserAttributeNames": []}),
        ("get_user_attribute_verification_code", {"AttributeName": "email"}),
        ("verify_user_attribute", {"AttributeName": "email", "Code": "123456"}),
    ],
)
def test_users_operations_need_a_token_that_is_alive(
    idp: Any, public: Any, pool: Pool, name: str, token: str, operation: str, about: dict[str, Any]
) -> None:
    with refused("NotAuthorizedException", "Invalid Access Token"):
        getattr(public, operation)(AccessToken="nonsense", **about)
    idp.admin_disable_user(UserPoolId=pool["Id"], Username=name)
    with refused("NotAuthorizedException"):
        getattr(public, operation)(AccessToken=token, **about)
    idp.admin_delete_user(UserPoolId=pool["Id"], Username=name)
    with refused("UserNotFoundException", "User does not exist."):
        getattr(public, operation)(AccessToken=token, **about)


def test_user_who_must_reset_the_password_waits(idp: Any, public: Any, pool: Pool, name: str, token: str) -> None:
    idp.admin_reset_user_password(UserPoolId=pool["Id"], Username=name)
    with refused("PasswordResetRequiredException", "Password reset required for the user"):
        public.update_user_attributes(AccessToken=token, UserAttributes=members({"nickname": "x"}))


# Where the new values appear


def test_new_values_are_in_the_tokens_after_a_refresh(public: Any, client: Client, name: str, update: Update) -> None:
    tokens = factories.sign_in(public, client, name)
    update({"nickname": "Countess", "custom:level": "7", "updated_at": "1700000000", "custom:role": ""})
    refreshed = public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )["AuthenticationResult"]
    found = claims(refreshed["IdToken"])
    assert (found["nickname"], found["custom:level"], found["updated_at"]) == ("Countess", "7", 1_700_000_000)
    assert "custom:role" not in found
    assert claims(tokens["IdToken"])["nickname"] == "Ada", "what was issued stays as it was"


@pytest.mark.parametrize("attribute", ["email", "phone_number", "given_name", "preferred_username"])
def test_user_is_found_by_the_new_value_and_no_more_by_the_old(
    idp: Any, pool: Pool, name: str, update: Update, delete: Update, attribute: str
) -> None:
    if attribute == "phone_number":
        old, new = (f"+49151{number:08}" for number in (abs(hash(name)) % 10**8, abs(hash(name)) % 10**8 + 1))
    else:
        old, new = f"old-{name}@example.com", f"new-{name}@example.com"
    update({attribute: old})
    assert listed(idp, pool, f'{attribute} = "{old}"') == [name]
    update({attribute: new})
    assert listed(idp, pool, f'{attribute} = "{old}"') == []
    assert listed(idp, pool, f'{attribute} = "{new}"') == [name]
    delete(attribute)
    assert listed(idp, pool, f'{attribute} = "{new}"') == []


def test_administrators_changes_are_answered_with_nothing(idp: Any, pool: Pool, name: str, mailbox: Mailbox) -> None:
    user = {"UserPoolId": pool["Id"], "Username": name}
    answer = idp.admin_update_user_attributes(**user, UserAttributes=members({"email": f"{name}@example.com"}))
    assert set(answer) == {"ResponseMetadata"}
    assert set(idp.admin_delete_user_attributes(**user, UserAttributeNames=["nickname"])) == {"ResponseMetadata"}
    assert mailbox.messages(name) == []
