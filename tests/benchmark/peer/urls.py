"""The peer's endpoints: django-oauth-toolkit's own views."""

from __future__ import annotations

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.urls import path
from django.utils.decorators import decorator_from_middleware
from oauth2_provider import views

with_session = decorator_from_middleware(SessionMiddleware)
with_user = decorator_from_middleware(AuthenticationMiddleware)

app_name = "oauth2_provider"
_endpoints = [
    path("authorize/", with_session(with_user(views.AuthorizationView.as_view())), name="authorize"),
    path("token/", views.TokenView.as_view(), name="token"),
    path(
        ".well-known/openid-configuration", views.ConnectDiscoveryInfoView.as_view(), name="oidc-connect-discovery-info"
    ),
    path(".well-known/jwks.json", views.JwksInfoView.as_view(), name="jwks-info"),
    path("userinfo/", views.UserInfoView.as_view(), name="user-info"),
]
urlpatterns = [path("o/", (_endpoints, app_name, app_name))]
