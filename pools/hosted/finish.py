"""The end of a sign-in on the pages: a browser session, and back to the authorization endpoint."""

from __future__ import annotations

from django.http import HttpResponseRedirect

from pools.hosted.authorization import Authorization
from pools.hosted.page import Request
from pools.models import User
from pools.signin import browser
from pools.web import cookies


def signed_in(request: Request, authorization: Authorization, user: User) -> HttpResponseRedirect:
    """The session is a new one at every sign-in, and takes the place of the one that the browser had."""
    pool = authorization.site.pool
    browser.close(pool, cookies.read(request, cookies.SESSION, pool))
    response = HttpResponseRedirect(authorization.endpoint)
    cookies.put(response, cookies.SESSION, pool, browser.open(user), int(browser.LIFETIME.total_seconds()))
    cookies.drop(response, cookies.ATTEMPT, pool)
    return response
