"""`/confirm`, `/resendcode` and `/confirmUser`: an account is confirmed by the code in a message, or by its link.

Source: guide, "Verifying contact information at sign-up"; reference of the hosted pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from identity.errors import CodeMismatch, NotAuthorized, ServiceError, UserNotConfirmed
from pools.accounts import sign_up, verification
from pools.config.client import ClientSettings
from pools.hosted import confirmed, deliveries, message, texts
from pools.hosted.authorization import Authorization, NoAuthorization, client_of
from pools.hosted.authorized import authorized, render
from pools.hosted.forms.codes import ConfirmForm, ResendForm
from pools.hosted.page import Request, page, refusal
from pools.hosted.submission import sent, submitted
from pools.messages.message import Channel, Kind, is_by_link
from pools.models import Client, Pool
from pools.web import caller, cookies
from pools.web.site import Site


@authorized()
def show(request: Request, authorization: Authorization) -> HttpResponse:
    """A code to be given or, where the message holds a link, a button for who has followed it."""
    pool = authorization.client.pool
    if not verification.auto_verified(pool):
        return message.show(request, authorization, message.CONFIRMED_BY_ADMINISTRATOR)
    if _is_by_link(request, pool):
        if request.method == "POST":
            return _followed(request, authorization)
        return _render(request, authorization, None)
    form = ConfirmForm(pool, request.GET.get("username", ""), sent(request))
    return submitted(request, form, lambda given: _confirm(request, authorization, given)) or _render(
        request, authorization, form
    )


def _is_by_link(request: Request, pool: Pool) -> bool:
    sent = deliveries.of(request)
    if sent is None:  # a sign-up of which this page knows nothing more
        return verification.auto_verified(pool) == ["email"] and is_by_link(pool, Kind.SIGN_UP, Channel.EMAIL)
    return is_by_link(pool, Kind.SIGN_UP, sent[0])


def _render(
    request: Request, authorization: Authorization, form: ConfirmForm | None, problem: str = ""
) -> HttpResponse:
    channel, masked = deliveries.of(request) or (None, "")
    name = request.GET.get("username", "")
    notice = request.GET.get("notice", "")
    said = {
        "form": form,
        "problem": problem,
        "notice": texts.NOTICES.get(notice),
        "notice_kind": "error" if notice in texts.BAD_NEWS else "success",
        "is_sms": channel is Channel.SMS,
        "masked": masked,
        "name": name,
        "action": authorization.to("confirm", username=name, sent_to=masked),
        "resend": authorization.to("resendcode", username=name, sent_to=masked),
        "sign_in": authorization.to("login"),
    }
    return render(request, authorization, "confirm.html", said)


def _confirm(request: Request, authorization: Authorization, given: Mapping[str, Any]) -> HttpResponse:
    """Raises: what `sign_up.confirm` raises."""
    client, name = authorization.client, given["username"]
    try:
        done = sign_up.confirm(client, username=name, code=given["code"], origin=caller.origin(request, client))
    except NotAuthorized:
        if ClientSettings.of(client).hides_existence:  # a page has no use for what apps are told of the user's state
            raise CodeMismatch() from None
        raise
    try:
        return _go_on(request, authorization, name, done.attribute)
    except ServiceError:
        return HttpResponseRedirect(authorization.to("login", notice="confirmed"))


def _followed(request: Request, authorization: Authorization) -> HttpResponse:
    """The link has confirmed the account, or was not followed yet: only the browser that signed up is told which."""
    try:
        return _go_on(request, authorization, request.GET.get("username", ""), None)
    except UserNotConfirmed:
        return _render(request, authorization, None, _("Your account is not confirmed yet. Follow the link first."))
    except ServiceError:
        return HttpResponseRedirect(authorization.to("login"))


def _go_on(request: Request, authorization: Authorization, name: str, attribute: str | None) -> HttpResponse:
    """Raises: what `confirmed.go_on` raises."""
    session = cookies.read(request, cookies.ATTEMPT, authorization.client.pool)
    return confirmed.go_on(request, authorization, session, name, attribute, event="Confirm_POST")


@authorized()
def resend(request: Request, authorization: Authorization) -> HttpResponse:
    client = authorization.client
    form = ResendForm(client.pool, request.GET.get("username", ""), sent(request))
    return submitted(request, form, lambda given: _resend(request, authorization, given["username"])) or (
        _render_refused(request, authorization, form)
    )


def _resend(request: Request, authorization: Authorization, name: str) -> HttpResponse:
    """Raises: what `sign_up.resend` raises."""
    client = authorization.client
    delivery = sign_up.resend(client, username=name, origin=caller.origin(request, client))
    return HttpResponseRedirect(
        authorization.to("confirm", username=name, notice="sent_again", **deliveries.parameter(delivery))
    )


def _render_refused(request: Request, authorization: Authorization, asked: ResendForm) -> HttpResponse:
    """Back on the page of the code, with what was wrong."""
    pool = authorization.client.pool
    problem = next((str(text) for found in asked.errors.values() for text in found), "")
    form = None if _is_by_link(request, pool) else ConfirmForm(pool, request.GET.get("username", ""))
    return _render(request, authorization, form, problem)


@page("GET")
def follow(request: Request, site: Site) -> HttpResponse:
    """The link of a message. HEAD, which programs that look at mail ask for, confirms nobody."""
    try:
        client = client_of(site, request.GET.get("client_id", ""))
    except NoAuthorization as error:
        return refusal(request, text=error.text)
    name, code = (request.GET.get(parameter, "") for parameter in ("user_name", "confirmation_code"))
    try:
        _follow(request, client, name, code)
    except ServiceError as error:
        # Whoever has followed a link twice is confirmed: that is no reason to tell anybody who is.
        said = message.LINK_USED if isinstance(error, CodeMismatch) else message.problem(texts.of(error))
        return message.show(request, None, said, client=client, status=400)
    return message.show(request, None, message.CONFIRMED, client=client)


def _follow(request: Request, client: Client, name: str, code: str) -> None:
    """Raises: CodeMismatch for whom there is nothing to confirm, and what `sign_up.confirm` raises."""
    if not name.isprintable():
        raise CodeMismatch()
    try:
        sign_up.confirm(client, username=name, code=code, origin=caller.origin(request, client))
    except NotAuthorized:
        raise CodeMismatch() from None
