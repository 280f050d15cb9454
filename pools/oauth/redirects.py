"""Where the authorization endpoint sends a browser: to the app, to the sign-in page, to the error page.

Only to an address that the client has registered, compared letter by letter, and to our own pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse
from oauthlib.oauth2.rfc6749 import errors

from pools.oauth.request import Request
from pools.web import redirect
from pools.web.site import Site

_SAID = {
    errors.MismatchingRedirectURIError: "redirect_mismatch",
    errors.InvalidClientIdError: "Client does not exist.",
    errors.MissingClientIdError: "Required parameters missing",
    errors.MissingRedirectURIError: "Required parameters missing",
}
"""What the error page is told. *Assumed* for an unknown client."""


def to_app(asked: Request, members: Mapping[str, Any]) -> HttpResponse:
    """With `state` as it came, and the issuer, by which an app that knows several tells them apart (RFC 9207)."""
    said = {**members, **({"state": asked.state} if asked.state is not None else {}), "iss": asked.pool.issuer}
    if _is_in_fragment(asked):
        return redirect.found(f"{asked.redirect_uri}#{urlencode(said, quote_via=quote)}")
    return redirect.found(redirect.with_query(asked.redirect_uri, said))


def with_error(asked: Request, error: str, description: str) -> HttpResponse:
    """To the app, with the reason why it gets nothing."""
    return to_app(asked, {**({"error_description": description} if description else {}), "error": error})


def to_login(site: Site, request: HttpRequest) -> HttpResponse:
    """With the request as it came."""
    return redirect.found(f"{site.to('login')}?{request.META['QUERY_STRING']}")


def to_error_page(site: Site, error: errors.FatalClientError, request: HttpRequest) -> HttpResponse:
    """Where the app cannot be trusted with an answer."""
    said = {"error": _SAID.get(type(error), "invalid_request")}
    if isinstance(error, errors.MismatchingRedirectURIError):
        said["client_id"] = request.GET["client_id"]
    return redirect.found(site.to("error", said))


def not_allowed(methods: str) -> HttpResponse:
    response = HttpResponse(status=405)
    response["Allow"] = methods
    return response


def _is_in_fragment(asked: Request) -> bool:
    return "token" in (asked.response_type or "").split()
