"""Regions: the one in the credential scope is where pools are made, found, listed, tagged and named by ARN."""

import re
from typing import Any

import pytest

from tests.support import clients, factories
from tests.support.clients import refused
from tests.support.server import Server

HOME, AWAY = "us-east-1", "ap-southeast-2"


@pytest.fixture(scope="session")
def away(server: Server) -> Any:
    """cognito-idp in another region."""
    return clients.idp(server, region=AWAY)


def listed(idp: Any) -> set[str]:
    found: set[str] = set()
    token: dict[str, str] = {}
    while True:
        page = idp.list_user_pools(MaxResults=60, **token)
        found |= {pool["Id"] for pool in page["UserPools"]}
        if "NextToken" not in page:
            return found
        token = {"NextToken": page["NextToken"]}


@pytest.mark.parametrize("region", [HOME, AWAY, "eu-central-2", "us-gov-east-1", "local"])
def test_a_pool_is_made_in_the_region_of_the_request(server: Server, region: str) -> None:
    pool = factories.make_pool(clients.idp(server, region=region))
    assert re.fullmatch(rf"{region}_[0-9A-Za-z]{{9}}", pool["Id"])
    assert pool["Arn"] == f"arn:aws:cognito-idp:{region}:000000000000:userpool/{pool['Id']}"


def test_a_region_lists_its_own_pools(idp: Any, away: Any) -> None:
    here, there = factories.make_pool(idp)["Id"], factories.make_pool(away)["Id"]
    assert here in listed(idp) - listed(away)
    assert there in listed(away) - listed(idp)


def test_a_page_token_of_one_region_does_not_open_another(idp: Any, away: Any) -> None:
    for region in (idp, idp, away, away):
        factories.make_pool(region)
    token = idp.list_user_pools(MaxResults=1)["NextToken"]
    with refused("InvalidParameterException"):
        away.list_user_pools(MaxResults=1, NextToken=token)
    assert idp.list_user_pools(MaxResults=1, NextToken=token)["UserPools"]


def test_a_pool_does_not_exist_in_another_region(idp: Any, away: Any, pool: dict[str, Any], user: str) -> None:
    client_id = factories.make_client(idp, pool)["ClientId"]
    named = {"UserPoolId": pool["Id"]}
    for attempt in (
        lambda: away.describe_user_pool(**named),
        lambda: away.update_user_pool(**named),
        lambda: away.get_user_pool_mfa_config(**named),
        lambda: away.set_user_pool_mfa_config(**named),
        lambda: away.delete_user_pool(**named),
        lambda: away.admin_get_user(**named, Username=user),
        lambda: away.admin_delete_user(**named, Username=user),
        lambda: away.list_user_pool_clients(**named),
        lambda: away.describe_user_pool_client(**named, ClientId=client_id),
        lambda: away.admin_initiate_auth(**named, ClientId=client_id, AuthFlow="ADMIN_USER_PASSWORD_AUTH"),
        lambda: away.list_tags_for_resource(ResourceArn=pool["Arn"]),
        lambda: away.tag_resource(ResourceArn=pool["Arn"], Tags={"k": "v"}),
    ):
        with refused("ResourceNotFoundException", f"User pool {pool['Id']} does not exist."):
            attempt()
    assert idp.admin_get_user(**named, Username=user)["Username"] == user
    assert idp.list_tags_for_resource(ResourceArn=pool["Arn"]).get("Tags", {}) == {}


def test_an_arn_of_another_region_does_not_reach_the_pool(away: Any, idp: Any, pool: dict[str, Any]) -> None:
    elsewhere = pool["Arn"].replace(f":{HOME}:", f":{AWAY}:")
    for client in (idp, away):
        with refused("InvalidParameterException" if client is idp else "ResourceNotFoundException"):
            client.tag_resource(ResourceArn=elsewhere, Tags={"k": "v"})
    assert idp.list_tags_for_resource(ResourceArn=pool["Arn"]).get("Tags", {}) == {}


def test_users_sign_in_without_any_region(server: Server, away: Any, public: Any) -> None:
    pool = factories.make_pool(away)
    client, user = factories.make_client(away, pool), factories.make_user(away, pool)
    tokens = factories.sign_in(public, client, user)
    assert public.get_user(AccessToken=tokens["AccessToken"])["Username"] == user
    elsewhere = clients.idp(server, region="sa-east-1", signed=False)
    assert elsewhere.get_user(AccessToken=tokens["AccessToken"])["Username"] == user
