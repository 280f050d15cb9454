"""`POST /oauth2/introspect`: what a token says, and whether it still counts. Source: RFC 7662.

Only a client of the pool that proves a secret may ask: an API about the access tokens that any client brings it, and
each client about refresh tokens of its own. Whatever else it brings is inactive, which tells it nothing about others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from oauthlib.oauth2.rfc6749 import errors

from identity.errors import ServiceError
from pools import lookup
from pools.models import Client
from pools.oauth import client_authentication, endpoint
from pools.oauth.client_authentication import InvalidClient
from pools.tokens import refresh, verify
from pools.web.site import Site, at_site

_INACTIVE = {"active": False}
_SAID = ("scope", "client_id", "username", "exp", "iat", "sub", "aud", "iss", "jti")


@at_site
def introspection(request: HttpRequest, site: Site) -> HttpResponse:
    """No script of another origin calls it: it could not keep a secret."""
    if request.method != "POST":
        return endpoint.not_allowed("POST")
    try:
        given = endpoint.form(request)
        client = client_authentication.authenticate(site.pool, request.META.get("HTTP_AUTHORIZATION"), given)
        if not client.active_secrets:
            raise InvalidClient()
        if "token" not in given:
            raise errors.InvalidRequestError(description="Missing token parameter.")
    except InvalidClient:
        return endpoint.stranger()
    except errors.InvalidRequestError as error:
        return endpoint.refusal(error.error, error.description)
    token = given["token"]
    return endpoint.answer(_of_access_token(client, token) or _of_refresh_token(client, token) or _INACTIVE)


def _of_access_token(client: Client, token: str) -> Mapping[str, Any] | None:
    """None for what is no valid access token of the client's pool."""
    try:
        claims = verify.claims(token, client.pool.revision)[0]
        if claims["iss"] != client.pool.issuer:
            return None
        if "username" in claims:
            lookup.signed_in(token, scope=None)
    except ServiceError:
        return None
    return {"active": True, "token_type": "Bearer", **{name: claims[name] for name in _SAID if name in claims}}


def _of_refresh_token(client: Client, token: str) -> Mapping[str, Any] | None:
    """None for what is no refresh token that the client may use now."""
    found = refresh.find_usable(client, token)
    if found is None:
        return None
    session, user = found
    return {
        "active": True,
        "scope": session.scope,
        "client_id": client.client_id,
        "username": user.username,
        "exp": int(session.expires_at.timestamp()),
        "sub": user.sub,
        "iss": client.pool.issuer,
    }
