"""Every URL of a pool's own domain. Source: guide, "User pool endpoints and managed login reference"."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from identity import urls
from pools.hosted.views import error

urlpatterns: list[URLPattern | URLResolver] = [
    path("", error.show),
    path("", include("pools.oauth.issuer_urls")),
    path("", include("pools.oauth.urls")),
    path("", include("pools.hosted.urls")),
]

handler404 = urls.handler404
handler500 = urls.handler500
