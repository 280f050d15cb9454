"""AddUserPoolClientSecret, ListUserPoolClientSecrets and DeleteUserPoolClientSecret: rotation without a gap."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support import clients, factories
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.server import Server

SECRET = "a+given_secret_24_chars_"
GENERATED = r"[a-z0-9]{51,52}"


@pytest.fixture(scope="module")
def shared(idp: Any) -> dict[str, Any]:
    """A pool with the user alice."""
    pool = factories.make_pool(idp)
    factories.make_user(idp, pool, "alice")
    return pool


@pytest.fixture
def client(idp: Any, shared: dict[str, Any]) -> dict[str, Any]:
    """A confidential client of `shared`."""
    return factories.make_client(idp, shared, GenerateSecret=True)


def _ids(client: dict[str, Any]) -> dict[str, str]:
    return {"UserPoolId": client["UserPoolId"], "ClientId": client["ClientId"]}


def _add(idp: Any, client: dict[str, Any], **members: str) -> dict[str, Any]:
    added: dict[str, Any] = idp.add_user_pool_client_secret(**_ids(client), **members)["ClientSecretDescriptor"]
    return added


def _listed(idp: Any, client: dict[str, Any]) -> list[dict[str, Any]]:
    answer = idp.list_user_pool_client_secrets(**_ids(client))
    assert "NextToken" not in answer
    secrets: list[dict[str, Any]] = answer["ClientSecrets"]
    return secrets


def _delete(idp: Any, client: dict[str, Any], secret_id: str) -> Any:
    return idp.delete_user_pool_client_secret(**_ids(client), ClientSecretId=secret_id)


def _sign_in(public: Any, client: dict[str, Any], secret: str) -> dict[str, Any]:
    """Sign alice in with a proof made by `secret`."""
    result: dict[str, Any] = public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={
            "USERNAME": "alice",
            "PASSWORD": factories.PASSWORD,
            "SECRET_HASH": clients.secret_hash({**client, "ClientSecret": secret}, "alice"),
        },
    )["AuthenticationResult"]
    return result


def _sign_up(public: Any, client: dict[str, Any], secret: str) -> Any:
    name = factories.unique()
    proof = clients.secret_hash({**client, "ClientSecret": secret}, name)
    return public.sign_up(ClientId=client["ClientId"], Username=name, Password=factories.PASSWORD, SecretHash=proof)


def test_app_moves_from_one_secret_to_the_next_without_a_gap(
    idp: Any, public: Any, client: dict[str, Any], clock: Clock
) -> None:
    first = client["ClientSecret"]
    clock.advance(minutes=1)
    added = _add(idp, client)
    second = added["ClientSecretValue"]
    for secret in (first, second):
        assert "AccessToken" in _sign_in(public, client, secret)
        assert "UserSub" in _sign_up(public, client, secret)
    refresh_token = _sign_in(public, client, first)["RefreshToken"]

    old, new = _listed(idp, client)
    assert new["ClientSecretId"] == added["ClientSecretId"]
    answer = _delete(idp, client, old["ClientSecretId"])
    assert answer.keys() == {"ResponseMetadata"}
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-length"] == "2"

    assert _listed(idp, client) == [new]
    with refused("NotAuthorizedException"):
        _sign_in(public, client, first)
    with refused("NotAuthorizedException", f"Unable to verify secret hash for client {client['ClientId']}"):
        _sign_up(public, client, first)
    assert "AccessToken" in _sign_in(public, client, second)
    assert "UserSub" in _sign_up(public, client, second)
    assert idp.describe_user_pool_client(**_ids(client))["UserPoolClient"]["ClientSecret"] == second
    refreshed = public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={
            "REFRESH_TOKEN": refresh_token,
            "SECRET_HASH": clients.secret_hash({**client, "ClientSecret": second}, "alice"),
        },
    )
    assert "AccessToken" in refreshed["AuthenticationResult"]

    third = _add(idp, client)["ClientSecretValue"]
    assert "AccessToken" in _sign_in(public, client, third)


def test_plain_secret_may_be_either(idp: Any, public: Any, client: dict[str, Any]) -> None:
    second = _add(idp, client)["ClientSecretValue"]
    for secret in (client["ClientSecret"], second):
        token = _sign_in(public, client, secret)["RefreshToken"]
        public.revoke_token(ClientId=client["ClientId"], ClientSecret=secret, Token=token)
    with refused("UnauthorizedException"):
        public.revoke_token(ClientId=client["ClientId"], ClientSecret=SECRET, Token=token)


def test_generated_secret_is_told_once(idp: Any, client: dict[str, Any]) -> None:
    added = _add(idp, client)
    assert added.keys() == {"ClientSecretId", "ClientSecretValue", "ClientSecretCreateDate"}
    assert re.fullmatch(GENERATED, added["ClientSecretValue"])
    assert added["ClientSecretValue"] != client["ClientSecret"]
    shown = {name: value for name, value in added.items() if name != "ClientSecretValue"}
    assert shown in _listed(idp, client)
    assert all(secret.keys() == {"ClientSecretId", "ClientSecretCreateDate"} for secret in _listed(idp, client))


@pytest.mark.parametrize("secret", [SECRET, "s" * 64])
def test_given_secret_is_not_told(idp: Any, public: Any, client: dict[str, Any], secret: str) -> None:
    added = _add(idp, client, ClientSecret=secret)
    assert added.keys() == {"ClientSecretId", "ClientSecretCreateDate"}
    assert "AccessToken" in _sign_in(public, client, secret)


def test_secret_id_names_the_client_and_the_second_of_creation(idp: Any, client: dict[str, Any]) -> None:
    (first,) = _listed(idp, client)
    client_id, _, epoch = first["ClientSecretId"].partition("--")
    assert client_id == client["ClientId"]
    assert int(epoch) == int(first["ClientSecretCreateDate"].timestamp())
    assert abs((first["ClientSecretCreateDate"] - client["CreationDate"]).total_seconds()) < 1


def test_secrets_made_in_one_second_have_ids_of_their_own(idp: Any, client: dict[str, Any]) -> None:
    _add(idp, client)
    names = [secret["ClientSecretId"] for secret in _listed(idp, client)]
    assert len(set(names)) == 2
    assert all(re.fullmatch(client["ClientId"] + "--[0-9]{10}", name) for name in names)


def test_third_secret_is_refused(idp: Any, client: dict[str, Any]) -> None:
    _add(idp, client)
    before = _listed(idp, client)
    for members in ({}, {"ClientSecret": SECRET}):
        with refused("LimitExceededException"):
            _add(idp, client, **members)
    assert _listed(idp, client) == before


def test_only_one_of_many_gets_the_second_place(idp: Any, client: dict[str, Any]) -> None:
    def add(_: int) -> str:
        try:
            _add(idp, client)
        except idp.exceptions.LimitExceededException:
            return "refused"
        return "added"

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(add, range(8))) == ["added", *["refused"] * 7]
    assert len(_listed(idp, client)) == 2


def test_one_secret_is_left_when_both_are_deleted_at_the_same_time(idp: Any, client: dict[str, Any]) -> None:
    _add(idp, client)

    def delete(secret: dict[str, Any]) -> str:
        try:
            _delete(idp, client, secret["ClientSecretId"])
        except idp.exceptions.InvalidParameterException:
            return "refused"
        return "deleted"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(delete, _listed(idp, client))) == ["deleted", "refused"]
    assert len(_listed(idp, client)) == 1


def test_last_secret_is_not_deleted(idp: Any, public: Any, client: dict[str, Any]) -> None:
    (only,) = _listed(idp, client)
    with refused("InvalidParameterException"):
        _delete(idp, client, only["ClientSecretId"])
    assert _listed(idp, client) == [only]
    assert "AccessToken" in _sign_in(public, client, client["ClientSecret"])


def test_public_client_stays_public(idp: Any, public: Any, shared: dict[str, Any]) -> None:
    made = factories.make_client(idp, shared)
    for members in ({}, {"ClientSecret": SECRET}):
        with refused("InvalidParameterException"):
            _add(idp, made, **members)
    assert _listed(idp, made) == []
    assert "AccessToken" in factories.sign_in(public, made, "alice")


def test_same_secret_twice_is_refused(idp: Any, client: dict[str, Any]) -> None:
    with refused("InvalidParameterException") as refusal:
        _add(idp, client, ClientSecret=client["ClientSecret"])
    assert client["ClientSecret"] not in refusal.message
    assert len(_listed(idp, client)) == 1


@pytest.mark.parametrize("secret", ["short_one_of_23_letters", "l" * 65, "with-a-hyphen-and-24-long"])
def test_secret_must_satisfy_the_model_and_is_not_repeated(idp: Any, client: dict[str, Any], secret: str) -> None:
    with refused("InvalidParameterException") as refusal:
        _add(idp, client, ClientSecret=secret)
    assert "Value at 'clientSecret' failed to satisfy constraint: Member must " in refusal.message
    assert secret not in refusal.message
    assert len(_listed(idp, client)) == 1


def test_update_of_the_client_keeps_both_secrets(idp: Any, public: Any, client: dict[str, Any]) -> None:
    second = _add(idp, client)["ClientSecretValue"]
    before = _listed(idp, client)
    idp.update_user_pool_client(**_ids(client), ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    assert _listed(idp, client) == before
    for secret in (client["ClientSecret"], second):
        assert "AccessToken" in _sign_in(public, client, secret)


def test_unknown_secret_is_not_found(idp: Any, shared: dict[str, Any], client: dict[str, Any]) -> None:
    _add(idp, client)
    other = factories.make_client(idp, shared, GenerateSecret=True)
    _add(idp, other)
    for name in (f"{client['ClientId']}--1", "nonsense", _listed(idp, other)[0]["ClientSecretId"]):
        with refused("ResourceNotFoundException"):
            _delete(idp, client, name)
    assert (len(_listed(idp, client)), len(_listed(idp, other))) == (2, 2)


def test_secrets_are_not_in_the_log(idp: Any, server: Server, client: dict[str, Any]) -> None:
    added = _add(idp, client)["ClientSecretValue"]
    with refused("InvalidParameterException"):
        _add(idp, client, ClientSecret=f"{added}-")
    _delete(idp, client, _listed(idp, client)[1]["ClientSecretId"])
    _add(idp, client, ClientSecret=SECRET)
    for secret in (client["ClientSecret"], added, SECRET):
        assert secret not in server.log


OPERATIONS: dict[str, Callable[[Any, dict[str, str]], Any]] = {
    "AddUserPoolClientSecret": lambda idp, ids: idp.add_user_pool_client_secret(**ids),
    "ListUserPoolClientSecrets": lambda idp, ids: idp.list_user_pool_client_secrets(**ids),
    "DeleteUserPoolClientSecret": lambda idp, ids: idp.delete_user_pool_client_secret(**ids, ClientSecretId="c--1"),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_missing_pool_or_client_is_not_found(
    idp: Any, server: Server, shared: dict[str, Any], pool: dict[str, Any], client: dict[str, Any], operation: str
) -> None:
    ask, client_id = OPERATIONS[operation], client["ClientId"]
    no_pool = "User pool {} does not exist."
    no_client = "User pool client {} does not exist."
    with refused("ResourceNotFoundException", no_pool.format("us-east-1_NoSuchOne")):
        ask(idp, {"UserPoolId": "us-east-1_NoSuchOne", "ClientId": client_id})
    with refused("ResourceNotFoundException", no_client.format("nosuchclient")):
        ask(idp, {"UserPoolId": shared["Id"], "ClientId": "nosuchclient"})
    with refused("ResourceNotFoundException", no_client.format(client_id)):
        ask(idp, {"UserPoolId": pool["Id"], "ClientId": client_id})
    with refused("ResourceNotFoundException", no_pool.format(shared["Id"])):
        ask(clients.idp(server, region="eu-west-1"), _ids(client))
    assert len(_listed(idp, client)) == 1


def test_secrets_go_with_their_client(idp: Any, client: dict[str, Any]) -> None:
    _add(idp, client)
    idp.delete_user_pool_client(**_ids(client))
    for ask in OPERATIONS.values():
        with refused("ResourceNotFoundException", f"User pool client {client['ClientId']} does not exist."):
            ask(idp, _ids(client))
