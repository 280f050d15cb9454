"""From a confirmed sign-up to a signed-in browser, where it is the one that signed up."""

from __future__ import annotations

from django.http import HttpResponse

from identity.errors import SESSION_INVALID, NotAuthorized
from pools.hosted.authorization import Authorization
from pools.hosted.page import Request
from pools.hosted.walk import Walk
from pools.signin import attempt
from pools.web import caller


def go_on(
    request: Request,
    authorization: Authorization,
    session: str | None,
    name: str,
    attribute: str | None,
    *,
    event: str,
) -> HttpResponse:
    """Back to the authorization endpoint, or to what the sign-in still lacks. `session` is that of the sign-up,
    `attribute` where the code went that this browser has shown, if any.

    Raises: NotAuthorized (another browser), and what `attempt.go_on` raises.
    """
    if not session:
        raise NotAuthorized(SESSION_INVALID)
    client = authorization.client
    by, origin = caller.actor(request, event), caller.origin(request, client)
    outcome = attempt.go_on(client, session, name, attribute, by=by, origin=origin)
    return Walk(request, authorization, event).go_on(name, outcome)
