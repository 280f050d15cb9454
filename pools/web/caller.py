"""Who sends a form, as the domain and the pool's functions are told."""

from __future__ import annotations

from django.http import HttpRequest

from identity import clock, ids
from identity.access import address
from identity.access.actor import Actor, Kind
from pools.models import Client
from pools.triggers.origin import Origin


def actor(request: HttpRequest, event: str) -> Actor:
    """`event` is the name of the page or endpoint in AWS's trail: `Login_POST`.

    Source: guide, "Logging Amazon Cognito API calls with AWS CloudTrail", managed login events.
    """
    user_agent = request.META.get("HTTP_USER_AGENT", "")
    return Actor(Kind.ANONYMOUS, event, clock.now(), ids.sub(), address.of(request), user_agent)


def origin(request: HttpRequest, client: Client) -> Origin:
    return Origin(client.client_id, request.META.get("HTTP_USER_AGENT", ""))
