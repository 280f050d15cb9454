"""TagResource, UntagResource and ListTagsForResource, and the tags that come with a pool."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support import clients, factories
from tests.support.clients import refused
from tests.support.server import Server

OPERATIONS: dict[str, Callable[[Any, str], Any]] = {
    "TagResource": lambda idp, arn: idp.tag_resource(ResourceArn=arn, Tags={"team": "blue"}),
    "UntagResource": lambda idp, arn: idp.untag_resource(ResourceArn=arn, TagKeys=["team"]),
    "ListTagsForResource": lambda idp, arn: idp.list_tags_for_resource(ResourceArn=arn),
}


@pytest.fixture(scope="module")
def shared(idp: Any) -> dict[str, Any]:
    """A pool without tags, for tests that only have requests refused."""
    return factories.make_pool(idp)


def _tags(idp: Any, pool: dict[str, Any]) -> dict[str, str]:
    listed: dict[str, str] = idp.list_tags_for_resource(ResourceArn=pool["Arn"])["Tags"]
    described = idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]["UserPoolTags"]
    assert listed == described
    return listed


def test_pool_is_made_with_tags(idp: Any) -> None:
    tags = {"team": "blue", "Team": "green", "empty": "", "größe": "ß 界 +-=._:/@"}
    assert _tags(idp, factories.make_pool(idp, UserPoolTags=tags)) == tags


def test_tags_are_added_and_overwritten(idp: Any, pool: dict[str, Any]) -> None:
    assert _tags(idp, pool) == {}
    answer = idp.tag_resource(ResourceArn=pool["Arn"], Tags={"team": "blue", "stage": "test"})
    assert answer.keys() == {"ResponseMetadata"}
    idp.tag_resource(ResourceArn=pool["Arn"], Tags={"team": "green", "Team": "red"})
    assert _tags(idp, pool) == {"team": "green", "stage": "test", "Team": "red"}
    idp.tag_resource(ResourceArn=pool["Arn"], Tags={})
    assert _tags(idp, pool) == {"team": "green", "stage": "test", "Team": "red"}


def test_removing_takes_named_tags_and_ignores_missing_ones(idp: Any, pool: dict[str, Any]) -> None:
    idp.tag_resource(ResourceArn=pool["Arn"], Tags={"team": "blue", "stage": "test"})
    answer = idp.untag_resource(ResourceArn=pool["Arn"], TagKeys=["team", "TEAM", "never given"])
    assert answer.keys() == {"ResponseMetadata"}
    assert _tags(idp, pool) == {"stage": "test"}


def test_update_with_tags_replaces_them_and_without_keeps_them(idp: Any, pool: dict[str, Any]) -> None:
    idp.tag_resource(ResourceArn=pool["Arn"], Tags={"team": "blue", "stage": "test"})
    idp.update_user_pool(UserPoolId=pool["Id"], UserPoolTags={"team": "green"})
    assert _tags(idp, pool) == {"team": "green"}
    idp.update_user_pool(UserPoolId=pool["Id"])
    assert _tags(idp, pool) == {"team": "green"}
    idp.update_user_pool(UserPoolId=pool["Id"], UserPoolTags={})
    assert _tags(idp, pool) == {}


def test_tags_of_one_pool_are_not_those_of_another(idp: Any, shared: dict[str, Any], pool: dict[str, Any]) -> None:
    idp.tag_resource(ResourceArn=pool["Arn"], Tags={"team": "blue"})
    assert _tags(idp, shared) == {}
    idp.untag_resource(ResourceArn=shared["Arn"], TagKeys=["team"])
    assert _tags(idp, pool) == {"team": "blue"}


def test_resource_has_at_most_fifty_tags(idp: Any, pool: dict[str, Any]) -> None:
    fifty = {f"k{number}": "v" for number in range(50)}
    with refused("UserPoolTaggingException"):
        factories.make_pool(idp, UserPoolTags={**fifty, "more": "v"})
    with refused("UserPoolTaggingException"):
        idp.update_user_pool(UserPoolId=pool["Id"], UserPoolTags={**fifty, "more": "v"})
    assert _tags(idp, pool) == {}
    idp.tag_resource(ResourceArn=pool["Arn"], Tags=fifty)
    with refused("InvalidParameterException"):
        idp.tag_resource(ResourceArn=pool["Arn"], Tags={"more": "v", "k1": "changed"})
    assert _tags(idp, pool) == fifty
    idp.tag_resource(ResourceArn=pool["Arn"], Tags={"k1": "changed"})
    assert _tags(idp, pool) == {**fifty, "k1": "changed"}


def test_fifty_is_the_limit_for_tags_added_at_the_same_time(idp: Any, pool: dict[str, Any]) -> None:
    idp.tag_resource(ResourceArn=pool["Arn"], Tags={f"k{number}": "v" for number in range(49)})

    def add(number: int) -> str:
        try:
            idp.tag_resource(ResourceArn=pool["Arn"], Tags={f"racer{number}": "v"})
        except idp.exceptions.InvalidParameterException:
            return "refused"
        return "added"

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(add, range(6))) == ["added", *["refused"] * 5]
    assert len(_tags(idp, pool)) == 50


@pytest.mark.parametrize("key", ["aws:team", "AWS:team"])
def test_reserved_keys_are_refused(idp: Any, shared: dict[str, Any], key: str) -> None:
    with refused("UserPoolTaggingException"):
        factories.make_pool(idp, UserPoolTags={"fine": "v", key: "v"})
    with refused("UserPoolTaggingException"):
        idp.update_user_pool(UserPoolId=shared["Id"], UserPoolTags={"fine": "v", key: "v"})
    with refused("InvalidParameterException"):
        idp.tag_resource(ResourceArn=shared["Arn"], Tags={"fine": "v", key: "v"})
    assert _tags(idp, shared) == {}


@pytest.mark.parametrize(
    ("tags", "constraint"),
    [
        ({"": "v"}, "Map keys must satisfy constraint: [Member must have length greater than or equal to 1]"),
        ({"k" * 129: "v"}, "Map keys must satisfy constraint: [Member must have length less than or equal to 128]"),
        ({"k": "v" * 257}, "Map value must satisfy constraint: [Member must have length less than or equal to 256]"),
    ],
)
def test_keys_and_values_must_satisfy_the_model(
    idp: Any, shared: dict[str, Any], tags: dict[str, str], constraint: str
) -> None:
    text = f"1 validation error detected: Value at '{{}}' failed to satisfy constraint: {constraint}"
    with refused("InvalidParameterException", text.format("tags")):
        idp.tag_resource(ResourceArn=shared["Arn"], Tags=tags)
    with refused("InvalidParameterException", text.format("userPoolTags")):
        factories.make_pool(idp, UserPoolTags=tags)


def test_keys_and_values_of_the_greatest_length_are_taken(idp: Any, pool: dict[str, Any]) -> None:
    idp.tag_resource(ResourceArn=pool["Arn"], Tags={"ß" * 128: "界" * 256})
    assert _tags(idp, pool) == {"ß" * 128: "界" * 256}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_resource_must_be_a_user_pool_of_this_account(idp: Any, shared: dict[str, Any], operation: str) -> None:
    arn = shared["Arn"]
    assert ":000000000000:" in arn
    for other in (
        arn.replace(":000000000000:", ":111111111111:"),
        arn.replace(":us-east-1:", ":eu-west-1:"),
        arn.replace(":userpool/", ":identitypool/"),
        arn.replace(":cognito-idp:", ":cognito-identity:"),
        arn.replace("arn:aws:", "arn:aws-cn:"),
        f"{arn}/client/c",
    ):
        with refused("InvalidParameterException"):
            OPERATIONS[operation](idp, other)
    assert _tags(idp, shared) == {}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_arn_must_satisfy_the_model(idp: Any, operation: str) -> None:
    with refused("InvalidParameterException") as refusal:
        OPERATIONS[operation](idp, "not the ARN of anything")
    assert "at 'resourceArn' failed to satisfy constraint: Member must satisfy regular expression" in refusal.message


@pytest.mark.parametrize("operation", OPERATIONS)
def test_missing_pool_is_not_found(idp: Any, shared: dict[str, Any], operation: str) -> None:
    for missing in ("us-east-1_NoSuchOne", "gatehouse_operators"):
        with refused("ResourceNotFoundException", f"User pool {missing} does not exist."):
            OPERATIONS[operation](idp, shared["Arn"].replace(shared["Id"], missing))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_pool_of_another_region_is_not_found(idp: Any, server: Server, shared: dict[str, Any], operation: str) -> None:
    with refused("ResourceNotFoundException", f"User pool {shared['Id']} does not exist."):
        OPERATIONS[operation](clients.idp(server, region="eu-west-1"), shared["Arn"])
    assert _tags(idp, shared) == {}


def test_tags_go_with_their_pool(idp: Any, pool: dict[str, Any]) -> None:
    idp.tag_resource(ResourceArn=pool["Arn"], Tags={"team": "blue"})
    idp.delete_user_pool(UserPoolId=pool["Id"])
    for ask in OPERATIONS.values():
        with refused("ResourceNotFoundException", f"User pool {pool['Id']} does not exist."):
            ask(idp, pool["Arn"])


def test_tagging_is_not_a_change_of_settings(idp: Any, pool: dict[str, Any]) -> None:
    idp.tag_resource(ResourceArn=pool["Arn"], Tags={"team": "blue"})
    found = idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]
    assert found == pool | {"UserPoolTags": {"team": "blue"}}
