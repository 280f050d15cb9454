"""URLs below `{base}/code/`."""

from __future__ import annotations

from django.urls import URLPattern, path

from pools.download import views

urlpatterns: list[URLPattern] = [
    path("<int:function_id>", views.get_code),
]
