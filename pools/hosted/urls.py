"""The pages of a pool, below its issuer or on its own domain. Source: guide, "Managed login endpoints"."""

from __future__ import annotations

from django.urls import URLPattern, path

from pools.hosted.views import challenge, confirm, error, logo, recovery, sign_in, sign_out, sign_up

urlpatterns: list[URLPattern] = [
    path("login", sign_in.login),
    path("challenge", challenge.challenge),
    path("logout", sign_out.logout),
    path("signup", sign_up.show),
    path("confirm", confirm.show),
    path("resendcode", confirm.resend),
    path("confirmUser", confirm.follow),
    path("confirmUser/", confirm.follow),
    path("forgotPassword", recovery.forgot),
    path("confirmforgotPassword", recovery.reset),
    path("error", error.show),
    path("logo/<str:of>/<str:version>", logo.show),
]
