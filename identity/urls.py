"""Every URL of the installation's own host."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from identity import health
from identity.config import config
from identity.wire import json_rpc, rest_json
from pools.hosted.views import error
from pools.oauth import discovery

urlpatterns: list[URLPattern | URLResolver] = [
    path("", json_rpc.endpoint),
    path("healthz", health.alive),
    path("readyz", health.ready),
    path(".well-known/oauth-authorization-server/<str:pool_id>", discovery.configuration),  # where RFC 8414 has it
    path("<str:pool_id>/", include("pools.oauth.issuer_urls")),
    path("<str:pool_id>/", include("pools.oauth.urls")),
    path("<str:pool_id>/", include("pools.hosted.urls")),
    path("<str:pool_id>/import/", include("pools.upload.urls")),
    path("code/", include("pools.download.urls")),
    *rest_json.routes(),
]
if config.dev:
    urlpatterns.insert(0, path("_dev/", include("identity.dev")))


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error.without_pool(request, 404)


def handler500(request: HttpRequest) -> HttpResponse:
    return error.without_pool(request, 500)
