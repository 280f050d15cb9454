"""Resource servers: made, replaced, deleted, listed; what app clients may name of their scopes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import factories
from tests.support.clients import refused
from tests.support.factories import unique

READ = {"ScopeName": "read", "ScopeDescription": "Reads orders"}
WRITE = {"ScopeName": "write:all", "ScopeDescription": "Writes orders, ünd more"}
NO_POOL = "us-east-1_None00000"


@pytest.fixture(scope="module")
def pool(idp: Any) -> dict[str, Any]:
    return factories.make_pool(idp)


def make(idp: Any, pool: dict[str, Any], **members: Any) -> dict[str, Any]:
    given = {"Identifier": unique("server"), "Name": "Orders", "Scopes": [READ], **members}
    made: dict[str, Any] = idp.create_resource_server(UserPoolId=pool["Id"], **given)["ResourceServer"]
    return made


def named(server: dict[str, Any]) -> dict[str, Any]:
    return {"UserPoolId": server["UserPoolId"], "Identifier": server["Identifier"]}


def describe(idp: Any, server: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = idp.describe_resource_server(**named(server))["ResourceServer"]
    return found


def scope_of(server: dict[str, Any], name: str = "read") -> str:
    return f"{server['Identifier']}/{name}"


def machine(idp: Any, pool: dict[str, Any], *scopes: str, **members: Any) -> dict[str, Any]:
    """A client with the client credentials grant."""
    flow = {"GenerateSecret": True, "AllowedOAuthFlows": ["client_credentials"]}
    given = {**flow, "AllowedOAuthFlowsUserPoolClient": True, "AllowedOAuthScopes": list(scopes), **members}
    return factories.make_client(idp, pool, **given)


# Create, read, replace, delete


def test_a_resource_server_is_answered_and_read_alike(idp: Any, pool: dict[str, Any]) -> None:
    identifier = unique("https://api.example.com/orders?all=yes&n")
    made = make(idp, pool, Identifier=identifier, Scopes=[WRITE, READ])
    assert made == {"UserPoolId": pool["Id"], "Identifier": identifier, "Name": "Orders", "Scopes": [READ, WRITE]}
    assert describe(idp, made) == made


def test_scopes_may_be_left_out(idp: Any, pool: dict[str, Any]) -> None:
    server = idp.create_resource_server(UserPoolId=pool["Id"], Identifier=unique(), Name="none")["ResourceServer"]
    assert server["Scopes"] == []


def test_an_update_replaces_name_and_scopes(idp: Any, pool: dict[str, Any]) -> None:
    server = make(idp, pool)
    answer = idp.update_resource_server(**named(server), Name="All orders", Scopes=[WRITE])["ResourceServer"]
    assert answer == {**server, "Name": "All orders", "Scopes": [WRITE]}
    assert describe(idp, server) == answer
    assert idp.update_resource_server(**named(server), Name="All orders")["ResourceServer"]["Scopes"] == []


def test_a_deleted_resource_server_is_gone_and_its_identifier_free(idp: Any, pool: dict[str, Any]) -> None:
    server = make(idp, pool)
    idp.delete_resource_server(**named(server))
    with refused("ResourceNotFoundException", f"Resource server {server['Identifier']} does not exist."):
        describe(idp, server)
    make(idp, pool, Identifier=server["Identifier"])


def test_an_identifier_is_taken_once_in_a_pool(idp: Any, pool: dict[str, Any]) -> None:
    server = make(idp, pool)
    message = f"{server['Identifier']} already exists in user pool {pool['Id']}."
    with refused("InvalidParameterException", message):
        make(idp, pool, Identifier=server["Identifier"])
    make(idp, factories.make_pool(idp), Identifier=server["Identifier"])


def test_a_scope_is_named_once(idp: Any, pool: dict[str, Any]) -> None:
    with refused("InvalidParameterException", "Scope names must be unique in a resource server."):
        make(idp, pool, Scopes=[READ, {**READ, "ScopeDescription": "another"}])
    server = make(idp, pool)
    with refused("InvalidParameterException", "Scope names must be unique in a resource server."):
        idp.update_resource_server(**named(server), Name="n", Scopes=[READ, READ])
    assert describe(idp, server) == server


def test_nothing_is_done_to_a_resource_server_of_nobody(idp: Any, pool: dict[str, Any]) -> None:
    elsewhere = make(idp, factories.make_pool(idp))
    for missing in ({**named(elsewhere), "UserPoolId": pool["Id"]}, {**named(elsewhere), "UserPoolId": NO_POOL}):
        with refused("ResourceNotFoundException"):
            idp.describe_resource_server(**missing)
        with refused("ResourceNotFoundException"):
            idp.update_resource_server(**missing, Name="n")
        with refused("ResourceNotFoundException"):
            idp.delete_resource_server(**missing)
    with refused("ResourceNotFoundException"):
        idp.create_resource_server(UserPoolId=NO_POOL, Identifier="i", Name="n")
    with refused("ResourceNotFoundException"):
        idp.list_resource_servers(UserPoolId=NO_POOL)
    assert describe(idp, elsewhere) == elsewhere


@pytest.mark.parametrize(
    "members",
    [
        {"Identifier": "with space"},
        {"Identifier": 'quo"te'},
        {"Identifier": "back\\slash"},
        {"Identifier": "i" * 257},
        {"Name": "semi;colon"},
        {"Name": "n" * 257},
        {"Scopes": [{**READ, "ScopeName": "a/b"}]},
        {"Scopes": [{**READ, "ScopeName": "a b"}]},
        {"Scopes": [{**READ, "ScopeName": "s" * 257}]},
        {"Scopes": [{**READ, "ScopeDescription": "d" * 257}]},
        {"Scopes": [{"ScopeName": f"s{number}", "ScopeDescription": "d"} for number in range(101)]},
    ],
)
def test_what_breaks_the_model_is_refused(idp: Any, pool: dict[str, Any], members: dict[str, Any]) -> None:
    with refused("InvalidParameterException") as refusal:
        make(idp, pool, **members)
    assert "failed to satisfy constraint" in refusal.message


def test_a_resource_server_has_a_hundred_scopes(idp: Any, pool: dict[str, Any]) -> None:
    scopes = [{"ScopeName": f"s{number:03}", "ScopeDescription": "d"} for number in range(100)]
    assert describe(idp, make(idp, pool, Scopes=scopes))["Scopes"] == scopes


def test_a_pool_has_25_resource_servers_and_pages_of_them(idp: Any) -> None:
    pool = factories.make_pool(idp)
    made = [make(idp, pool, Identifier=f"server-{number:02}") for number in range(25)]
    with refused("LimitExceededException"):
        make(idp, pool)
    found, token = [], {}
    while True:
        page = idp.list_resource_servers(UserPoolId=pool["Id"], MaxResults=10, **token)
        assert len(page["ResourceServers"]) <= 10
        found += page["ResourceServers"]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == made
    assert idp.list_resource_servers(UserPoolId=pool["Id"])["ResourceServers"] == made
    with refused("InvalidParameterException", "Invalid pagination token given."):
        idp.list_resource_servers(UserPoolId=pool["Id"], NextToken="made-up")


# The scopes of app clients


def test_a_client_may_have_custom_scopes_that_exist(idp: Any, pool: dict[str, Any]) -> None:
    server = make(idp, pool, Identifier=unique("https://api.example.com/"))
    client = factories.make_client(
        idp, pool, AllowedOAuthFlows=["code"], AllowedOAuthScopes=["openid", scope_of(server)]
    )
    assert client["AllowedOAuthScopes"] == ["openid", scope_of(server)]
    assert machine(idp, pool, scope_of(server))["AllowedOAuthScopes"] == [scope_of(server)]


@pytest.mark.parametrize("end", ["/other", "/", "", "/read/"])
def test_a_custom_scope_that_does_not_exist_is_refused(idp: Any, pool: dict[str, Any], end: str) -> None:
    scope = f"{make(idp, pool)['Identifier']}{end}"
    with refused("ScopeDoesNotExistException", f"Invalid scope requested: {scope}"):
        machine(idp, pool, scope)
    client = factories.make_client(idp, pool)
    with refused("ScopeDoesNotExistException", f"Invalid scope requested: {scope}"):
        idp.update_user_pool_client(UserPoolId=pool["Id"], ClientId=client["ClientId"], AllowedOAuthScopes=[scope])


def test_a_scope_of_another_pool_does_not_exist(idp: Any, pool: dict[str, Any]) -> None:
    elsewhere = make(idp, factories.make_pool(idp))
    with refused("ScopeDoesNotExistException"):
        machine(idp, pool, scope_of(elsewhere))


def test_machines_have_custom_scopes_only(idp: Any, pool: dict[str, Any]) -> None:
    server = make(idp, pool)
    with refused("InvalidOAuthFlowException", "openid is not supported with client_credentials flow"):
        machine(idp, pool, scope_of(server), "openid")


def test_a_client_has_at_most_50_scopes(idp: Any, pool: dict[str, Any]) -> None:
    names = [f"s{number:02}" for number in range(51)]
    server = make(idp, pool, Scopes=[{"ScopeName": name, "ScopeDescription": "d"} for name in names])
    scopes = [scope_of(server, name) for name in names]
    assert machine(idp, pool, *scopes[:50])["AllowedOAuthScopes"] == scopes[:50]
    with refused("InvalidParameterException") as refusal:
        machine(idp, pool, *scopes)
    assert "Member must have length less than or equal to 50" in refusal.message


def test_a_scope_that_is_new_can_be_named_at_once_and_a_removed_one_no_more(idp: Any, pool: dict[str, Any]) -> None:
    server = make(idp, pool, Scopes=[])
    with refused("ScopeDoesNotExistException"):
        machine(idp, pool, scope_of(server))
    idp.update_resource_server(**named(server), Name="n", Scopes=[READ])
    client = machine(idp, pool, scope_of(server))
    idp.delete_resource_server(**named(server))
    with refused("ScopeDoesNotExistException"):
        machine(idp, pool, scope_of(server))
    kept = idp.describe_user_pool_client(UserPoolId=pool["Id"], ClientId=client["ClientId"])["UserPoolClient"]
    assert kept["AllowedOAuthScopes"] == [scope_of(server)]
