"""`/challenge`: one page for each thing that a sign-in still lacks. AWS has `/mfa`, `/resetPassword`, others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpResponse, HttpResponseRedirect

from identity.errors import PasswordResetRequired, ServiceError
from pools.config.recovery import RecoverySettings
from pools.hosted import texts
from pools.hosted.authorization import Authorization
from pools.hosted.authorized import authorized, render
from pools.hosted.forms import challenge as forms
from pools.hosted.forms.new_password import NewPasswordForm
from pools.hosted.page import Request
from pools.hosted.submission import submitted
from pools.hosted.views import set_up
from pools.hosted.views.ended import ended
from pools.hosted.walk import Walk, methods
from pools.signin import waiting
from pools.signin.challenges.mfa_setup import MfaSetup
from pools.signin.waiting import SENT, Waiting

_QUESTIONS = ("question", "prompt", "message")
"""The public parameters of a custom challenge whose text is shown; the others are for apps. (Ours.)"""


@dataclass(frozen=True, slots=True)
class _Page:
    """`event` is the name in AWS's trail."""

    template: str
    form: type[forms.ChallengeForm]
    event: str = "Mfa_POST"


_PAGES: Mapping[str, _Page] = {
    "SELECT_CHALLENGE": _Page("choice", forms.SelectChallengeForm, "Login_POST"),
    "PASSWORD": _Page("password", forms.PasswordForm, "Login_POST"),
    "EMAIL_OTP": _Page("code", forms.EmailOtpForm),
    "SMS_OTP": _Page("code", forms.SmsOtpForm),
    "SMS_MFA": _Page("code", forms.SmsMfaForm),
    "SOFTWARE_TOKEN_MFA": _Page("app_code", forms.SoftwareTokenForm),
    "SELECT_MFA_TYPE": _Page("choice", forms.SelectMfaTypeForm, "MfaOption_POST"),
    "NEW_PASSWORD_REQUIRED": _Page("new_password", NewPasswordForm, "ResetPassword_POST"),
    "CUSTOM_CHALLENGE": _Page("question", forms.CustomForm),
}


@authorized()
def challenge(request: Request, authorization: Authorization) -> HttpResponse:
    walk = Walk(request, authorization)
    try:
        waits = waiting.find(authorization.client, walk.session)
    except ServiceError as error:
        return _cannot_go_on(walk, error)
    show = set_up.show if waits.name == MfaSetup.name else _show
    return show(request, authorization, waits)


def _cannot_go_on(walk: Walk, error: ServiceError) -> HttpResponse:
    if isinstance(error, PasswordResetRequired):
        return HttpResponseRedirect(walk.authorization.to("forgotPassword"))
    if texts.is_session_over(error):
        return walk.start_over()
    return ended(walk.request, walk.authorization, [texts.of(error)])


def _show(request: Request, authorization: Authorization, waits: Waiting) -> HttpResponse:
    page = _PAGES[waits.name]
    walk = Walk(request, authorization, page.event)
    is_answer = request.method == "POST" and "action" not in request.POST
    form = page.form(authorization.client, waits, request.POST if is_answer else None)
    problems: list[str] = []
    if is_answer:
        response = submitted(request, form, lambda given: walk.answer(waits, form.answers))
    else:
        response = _acted(walk, waits, problems)
    if response is not None:
        return response
    if request.method == "POST" and not walk.still_waits:
        return ended(request, authorization, problems or form.non_field_errors())
    return _shown(request, authorization, waits, page, form, problems)


def _acted(walk: Walk, waits: Waiting, problems: list[str]) -> HttpResponse | None:
    """The buttons beside the answer: where they lead, or None, and what is wrong among `problems`."""
    action = walk.request.POST.get("action")
    try:
        if action == "send_again" and waits.name in SENT:
            return walk.send_again()
        if action == "other_method" and waits.available:
            return walk.begin(waits.username)
    except ServiceError as error:
        problems.append(texts.of(error))
    return None


def _shown(
    request: Request,
    authorization: Authorization,
    waits: Waiting,
    page: _Page,
    form: forms.ChallengeForm,
    problems: Sequence[str],
) -> HttpResponse:
    has_recovery = not RecoverySettings.of(authorization.site.pool).is_by_administrator_only
    said = {
        "form": form,
        "waits": waits,
        "problems": problems,
        "was_sent_again": request.GET.get("notice") == "sent_again",
        "is_text": waits.parameters.get("CODE_DELIVERY_DELIVERY_MEDIUM") == "SMS",
        "destination": waits.parameters.get("CODE_DELIVERY_DESTINATION", ""),
        "can_send_again": waits.name in SENT,
        "has_other_methods": waits.name != "SELECT_CHALLENGE" and len(methods(waits.available)) > 1,
        "question": next(filter(None, map(waits.parameters.get, _QUESTIONS)), ""),
        "device": waits.parameters.get("FRIENDLY_DEVICE_NAME", ""),
        "forgot": authorization.to("forgotPassword", username=waits.username) if has_recovery else "",
        "start_over": authorization.to("login"),
    }
    return render(request, authorization, f"challenge/{page.template}.html", said)
