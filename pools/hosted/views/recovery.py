"""`/forgotPassword` and `/confirmforgotPassword`: a new password with a code. Source: guide, "Password recovery"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect

from pools.accounts import recovery
from pools.config.oauth import OAuthSettings
from pools.config.recovery import RecoverySettings
from pools.hosted import deliveries, message
from pools.hosted.authorization import Authorization
from pools.hosted.authorized import authorized, render
from pools.hosted.forms.codes import ForgotForm, ResetForm
from pools.hosted.page import Request
from pools.hosted.submission import sent, submitted
from pools.messages.message import Channel
from pools.models import Client
from pools.web import caller, cookies


@authorized()
def forgot(request: Request, authorization: Authorization) -> HttpResponse:
    """The answer is the same for every name where the client hides who exists."""
    client = authorization.client
    if not _is_possible(client):
        return message.show(request, authorization, message.RECOVERY_BY_ADMINISTRATOR, status=403)
    form = ForgotForm(client.pool, request.GET.get("username", ""), sent(request))
    said = {"form": form, "sign_in": authorization.to("login")}
    return submitted(request, form, lambda given: _send(request, authorization, given["username"])) or render(
        request, authorization, "forgot.html", said
    )


def _is_possible(client: Client) -> bool:
    is_by_administrator_only = RecoverySettings.of(client.pool).is_by_administrator_only
    return OAuthSettings.of(client).has_own_users and not is_by_administrator_only


def _send(request: Request, authorization: Authorization, name: str) -> HttpResponse:
    """Raises: what `recovery.forgot` raises."""
    client = authorization.client
    delivery = recovery.forgot(client, username=name, origin=caller.origin(request, client))
    return HttpResponseRedirect(
        authorization.to("confirmforgotPassword", username=name, **deliveries.parameter(delivery))
    )


@authorized()
def reset(request: Request, authorization: Authorization) -> HttpResponse:
    client, name = authorization.client, request.GET.get("username", "")
    if not _is_possible(client):
        return message.show(request, authorization, message.RECOVERY_BY_ADMINISTRATOR, status=403)
    form = ResetForm(client.pool, name, sent(request))
    channel, masked = deliveries.of(request) or (None, "")
    said = {
        "form": form,
        "is_sms": channel is Channel.SMS,
        "masked": masked,
        "again": authorization.to("forgotPassword", username=name),
        "sign_in": authorization.to("login"),
    }
    return submitted(request, form, lambda given: _reset(request, authorization, given)) or render(
        request, authorization, "reset.html", said
    )


def _reset(request: Request, authorization: Authorization, given: Mapping[str, Any]) -> HttpResponse:
    """Raises: what `recovery.confirm_forgot` raises."""
    client = authorization.client
    recovery.confirm_forgot(
        client,
        username=given["username"],
        code=given["confirmation_code"],
        password=given["password"],
        origin=caller.origin(request, client),
    )
    response = HttpResponseRedirect(authorization.to("login", notice="password_changed"))
    cookies.drop(response, cookies.ATTEMPT, client.pool)
    return response
