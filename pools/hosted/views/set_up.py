"""The pages on which a user sets up the second factor that their pool requires: which, and then that one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect

from pools.config.mfa import EMAIL_OTP, SMS_MFA, SOFTWARE_TOKEN_MFA
from pools.hosted import authenticator
from pools.hosted.authorization import Authorization
from pools.hosted.authorized import render
from pools.hosted.forms.challenge import AppSetUpForm, ChallengeForm, EmailSetUpForm, PhoneSetUpForm, SetUpForm
from pools.hosted.page import Request
from pools.hosted.submission import sent, submitted
from pools.hosted.views.ended import ended
from pools.hosted.walk import Walk, can_set_up
from pools.signin.waiting import Waiting

_FORMS: Mapping[str, type[ChallengeForm]] = {
    SOFTWARE_TOKEN_MFA: AppSetUpForm,
    EMAIL_OTP: EmailSetUpForm,
    SMS_MFA: PhoneSetUpForm,
}
_TEMPLATES = {SOFTWARE_TOKEN_MFA: "app_set_up", EMAIL_OTP: "address_set_up", SMS_MFA: "address_set_up"}
_CHOICE = "choice"
"""What the link says to come back to the choice."""


def show(request: Request, authorization: Authorization, waits: Waiting) -> HttpResponse:
    factor = _factor(request, waits)
    walk = Walk(request, authorization, "MfaOption_POST" if factor is None else "Mfa_POST")
    form = (_FORMS[factor] if factor else SetUpForm)(authorization.client, waits, sent(request))
    response = submitted(request, form, lambda given: _sent(walk, waits, factor, form, given))
    if response is not None:
        return response
    if request.method == "POST" and not walk.still_waits:
        return ended(request, authorization, form.non_field_errors())
    said = {
        "form": form,
        "waits": waits,
        "factor": factor,
        "has_choice": factor is not None and len(can_set_up(waits.parameters)) > 1,
        "other_method": authorization.to("challenge", factor=_CHOICE),
        "start_over": authorization.to("login"),
        **(_app(authorization, waits) if factor == SOFTWARE_TOKEN_MFA else {}),
    }
    template = _TEMPLATES[factor] if factor else "choice"
    return render(request, authorization, f"challenge/{template}.html", said)


def _factor(request: Request, waits: Waiting) -> str | None:
    """Which one is being set up; None while that is to be chosen. An app has its secret first."""
    offered = can_set_up(waits.parameters)
    wanted = request.GET.get("factor")
    if wanted in offered and (wanted != SOFTWARE_TOKEN_MFA or waits.secret):
        return wanted
    if wanted is None and waits.secret:
        return SOFTWARE_TOKEN_MFA
    return offered[0] if len(offered) == 1 and offered[0] != SOFTWARE_TOKEN_MFA else None


def _sent(
    walk: Walk, waits: Waiting, factor: str | None, form: ChallengeForm, given: Mapping[str, Any]
) -> HttpResponse:
    if factor is None:
        if given["ANSWER"] == SOFTWARE_TOKEN_MFA:
            return walk.set_up_app()
        return HttpResponseRedirect(walk.authorization.to("challenge", factor=given["ANSWER"]))
    if factor == SOFTWARE_TOKEN_MFA:
        return walk.prove_app(waits, given["code"], given["device"])
    return walk.answer(waits, form.answers)


def _app(authorization: Authorization, waits: Waiting) -> dict[str, Any]:
    secret = waits.secret or ""
    address = authenticator.address(authorization.site.pool, waits.username, secret)
    return {"address": address, "picture": authenticator.picture(address), "groups": authenticator.groups(secret)}
