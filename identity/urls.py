"""Every URL of the installation's own host."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from identity import health
from identity.config import config
from identity.wire import json_rpc, rest_json

urlpatterns: list[URLPattern | URLResolver] = [
    path("", json_rpc.endpoint),
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("<str:pool_id>/", include("pools.oauth.urls")),
    path("<str:pool_id>/import/", include("pools.upload.urls")),
    path("code/", include("pools.download.urls")),
    *rest_json.routes(),
]
if config.dev:
    urlpatterns.insert(0, path("_dev/", include("identity.dev")))


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse("Not found\n", content_type="text/plain", status=404)


def handler500(request: HttpRequest) -> HttpResponse:
    return HttpResponse("Something went wrong\n", content_type="text/plain", status=500)
