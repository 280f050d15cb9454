"""`POST /oauth2/token`. Source: RFC 6749, sections 4 to 6; guide, "The token issuer endpoint"."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from oauthlib.oauth2.rfc6749 import errors

from identity.errors import ServiceError, TooManyRequests
from pools.oauth import endpoint
from pools.oauth.request import Request
from pools.oauth.server import server
from pools.web.site import Site, at_site


@endpoint.readable("POST")
@at_site
def token(request: HttpRequest, site: Site) -> HttpResponse:
    """Tokens for a code, for a refresh token or for a client itself; every origin may ask."""
    try:
        return endpoint.answer(server.token(_read(request, site)))
    except errors.OAuth2Error as error:
        return endpoint.refusal(error.error, error.description, error.status_code)
    except TooManyRequests as error:
        return endpoint.refusal("temporarily_unavailable", error.message, error.status)
    except ServiceError as error:
        # What the rows say of a code or a refresh token, and what the pool's function says.
        return endpoint.refusal("invalid_grant", error.message)


def _read(request: HttpRequest, site: Site) -> Request:
    """Raises: InvalidRequestError."""
    given = endpoint.form(request)
    said = request.META  # `request.headers` would read them all
    user_agent = said.get("HTTP_USER_AGENT", "")
    return Request(site.pool, given, authorization=said.get("HTTP_AUTHORIZATION"), user_agent=user_agent)
