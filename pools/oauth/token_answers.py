"""What the token endpoint answers to each grant: the members are the guide's, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from oauthlib.oauth2.rfc6749 import errors

from pools.oauth.request import Request
from pools.tokens import codes, issue, refresh, scopes
from pools.tokens.issue import Tokens
from pools.triggers.origin import Origin

_METADATA = "aws_client_metadata"


def of_code(request: Request) -> dict[str, Any]:
    """Raises: InvalidGrantError; ServiceError."""
    found = request.code_found
    if found is None or not scopes.are_readable(request.app, found.grant.scope):
        raise errors.InvalidGrantError(description="The client may not read what the scope shows.")
    return of_tokens(codes.redeem(request.app, found, _origin(request)))


def of_refresh_token(request: Request) -> dict[str, Any]:
    """Raises: ServiceError."""
    return of_tokens(refresh.renew(request.app, request.refresh_token, _origin(request)))


def of_client(request: Request) -> dict[str, Any]:
    """Raises: InvalidRequestError; ServiceError."""
    token = issue.for_client(request.app, request.granted_scope, _origin(request, _metadata(request)))
    return {"access_token": token.access_token, "expires_in": token.expires_in, "token_type": "Bearer"}


def of_tokens(tokens: Tokens) -> dict[str, Any]:
    """What there is none of is left out."""
    members = {
        "id_token": tokens.id_token,
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "expires_in": tokens.expires_in,
        "token_type": "Bearer",
    }
    return {name: value for name, value in members.items() if value is not None}


def _origin(request: Request, metadata: Mapping[str, str] | None = None) -> Origin:
    return Origin(request.app.client_id, request.user_agent, metadata)


def _metadata(request: Request) -> dict[str, str] | None:
    """What the caller tells the pool's function: a JSON object of strings. Raises: InvalidRequestError."""
    given = request.parameters.get(_METADATA)
    if given is None:
        return None
    try:
        said = orjson.loads(given)
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        raise errors.InvalidRequestError(description=f"{_METADATA} must be a JSON object of strings.")
    return said
