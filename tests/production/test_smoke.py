"""An installation as it is run for real: no --dev, PostgreSQL, two web workers, e-mail, keys that are replaced."""

from __future__ import annotations

import base64
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import psycopg
import pytest
import requests

from tests.production.conftest import PRODUCTION, RING, Install
from tests.support import clients, factories, processes
from tests.support.clients import refused
from tests.support.letters import Letters, delivered
from tests.support.server import Server

pytestmark = [
    pytest.mark.skipif(not os.environ.get("DATABASE_URL"), reason="DATABASE_URL names no PostgreSQL server"),
    pytest.mark.xdist_group("smoke"),
]

NEW_RING = base64.b64encode(b"n" * 32).decode()
REDIS = ("127.0.0.1", 6379)
WORKER_SECONDS = 20


@pytest.fixture(scope="module")
def letters() -> Iterator[Letters]:
    with delivered() as running:
        yield running


@pytest.fixture(scope="module")
def server(install: Install, letters: Letters) -> Server:
    """Prepared by hand as the README says, and started."""
    installation = install(
        **PRODUCTION,
        **letters.environment,
        GATEHOUSE_WEB_WORKERS="2",
    )
    installation.manage("migrate", "--verbosity", "0")
    installation.manage("bootstrap")
    return installation.start()


@pytest.fixture
def idp(server: Server) -> Any:
    return clients.idp(server)


@pytest.fixture(scope="module")
def pool(server: Server) -> dict[str, Any]:
    return factories.make_pool(clients.idp(server), AutoVerifiedAttributes=["email"])


@pytest.fixture(scope="module")
def client(server: Server, pool: dict[str, Any]) -> dict[str, Any]:
    return factories.make_client(clients.idp(server), pool, GenerateSecret=True)


@pytest.fixture(scope="module")
def user(server: Server, pool: dict[str, Any]) -> str:
    return factories.make_user(clients.idp(server), pool, email="user@example.com")


def sign_in(idp: Any, client: dict[str, Any], user: str) -> dict[str, Any]:
    answer = idp.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={
            "USERNAME": user,
            "PASSWORD": factories.PASSWORD,
            "SECRET_HASH": clients.secret_hash(client, user),
        },
    )
    result: dict[str, Any] = answer["AuthenticationResult"]
    return result


def refresh(idp: Any, client: dict[str, Any], user: str, tokens: dict[str, Any]) -> dict[str, Any]:
    answer = idp.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={
            "REFRESH_TOKEN": tokens["RefreshToken"],
            "SECRET_HASH": clients.secret_hash(client, user),
        },
    )
    result: dict[str, Any] = answer["AuthenticationResult"]
    return result


def verified(server: Server, pool: dict[str, Any], client: dict[str, Any], token: str) -> dict[str, Any]:
    """An ID token's claims, checked as an application does: published keys, issuer, audience, expiry."""
    published = requests.get(f"{server.url}/{pool['Id']}/.well-known/jwks.json", timeout=10).json()
    keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(published).keys}
    claims: dict[str, Any] = jwt.decode(
        token,
        keys[jwt.get_unverified_header(token)["kid"]],
        algorithms=["RS256"],
        audience=client["ClientId"],
        issuer=f"https://gatehouse.example/{pool['Id']}",
    )
    return claims


def test_a_user_signs_up_by_e_mail_signs_in_refreshes_and_signs_out(
    server: Server, idp: Any, pool: dict[str, Any], client: dict[str, Any], letters: Letters
) -> None:
    name, address = factories.unique(), "newcomer@example.com"
    proof = clients.secret_hash(client, name)
    names = {"ClientId": client["ClientId"], "Username": name, "SecretHash": proof}
    idp.sign_up(**names, Password=factories.PASSWORD, UserAttributes=[{"Name": "email", "Value": address}])
    idp.confirm_sign_up(**names, ConfirmationCode=letters.code_to(address))
    tokens = sign_in(idp, client, name)
    assert verified(server, pool, client, tokens["IdToken"])["email"] == address
    renewed = refresh(idp, client, name, tokens)
    assert factories.attributes_of(idp.get_user(AccessToken=renewed["AccessToken"]))["email_verified"] == "true"
    idp.global_sign_out(AccessToken=renewed["AccessToken"])
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        idp.get_user(AccessToken=tokens["AccessToken"])
    assert letters.newest[address]["From"] == "accounts@gatehouse.example"


def test_discovery_names_the_public_address(server: Server, pool: dict[str, Any]) -> None:
    """The Host header of this request is another one, and decides nothing."""
    found = requests.get(f"{server.url}/{pool['Id']}/.well-known/openid-configuration", timeout=10).json()
    assert found["issuer"] == f"https://gatehouse.example/{pool['Id']}"
    assert found["jwks_uri"].startswith("https://gatehouse.example/")


def test_nothing_of_development_is_there(server: Server) -> None:
    for path in ("/_dev/outbox", "/_dev/clock"):
        assert requests.get(server.url + path, timeout=10).status_code == 404
    assert len(processes.web_workers(server)) == 2


def test_rotating_signing_keys_invalidates_no_token(
    server: Server, idp: Any, pool: dict[str, Any], client: dict[str, Any], user: str
) -> None:
    before = sign_in(idp, client, user)
    assert "Rotated the signing keys of" in server.manage("rotate_keys")
    for _ in range(4):  # either worker
        after = sign_in(clients.idp(server), client, user)
        for kind in ("IdToken", "AccessToken"):
            assert jwt.get_unverified_header(after[kind])["kid"] != jwt.get_unverified_header(before[kind])["kid"]
        for tokens in (before, after):
            assert verified(server, pool, client, tokens["IdToken"])["cognito:username"] == user
            assert clients.idp(server).get_user(AccessToken=tokens["AccessToken"])["Username"] == user


def test_key_ring_is_replaced_without_losing_anything(
    server: Server, pool: dict[str, Any], client: dict[str, Any], user: str, letters: Letters
) -> None:
    """A new key in front, everything sealed again, the old key dropped; a restart between each."""
    idp = clients.idp(server)
    tokens = sign_in(idp, client, user)
    name, address = factories.unique(), "rotation@example.com"
    names = {"ClientId": client["ClientId"], "Username": name, "SecretHash": clients.secret_hash(client, name)}
    idp.sign_up(**names, Password=factories.PASSWORD, UserAttributes=[{"Name": "email", "Value": address}])

    server.stop()
    server.environment["GATEHOUSE_SECRET_KEYS"] = f"{NEW_RING},{RING}"
    server.start()
    idp = clients.idp(server)
    idp.confirm_sign_up(**names, ConfirmationCode=letters.code_to(address))  # sent under the old key
    _everything_works(server, pool, client, user, tokens)
    assert "Re-encrypted 0 secrets." not in server.manage("rotate_keys", "--secrets")
    assert "Re-encrypted 0 secrets." in server.manage("rotate_keys", "--secrets")
    _everything_works(server, pool, client, user, tokens)

    server.stop()
    server.environment["GATEHOUSE_SECRET_KEYS"] = NEW_RING
    server.start()
    _everything_works(server, pool, client, user, tokens)
    assert sign_in(clients.idp(server), client, name)["AccessToken"]

    server.stop()
    server.environment["GATEHOUSE_SECRET_KEYS"] = RING
    with pytest.raises(AssertionError, match="set GATEHOUSE_SECRET_KEYS to the keys it was made with"):
        server.start()
    server.environment["GATEHOUSE_SECRET_KEYS"] = NEW_RING
    server.start()


def _everything_works(
    server: Server, pool: dict[str, Any], client: dict[str, Any], user: str, tokens: dict[str, Any]
) -> None:
    """Operator's key, client secret, signing keys, password, session: each was sealed, hashed or signed earlier."""
    idp = clients.idp(server)
    assert idp.admin_get_user(UserPoolId=pool["Id"], Username=user)["UserStatus"] == "CONFIRMED"
    described = idp.describe_user_pool_client(UserPoolId=pool["Id"], ClientId=client["ClientId"])["UserPoolClient"]
    assert described["ClientSecret"] == client["ClientSecret"]
    assert idp.get_user(AccessToken=tokens["AccessToken"])["Username"] == user
    assert refresh(idp, client, user, tokens)["AccessToken"]
    assert verified(server, pool, client, sign_in(idp, client, user)["IdToken"])["cognito:username"] == user


def test_password_is_hashed_with_the_parameters_that_were_set(server: Server) -> None:
    with psycopg.connect(server.environment["DATABASE_URL"]) as connection:
        stored = [row[0] for row in connection.execute("SELECT password_hash FROM pools_credential").fetchall()]
    assert stored
    assert all(value.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for value in stored)


def test_database_holds_no_secret_in_clear(server: Server, client: dict[str, Any], user: str) -> None:
    """A dump of every table, as a thief or a backup has it."""
    tokens = sign_in(clients.idp(server), client, user)
    secrets = {
        "operator's secret key": server.environment["GATEHOUSE_SECRET_ACCESS_KEY"],
        "client secret": client["ClientSecret"],
        "password": factories.PASSWORD,
        "refresh token": tokens["RefreshToken"],
        "private key": "PRIVATE KEY",
    }
    with psycopg.connect(server.environment["DATABASE_URL"]) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        dump = [str(connection.execute(f'SELECT * FROM "{name}"').fetchall()) for (name,) in tables]  # type: ignore[call-overload]
    assert any(user in table for table in dump)
    for kind, secret in secrets.items():
        assert not any(secret in table for table in dump), f"{kind} is stored in clear"


def test_log_holds_no_secret_and_no_failure(server: Server, client: dict[str, Any]) -> None:
    for secret in (RING, NEW_RING, server.environment["GATEHOUSE_SECRET_ACCESS_KEY"], factories.PASSWORD):
        assert secret not in server.log
    assert client["ClientSecret"] not in server.log
    assert "Traceback" not in server.log


def redis_answers() -> bool:
    try:
        with socket.create_connection(REDIS, timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


@pytest.mark.skipif(not redis_answers(), reason="no Redis answers on 127.0.0.1:6379")
def test_with_redis_what_is_repeated_runs_in_the_worker(server: Server) -> None:
    """The stock of signing keys is larger than what bootstrap made: only the worker can have filled it."""
    server.stop()
    server.environment.update(REDIS_URL="redis://127.0.0.1:6379/9", GATEHOUSE_SIGNING_KEY_STOCK="7")
    embedded = Path(server.environment["GATEHOUSE_DATA"]) / "queue" / "messages"
    before = sorted(embedded.iterdir())
    server.start()
    deadline = time.monotonic() + WORKER_SECONDS
    while _stock(server) < 7:
        assert time.monotonic() < deadline, server.log
        time.sleep(0.1)
    assert _stock(server) == 7
    assert sorted(embedded.iterdir()) == before, "the embedded broker was used"
    assert server.stop() < 10
    assert processes.of(server) == []


def _stock(server: Server) -> int:
    with psycopg.connect(server.environment["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT count(*) FROM identity_signingkey WHERE state = 'stock'").fetchone()
    assert row
    return int(row[0])
