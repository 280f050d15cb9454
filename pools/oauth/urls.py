"""URLs below an issuer, `{base}/{poolId}/`."""

from __future__ import annotations

from django.urls import URLPattern, path

from pools.oauth import discovery

urlpatterns: list[URLPattern] = [
    path(".well-known/jwks.json", discovery.jwks),
    path(".well-known/openid-configuration", discovery.configuration),
]
