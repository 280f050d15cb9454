"""What the endpoints that apps call by themselves share: how a form is read, how JSON is answered and errors are.

Source: RFC 6749, sections 3.2 and 5; guide, "User pool endpoints and managed login reference".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from oauthlib.oauth2.rfc6749 import errors

from pools.oauth import parameters
from pools.oauth.parameters import Parameters
from pools.web import headers

View = Callable[..., HttpResponseBase]
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json;charset=UTF-8"
_MOST_BYTES = 64 * 1024


def readable(*methods: str) -> Callable[[View], View]:
    """Decorates a view of these methods that scripts of every origin may call: it knows no cookie."""
    allowed = ", ".join((*methods, "OPTIONS"))

    def decorate(view: View) -> View:
        @wraps(view)
        def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "OPTIONS":
                response: HttpResponseBase = _preflight(request, allowed)
            elif request.method in methods:
                response = view(request, *args, **kwargs)
            else:
                response = not_allowed(allowed)
            headers.readable_by_every_origin(response)
            return response

        return shown

    return decorate


def form(request: HttpRequest) -> Parameters:
    """The parameters of the body. Raises: InvalidRequestError."""
    if request.content_type != _FORM:
        raise errors.InvalidRequestError(description=f"Content-Type must be {_FORM}.")
    if request.META["QUERY_STRING"]:
        raise errors.InvalidRequestError(description="URL query parameters are not allowed")
    body = request.read(_MOST_BYTES + 1)
    try:
        given = parameters.read(body.decode())
    except ValueError:
        raise errors.InvalidRequestError(description="The body is not readable.") from None
    if len(body) > _MOST_BYTES:
        raise errors.InvalidRequestError(description="The body is too long.")
    if given.broken:
        raise errors.InvalidRequestError(description="A parameter is repeated or malformed.")
    return given


def answer(members: Mapping[str, Any], status: int = 200) -> HttpResponse:
    response = HttpResponse(orjson.dumps(members), content_type=_JSON, status=status)
    headers.not_kept(response)
    return response


def refusal(error: str, description: str | None, status: int = 400) -> HttpResponse:
    return answer({"error": error, **({"error_description": description} if description else {})}, status)


def not_allowed(methods: str) -> HttpResponse:
    """`methods` are those that are, as the header has them."""
    response = refusal("invalid_request", None, 405)
    response["Allow"] = methods
    return response


def stranger() -> HttpResponse:
    """To a caller that is no client of the pool, or cannot prove it, where 401 is the status."""
    response = refusal("invalid_client", None, 401)
    response["WWW-Authenticate"] = 'Basic realm="app client"'
    return response


def _preflight(request: HttpRequest, allowed: str) -> HttpResponse:
    """Whatever header is asked for, as nothing goes by cookies: AWS Amplify sends X-Amz-User-Agent."""
    asked = request.headers.get("Access-Control-Request-Headers")
    response = HttpResponse(status=204)
    response["Access-Control-Allow-Methods"] = allowed
    response["Access-Control-Allow-Headers"] = asked or "Authorization, Content-Type"
    response["Access-Control-Max-Age"] = "86400"
    return response
