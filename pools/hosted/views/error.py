"""The error page, `/error`: what is wrong, in our own words, and a reference for who looks for it in the log."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from pools.hosted.page import Request, begin, page, refusal
from pools.web.site import Site, wants_page

_PLAIN = {404: "Not found\n", 500: "Something went wrong\n"}


@page("GET", "HEAD")
def show(request: Request, site: Site) -> HttpResponse:
    """Only known values of `error` have a text: what a link says is never shown."""
    return refusal(request, error=request.GET.get("error", ""))


def without_pool(request: HttpRequest, status: int) -> HttpResponse:
    """404 and 500 of any path: a page for who asks for one, a line for programs."""
    if not wants_page(request):
        return HttpResponse(_PLAIN[status], content_type="text/plain", status=status)
    asked = cast(Request, request)
    begin(asked, None)
    with translation.override(asked.language):
        return refusal(asked, status=status)
