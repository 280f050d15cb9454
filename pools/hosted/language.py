"""The language of a page: what the link asks for, what was chosen before, what the browser prefers, English."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.translation import get_language_info, trans_real

from identity.config import config

if TYPE_CHECKING:
    from pools.hosted.page import Request

COOKIE = "lang"
_MOST_SUBTAGS = 4
_YEAR_SECONDS = 365 * 24 * 3600
CODES = [code for code, _ in settings.LANGUAGES]
_NAMES = [(code, get_language_info(code)["name_local"]) for code in CODES]


@dataclass(frozen=True, slots=True)
class PageLanguage:
    """`others` are the code and the own name of each language that can be chosen, this one included; `kept` is the
    query of the page, which a choice keeps.
    """

    code: str
    name: str
    is_right_to_left: bool
    others: list[tuple[str, str]]
    kept: list[tuple[str, str]]


def chosen(request: HttpRequest) -> str:
    """Source: OpenID Connect Core, section 3.1.2.1, `ui_locales`; guide, "Managed login localization"."""
    asked = [request.GET.get("lang", ""), *request.GET.get("ui_locales", "").split(), request.COOKIES.get(COOKIE, "")]
    accepted = trans_real.parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", "").lower())
    tags = [*asked, *(tag for tag, quality in accepted if quality > 0)]
    return next((code for tag in tags if (code := closest(tag, CODES)) is not None), settings.LANGUAGE_CODE)


def closest(tag: str, codes: Sequence[str]) -> str | None:
    """`de-AT` is German; where only Brazilian Portuguese is spoken, `pt` and `pt-PT` are that.

    Source: RFC 4647, section 3.4, and beyond it the same first subtag.
    """
    wanted = tag.strip().lower().replace("_", "-").split("-")[:_MOST_SUBTAGS]
    subtags = {code: code.lower().split("-") for code in codes}
    for length in range(len(wanted), 0, -1):
        for code, own in subtags.items():
            if own == wanted[:length]:
                return code
    return next((code for code, own in subtags.items() if own[0] == wanted[0]), None)


def remember(request: Request, response: HttpResponseBase) -> None:
    """What was asked for by `lang` holds from now on."""
    if closest(request.GET.get("lang", ""), CODES) is not None:
        response.set_cookie(
            COOKIE, request.language, max_age=_YEAR_SECONDS, secure=config.is_secure, httponly=True, samesite="Lax"
        )


def of_page(request: Request) -> PageLanguage:
    kept = [(name, value) for name, values in request.GET.lists() if name != "lang" for value in values]
    return PageLanguage(request.language, dict(_NAMES)[request.language], translation.get_language_bidi(), _NAMES, kept)
