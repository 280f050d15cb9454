"""What every page goes through: its pool, its language, protection against forgery, its headers."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils import translation

from identity.errors import LimitExceeded
from pools.hosted import assets, csrf, language, limits, refusals, theme
from pools.models import Client
from pools.web import headers
from pools.web.site import Site, at_site

View = Callable[..., HttpResponseBase]
log = logging.getLogger(__name__)
_REFERENCE = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""The letters of references: none that is taken for another when it is read out."""


class Request(HttpRequest):
    """What views are given: `here`, `nonce` and `language` are the page's."""

    here: Site | None
    nonce: str
    language: str


def page(*methods: str) -> Callable[[View], View]:
    """Decorates `view(request, site)`, a page that takes these methods, GET and POST by default."""

    def decorate(view: View) -> View:
        guarded = csrf.protected(limits.limited(view))

        @at_site
        @wraps(view)
        def shown(request: Request, site: Site, **more: Any) -> HttpResponseBase:
            begin(request, site)
            with translation.override(request.language):
                if request.method not in (methods or ("GET", "HEAD", "POST")):
                    response: HttpResponseBase = refusal(request, status=405)
                else:
                    response = _answer(guarded, request, site, more)
            language.remember(request, response)
            if not response.has_header("Content-Security-Policy"):
                headers.of_page(response, request.nonce)
            return response

        return shown

    return decorate


def begin(request: Request, site: Site | None) -> None:
    """What every page needs; `site` is None where there is no pool."""
    request.here, request.nonce, request.language = site, secrets.token_urlsafe(16), language.chosen(request)


def _answer(guarded: View, request: Request, site: Site, more: Mapping[str, Any]) -> HttpResponseBase:
    try:
        return guarded(request, site, **more)
    except csrf.Forged:
        return refusal(request, status=403)
    except LimitExceeded:
        response = refusal(request, status=429)
        response["Retry-After"] = str(int(limits.WINDOW.total_seconds()))
        return response


def render(
    request: Request,
    template: str,
    context: Mapping[str, Any],
    *,
    client: Client | None = None,
    form_targets: tuple[str, ...] = (),
    status: int = 200,
) -> HttpResponse:
    """A page of `templates/hosted`. `client` is whose customisation it wears; `form_targets`: see `headers.of_page`."""
    said: dict[str, object] = {
        "site": request.here,
        "nonce": request.nonce,
        "language": language.of_page(request),
        "client": client,
    }
    said |= {"style": assets.STYLE, "script": assets.SCRIPT, "customisation": theme.of(request.here, client)}
    response = HttpResponse(render_to_string(f"hosted/{template}", {**said, **context}, request), status=status)
    headers.of_page(response, request.nonce, form_targets)
    return response


def refusal(request: Request, *, status: int = 400, text: str = "", error: str = "") -> HttpResponse:
    """The error page. `text` is ours, never the caller's; `error` is one that `refusals` knows, or says nothing."""
    said = refusals.of_error(error or text) or refusals.of_status(status)
    if text and not said.code:
        said = replace(said, text=text)
    reference = "-".join("".join(secrets.choice(_REFERENCE) for _ in range(4)) for _ in range(2))
    log.log(
        logging.WARNING if status >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.INFO,
        "page %r refused with %d (%s) to client %r, reference %s",
        request.path[:200],
        status,
        said.code or str(said.title),
        request.GET.get("client_id", "")[:128],
        reference,
    )
    again = request.get_full_path() if said.can_retry else ""
    return render(request, "error.html", {"refusal": said, "reference": reference, "again": again}, status=status)
