"""The OAuth endpoints of a pool, below its issuer or on its own domain."""

from __future__ import annotations

from django.urls import URLPattern, path

from pools.oauth import authorize, introspection, revocation, token, user_info

urlpatterns: list[URLPattern] = [
    path("oauth2/authorize", authorize.authorize),
    path("authorize", authorize.authorize),  # as several samples of the guide have it
    path("oauth2/token", token.token),
    path("oauth2/userInfo", user_info.user_info),
    path("oauth2/revoke", revocation.revocation),
    path("oauth2/introspect", introspection.introspection),
]
