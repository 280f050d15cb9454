"""What becomes of a form that was sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict

from identity.errors import ServiceError
from pools.hosted import texts


def sent(request: HttpRequest) -> QueryDict | None:
    """What a form is made with: the fields that were sent, None where the page is only looked at."""
    return request.POST if request.method == "POST" else None


def submitted(
    request: HttpRequest, form: forms.Form, act: Callable[[Mapping[str, Any]], HttpResponse]
) -> HttpResponse | None:
    """Where a right form leads: `act` is given its cleaned data. None where there is none, or something is wrong with
    it: the form, to be shown again, says what."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        return act(form.cleaned_data)
    except ServiceError as error:
        texts.put(form, error)
        return None
