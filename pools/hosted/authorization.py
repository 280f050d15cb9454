"""The authorization request that brought somebody to a page: it travels in the page's query, whole.

Pages check what they need, the client; the authorization endpoint, to which they lead back, checks everything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import QueryDict

from identity.errors import ResourceNotFound
from pools import lookup
from pools.config.oauth import OAuthSettings
from pools.hosted.page import Request
from pools.models import Client
from pools.web.site import Site

_PLAIN = re.compile(r"[A-Za-z0-9.:\[\]-]+", re.ASCII)
"""A host that can stand in a policy as it is: in another a semicolon would begin a directive of its own."""
_ONCE = ("prompt", "max_age")
"""What asks for a sign-in is answered by one."""
_OF_PAGES = ("lang", "username", "notice", "factor", "sent_to")
"""What pages tell each other."""


class NoAuthorization(Exception):
    """The link names no client of the pool, or one that has no pages; `text` says so."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Authorization:
    """`query` is the request's, as the endpoint is to see it."""

    site: Site
    client: Client
    query: QueryDict

    @classmethod
    def of(cls, request: Request, site: Site) -> Authorization:
        """Raises: NoAuthorization."""
        client = client_of(site, request.GET.get("client_id", ""))
        if not OAuthSettings.of(client).is_enabled:
            raise NoAuthorization("Client is not enabled for OAuth2.0 flows.")
        query = request.GET.copy()
        for name in _OF_PAGES:
            query.pop(name, None)
        return cls(site, client, query)

    def to(self, page: str, **more: str) -> str:
        """The path of another page, with this request and `more`."""
        query = self.query.copy()
        query.update(more)
        return f"{self.site.path}/{page}?{query.urlencode()}"

    @property
    def endpoint(self) -> str:
        """Back to the authorization endpoint, after a sign-in."""
        query = self.query.copy()
        for name in _ONCE:
            query.pop(name, None)
        return f"{self.site.path}/oauth2/authorize?{query.urlencode()}"

    @property
    def form_targets(self) -> tuple[str, ...]:
        """Where a form may lead in the end: to the app's own address, if it is registered; as sources of CSP."""
        settings = OAuthSettings.of(self.client)
        wanted = (
            self.query.get("redirect_uri") or settings.default_redirect_uri or next(iter(settings.callback_urls), "")
        )
        if wanted not in settings.callback_urls:
            return ()
        parts = urlsplit(wanted)
        is_plain = parts.scheme in {"http", "https"} and _PLAIN.fullmatch(parts.netloc)
        return (f"{parts.scheme}://{parts.netloc}" if is_plain else f"{parts.scheme}:",)


def client_of(site: Site, client_id: str) -> Client:
    """The client that a link names. Raises: NoAuthorization."""
    try:
        if client_id.isprintable():
            return lookup.client(client_id, site.pool)
    except ResourceNotFound:
        pass
    raise NoAuthorization("Client does not exist.")
