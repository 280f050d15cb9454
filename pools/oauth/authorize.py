"""`/oauth2/authorize`: back to the app with a code or tokens, or on to the sign-in page.

Source: RFC 6749, sections 4.1 and 4.2; RFC 9207; OpenID Connect Core, section 3; guide, "The redirect and
authorization endpoint".
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.openid.connect.core.exceptions import LoginRequired

from identity import clock
from identity.errors import NotAuthorized, ServiceError
from pools.oauth import authorization_checks, parameters, redirects, token_answers
from pools.oauth.request import Request
from pools.oauth.server import server
from pools.signin import browser
from pools.signin.browser import Browser
from pools.tokens import codes, issue
from pools.tokens.issue import Authorized
from pools.triggers.origin import Origin
from pools.triggers.token_generation import HOSTED
from pools.web import cookies, redirect
from pools.web.site import Site, at_site


@at_site
def authorize(request: HttpRequest, site: Site) -> HttpResponse:
    """By POST as well (OpenID Connect Core, section 3.1.2.1); a form of the app's page comes without our cookies."""
    if request.method == "GET":
        return _answer(request, site)
    if request.method == "POST":
        return redirect.found(f"{site.to('oauth2/authorize')}?{request.POST.urlencode()}", 303)
    return redirects.not_allowed("GET, POST")


def _answer(request: HttpRequest, site: Site) -> HttpResponse:
    try:
        asked = _read(request, site)
        server.check_authorization(asked)
    except errors.FatalClientError as error:
        return redirects.to_error_page(site, error, request)
    except errors.OAuth2Error as error:
        return redirects.with_error(asked, error.error, error.description)
    found = browser.find(site.pool, cookies.read(request, cookies.SESSION, site.pool))
    prompts = authorization_checks.prompts_of(asked)
    if found is None or "login" in prompts or _is_too_old(asked, found):
        if "none" in prompts:
            return redirects.with_error(asked, LoginRequired.error, "")
        return redirects.to_login(site, request)
    return _granted(asked, found)


def _read(request: HttpRequest, site: Site) -> Request:
    """Raises: InvalidRequestFatalError, where client or redirect URI cannot be relied on."""
    try:
        given = parameters.read(request.META["QUERY_STRING"].encode("latin-1").decode())
    except ValueError:
        raise errors.InvalidRequestFatalError() from None
    if given.broken & {"client_id", "redirect_uri"}:
        raise errors.InvalidRequestFatalError()
    return Request(site.pool, given, user_agent=request.META.get("HTTP_USER_AGENT", ""))


def _is_too_old(asked: Request, found: Browser) -> bool:
    """Whether the app wants a fresher sign-in than the browser's."""
    return asked.max_age is not None and clock.now() - found.authenticated_at > timedelta(seconds=int(asked.max_age))


def _granted(asked: Request, found: Browser) -> HttpResponse:
    """To the app, with what it asked for; when the user is gone meanwhile, or a function refuses, with that."""
    authorized = Authorized(
        scope=asked.granted_scope,
        authenticated_at=found.authenticated_at,
        origin_jti=uuid.uuid4(),
        nonce=asked.nonce or "",
        resource=asked.resource or "",
    )
    try:
        members = (
            _code(asked, found, authorized) if asked.response_type == "code" else _tokens(asked, found, authorized)
        )
    except (IntegrityError, NotAuthorized):
        return redirects.with_error(asked, "access_denied", "")
    except ServiceError as error:
        return redirects.with_error(asked, "invalid_request", error.message)
    return redirects.to_app(asked, members)


def _code(asked: Request, found: Browser, authorized: Authorized) -> Mapping[str, Any]:
    """Raises: IntegrityError."""
    code = codes.open(
        asked.app, found.user, authorized, redirect_uri=asked.redirect_uri, code_challenge=asked.code_challenge
    )
    return {"code": code}


def _tokens(asked: Request, found: Browser, authorized: Authorized) -> Mapping[str, Any]:
    """The implicit grant: there is never a refresh token. Raises: as `issue.start_session`."""
    origin = Origin(asked.app.client_id, asked.user_agent)
    tokens = issue.start_session(
        asked.pool, asked.app, found.user, by=None, origin=origin, source=HOSTED, authorized=authorized
    )
    members = token_answers.of_tokens(tokens)
    members.pop("refresh_token")
    return members
