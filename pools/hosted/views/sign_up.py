"""`/signup`: users sign themselves up. Source: guide, "Managed login endpoints"; reference of the hosted pages."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect

from identity.errors import CodeDeliveryFailure, ServiceError
from pools.accounts import sign_up
from pools.accounts.sign_up import SignedUp
from pools.config.oauth import OAuthSettings
from pools.config.sign_in import SignInSettings
from pools.hosted import confirmed, deliveries, message
from pools.hosted.authorization import Authorization
from pools.hosted.authorized import authorized, render
from pools.hosted.forms.sign_up import SignUpForm
from pools.hosted.page import Request
from pools.hosted.submission import sent, submitted
from pools.models.user import UserStatus
from pools.signin import after_sign_up
from pools.web import caller, cookies


@authorized()
def show(request: Request, authorization: Authorization) -> HttpResponse:
    client = authorization.client
    if SignInSettings.of(client.pool).is_sign_up_closed or not OAuthSettings.of(client).has_own_users:
        return message.show(request, authorization, message.SIGN_UP_CLOSED, status=403)
    form = SignUpForm(client, sent(request))
    said = {
        "form": form,
        "sign_in": authorization.to("login"),
    }
    return submitted(request, form, lambda _: _register(request, authorization, form)) or render(
        request, authorization, "sign_up.html", said
    )


def _register(request: Request, authorization: Authorization, form: SignUpForm) -> HttpResponse:
    client, name = authorization.client, form.username
    try:
        signed_up = sign_up.register(
            client,
            username=name,
            password=form.password,
            attributes=form.attributes,
            origin=caller.origin(request, client),
        )
    except CodeDeliveryFailure:  # the user is there, and may ask for another
        return HttpResponseRedirect(authorization.to("confirm", username=name, notice="not_sent"))
    session = after_sign_up.begin_on_page(client, signed_up.user, name, has_password=form.password is not None)
    if signed_up.user.status == UserStatus.CONFIRMED:
        try:
            return confirmed.go_on(request, authorization, session, name, None, event="Signup_POST")
        except ServiceError:
            return HttpResponseRedirect(authorization.to("login", notice="confirmed"))
    response = HttpResponseRedirect(_next(authorization, signed_up, name))
    cookies.put(response, cookies.ATTEMPT, client.pool, session)
    return response


def _next(authorization: Authorization, signed_up: SignedUp, name: str) -> str:
    """Where no message is sent, an administrator confirms."""
    if signed_up.delivery is None:
        return authorization.to("login", notice="created")
    return authorization.to("confirm", username=name, **deliveries.parameter(signed_up.delivery))
