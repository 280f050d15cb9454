"""Which app client calls the token, revocation or introspection endpoint, and whether it really does.

Basic or the form, never both; a client without a secret only names itself. Whatever is wrong with a client and its
secret has one and the same answer. Source: RFC 6749, sections 2.3 and 5.2; guide, "The token issuer endpoint".
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from urllib.parse import unquote_plus

from oauthlib.oauth2.rfc6749 import errors

from identity.errors import ResourceNotFound
from pools import lookup
from pools.models import Client, Pool

STATUS = 400
"""Of `invalid_client` at the token endpoint: the guide's, where RFC 6749 has 401 for who came with a header."""

_CLIENT_ID = re.compile(r"[\w+]{1,128}", re.ASCII)
_NO_SECRET = ("no client has this secret",)


class InvalidClient(errors.InvalidClientError):
    """The description is what the guide's users report of a wrong secret, here of an unknown client too."""

    status_code = STATUS
    description = "invalid_client_secret"


def authenticate(pool: Pool, authorization: str | None, parameters: Mapping[str, str]) -> Client:
    """The client of a pool that a request comes from.

    `authorization` is the header of that name; `parameters` are those of the body, each of them given once.
    Raises: InvalidClient; InvalidRequestError for two methods at once, or no client at all.
    """
    if authorization is None:
        return _by_form(parameters, pool)
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient()
    client_id, secrets = _basic(credentials.strip())
    if "client_secret" in parameters or parameters.get("client_id", client_id) != client_id:
        raise errors.InvalidRequestError(description="More than one way of client authentication.")
    return _known(pool, client_id, secrets)


def _by_form(parameters: Mapping[str, str], pool: Pool) -> Client:
    client_id = parameters.get("client_id")
    if not client_id:
        raise errors.InvalidRequestError(description="Missing client_id parameter.")
    return _known(pool, client_id, (parameters["client_secret"],) if "client_secret" in parameters else ())


def _basic(credentials: str) -> tuple[str, tuple[str, ...]]:
    """The client's id and its secret as it may be meant: the RFC encodes both as a form does, many clients do not."""
    try:
        client_id, separator, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise InvalidClient() from None
    if not separator:
        raise InvalidClient()
    return unquote_plus(client_id), (secret, unquote_plus(secret))


def _known(pool: Pool, client_id: str, given: tuple[str, ...]) -> Client:
    """An empty secret is none: Basic has no other way to say so."""
    client = _find(pool, client_id)
    secrets = client.active_secrets if client is not None else _NO_SECRET
    meant = [secret.encode() for secret in given if secret]
    matched = not meant and not secrets
    for secret in secrets:
        for candidate in meant:
            matched |= hmac.compare_digest(secret.encode(), candidate)
    if client is None or not matched:
        raise InvalidClient()
    return client


def _find(pool: Pool, client_id: str) -> Client | None:
    if not _CLIENT_ID.fullmatch(client_id):
        return None
    try:
        return lookup.client(client_id, pool)
    except ResourceNotFound:
        return None
