"""Discovery and JWKS, as prebuilt answers. Source: OpenID Connect Discovery 1.0; RFC 8414; RFC 7517; RFC 9207."""

from __future__ import annotations

from functools import lru_cache

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from identity.keys import signing
from pools.config.schema import STANDARD
from pools.web import headers
from pools.web.site import Site, at_site

_MAX_AGE = "public, max-age=300"
_BY_SECRET = ["client_secret_basic", "client_secret_post"]
_BY_SECRET_OR_NONE = [*_BY_SECRET, "none"]
_CLAIMS = (
    *("iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "jti", "origin_jti", "event_id", "token_use"),
    *("cognito:username", "cognito:groups", "cognito:roles", "cognito:preferred_role"),
    *STANDARD,
)


@require_safe
@at_site
def jwks(request: HttpRequest, site: Site) -> HttpResponse:
    """`{issuer}/.well-known/jwks.json`: the keys that sign now, and those whose tokens are still valid."""
    return _answer(signing.keys_of(site.pool.id, site.pool.revision).jwks)


@require_safe
@at_site
def configuration(request: HttpRequest, site: Site) -> HttpResponse:
    """`{issuer}/.well-known/openid-configuration`, which RFC 8414 calls oauth-authorization-server."""
    return _answer(_document(site.pool.issuer, site.pool.pages_url))


@lru_cache(maxsize=10_000)
def _document(issuer: str, pages: str) -> bytes:
    """The endpoints are on the pool's own domain, if it has one; issuer and keys stay where they are."""
    return orjson.dumps(
        {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/.well-known/jwks.json",
            "authorization_endpoint": f"{pages}/oauth2/authorize",
            "token_endpoint": f"{pages}/oauth2/token",
            "userinfo_endpoint": f"{pages}/oauth2/userInfo",
            "revocation_endpoint": f"{pages}/oauth2/revoke",
            "introspection_endpoint": f"{pages}/oauth2/introspect",
            "end_session_endpoint": f"{pages}/logout",
            "response_types_supported": ["code", "token"],
            "response_modes_supported": ["query", "fragment"],
            "grant_types_supported": ["authorization_code", "implicit", "refresh_token", "client_credentials"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": _BY_SECRET_OR_NONE,
            "revocation_endpoint_auth_methods_supported": _BY_SECRET_OR_NONE,
            "introspection_endpoint_auth_methods_supported": _BY_SECRET,
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "phone", "profile"],
            "claims_supported": list(_CLAIMS),
            "claim_types_supported": ["normal"],
            "claims_parameter_supported": False,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
            "authorization_response_iss_parameter_supported": True,
            "prompt_values_supported": ["none", "login", "select_account", "consent"],
            "ui_locales_supported": [code for code, _ in settings.LANGUAGES],
        }
    )


def _answer(body: bytes) -> HttpResponse:
    response = HttpResponse(body, content_type="application/json")
    headers.readable_by_every_origin(response)
    response["Cache-Control"] = _MAX_AGE
    return response
