"""The address that a request comes from."""

from __future__ import annotations

import ipaddress

from django.http import HttpRequest

from identity.config import config


def of(request: HttpRequest) -> str:
    """The caller's address; a forwarded one counts only from a trusted proxy."""
    peer: str = request.META.get("REMOTE_ADDR", "")
    forwarded: str = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if not config.trusted_proxies or not forwarded:
        return peer
    for hop in [peer, *(part.strip() for part in reversed(forwarded.split(",")))]:
        try:
            parsed = ipaddress.ip_address(hop)
        except ValueError:
            return peer
        if not any(parsed in network for network in config.trusted_proxies):
            return hop
    return peer


def network_of(address: str) -> str:
    """What one household or machine has at its disposal, for limits: an IPv4 address, or a /64 of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
