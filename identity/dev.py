"""Development only: the outbox and the settable clock under `/_dev/`. Absent without --dev."""

from __future__ import annotations

import orjson
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import URLPattern, path

from identity import clock
from pools.models import Outgoing

OUTBOX_PAGE = 100


def outbox(request: HttpRequest) -> HttpResponse:
    """`GET /_dev/outbox?to=<address, number or username>`: messages as JSON, newest first."""
    messages = Outgoing.objects.order_by("-pk")
    if to := request.GET.get("to"):
        messages = messages.filter(Q(to=to) | Q(username=to))
    return JsonResponse([_shown(message) for message in messages[:OUTBOX_PAGE]], safe=False)


def _shown(message: Outgoing) -> dict[str, str]:
    return {
        "to": message.to,
        "channel": message.channel,
        "kind": message.kind,
        "code": message.code,
        "link": message.link,
        "subject": message.subject,
        "body": message.body,
        "pool_id": message.pool_id,
        "username": message.username,
        "sent_at": message.sent_at.isoformat(),
    }


def time(request: HttpRequest) -> HttpResponse:
    """`GET` tells the server's time; `POST {"advance_seconds": 3600}` or `{"reset": true}` moves it."""
    if request.method == "POST":
        try:
            wanted = orjson.loads(request.body)
            if wanted.get("reset"):
                clock.reset()
            else:
                clock.advance(float(wanted["advance_seconds"]))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            return JsonResponse({"error": 'send {"advance_seconds": <number>} or {"reset": true}'}, status=400)
    elif request.method != "GET":
        return HttpResponseNotAllowed(["GET", "POST"])
    return JsonResponse({"now": clock.now().isoformat(), "offset_seconds": clock.offset().total_seconds()})


urlpatterns: list[URLPattern] = [path("outbox", outbox), path("clock", time)]
