"""`POST /oauth2/revoke`: a refresh token and its family end. Source: RFC 7009; guide, "The revocation endpoint"."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from oauthlib.oauth2.rfc6749 import errors

from identity.errors import Unauthorized, UnsupportedOperation, UnsupportedTokenType
from pools.oauth import client_authentication, endpoint
from pools.oauth.client_authentication import InvalidClient
from pools.tokens import revoke
from pools.web import headers
from pools.web.site import Site, at_site


@endpoint.readable("POST")
@at_site
def revocation(request: HttpRequest, site: Site) -> HttpResponse:
    """A token that is unknown or has ended is revoked as far as anybody can tell. Another client's is refused, in RFC
    6749's word for it; *assumed*.
    """
    try:
        given = endpoint.form(request)
        client = client_authentication.authenticate(site.pool, request.META.get("HTTP_AUTHORIZATION"), given)
        if "token" not in given:
            raise errors.InvalidRequestError()
        revoke.refresh_token(client, given["token"])
    except InvalidClient:
        return endpoint.stranger()
    except (errors.InvalidRequestError, UnsupportedOperation):
        return endpoint.refusal("invalid_request", None)
    except UnsupportedTokenType:
        return endpoint.refusal("unsupported_token_type", None)
    except Unauthorized:
        return endpoint.refusal("invalid_grant", None)
    response = HttpResponse(status=200)
    headers.not_kept(response)
    return response
