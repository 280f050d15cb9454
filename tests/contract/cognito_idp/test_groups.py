"""Groups: made, changed, deleted, listed; users in them; what tokens say about it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import factories
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.factories import unique
from tests.support.server import Server

ROLE = "arn:aws:iam::000000000000:role/reader"
OTHER_ROLE = "arn:aws:iam::000000000000:role/writer"
NOT_FOUND = "Group not found."
NO_USER = "User does not exist."
BAD_TOKEN = "Invalid pagination token given."
NO_POOL = "us-east-1_None00000"


# Groups and users have names of their own, so that tests can share a pool.


@pytest.fixture(scope="module")
def pool(idp: Any) -> dict[str, Any]:
    return factories.make_pool(idp)


@pytest.fixture(scope="module")
def client(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    return factories.make_client(idp, pool)


def make(idp: Any, pool: dict[str, Any], name: str | None = None, **members: Any) -> dict[str, Any]:
    made: dict[str, Any] = idp.create_group(UserPoolId=pool["Id"], GroupName=name or unique("group"), **members)[
        "Group"
    ]
    return made


def get(idp: Any, group: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = idp.get_group(UserPoolId=group["UserPoolId"], GroupName=group["GroupName"])["Group"]
    return found


def named(group: dict[str, Any]) -> dict[str, Any]:
    return {"UserPoolId": group["UserPoolId"], "GroupName": group["GroupName"]}


def add(idp: Any, group: dict[str, Any], user: str) -> None:
    idp.admin_add_user_to_group(**named(group), Username=user)


def remove(idp: Any, group: dict[str, Any], user: str) -> None:
    idp.admin_remove_user_from_group(**named(group), Username=user)


def groups_of(idp: Any, pool: dict[str, Any], user: str) -> list[str]:
    found = idp.admin_list_groups_for_user(UserPoolId=pool["Id"], Username=user)
    return [group["GroupName"] for group in found["Groups"]]


def users_in(idp: Any, group: dict[str, Any]) -> list[str]:
    return [user["Username"] for user in idp.list_users_in_group(**named(group))["Users"]]


def claims(token: str) -> dict[str, Any]:
    """What a token says about groups."""
    found = factories.claims_of(token)
    return {
        name: found[name] for name in ("cognito:groups", "cognito:roles", "cognito:preferred_role") if name in found
    }


# Create, read, change, delete


def test_group_with_everything_is_answered_and_read_alike(idp: Any, pool: dict[str, Any]) -> None:
    members = {"Description": "Those who read", "RoleArn": ROLE, "Precedence": 3}
    made = make(idp, pool, "readers", **members)
    assert {name: made[name] for name in members} == members
    assert (made["GroupName"], made["UserPoolId"]) == ("readers", pool["Id"])
    assert made["CreationDate"] == made["LastModifiedDate"]
    assert made.keys() == {*members, "GroupName", "UserPoolId", "CreationDate", "LastModifiedDate"}
    assert get(idp, made) == made


def test_what_was_not_given_is_absent(idp: Any, pool: dict[str, Any]) -> None:
    made = make(idp, pool)
    assert made.keys() == {"GroupName", "UserPoolId", "CreationDate", "LastModifiedDate"}
    assert get(idp, made) == made


def test_zero_and_empty_are_values(idp: Any, pool: dict[str, Any]) -> None:
    made = make(idp, pool, Precedence=0, Description="")
    assert (made["Precedence"], made["Description"]) == (0, "")
    assert get(idp, made) == made


def test_name_is_taken_to_the_letter(idp: Any, pool: dict[str, Any]) -> None:
    for name in ("admins", "Admins", "ADMINS/ünï-→", "🦊"):
        assert get(idp, make(idp, pool, name))["GroupName"] == name


def test_name_is_unique_in_its_pool(idp: Any, pool: dict[str, Any]) -> None:
    made = make(idp, pool, Description="first")
    with refused("GroupExistsException", "A group with the name already exists."):
        make(idp, pool, made["GroupName"], Description="second")
    assert get(idp, made) == made
    make(idp, factories.make_pool(idp), made["GroupName"])


def test_update_changes_what_is_given_and_keeps_the_rest(idp: Any, pool: dict[str, Any], clock: Clock) -> None:
    made = make(idp, pool, Description="first", RoleArn=ROLE, Precedence=3)
    clock.advance(minutes=1)
    for change in ({"Description": "second"}, {"RoleArn": OTHER_ROLE}, {"Precedence": 0}, {"Description": ""}, {}):
        updated = idp.update_group(**named(made), **change)["Group"]
        assert updated == {**made, **change, "LastModifiedDate": updated["LastModifiedDate"]}
        assert updated["LastModifiedDate"] > made["LastModifiedDate"]
        assert get(idp, made) == updated
        made = {**made, **change}


def test_deleted_group_is_gone_and_its_users_stay(idp: Any, pool: dict[str, Any], user: str) -> None:
    kept, gone = make(idp, pool), make(idp, pool)
    add(idp, kept, user)
    add(idp, gone, user)
    idp.delete_group(**named(gone))
    with refused("ResourceNotFoundException", NOT_FOUND):
        get(idp, gone)
    assert groups_of(idp, pool, user) == [kept["GroupName"]]
    assert users_in(idp, make(idp, pool, gone["GroupName"])) == []


def test_group_that_is_not_there(idp: Any, pool: dict[str, Any], user: str) -> None:
    nobody = {"UserPoolId": pool["Id"], "GroupName": "nobody"}
    for call in (
        lambda: idp.get_group(**nobody),
        lambda: idp.update_group(**nobody, Precedence=1),
        lambda: idp.delete_group(**nobody),
        lambda: idp.list_users_in_group(**nobody),
        lambda: idp.admin_add_user_to_group(**nobody, Username=user),
        lambda: idp.admin_remove_user_from_group(**nobody, Username=user),
    ):
        with refused("ResourceNotFoundException", NOT_FOUND):
            call()


def test_group_of_another_pool_is_not_there(idp: Any, pool: dict[str, Any], user: str) -> None:
    foreign = make(idp, factories.make_pool(idp))
    with refused("ResourceNotFoundException", NOT_FOUND):
        idp.get_group(UserPoolId=pool["Id"], GroupName=foreign["GroupName"])
    with refused("ResourceNotFoundException", NOT_FOUND):
        idp.admin_add_user_to_group(UserPoolId=pool["Id"], GroupName=foreign["GroupName"], Username=user)


def test_pool_that_is_not_there(idp: Any) -> None:
    members = {"UserPoolId": NO_POOL, "GroupName": "g", "Username": "u"}
    for operation, names in (
        ("create_group", ("GroupName",)),
        ("get_group", ("GroupName",)),
        ("update_group", ("GroupName",)),
        ("delete_group", ("GroupName",)),
        ("list_groups", ()),
        ("list_users_in_group", ("GroupName",)),
        ("admin_add_user_to_group", ("GroupName", "Username")),
        ("admin_remove_user_from_group", ("GroupName", "Username")),
        ("admin_list_groups_for_user", ("Username",)),
    ):
        with refused("ResourceNotFoundException", f"User pool {NO_POOL} does not exist."):
            getattr(idp, operation)(**{name: members[name] for name in ("UserPoolId", *names)})


@pytest.mark.parametrize(
    ("members", "constraint"),
    [
        ({"GroupName": "two words"}, "regular expression pattern"),
        ({"GroupName": "g" * 129}, "length less than or equal to 128"),
        ({"GroupName": ""}, "length greater than or equal to 1"),
        ({"Description": "d" * 2049}, "length less than or equal to 2048"),
        ({"RoleArn": "arn:aws:iam::role/without-account"}, "regular expression pattern"),
        ({"RoleArn": "short"}, "length greater than or equal to 20"),
        ({"Precedence": -1}, "value greater than or equal to 0"),
    ],
    ids=str,
)
def test_constraints_of_the_model(idp: Any, pool: dict[str, Any], members: dict[str, Any], constraint: str) -> None:
    with refused("InvalidParameterException") as refusal:
        idp.create_group(**{"UserPoolId": pool["Id"], "GroupName": "g", **members})
    assert constraint in refusal.message


def test_largest_values_are_kept(idp: Any, pool: dict[str, Any]) -> None:
    arn = ROLE + "r" * (2048 - len(ROLE))
    made = make(idp, pool, "🦊" * 128, Description="d" * 2048, RoleArn=arn, Precedence=2**31 - 1)
    assert get(idp, made) == made


# Membership


def test_user_is_put_in_and_taken_out(idp: Any, pool: dict[str, Any], user: str) -> None:
    group = make(idp, pool)
    for _ in range(2):  # again changes nothing
        add(idp, group, user)
        assert users_in(idp, group) == [user]
        assert groups_of(idp, pool, user) == [group["GroupName"]]
    for _ in range(2):
        remove(idp, group, user)
        assert users_in(idp, group) == []
        assert groups_of(idp, pool, user) == []


def test_sub_and_alias_name_the_user_too(idp: Any) -> None:
    pool = factories.make_pool(idp, AliasAttributes=["email"])
    name = factories.make_user(idp, pool, email="ada@example.com", email_verified="true")
    sub = factories.attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=name))["sub"]
    for known_as in (sub, "ada@example.com"):
        group = make(idp, pool)
        add(idp, group, known_as)
        assert users_in(idp, group) == [name]
        assert groups_of(idp, pool, known_as) == [group["GroupName"]]
        remove(idp, group, known_as)
        assert users_in(idp, group) == []


def test_user_who_is_not_there(idp: Any, pool: dict[str, Any]) -> None:
    group = make(idp, pool)
    for call in (
        lambda: add(idp, group, "nobody"),
        lambda: remove(idp, group, "nobody"),
        lambda: groups_of(idp, pool, "nobody"),
    ):
        with refused("UserNotFoundException", NO_USER):
            call()


def test_users_are_listed_as_administrators_see_them(idp: Any, pool: dict[str, Any]) -> None:
    group = make(idp, pool)
    name = factories.make_user(idp, pool, email="bob@example.com")
    add(idp, group, name)
    (listed,) = idp.list_users_in_group(**named(group))["Users"]
    shown = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
    assert listed["Attributes"] == shown["UserAttributes"]
    for member in ("Username", "UserCreateDate", "UserLastModifiedDate", "Enabled", "UserStatus"):
        assert listed[member] == shown[member]


def test_deleted_user_is_in_no_group(idp: Any, pool: dict[str, Any]) -> None:
    group, name = make(idp, pool), factories.make_user(idp, pool)
    add(idp, group, name)
    idp.admin_delete_user(UserPoolId=pool["Id"], Username=name)
    assert users_in(idp, group) == []
    assert groups_of(idp, pool, factories.make_user(idp, pool, name)) == []


def test_groups_of_a_user_are_sorted_by_precedence_then_name(idp: Any, pool: dict[str, Any], user: str) -> None:
    wanted = [("z-first", 0), ("b-tie", 5), ("c-tie", 5), ("a-late", 2**31 - 1), ("Without", None), ("without", None)]
    for name, precedence in sorted(wanted, key=lambda item: item[0], reverse=True):
        group = make(idp, pool, f"sorted-{name}", **({} if precedence is None else {"Precedence": precedence}))
        add(idp, group, user)
    assert groups_of(idp, pool, user) == [f"sorted-{name}" for name, _ in wanted]


# Pages


def pages(call: Any, member: str, name: str, limit: int) -> list[list[str]]:
    """The names on each page."""
    found = []
    token: dict[str, str] = {}
    while True:
        answer = call(Limit=limit, **token)
        found.append([item[name] for item in answer[member]])
        if "NextToken" not in answer:
            return found
        token = {"NextToken": answer["NextToken"]}


def test_pages_of_groups_of_users_and_of_a_users_groups(idp: Any) -> None:
    pool = factories.make_pool(idp)
    groups = [make(idp, pool, f"g{number}") for number in range(5)]
    users = [factories.make_user(idp, pool) for _ in range(5)]
    for user in users:
        add(idp, groups[0], user)
    for group in groups[1:]:
        add(idp, group, users[0])
    names = [group["GroupName"] for group in groups]
    listing = {
        "groups": (lambda **page: idp.list_groups(UserPoolId=pool["Id"], **page), "Groups", "GroupName", names),
        "users": (lambda **page: idp.list_users_in_group(**named(groups[0]), **page), "Users", "Username", users),
        "of a user": (
            lambda **page: idp.admin_list_groups_for_user(UserPoolId=pool["Id"], Username=users[0], **page),
            "Groups",
            "GroupName",
            names,
        ),
    }
    for call, member, name, wanted in listing.values():
        assert pages(call, member, name, 2) == [wanted[:2], wanted[2:4], wanted[4:]]
        assert pages(call, member, name, 5) == [wanted]
        assert pages(call, member, name, 0) == [wanted], "zero is no limit of its own"
        token = call(Limit=2)["NextToken"]
        for wrong in (token[:-2] + "00", "nonsense"):
            with refused("InvalidParameterException", BAD_TOKEN):
                call(NextToken=wrong)
        for other, *_ in listing.values():
            if other is not call:
                with refused("InvalidParameterException", BAD_TOKEN):
                    other(NextToken=token)


def test_pages_are_stable_while_rows_come_and_go(idp: Any) -> None:
    pool = factories.make_pool(idp)
    groups = {name: make(idp, pool, name) for name in ("b", "d", "f", "h")}
    first = idp.list_groups(UserPoolId=pool["Id"], Limit=2)
    assert [group["GroupName"] for group in first["Groups"]] == ["b", "d"]
    for name in ("b", "d"):
        idp.delete_group(**named(groups[name]))
    for name in ("a", "e"):
        make(idp, pool, name)
    rest = idp.list_groups(UserPoolId=pool["Id"], NextToken=first["NextToken"])
    assert [group["GroupName"] for group in rest["Groups"]] == ["e", "f", "h"]


def test_token_of_one_group_or_user_opens_no_other(idp: Any, pool: dict[str, Any]) -> None:
    one, other = make(idp, pool), make(idp, pool)
    ada, bob = factories.make_user(idp, pool), factories.make_user(idp, pool)
    for group in (one, other):
        for user in (ada, bob):
            add(idp, group, user)
    token = idp.list_users_in_group(**named(one), Limit=1)["NextToken"]
    with refused("InvalidParameterException", BAD_TOKEN):
        idp.list_users_in_group(**named(other), NextToken=token)
    token = idp.admin_list_groups_for_user(UserPoolId=pool["Id"], Username=ada, Limit=1)["NextToken"]
    with refused("InvalidParameterException", BAD_TOKEN):
        idp.admin_list_groups_for_user(UserPoolId=pool["Id"], Username=bob, NextToken=token)


# Quotas


def fill(server: Server, pool: dict[str, Any], count: int) -> None:
    server.manage(
        "shell",
        "-c",
        "from pools.models import Group\n"
        f"Group.objects.bulk_create(Group(pool_id={pool['Id']!r}, name=f'full-{{n}}') for n in range({count}))",
    )


def test_ten_thousand_groups_a_pool(server: Server, idp: Any) -> None:
    pool = factories.make_pool(idp)
    fill(server, pool, 9_999)
    last = make(idp, pool, "last")
    with refused("LimitExceededException", "A user pool can have at most 10000 groups."):
        make(idp, pool, "too-many")
    with refused("GroupExistsException"):
        make(idp, pool, "last")
    idp.delete_group(**named(last))
    make(idp, pool, "too-many")


def test_a_hundred_groups_a_user(server: Server, idp: Any) -> None:
    pool = factories.make_pool(idp)
    fill(server, pool, 101)
    user = factories.make_user(idp, pool)
    groups = [{"UserPoolId": pool["Id"], "GroupName": f"full-{number}"} for number in range(101)]
    for group in groups[:100]:
        add(idp, group, user)
    with refused("LimitExceededException", "A user can be in at most 100 groups."):
        add(idp, groups[100], user)
    add(idp, groups[0], user)  # in it already
    remove(idp, groups[0], user)
    add(idp, groups[100], user)
    answer = idp.admin_list_groups_for_user(UserPoolId=pool["Id"], Username=user)
    assert len(answer["Groups"]) == 60
    rest = idp.admin_list_groups_for_user(UserPoolId=pool["Id"], Username=user, NextToken=answer["NextToken"])
    assert len(rest["Groups"]) == 40


# Tokens


def test_tokens_name_groups_and_the_id_token_roles(
    idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any], user: str
) -> None:
    tokens = factories.sign_in(public, client, user)
    assert claims(tokens["IdToken"]) == claims(tokens["AccessToken"]) == {}
    second = make(idp, pool, RoleArn=OTHER_ROLE)["GroupName"]
    first = make(idp, pool, Precedence=1, RoleArn=ROLE)["GroupName"]
    for name in (second, first):
        add(idp, {"UserPoolId": pool["Id"], "GroupName": name}, user)
    tokens = factories.sign_in(public, client, user)
    assert claims(tokens["AccessToken"]) == {"cognito:groups": [first, second]}
    assert claims(tokens["IdToken"]) == {
        "cognito:groups": [first, second],
        "cognito:roles": [ROLE, OTHER_ROLE],
        "cognito:preferred_role": ROLE,
    }


def test_tie_of_different_roles_prefers_none(
    idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any], user: str
) -> None:
    tied = [make(idp, pool, Precedence=1, RoleArn=role) for role in (ROLE, OTHER_ROLE)]
    for group in tied:
        add(idp, group, user)
    assert "cognito:preferred_role" not in claims(factories.sign_in(public, client, user)["IdToken"])
    idp.update_group(**named(tied[1]), RoleArn=ROLE)
    found = claims(factories.sign_in(public, client, user)["IdToken"])
    assert (found["cognito:roles"], found["cognito:preferred_role"]) == ([ROLE], ROLE)


def test_groups_are_read_again_at_refresh(
    idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any], user: str
) -> None:
    tokens = factories.sign_in(public, client, user)

    def refreshed() -> tuple[dict[str, Any], dict[str, Any]]:
        answer = public.initiate_auth(
            ClientId=client["ClientId"],
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
        )["AuthenticationResult"]
        return claims(answer["AccessToken"]), claims(answer["IdToken"])

    group = make(idp, pool, RoleArn=ROLE)
    assert refreshed() == ({}, {})
    add(idp, group, user)
    in_it = {"cognito:groups": [group["GroupName"]]}
    assert refreshed() == (in_it, {**in_it, "cognito:roles": [ROLE], "cognito:preferred_role": ROLE})
    remove(idp, group, user)
    assert refreshed() == ({}, {})
    add(idp, group, user)
    idp.delete_group(**named(group))
    assert refreshed() == ({}, {})


def test_groups_after_a_challenge_are_in_the_tokens(
    idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any]
) -> None:
    name, group = unique(), make(idp, pool)
    idp.admin_create_user(
        UserPoolId=pool["Id"], Username=name, MessageAction="SUPPRESS", TemporaryPassword=factories.PASSWORD
    )
    add(idp, group, name)
    asked = public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": factories.PASSWORD},
    )
    tokens = public.respond_to_auth_challenge(
        ClientId=client["ClientId"],
        ChallengeName=asked["ChallengeName"],
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": name, "NEW_PASSWORD": "Another-Horse-2"},
    )["AuthenticationResult"]
    assert claims(tokens["AccessToken"]) == {"cognito:groups": [group["GroupName"]]}
