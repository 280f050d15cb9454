"""A read after a write on the other web worker sees it. Two workers on PostgreSQL, and a client bound to each."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import jwt
import psycopg
import pytest
import requests
from botocore.exceptions import ClientError

from tests.production.conftest import Install
from tests.support import clients, factories, processes
from tests.support.clients import refused
from tests.support.server import Server

pytestmark = [
    pytest.mark.skipif(
        not os.environ.get("DATABASE_URL"),
        reason="DATABASE_URL names no PostgreSQL server for two web workers to share",
    ),
    pytest.mark.xdist_group("two workers"),
]

# Each change is made on one worker and read on the other, then the other way about, so often:
ROUNDS = 3
CROWD = 8


@pytest.fixture(scope="module")
def two(install: Install) -> Server:
    return install("--dev", GATEHOUSE_WEB_WORKERS="2").start()


class Bound:
    """An AWS client on one kept-alive connection, so that one web worker gets everything it calls."""

    def __init__(self, server: Server) -> None:
        self.idp = clients.idp(server)
        self._server = server
        before = processes.connections(server)
        self.idp.list_user_pools(MaxResults=1)
        (self._port,) = processes.connections(server) - before

    @property
    def worker(self) -> int:
        """The pid at the other end; asking proves that the connection is still the first one."""
        return processes.worker_of(self._server, self._port)


@pytest.fixture
def pair(two: Server) -> Iterator[tuple[Any, Any]]:
    """Two clients of which each is answered by another worker."""
    one = Bound(two)
    other = next(bound for bound in (Bound(two) for _ in range(100)) if bound.worker != one.worker)
    workers = (one.worker, other.worker)
    yield one.idp, other.idp
    assert (one.worker, other.worker) == workers, "a connection moved, so this test has shown nothing"


@pytest.fixture
def both_ways(pair: tuple[Any, Any]) -> list[tuple[Any, Any]]:
    """(writer, reader), in turn."""
    one, other = pair
    return [(one, other), (other, one)] * ROUNDS


@pytest.fixture
def pool(pair: tuple[Any, Any]) -> dict[str, Any]:
    return factories.make_pool(pair[0])


@pytest.fixture
def client(pair: tuple[Any, Any], pool: dict[str, Any]) -> dict[str, Any]:
    return factories.make_client(pair[0], pool)


@pytest.fixture
def user(pair: tuple[Any, Any], pool: dict[str, Any]) -> str:
    return factories.make_user(pair[0], pool)


Ways = list[tuple[Any, Any]]


def in_a_crowd(pair: tuple[Any, Any], call: Callable[[Any], Any]) -> Counter[str]:
    """`call` many times at once on both workers: how often it went well (`ok`), or with which error code."""
    barrier = Barrier(CROWD)

    def one_of_them(position: int) -> str:
        barrier.wait()
        try:
            call(pair[position % 2])
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "ok"

    with ThreadPoolExecutor(CROWD) as threads:
        return Counter(threads.map(one_of_them, range(CROWD)))


# --- a change is seen by the next request on the other worker


def test_password_policy_holds_for_the_next_sign_up(both_ways: Ways, pool: dict[str, Any], client: Any) -> None:
    for writer, reader in both_ways:
        for length, is_allowed in ((20, False), (8, True)):
            policy = {"PasswordPolicy": {"MinimumLength": length}}
            writer.update_user_pool(UserPoolId=pool["Id"], Policies=policy)
            sign_up = {"ClientId": client["ClientId"], "Username": factories.unique(), "Password": factories.PASSWORD}
            if is_allowed:
                reader.sign_up(**sign_up)
            else:
                with refused("InvalidPasswordException"):
                    reader.sign_up(**sign_up)


def test_closed_sign_up_holds_for_the_next_sign_up(both_ways: Ways, pool: dict[str, Any], client: Any) -> None:
    for writer, reader in both_ways:
        sign_up = {"ClientId": client["ClientId"], "Username": factories.unique(), "Password": factories.PASSWORD}
        writer.update_user_pool(UserPoolId=pool["Id"], AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})
        with refused("NotAuthorizedException"):
            reader.sign_up(**sign_up)
        writer.update_user_pool(UserPoolId=pool["Id"], AdminCreateUserConfig={"AllowAdminCreateUserOnly": False})
        reader.sign_up(**sign_up)


def test_flows_of_a_client_hold_for_the_next_sign_in(
    both_ways: Ways, pool: dict[str, Any], client: Any, user: str
) -> None:
    names = {"UserPoolId": pool["Id"], "ClientId": client["ClientId"]}
    for writer, reader in both_ways:
        assert factories.sign_in(reader, client, user)
        writer.update_user_pool_client(**names, ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"])
        with refused("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client"):
            factories.sign_in(reader, client, user)
        writer.update_user_pool_client(
            **names, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        )
        assert factories.sign_in(reader, client, user)


def test_life_of_access_tokens_holds_for_the_next_sign_in(
    both_ways: Ways, pool: dict[str, Any], client: Any, user: str
) -> None:
    for minutes, (writer, reader) in enumerate(both_ways, start=5):
        writer.update_user_pool_client(
            UserPoolId=pool["Id"],
            ClientId=client["ClientId"],
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            AccessTokenValidity=minutes,
            TokenValidityUnits={"AccessToken": "minutes"},
        )
        assert factories.sign_in(reader, client, user)["ExpiresIn"] == minutes * 60


def test_new_password_holds_for_the_next_sign_in(both_ways: Ways, pool: dict[str, Any], client: Any, user: str) -> None:
    old = factories.PASSWORD
    for number, (writer, reader) in enumerate(both_ways):
        new = f"Another-Horse-{number}"
        assert factories.sign_in(reader, client, user, old)
        writer.admin_set_user_password(UserPoolId=pool["Id"], Username=user, Password=new, Permanent=True)
        with refused("NotAuthorizedException", "Incorrect username or password."):
            factories.sign_in(reader, client, user, old)
        assert factories.sign_in(reader, client, user, new)
        old = new


def test_revoked_refresh_token_ends_its_access_token(both_ways: Ways, client: Any, user: str) -> None:
    for writer, reader in both_ways:
        tokens = factories.sign_in(writer, client, user)
        assert reader.get_user(AccessToken=tokens["AccessToken"])
        writer.revoke_token(ClientId=client["ClientId"], Token=tokens["RefreshToken"])
        with refused("NotAuthorizedException", "Access Token has been revoked"):
            reader.get_user(AccessToken=tokens["AccessToken"])
        with refused("NotAuthorizedException"):
            _refresh(reader, client, tokens)


@pytest.mark.parametrize("by", ["user", "operator"])
def test_global_sign_out_ends_every_session(
    both_ways: Ways, pool: dict[str, Any], client: Any, user: str, by: str
) -> None:
    for writer, reader in both_ways:
        sessions = [factories.sign_in(idp, client, user) for idp in (writer, reader)]
        assert all(reader.get_user(AccessToken=tokens["AccessToken"]) for tokens in sessions)
        if by == "user":
            writer.global_sign_out(AccessToken=sessions[0]["AccessToken"])
        else:
            writer.admin_user_global_sign_out(UserPoolId=pool["Id"], Username=user)
        for tokens in sessions:
            with refused("NotAuthorizedException", "Access Token has been revoked"):
                reader.get_user(AccessToken=tokens["AccessToken"])
            with refused("NotAuthorizedException"):
                _refresh(reader, client, tokens)


def test_deleted_user_is_gone(both_ways: Ways, pool: dict[str, Any], client: Any) -> None:
    for writer, reader in both_ways:
        name = factories.make_user(writer, pool)
        tokens = factories.sign_in(reader, client, name)
        writer.admin_delete_user(UserPoolId=pool["Id"], Username=name)
        with refused("UserNotFoundException"):
            reader.get_user(AccessToken=tokens["AccessToken"])
        with refused("UserNotFoundException"):
            reader.admin_get_user(UserPoolId=pool["Id"], Username=name)
        factories.make_user(reader, pool, name)  # the name is free again


def test_deleted_client_is_gone(both_ways: Ways, pool: dict[str, Any], user: str) -> None:
    for writer, reader in both_ways:
        client = factories.make_client(writer, pool)
        tokens = factories.sign_in(reader, client, user)
        writer.delete_user_pool_client(UserPoolId=pool["Id"], ClientId=client["ClientId"])
        gone = f"User pool client {client['ClientId']} does not exist."
        with refused("ResourceNotFoundException", gone):
            factories.sign_in(reader, client, user)
        with refused("ResourceNotFoundException", gone):
            _refresh(reader, client, tokens)
        with refused("ResourceNotFoundException", gone):
            reader.get_user(AccessToken=tokens["AccessToken"])


def test_added_secret_signs_in_and_deleted_one_does_not(both_ways: Ways, pool: dict[str, Any], user: str) -> None:
    for writer, reader in both_ways:
        first = factories.make_client(writer, pool, GenerateSecret=True)
        names = {"UserPoolId": pool["Id"], "ClientId": first["ClientId"]}
        assert _sign_in_with_secret(reader, first, user)
        added = writer.add_user_pool_client_secret(**names)["ClientSecretDescriptor"]
        second = {**first, "ClientSecret": added["ClientSecretValue"]}
        assert _sign_in_with_secret(reader, second, user)
        assert _sign_in_with_secret(reader, first, user)
        held = reader.list_user_pool_client_secrets(**names)["ClientSecrets"]
        (old,) = {secret["ClientSecretId"] for secret in held} - {added["ClientSecretId"]}
        writer.delete_user_pool_client_secret(**names, ClientSecretId=old)
        with refused("NotAuthorizedException"):
            _sign_in_with_secret(reader, first, user)
        assert _sign_in_with_secret(reader, second, user)


def test_rotated_keys_sign_on_both_workers_and_verify_on_both(
    two: Server, pair: tuple[Any, Any], pool: dict[str, Any], client: Any, user: str
) -> None:
    one, other = pair
    before = {idp: factories.sign_in(idp, client, user) for idp in pair}
    for idp in pair:  # both have the old keys in their caches
        assert idp.get_user(AccessToken=before[one]["AccessToken"])
    two.manage("rotate_keys", "--pool", pool["Id"])
    after = {idp: factories.sign_in(idp, client, user) for idp in pair}
    for kind in ("AccessToken", "IdToken"):
        old, new = _key_id(before[one][kind]), _key_id(after[one][kind])
        assert new != old
        assert _key_id(after[other][kind]) == new
        assert {old, new} <= published_keys(two, pool)
    for reader in pair:
        for tokens in (*before.values(), *after.values()):
            assert reader.get_user(AccessToken=tokens["AccessToken"])["Username"] == user


def test_token_of_new_keys_is_verified_by_a_worker_that_has_not_seen_them(
    two: Server, pair: tuple[Any, Any], pool: dict[str, Any], client: Any, user: str
) -> None:
    """Its first request after the rotation is the token itself: nothing else has told the worker."""
    one, other = pair
    assert other.get_user(AccessToken=factories.sign_in(one, client, user)["AccessToken"])
    for writer, reader in ((one, other), (other, one)):
        two.manage("rotate_keys", "--pool", pool["Id"])
        assert reader.get_user(AccessToken=factories.sign_in(writer, client, user)["AccessToken"])["Username"] == user


def test_deleted_pool_is_gone_with_everything_in_it(two: Server, both_ways: Ways) -> None:
    for writer, reader in both_ways:
        pool = factories.make_pool(writer)
        client = factories.make_client(writer, pool)
        user = factories.make_user(writer, pool)
        tokens = factories.sign_in(reader, client, user)
        assert published_keys(two, pool)
        writer.delete_user_pool(UserPoolId=pool["Id"])
        with refused("ResourceNotFoundException", f"User pool {pool['Id']} does not exist."):
            reader.describe_user_pool(UserPoolId=pool["Id"])
        with refused("ResourceNotFoundException", f"User pool client {client['ClientId']} does not exist."):
            factories.sign_in(reader, client, user)
        with refused("ResourceNotFoundException"):
            _refresh(reader, client, tokens)
        with pytest.raises(ClientError) as caught:
            reader.get_user(AccessToken=tokens["AccessToken"])
        assert caught.value.response["Error"]["Code"] in {
            "NotAuthorizedException",
            "ResourceNotFoundException",
            "UserNotFoundException",
        }
        for _ in range(4):  # both workers, whichever answers
            assert requests.get(jwks_url(two, pool), timeout=10).status_code == 404


# --- of many at once on both workers, one wins


def test_of_many_sign_ups_under_one_name_one_wins(pair: tuple[Any, Any], client: Any) -> None:
    sign_up = {"ClientId": client["ClientId"], "Username": factories.unique(), "Password": factories.PASSWORD}
    outcome = in_a_crowd(pair, lambda idp: idp.sign_up(**sign_up))
    assert outcome == {"ok": 1, "UsernameExistsException": CROWD - 1}


def test_of_many_answers_to_one_challenge_one_wins(pair: tuple[Any, Any], pool: dict[str, Any], client: Any) -> None:
    name = factories.unique()
    temporary = "Temporary-Horse-1"
    pair[0].admin_create_user(
        UserPoolId=pool["Id"], Username=name, TemporaryPassword=temporary, MessageAction="SUPPRESS"
    )
    parameters = {"USERNAME": name, "PASSWORD": temporary}
    challenge = pair[0].initiate_auth(
        ClientId=client["ClientId"], AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
    )
    outcome = in_a_crowd(
        pair,
        lambda idp: idp.respond_to_auth_challenge(
            ClientId=client["ClientId"],
            ChallengeName=challenge["ChallengeName"],
            Session=challenge["Session"],
            ChallengeResponses={"USERNAME": name, "NEW_PASSWORD": factories.PASSWORD},
        ),
    )
    assert outcome == {"ok": 1, "NotAuthorizedException": CROWD - 1}


def test_many_wrong_passwords_at_once_lock_like_many_in_a_row(
    pair: tuple[Any, Any], pool: dict[str, Any], client: Any
) -> None:
    name = factories.make_user(pair[0], pool)
    outcome = in_a_crowd(pair, lambda idp: factories.sign_in(idp, client, name, "Wrong-Password-1"))
    assert outcome == {"NotAuthorizedException": CROWD}
    for idp in pair:
        with refused("NotAuthorizedException", "Password attempts exceeded"):
            factories.sign_in(idp, client, name)


def test_many_changes_of_one_pool_at_once_all_count(pair: tuple[Any, Any], pool: dict[str, Any]) -> None:
    names = iter([f"attribute{number}" for number in range(CROWD)])

    def add_attribute(idp: Any) -> None:
        attribute = {"Name": next(names), "AttributeDataType": "String"}
        idp.add_custom_attributes(UserPoolId=pool["Id"], CustomAttributes=[attribute])

    assert in_a_crowd(pair, add_attribute) == {"ok": CROWD}
    for idp in pair:
        schema = idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]["SchemaAttributes"]
        assert {f"custom:attribute{number}" for number in range(CROWD)} <= {attribute["Name"] for attribute in schema}


# --- when the database goes away for a moment


def test_lost_database_connections_are_made_again(pair: tuple[Any, Any], two: Server, client: Any, user: str) -> None:
    """Restarting PostgreSQL cuts every connection; each costs one failed request at most, and no restart of ours."""
    assert all(factories.sign_in(idp, client, user) for idp in pair)
    url = two.environment["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    failures = 0
    for idp in pair * 40:
        try:
            factories.sign_in(idp, client, user)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "InternalErrorException"
            failures += 1
    assert failures <= 2 * 16, "more than one for each thread of each worker"
    assert all(factories.sign_in(idp, client, user) for idp in pair)


def _refresh(idp: Any, client: dict[str, Any], tokens: dict[str, Any]) -> Any:
    return idp.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )


def _sign_in_with_secret(idp: Any, client: dict[str, Any], user: str) -> Any:
    secret_hash = clients.secret_hash(client, user)
    return idp.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user, "PASSWORD": factories.PASSWORD, "SECRET_HASH": secret_hash},
    )


def _key_id(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def jwks_url(server: Server, pool: dict[str, Any]) -> str:
    return f"{server.url}/{pool['Id']}/.well-known/jwks.json"


def published_keys(server: Server, pool: dict[str, Any]) -> set[str]:
    answer = requests.get(jwks_url(server, pool), timeout=10)
    answer.raise_for_status()
    return {key["kid"] for key in answer.json()["keys"]}
