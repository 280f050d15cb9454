"""Forgery of requests: a cookie and a form field that belong together, and the origin of the form.

Source: reference of the hosted pages: the field is `_csrf`, the cookie `XSRF-TOKEN`, as scripts know them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware

from identity.config import config

View = Callable[..., HttpResponseBase]


class Forged(Exception):
    """A form that did not come from our page, or came without its cookie."""


class _Check(CsrfViewMiddleware):
    """Django's, which is told the field's other name, and that a proxy may end TLS before it."""

    def process_view(self, request: Any, callback: Any, args: Any, kwargs: Any) -> Any:
        if request.method == "POST":
            request.META.setdefault("HTTP_X_CSRFTOKEN", request.POST.get("_csrf", ""))
        return super().process_view(request, callback, args, kwargs)

    def _reject(self, request: Any, reason: str) -> Any:
        raise Forged

    def _origin_verified(self, request: HttpRequest) -> bool:
        scheme = urlsplit(config.url).scheme
        return bool(request.META["HTTP_ORIGIN"] == f"{scheme}://{request.get_host()}")


def protected(view: View) -> View:
    """The view, which a POST without the right field does not reach. It raises Forged."""

    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        check = _Check(lambda request: view(request, *args, **kwargs))
        check.process_request(request)
        refused: HttpResponseBase | None = check.process_view(request, view, args, kwargs)
        response = refused or view(request, *args, **kwargs)
        return check.process_response(request, response)

    return checked
