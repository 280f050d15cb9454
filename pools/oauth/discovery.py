"""Discovery and JWKS, as prebuilt answers. Source: OpenID Connect Discovery 1.0; RFC 7517."""

from __future__ import annotations

from functools import lru_cache

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from identity.errors import ResourceNotFound, pool_not_found
from identity.keys import signing
from pools import lookup
from pools.models import Pool

_MAX_AGE = "public, max-age=300"


@require_safe
def jwks(request: HttpRequest, pool_id: str) -> HttpResponse:
    """`{issuer}/.well-known/jwks.json`: the keys that sign now, and those whose tokens are still valid."""
    try:
        pool = _pool(pool_id)
    except ResourceNotFound as error:
        return _answer(orjson.dumps({"message": error.message}), status=404)
    return _answer(signing.keys_of(pool.id, pool.revision).jwks)


@require_safe
def configuration(request: HttpRequest, pool_id: str) -> HttpResponse:
    """`{issuer}/.well-known/openid-configuration`: only what exists is named."""
    try:
        pool = _pool(pool_id)
    except ResourceNotFound as error:
        return _answer(orjson.dumps({"message": error.message}), status=404)
    return _answer(_document(pool.issuer))


def _pool(pool_id: str) -> Pool:
    """Raises: ResourceNotFound, also for what a path can hold and no database takes, such as a null character."""
    if not pool_id.isprintable():
        raise pool_not_found(pool_id)
    return lookup.pool(pool_id, None)


@lru_cache(maxsize=10_000)
def _document(issuer: str) -> bytes:
    return orjson.dumps(
        {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/.well-known/jwks.json",
            "id_token_signing_alg_values_supported": ["RS256"],
            "subject_types_supported": ["public"],
            "response_types_supported": ["code", "token"],
            "scopes_supported": ["openid", "email", "phone", "profile"],
        }
    )


def _answer(body: bytes, status: int = 200) -> HttpResponse:
    response = HttpResponse(body, content_type="application/json", status=status)
    response["Access-Control-Allow-Origin"] = "*"
    if status == 200:
        response["Cache-Control"] = _MAX_AGE
    return response
