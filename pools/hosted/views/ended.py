"""The page of a sign-in that has come to a bad end: the reason, and the way back to the beginning."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpResponse

from pools.hosted.authorization import Authorization
from pools.hosted.authorized import render
from pools.hosted.page import Request
from pools.web import cookies


def ended(request: Request, authorization: Authorization, problems: Iterable[object]) -> HttpResponse:
    said = {"problems": [str(problem) for problem in problems], "start_over": authorization.to("login")}
    response = render(request, authorization, "challenge/ended.html", said)
    cookies.drop(response, cookies.ATTEMPT, authorization.site.pool)
    return response
