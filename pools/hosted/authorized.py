"""Pages that belong to an authorization request: all but the error page and what a mail links to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpResponse, HttpResponseBase

from pools.hosted import page
from pools.hosted.authorization import Authorization, NoAuthorization
from pools.hosted.page import Request, refusal
from pools.web.site import Site

View = Callable[[Request, Authorization], HttpResponseBase]


def authorized(*methods: str) -> Callable[[View], Callable[..., HttpResponseBase]]:
    """Decorates `view(request, authorization)`; a link without a client that has pages leads to the error page."""

    def decorate(view: View) -> Callable[..., HttpResponseBase]:
        @page.page(*methods)
        def shown(request: Request, site: Site) -> HttpResponseBase:
            try:
                authorization = Authorization.of(request, site)
            except NoAuthorization as error:
                return refusal(request, text=error.text)
            return view(request, authorization)

        return shown

    return decorate


def render(request: Request, authorization: Authorization, template: str, said: Mapping[str, Any]) -> HttpResponse:
    """A page that wears the client's customisation, and whose forms may end at the client."""
    targets = authorization.form_targets
    return page.render(request, template, said, client=authorization.client, form_targets=targets)
