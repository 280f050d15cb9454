"""Pages that belong to an authorization request: all but the error page and what a mail links to."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponseBase

from pools.hosted.authorization import Authorization, NoAuthorization
from pools.hosted.page import Request, page, refusal
from pools.web.site import Site

View = Callable[[Request, Authorization], HttpResponseBase]


def authorized(*methods: str) -> Callable[[View], Callable[..., HttpResponseBase]]:
    """Decorates `view(request, authorization)`; a link without a client that has pages leads to the error page."""

    def decorate(view: View) -> Callable[..., HttpResponseBase]:
        @page(*methods)
        def shown(request: Request, site: Site) -> HttpResponseBase:
            try:
                authorization = Authorization.of(request, site)
            except NoAuthorization as error:
                return refusal(request, text=error.text)
            return view(request, authorization)

        return shown

    return decorate
