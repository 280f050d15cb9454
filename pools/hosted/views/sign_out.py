"""`/logout`: the browser is signed out, and goes where the app wants it. Two dialects.

Cognito's: `client_id` with `logout_uri`, or with `redirect_uri` to sign in again. OpenID Connect's: `id_token_hint`,
`client_id` or both, with `post_logout_redirect_uri` and `state`; without somewhere to go it ends on a page of ours.

It signs out whatever else is wrong, and asks nobody: any page can send a browser here, as it can at AWS, and all that
it does is that somebody has to sign in again. Where to go is believed only if the app has registered it, letter by
letter. Tokens live on. Source: guide, "The managed login sign-out endpoint"; OpenID Connect RP-Initiated Logout 1.0.
That the session ends where an error follows is *assumed*.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict

from identity.errors import NotAuthorized, ResourceNotFound
from pools import lookup
from pools.config.oauth import OAuthSettings
from pools.hosted.authorization import NoAuthorization, client_of
from pools.hosted.page import Request, page, refusal, render
from pools.models import Client
from pools.signin import browser
from pools.tokens import verify
from pools.web import cookies, redirect
from pools.web.site import Site, at_site

_OF_OPENID = ("post_logout_redirect_uri", "id_token_hint", "logout_hint")
_NOT_FOR_LOGIN = (*_OF_OPENID, "logout_uri", "identity_provider", "idp_identifier")


class _NoWay(Exception):
    """Where to go is not known or not to be believed; `error` is what the error page is told."""

    def __init__(self, error: str, client: Client | None = None) -> None:
        self.error = error
        self.client = client
        super().__init__(error)


def logout(request: HttpRequest, **named: str) -> HttpResponseBase:
    return _repeated(request, **named) if request.method == "POST" else _page(request, **named)


@at_site
def _repeated(request: HttpRequest, site: Site) -> HttpResponse:
    """A form of the app's own page comes without our cookie, the request that follows it has it."""
    return redirect.found(f"{site.to('logout')}?{request.POST.urlencode()}", 303)


@page("GET")
def _page(request: Request, site: Site) -> HttpResponseBase:
    browser.close(site.pool, cookies.read(request, cookies.SESSION, site.pool))
    try:
        response = _onward(request, site)
    except _NoWay as problem:
        response = _error(request, site, problem)
    cookies.drop(response, cookies.SESSION, site.pool)
    cookies.drop(response, cookies.ATTEMPT, site.pool)
    return response


def _onward(request: Request, site: Site) -> HttpResponse:
    """Raises: _NoWay."""
    given = request.GET
    if any(name in given for name in _OF_OPENID) or not given.get("client_id"):
        return _by_openid(request, site)
    client = _client(site, given["client_id"])
    settings = OAuthSettings.of(client)
    if "logout_uri" in given:
        return redirect.found(_registered(given["logout_uri"], settings.logout_urls, client))
    for name in ("redirect_uri", "response_type"):
        if name not in given:
            raise _NoWay(f"Required String parameter '{name}' is not present")
    _registered(given["redirect_uri"], settings.callback_urls, client)
    return redirect.found(f"{site.to('login')}?{_authorization(given, settings).urlencode()}")


def _by_openid(request: Request, site: Site) -> HttpResponse:
    """Raises: _NoWay, for a hint that is not ours or not of the client that is named, and for an unregistered URI."""
    given = request.GET
    client = _client(site, given["client_id"]) if given.get("client_id") else None
    if given.get("id_token_hint"):
        hinted = _hinted(site, given["id_token_hint"])
        if client is not None and client.pk != hinted.pk:
            raise _NoWay("invalid_request")
        client = hinted
    target = given.get("post_logout_redirect_uri")
    if client is None or not target:
        return render(request, "signed_out.html", {}, client=client)
    address = _registered(target, OAuthSettings.of(client).logout_urls, client)
    return redirect.found(redirect.with_query(address, {"state": given["state"]} if "state" in given else {}))


def _hinted(site: Site, token: str) -> Client:
    """The client that an ID token of the pool was issued to, however long ago. Raises: _NoWay."""
    try:
        return lookup.client(verify.id_token_hint(site.pool.id, token, site.pool.revision), site.pool)
    except (NotAuthorized, ResourceNotFound):
        raise _NoWay("invalid_request") from None


def _client(site: Site, client_id: str) -> Client:
    """Raises: _NoWay."""
    try:
        return client_of(site, client_id)
    except NoAuthorization as error:
        raise _NoWay(error.text) from None


def _registered(address: str, registered: Sequence[str], client: Client) -> str:
    """Raises: _NoWay."""
    settings = OAuthSettings.of(client)
    if not settings.is_enabled or address not in registered:
        raise _NoWay("redirect_mismatch", client)
    return address


def _authorization(given: QueryDict, settings: OAuthSettings) -> QueryDict:
    """The request to sign in again; without a scope it is for all that the client may have."""
    query = given.copy()
    for name in _NOT_FOR_LOGIN:
        query.pop(name, None)
    query.setdefault("scope", " ".join(settings.scopes))
    return query


def _error(request: Request, site: Site, problem: _NoWay) -> HttpResponse:
    if problem.client is None:
        return refusal(request, text=problem.error)
    return redirect.found(site.to("error", {"error": problem.error, "client_id": problem.client.client_id}))
