"""Discovery and JWKS, as prebuilt answers. Source: OpenID Connect Discovery 1.0; RFC 7517."""

from __future__ import annotations

from functools import lru_cache

import orjson
from django.http import HttpRequest, HttpResponse

from identity.errors import ResourceNotFound
from identity.keys import signing
from pools import lookup

_MAX_AGE = "public, max-age=300"


def jwks(request: HttpRequest, pool_id: str) -> HttpResponse:
    """`{issuer}/.well-known/jwks.json`: the keys that sign now, and those whose tokens are still valid."""
    try:
        pool = lookup.pool(pool_id, None)
    except ResourceNotFound as error:
        return _answer(orjson.dumps({"message": error.message}), status=404)
    return _answer(signing.keys_of(pool.id, pool.revision).jwks)


def configuration(request: HttpRequest, pool_id: str) -> HttpResponse:
    """`{issuer}/.well-known/openid-configuration`: only what exists is named."""
    try:
        pool = lookup.pool(pool_id, None)
    except ResourceNotFound as error:
        return _answer(orjson.dumps({"message": error.message}), status=404)
    return _answer(_document(pool.issuer))


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
