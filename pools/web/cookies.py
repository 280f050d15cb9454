"""The cookies of a pool's pages. Source: RFC 6265bis, "The `__Host-` prefix".

Over TLS they are `Secure` and bound to their host; names hold the pool's id, as pools share the installation's host.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase

from identity.config import config
from pools.models import Pool

_PREFIX = "__Host-" if config.is_secure else ""
SESSION = "cognito"
"""A browser that is signed in: `pools.signin.browser`."""
ATTEMPT = "attempt"
"""The Session of a sign-in on its way."""


def read(request: HttpRequest, name: str, pool: Pool) -> str | None:
    return request.COOKIES.get(_name(name, pool))


def put(response: HttpResponseBase, name: str, pool: Pool, value: str, max_age_seconds: int | None = None) -> None:
    response.set_cookie(
        _name(name, pool),
        value,
        max_age=max_age_seconds,
        path="/",
        secure=config.is_secure,
        httponly=True,
        samesite="Lax",
    )


def drop(response: HttpResponseBase, name: str, pool: Pool) -> None:
    put(response, name, pool, "", 0)


def _name(name: str, pool: Pool) -> str:
    return f"{_PREFIX}{name}-{pool.id}"
