"""What an operator has made of the pages: style and logo of the classic customisation."""

from __future__ import annotations

from dataclasses import dataclass

from identity.errors import InvalidParameter
from pools.config import stylesheet
from pools.config.domain import CLASSIC
from pools.models import Client
from pools.web.site import Site


@dataclass(frozen=True, slots=True)
class Theme:
    """`css` is our own writing and safe within a `style` element; either may be empty."""

    css: str
    logo_url: str


def of(site: Site | None, client: Client | None) -> Theme | None:
    """The one of a client, or of pages that know no client; None where nothing was set, and on a domain of
    managed login, which has another. Kept with the client's row."""
    if site is None:
        return None
    versions = {domain.url: domain.managed_login_version for domain in site.pool.own_domains}
    worn = client.worn_customization if client else site.pool.ui_customization
    if worn is None or versions.get(site.url, CLASSIC) != CLASSIC:
        return None
    return Theme(_css(worn.css), site.to(worn.logo_path) if worn.image_type else "")


def _css(given: str) -> str:
    """Nothing, for a style that was taken when more was allowed: no page fails for it."""
    try:
        return stylesheet.rewritten(given)
    except InvalidParameter:
        return ""
