"""The response headers of pages and endpoints. Source: guide, "User pool endpoints and managed login reference"."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpResponseBase

from identity.config import config

_NOT_KEPT = {
    "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate",
    "Pragma": "no-cache",
    "Expires": "0",
    "X-Content-Type-Options": "nosniff",
}
# With `no-referrer` browsers would send our own forms with `Origin: null`, as forged ones.
_OF_PAGES = {
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_TLS = "max-age=31536000; includeSubDomains"


def not_kept(response: HttpResponseBase) -> None:
    """No cache keeps it, and nobody guesses its type."""
    for name, value in _NOT_KEPT.items():
        response[name] = value
    if config.is_secure:
        response["Strict-Transport-Security"] = _TLS


def of_page(response: HttpResponseBase, nonce: str, form_targets: Iterable[str] = ()) -> None:
    """Nothing but what the page itself brings, no third party, no frame. `form_targets` are sources of CSP that a form
    may lead to in the end, beside the page's own: browsers hold redirects after a form to them.
    """
    not_kept(response)
    for name, value in _OF_PAGES.items():
        response[name] = value
    policy = {
        "default-src": "'none'",
        "style-src": f"'nonce-{nonce}'",
        "script-src": f"'nonce-{nonce}'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "form-action": " ".join(["'self'", *form_targets]),
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    response["Content-Security-Policy"] = "; ".join(f"{name} {value}" for name, value in policy.items())


def readable_by_every_origin(response: HttpResponseBase) -> None:
    """For what carries no cookie: the token, revocation and userInfo endpoints, discovery and keys."""
    response["Access-Control-Allow-Origin"] = "*"
