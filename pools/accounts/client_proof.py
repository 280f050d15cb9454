"""Proof that a caller knows an app client's secret. Source: guide, "Computing secret hash values"."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable

from identity.errors import NotAuthorized, Unauthorized
from pools.models import Client


def check_secret_hash(client: Client, username: str, given: str | None) -> None:
    """SECRET_HASH of the sign-up and code operations.

    Raises: NotAuthorized.
    """
    if client.active_secrets and given is None:
        raise NotAuthorized(f"Client {client.client_id} is configured for secret but secret was not received")
    if given is not None and not _matches(client, (username,), given):
        raise NotAuthorized(f"Unable to verify secret hash for client {client.client_id}")


def check_sign_in_hash(client: Client, usernames: Iterable[str], given: str | None) -> None:
    """SECRET_HASH among authentication parameters, over any of the names the user is known by.

    Raises: NotAuthorized.
    """
    if client.active_secrets and given is None:
        raise NotAuthorized(f"Client {client.client_id} is configured with secret but SECRET_HASH was not received")
    if given is None:
        return
    if not client.active_secrets:
        raise NotAuthorized(f"Unable to verify secret hash for client {client.client_id}")
    if not _matches(client, usernames, given):
        raise NotAuthorized(f"SecretHash does not match for the client: {client.client_id}")


def check_secret(client: Client, given: str | None) -> None:
    """The plain secret, where an operation takes it.

    Raises: Unauthorized.
    """
    if not client.active_secrets and given is None:
        return
    matched = False
    for secret in client.active_secrets:
        matched |= given is not None and hmac.compare_digest(secret.encode(), given.encode())
    if not matched:
        raise Unauthorized("Invalid client secret")


def check_secret_beside_token(client: Client, given: str | None) -> None:
    """The plain secret, where the operation does not know `Unauthorized`.

    Raises: NotAuthorized.
    """
    if client.active_secrets and given is None:
        raise NotAuthorized(f"Client {client.client_id} is configured for secret but secret was not received")
    try:
        check_secret(client, given)
    except Unauthorized as error:
        raise NotAuthorized(error.message) from None


def _matches(client: Client, usernames: Iterable[str], given: str) -> bool:
    matched = False
    for username in usernames:
        for secret in client.active_secrets:
            mac = hmac.digest(secret.encode(), f"{username}{client.client_id}".encode(), hashlib.sha256)
            matched |= hmac.compare_digest(base64.b64encode(mac), given.encode())
    return matched
