"""How many forms an address may send to a pool's pages. Guesses at one account have limits of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from identity import throttle
from identity.access import address
from identity.config import config
from pools.web.site import Site

View = Callable[..., HttpResponseBase]
WINDOW = timedelta(minutes=5)


def limited(view: View) -> View:
    """The view, which no form reaches that is one too many. It raises LimitExceeded."""

    def counted(request: HttpRequest, site: Site, **more: Any) -> HttpResponseBase:
        if request.method == "POST" and config.page_forms:
            network = address.network_of(address.of(request))
            throttle.reserve(f"page:{site.pool.id}:{network}", limit=config.page_forms, window=WINDOW)
        return view(request, site, **more)

    return counted
