"""`/oauth2/userInfo`: the attributes that an access token's scopes show.

One statement after the signature check: the token names its pool, so nothing else has to be looked for.
Source: OpenID Connect Core, section 5.3; RFC 6750; guide, "The userInfo endpoint".
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from oauthlib.oauth2.rfc6749 import errors

from identity.errors import ACCESS_TOKEN_SCOPE, ServiceError
from pools import lookup
from pools.oauth import endpoint
from pools.tokens import scopes
from pools.web import site

_MALFORMED = "Bad OAuth2 request at UserInfo Endpoint"
_NO_OPENID = "Access token does not contain openid scope"
_INVALID = "Access token is expired, disabled, or deleted, or the user has globally signed out."


@endpoint.readable("GET", "POST")
def user_info(request: HttpRequest, pool_id: str | None = None) -> HttpResponse:
    """All values are strings, those of the verified flags too."""
    try:
        token = _bearer(request)
    except errors.InvalidRequestError:
        return _refusal("invalid_request", _MALFORMED, 400)
    try:
        holder = lookup.signed_in(token, scope=scopes.OPENID)
    except ServiceError as error:
        return _refusal("invalid_token", _NO_OPENID if error.message == ACCESS_TOKEN_SCOPE else _INVALID, 401)
    if not site.is_of(request, pool_id, holder.pool):
        return _refusal("invalid_token", _INVALID, 401)
    user = holder.user
    shown = scopes.visible_attributes(user, holder.client, holder.scope)
    return endpoint.answer({"sub": user.sub, **shown, "username": user.username})


def _bearer(request: HttpRequest) -> str:
    """The token of the header or, instead of it, of a form. Raises: InvalidRequestError."""
    scheme, _, in_header = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    in_form = None
    if request.method == "POST" and request.content_type == "application/x-www-form-urlencoded":
        in_form = endpoint.form(request).get("access_token")
    given = [token for token in (in_header.strip() if scheme.lower() == "bearer" else None, in_form) if token]
    if len(given) != 1:
        raise errors.InvalidRequestError()
    return given[0]


def _refusal(error: str, description: str, status: int) -> HttpResponse:
    """The guide shows the header without a scheme, which no parser of challenges takes; RFC 6750 has it."""
    response = endpoint.refusal(error, description, status)
    response["WWW-Authenticate"] = f'Bearer error="{error}", error_description="{description}"'
    return response
