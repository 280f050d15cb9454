"""Where a pool's pages and endpoints are: below its issuer, or on a domain of its own.

Links and redirects are made of GATEHOUSE_URL and the pool's rows, never of the Host header.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse

from identity.config import config
from identity.errors import ResourceNotFound
from pools import lookup
from pools.models import Pool

View = Callable[..., HttpResponseBase]
OWN_DOMAIN = "gatehouse.own_domain"
"""Where `identity.domain_hosts` leaves in a request's META which domain it came to."""


@dataclass(frozen=True, slots=True)
class OwnDomain:
    """A host that may be a pool's: the prefix of ours, or a whole name, whose pool has been found already."""

    name: str
    is_custom: bool
    pool: Pool | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """`url` is absolute, `path` its path: `/us-east-1_example`, or nothing on a domain of the pool's own."""

    pool: Pool
    url: str

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def to(self, name: str, parameters: Mapping[str, Any] | None = None) -> str:
        """The path of a page or endpoint, `login` or `oauth2/authorize`, with a query."""
        query = f"?{urlencode(parameters, doseq=True)}" if parameters else ""
        return f"{self.path}/{name}{query}"


def at_site(view: View) -> View:
    """A view of a pool, `view(request, site, …)`, in both forms: of `/{poolId}/…` and of a domain's `/…`."""

    @wraps(view)
    def found(request: HttpRequest, pool_id: str | None = None, **more: Any) -> HttpResponseBase:
        try:
            site = _below_issuer(pool_id) if pool_id is not None else _on_domain(request)
        except ResourceNotFound as error:
            if wants_page(request):
                raise Http404 from error
            return JsonResponse({"message": error.message}, status=404, headers={"Access-Control-Allow-Origin": "*"})
        return view(request, site, **more)

    return found


def is_of(request: HttpRequest, pool_id: str | None, pool: Pool) -> bool:
    """Whether a request came to this pool, `pool_id` being the path's; the pool is one that has been looked up."""
    if pool_id is not None:
        return pool_id == pool.id
    here: OwnDomain = request.META[OWN_DOMAIN]
    return any((domain.name, domain.is_custom) == (here.name, here.is_custom) for domain in pool.own_domains)


def wants_page(request: HttpRequest) -> bool:
    """Browsers name the type when somebody opens an address; programs seldom do."""
    return "text/html" in request.META.get("HTTP_ACCEPT", "")


def _below_issuer(pool_id: str) -> Site:
    """Raises: ResourceNotFound, also for what a path can hold and no database takes, such as a null character."""
    if not pool_id.isprintable():
        raise ResourceNotFound()
    pool = lookup.pool(pool_id, None)
    return Site(pool, pool.issuer)


def _on_domain(request: HttpRequest) -> Site:
    """Raises: ResourceNotFound."""
    domain: OwnDomain = request.META[OWN_DOMAIN]
    pool = domain.pool or lookup.pool_of_domain(domain.name, is_custom=domain.is_custom)
    return Site(pool, config.domain_url(domain.name, is_custom=domain.is_custom))
