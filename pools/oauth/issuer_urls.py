"""The documents below an issuer, `{base}/{poolId}/`. A domain of the pool has them too."""

from __future__ import annotations

from django.urls import URLPattern, path

from pools.oauth import discovery

urlpatterns: list[URLPattern] = [
    path(".well-known/jwks.json", discovery.jwks),
    path(".well-known/openid-configuration", discovery.configuration),
    path(".well-known/oauth-authorization-server", discovery.configuration),
]
