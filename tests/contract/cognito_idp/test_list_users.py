"""ListUsers: the filter grammar, what can be searched, pages, AttributesToGet; AdminEnableUser and AdminDisableUser."""

from typing import Any

import pytest

from tests.support import factories
from tests.support.clients import refused
from tests.support.factories import PASSWORD, unique

Client = dict[str, Any]
Pool = dict[str, Any]

PEOPLE = {
    "ada": {"email": "Ada@Example.com", "given_name": "Ada", "family_name": "Byron", "phone_number": "+15550100001"},
    "alan": {"email": "alan@example.com", "given_name": "Alan", "name": 'Alan "Prof" Turing'},
    "alonzo": {"email": "alonzo@example.org", "given_name": "Alonzo", "name": "back\\slash"},
    "Edsger": {"given_name": "Edsger", "preferred_username": "EWD", "family_name": "ΔΙΚΣΤΡΑ"},
    "grace": {"email": "grace@example.org", "given_name": "grace", "custom:role": "admiral"},
}


@pytest.fixture(scope="module")
def pool(idp: Any) -> Pool:
    """Never changed by a test."""
    made = factories.make_pool(idp, Schema=[{"Name": "role", "AttributeDataType": "String"}])
    for name, attributes in PEOPLE.items():
        members = [{"Name": key, "Value": value} for key, value in attributes.items()]
        idp.admin_create_user(UserPoolId=made["Id"], Username=name, UserAttributes=members, MessageAction="SUPPRESS")
    idp.admin_set_user_password(UserPoolId=made["Id"], Username="grace", Password=PASSWORD, Permanent=True)
    idp.admin_disable_user(UserPoolId=made["Id"], Username="alan")
    return made


def found(idp: Any, pool: Pool, text: str) -> list[str]:
    return [user["Username"] for user in idp.list_users(UserPoolId=pool["Id"], Filter=text)["Users"]]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["ada", "alan", "alonzo", "Edsger", "grace"]),
        ("   ", ["ada", "alan", "alonzo", "Edsger", "grace"]),
        ('email = "ada@example.com"', ["ada"]),
        ('email="ADA@EXAMPLE.COM"', ["ada"]),
        ('  email   ^=   "al"  ', ["alan", "alonzo"]),
        ('email ^= "A"', ["ada", "alan", "alonzo"]),
        ('email ^= ""', ["ada", "alan", "alonzo", "grace"]),
        ('email = ""', []),
        ('email = "al"', []),
        ('email ^= "nobody"', []),
        ('phone_number ^= "+1555"', ["ada"]),
        ('given_name ^= "a"', ["ada", "alan", "alonzo"]),
        ('given_name = "GRACE"', ["grace"]),
        ('family_name = "δικστρα"', ["Edsger"]),
        ('family_name ^= "byr"', ["ada"]),
        ('name = "Alan \\"Prof\\" Turing"', ["alan"]),
        ('name = "back\\\\slash"', ["alonzo"]),
        ('preferred_username = "ewd"', ["Edsger"]),
        ('username = "Edsger"', ["Edsger"]),
        ('username = "edsger"', []),
        ('username ^= "al"', ["alan", "alonzo"]),
        ('username ^= "AL"', []),
        ('cognito:user_status = "CONFIRMED"', ["grace"]),
        ('cognito:user_status = "confirmed"', ["grace"]),
        ('cognito:user_status ^= "force"', ["ada", "alan", "alonzo", "Edsger"]),
        ('cognito:user_status ^= "c"', ["grace"]),
        ('cognito:user_status = "nonsense"', []),
        ('status = "Disabled"', ["alan"]),
        ('status = "disabled"', []),
        ('status ^= "En"', ["ada", "alonzo", "Edsger", "grace"]),
        ('status ^= ""', ["alan", "ada", "alonzo", "Edsger", "grace"]),
    ],
)
def test_a_filter_finds_who_it_says_in_the_attributes_order(idp: Any, pool: Pool, text: str, names: list[str]) -> None:
    assert found(idp, pool, text) == names


def test_a_user_is_found_by_sub_and_by_the_beginning_of_it(idp: Any, pool: Pool) -> None:
    answer = idp.admin_get_user(UserPoolId=pool["Id"], Username="ada")
    sub = factories.attributes_of(answer)["sub"]
    assert found(idp, pool, f'sub = "{sub}"') == ["ada"]
    assert "ada" in found(idp, pool, f'sub ^= "{sub[:9]}"')
    assert found(idp, pool, f'sub = "{sub[:9]}"') == []


@pytest.mark.parametrize(
    "text",
    [
        "email",
        'email "ada@example.com"',
        "email = ada@example.com",
        "email = 'ada@example.com'",
        'email == "ada"',
        'email =^ "ada"',
        'email = "ada',
        'email = "a"b"',
        'email = "a\\"',
        'email = "a" and name = "b"',
        '= "ada"',
        '"email" = "ada"',
    ],
)
def test_a_filter_that_cannot_be_read_is_refused(idp: Any, pool: Pool, text: str) -> None:
    with refused("InvalidParameterException", "Error while parsing filter"):
        found(idp, pool, text)


@pytest.mark.parametrize("name", ["custom:role", "address", "Email", "email_verified", "nonsense"])
def test_an_attribute_that_cannot_be_searched_is_refused(idp: Any, pool: Pool, name: str) -> None:
    with refused("InvalidParameterException", f"Invalid search attribute: {name}"):
        found(idp, pool, f'{name} = "x"')


def test_a_filter_that_is_too_long_is_refused(idp: Any, pool: Pool) -> None:
    text = 'email ^= "' + "a" * 250 + '"'
    with refused("InvalidParameterException") as refusal:
        found(idp, pool, text)
    assert refusal.message.endswith(
        "at 'filter' failed to satisfy constraint: Member must have length less than or equal to 256"
    )


@pytest.mark.parametrize("text", ["", 'given_name ^= ""', 'cognito:user_status ^= ""', 'status ^= ""'])
@pytest.mark.parametrize("limit", [1, 2, 4])
def test_pages_give_everybody_once_in_the_order_of_one_page(idp: Any, pool: Pool, text: str, limit: int) -> None:
    names: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = idp.list_users(UserPoolId=pool["Id"], Filter=text, Limit=limit, **token)
        assert len(page["Users"]) <= limit
        names += [user["Username"] for user in page["Users"]]
        if "PaginationToken" not in page:
            break
        token = {"PaginationToken": page["PaginationToken"]}
    assert names == found(idp, pool, text)
    assert sorted(names) == sorted(PEOPLE)


def test_pages_are_stable_when_users_come_and_go(idp: Any) -> None:
    pool = factories.make_pool(idp)
    names = [f"user-{number:02}" for number in range(10)]
    for name in names:
        create(idp, pool, name, email=f"{name}@example.com")
    first = idp.list_users(UserPoolId=pool["Id"], Filter='email ^= "user-"', Limit=4)
    idp.admin_delete_user(UserPoolId=pool["Id"], Username="user-01")
    idp.admin_delete_user(UserPoolId=pool["Id"], Username="user-03")
    create(idp, pool, "new", email="user-00a@example.com")
    rest = idp.list_users(
        UserPoolId=pool["Id"], Filter='email ^= "user-"', PaginationToken=first["PaginationToken"], Limit=60
    )
    assert [user["Username"] for user in first["Users"]] == names[:4]
    assert [user["Username"] for user in rest["Users"]] == names[4:]


def create(idp: Any, pool: Pool, name: str, **attributes: str) -> None:
    members = [{"Name": key, "Value": value} for key, value in attributes.items()]
    idp.admin_create_user(UserPoolId=pool["Id"], Username=name, UserAttributes=members, MessageAction="SUPPRESS")


def test_a_token_is_good_for_its_own_filter_and_pool_alone(idp: Any, pool: Pool) -> None:
    other = factories.make_pool(idp)
    page = idp.list_users(UserPoolId=pool["Id"], Filter='email ^= "a"', Limit=1)
    token = page["PaginationToken"]
    for changed in (
        {"Filter": 'email ^= "b"'},
        {"Filter": ""},
        {"Filter": 'email ^= "a"', "UserPoolId": other["Id"]},
        {"Filter": 'email ^= "a"', "AttributesToGet": ["email"]},
        {"Filter": 'email ^= "a"', "PaginationToken": token[:-4] + "AAAA"},
    ):
        with refused("InvalidParameterException", "Invalid pagination token given."):
            idp.list_users(**{"UserPoolId": pool["Id"], "PaginationToken": token, **changed})
    again = idp.list_users(UserPoolId=pool["Id"], Filter='email ^= "a"', PaginationToken=token, Limit=2)
    assert [user["Username"] for user in again["Users"]] == ["alan", "alonzo"]


def test_no_limit_and_limit_0_are_pages_of_60(idp: Any) -> None:
    pool = factories.make_pool(idp)
    for number in range(61):
        create(idp, pool, f"user-{number}")
    for members in ({}, {"Limit": 0}):
        page = idp.list_users(UserPoolId=pool["Id"], **members)
        assert len(page["Users"]) == 60
        assert "PaginationToken" in page
    with refused("InvalidParameterException") as refusal:
        idp.list_users(UserPoolId=pool["Id"], Limit=61)
    assert refusal.message.endswith("Member must have value less than or equal to 60")


def test_attributes_to_get_are_all_that_is_told(idp: Any, pool: Pool) -> None:
    page = idp.list_users(UserPoolId=pool["Id"], Filter='email ^= "a"', AttributesToGet=["email", "sub"])
    assert [{item["Name"] for item in user["Attributes"]} for user in page["Users"]] == [{"email", "sub"}] * 3
    nothing = idp.list_users(UserPoolId=pool["Id"], AttributesToGet=[])["Users"]
    assert [user.get("Attributes", []) for user in nothing] == [[]] * 5
    assert all(user["Username"] and user["UserStatus"] and user["UserCreateDate"] for user in nothing)


@pytest.mark.parametrize("names", [["family_name"], ["nonsense"], ["sub", "custom:role"], ["custom:nothing"]])
def test_attributes_to_get_that_not_everybody_has_are_refused(idp: Any, pool: Pool, names: list[str]) -> None:
    with refused("InvalidParameterException", "One or more requested attributes do not exist."):
        idp.list_users(UserPoolId=pool["Id"], Filter='email ^= "a"', AttributesToGet=names)


def test_a_pool_that_ignores_case_finds_user_names_in_any(idp: Any) -> None:
    pool = factories.make_pool(idp, UsernameConfiguration={"CaseSensitive": False})
    create(idp, pool, "MiXed")
    assert found(idp, pool, 'username = "mIXED"') == ["mixed"]


def test_where_an_address_is_the_user_name_the_username_is_the_sub(idp: Any) -> None:
    pool = factories.make_pool(idp, UsernameAttributes=["email"])
    create(idp, pool, "ada@example.com")
    user = idp.admin_get_user(UserPoolId=pool["Id"], Username="ada@example.com")
    assert found(idp, pool, f'username = "{user["Username"]}"') == [user["Username"]]
    assert found(idp, pool, 'email = "ada@example.com"') == [user["Username"]]


def test_no_user_of_another_pool_is_found(idp: Any, pool: Pool) -> None:
    other = factories.make_pool(idp)
    create(idp, other, "stranger", email="ada@example.com")
    assert found(idp, pool, 'email = "ada@example.com"') == ["ada"]
    assert found(idp, other, "") == ["stranger"]


def test_a_deleted_user_is_found_no_more(idp: Any) -> None:
    pool = factories.make_pool(idp)
    create(idp, pool, "ada", email="ada@example.com")
    idp.admin_delete_user(UserPoolId=pool["Id"], Username="ada")
    assert found(idp, pool, 'email = "ada@example.com"') == []
    assert found(idp, pool, "") == []


def test_disabling_refuses_sign_in_and_every_token_and_enabling_restores_no_token(idp: Any, pool: Pool) -> None:
    client = factories.make_client(idp, pool)
    name = factories.make_user(idp, pool, unique())
    tokens = factories.sign_in(idp, client, name)
    for _ in range(2):  # idempotent
        idp.admin_disable_user(UserPoolId=pool["Id"], Username=name)
    assert idp.admin_get_user(UserPoolId=pool["Id"], Username=name)["Enabled"] is False
    with refused("NotAuthorizedException", "User is disabled."):
        factories.sign_in(idp, client, name)
    for _ in range(2):
        idp.admin_enable_user(UserPoolId=pool["Id"], Username=name)
    user = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
    assert user["Enabled"] is True and user["UserStatus"] == "CONFIRMED"
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        idp.get_user(AccessToken=tokens["AccessToken"])
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        idp.initiate_auth(
            ClientId=client["ClientId"],
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
        )
    assert factories.sign_in(idp, client, name)["AccessToken"]
    idp.admin_delete_user(UserPoolId=pool["Id"], Username=name)


@pytest.mark.parametrize("operation", ["admin_enable_user", "admin_disable_user"])
def test_an_unknown_user_is_neither_enabled_nor_disabled(idp: Any, pool: Pool, operation: str) -> None:
    with refused("UserNotFoundException", "User does not exist."):
        getattr(idp, operation)(UserPoolId=pool["Id"], Username="nobody")
