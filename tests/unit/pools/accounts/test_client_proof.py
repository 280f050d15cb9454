"""SECRET_HASH against the published computation, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from identity.errors import NotAuthorized, Unauthorized
from pools.accounts import client_proof
from pools.models import Client

CLIENT_ID = "1234567890abcdefghijklmnop"
SECRET = "secretsecretsecretsecret1"
VECTOR = "ZCzwDkYePC0JNojr3AS2pmKrIcmQ5IqR2YYg/VxOTbk="
"""For user name `alice` under this secret and client id, computed independently."""


def _client(*secrets: str) -> Client:
    client = Client(client_id=CLIENT_ID)
    client.active_secrets = secrets
    return client


@pytest.mark.parametrize("secrets", [(SECRET,), (SECRET, "another"), ("another", SECRET)])
def test_proof_by_any_active_secret_is_accepted(secrets: tuple[str, ...]) -> None:
    client = _client(*secrets)
    client_proof.check_secret_hash(client, "alice", VECTOR)
    client_proof.check_sign_in_hash(client, ["sub", "alice"], VECTOR)


def test_client_without_secret_needs_no_proof() -> None:
    client_proof.check_secret_hash(_client(), "alice", None)
    client_proof.check_sign_in_hash(_client(), ["alice"], None)
    client_proof.check_secret(_client(), None)


@pytest.mark.parametrize("given", ["", "x", VECTOR[:-1], VECTOR.lower(), f"{VECTOR} ", "é", SECRET])
@pytest.mark.parametrize("secrets", [(SECRET,), ()])
def test_anything_else_is_refused(secrets: tuple[str, ...], given: str) -> None:
    with pytest.raises(NotAuthorized) as refusal:
        client_proof.check_secret_hash(_client(*secrets), "alice", given)
    assert refusal.value.message == f"Unable to verify secret hash for client {CLIENT_ID}"
    with pytest.raises(NotAuthorized):
        client_proof.check_sign_in_hash(_client(*secrets), ["alice"], given)


@pytest.mark.parametrize("name", ["Alice", "alice ", "", "bob"])
def test_proof_is_bound_to_the_name(name: str) -> None:
    with pytest.raises(NotAuthorized):
        client_proof.check_secret_hash(_client(SECRET), name, VECTOR)


def test_proof_is_bound_to_the_client() -> None:
    other = Client(client_id="other")
    other.active_secrets = (SECRET,)
    with pytest.raises(NotAuthorized):
        client_proof.check_secret_hash(other, "alice", VECTOR)


def test_missing_proof_is_refused_in_each_operations_words() -> None:
    with pytest.raises(NotAuthorized) as refusal:
        client_proof.check_secret_hash(_client(SECRET), "alice", None)
    assert refusal.value.message == f"Client {CLIENT_ID} is configured for secret but secret was not received"
    with pytest.raises(NotAuthorized) as refusal:
        client_proof.check_sign_in_hash(_client(SECRET), ["alice"], None)
    assert refusal.value.message == f"Client {CLIENT_ID} is configured with secret but SECRET_HASH was not received"


@pytest.mark.parametrize(
    ("secrets", "given"), [((SECRET,), None), ((SECRET,), "wrong"), ((SECRET,), "é"), ((), "superfluous")]
)
def test_plain_secret_must_match(secrets: tuple[str, ...], given: Any) -> None:
    with pytest.raises(Unauthorized):
        client_proof.check_secret(_client(*secrets), given)
    client_proof.check_secret(_client(SECRET, "another"), "another")
