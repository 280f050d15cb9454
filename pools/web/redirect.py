"""Sending a browser to an address that has been checked: of ours, or one that an app has registered."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from django.http import HttpResponse
from django.utils.encoding import iri_to_uri

from pools.web import headers


def found(address: str, status: int = 302) -> HttpResponse:
    """Django's own class knows few schemes, and apps have theirs."""
    response = HttpResponse(status=status)
    response["Location"] = iri_to_uri(address)
    response["Referrer-Policy"] = "no-referrer"
    headers.not_kept(response)
    return response


def with_query(address: str, members: Mapping[str, str]) -> str:
    """An address with more in its query than it may have already."""
    if not members:
        return address
    separator = "?" if "?" not in address else "" if address.endswith(("?", "&")) else "&"
    return f"{address}{separator}{urlencode(members, quote_via=quote)}"
