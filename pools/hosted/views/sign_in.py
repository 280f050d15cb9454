"""`/login`: who are you? Source: guide, "The managed login sign-in endpoint"."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpResponse

from pools.config.oauth import OAuthSettings
from pools.config.recovery import RecoverySettings
from pools.config.sign_in import SignInSettings
from pools.hosted import texts
from pools.hosted.authorization import Authorization
from pools.hosted.authorized import authorized, render
from pools.hosted.forms.sign_in import SignInForm
from pools.hosted.page import Request
from pools.hosted.submission import sent, submitted
from pools.hosted.walk import Walk
from pools.models import User
from pools.signin import browser, flows
from pools.web import cookies

_ANEW = ("prompt", "max_age")
"""A request with one of these wants to see somebody sign in; but for `select_account`, which wants a choice."""


@authorized()
def login(request: Request, authorization: Authorization) -> HttpResponse:
    client = authorization.client
    if not OAuthSettings.of(client).has_own_users:
        return _shown(request, authorization, {"form": None})
    if request.method != "POST" and (user := _remembered(request, authorization)) is not None:
        return _shown(request, authorization, {"name": _name(user)}, "remembered.html")
    has_password = flows.of_pages(client) == flows.HOSTED
    form = SignInForm(
        client.pool,
        sent(request),
        has_password=has_password,
        name=request.GET.get("login_hint", ""),
    )
    walk = Walk(request, authorization, "Login_POST")
    return submitted(request, form, lambda given: walk.begin(given["username"], **_password(given))) or _shown(
        request, authorization, {"form": form, "has_password": has_password, **_links(authorization)}
    )


def _password(given: Mapping[str, str]) -> dict[str, str]:
    return {"PASSWORD": given["password"]} if "password" in given else {}


def _remembered(request: Request, authorization: Authorization) -> User | None:
    """Who has signed in in this browser before, unless the request wants to see it done anew."""
    query = authorization.query
    if any(query.get(name) for name in _ANEW) and query.get("prompt") != "select_account":
        return None
    pool = authorization.site.pool
    found = browser.find(pool, cookies.read(request, cookies.SESSION, pool))
    return None if found is None else found.user


def _name(user: User) -> str:
    known = (user.attributes.get(name) for name in ("name", "email", "preferred_username", "phone_number"))
    return next(filter(None, known), user.username)


def _links(authorization: Authorization) -> dict[str, str]:
    """Where else the page leads, as far as the pool lets its users."""
    pool = authorization.site.pool
    links = {}
    if not SignInSettings.of(pool).is_sign_up_closed:
        links["sign_up"] = authorization.to("signup")
    if not RecoverySettings.of(pool).is_by_administrator_only:
        links["forgot"] = authorization.to("forgotPassword")
    return links


def _shown(
    request: Request, authorization: Authorization, context: dict[str, object], template: str = "login.html"
) -> HttpResponse:
    notice = request.GET.get("notice", "")
    said = {
        "authorization": authorization,
        "somebody_else": authorization.to("login", prompt="login"),
        "notice": texts.NOTICES.get(notice, ""),
        "notice_kind": "info" if notice == "expired" else "success",
        **context,
    }
    return render(request, authorization, template, said)
