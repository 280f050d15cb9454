"""URLs below `{base}/{poolId}/import/`."""

from __future__ import annotations

from django.urls import URLPattern, path

from pools.upload import views

urlpatterns: list[URLPattern] = [
    path("<str:job_id>", views.put_file),
]
