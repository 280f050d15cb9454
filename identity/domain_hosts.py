"""Requests to a domain of a pool find that pool's pages; every other host is the installation's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

from django.http import HttpRequest, HttpResponseBase

from identity.config import config
from identity.errors import ResourceNotFound
from pools import lookup
from pools.web.site import OWN_DOMAIN, OwnDomain

_AUTH = f".auth.{config.host}"
_NAME = re.compile(r"([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?(?::[0-9]*)?", re.ASCII | re.IGNORECASE)
_LONGEST = 253 + len(".:65535")


def middleware(answer: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """A host name that is no pool's domain is our own: by whatever name or address the installation is called."""

    def routed(request: HttpRequest) -> HttpResponseBase:
        domain = named(request.META.get("HTTP_HOST", ""))
        if domain is not None:
            request.META[OWN_DOMAIN] = domain
            request.urlconf = "identity.domain_urls"
        return answer(request)

    return routed


def may_be_domain(authority: str) -> bool:
    """Without a look at the database: a Host header that is not GATEHOUSE_URL's, an address, or a name without dots."""
    host = _host(authority)
    top = host.rpartition(".")[2]
    return host not in {config.host, top} and not top.isdigit()


def named(authority: str) -> OwnDomain | None:
    """The domain that a Host header names, in whatever case, with or without port and the root's dot."""
    host = _host(authority)
    if host.endswith(_AUTH):
        return OwnDomain(host.removesuffix(_AUTH), is_custom=False)
    if may_be_domain(authority):
        with suppress(ResourceNotFound):
            return OwnDomain(host, is_custom=True, pool=lookup.pool_of_domain(host, is_custom=True))
    return None


def _host(authority: str) -> str:
    """Nothing for what is no name."""
    found = _NAME.fullmatch(authority) if len(authority) <= _LONGEST else None
    return found.group(1).lower() if found else ""
