"""HTTP webhooks: the event is posted, signed, and the answer's body is the function's."""

from __future__ import annotations

import hashlib
import hmac
import logging
import time

from identity import arns, outbound
from identity.statement import Statement
from pools.models import Webhook
from pools.triggers.targets.base import FAILED, NOT_FOUND, Answer, Invocation, NotInvoked, TimedOut, error_message

_LONGEST_ANSWER = 6 << 20
"""As long as Lambda's."""
_REASONS = {
    401: "AccessDeniedException",
    403: "AccessDeniedException",
    404: NOT_FOUND,
    410: NOT_FOUND,
    413: "RequestTooLargeException",
    429: "TooManyRequestsException",
}

log = logging.getLogger(__name__)

_webhook = Statement(lambda name: Webhook.objects.filter(name=name).values_list("url", "secret"), str)


def invoke(invocation: Invocation) -> Answer:
    """Raises: NotInvoked, TimedOut."""
    name = invocation.arn.rpartition(":")[2]
    found = _webhook.first(name) if invocation.arn == arns.webhook(name) else None
    if found is None:
        raise NotInvoked(NOT_FOUND)
    url, secret = found
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "Gatehouse",
        "X-Gatehouse-Timestamp": timestamp,
        "X-Gatehouse-Signature": sign(secret, timestamp, invocation.event),
    }
    try:
        said = outbound.post(url, invocation.event, headers, seconds=invocation.seconds, longest=_LONGEST_ANSWER)
    except outbound.Late as error:
        raise TimedOut() from error
    except outbound.Refused as error:
        raise _failure(name, "AccessDeniedException", str(error)) from error
    except outbound.Failed as error:
        raise _failure(name, FAILED, str(error), is_transient=error.is_transient) from error
    return _answer(name, said)


def _answer(name: str, said: outbound.Answer) -> Answer:
    """2xx is the function's answer, 4xx with an `errorMessage` the error it raised; all else is no answer of it.

    Raises: NotInvoked.
    """
    if 200 <= said.status < 300:
        return Answer(said.body)
    message = error_message(said.body) if 400 <= said.status < 500 else None
    if message is None:
        reason = _REASONS.get(said.status, FAILED)
        raise _failure(name, reason, f"it answered {said.status}", is_transient=said.status == 429)
    return Answer(said.body, message)


def _failure(name: str, reason: str, text: str, *, is_transient: bool = False) -> NotInvoked:
    log.warning("webhook %s: %s", name, text)
    return NotInvoked(reason, is_transient=is_transient, log=text)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """`v1=` and the hexadecimal HMAC-SHA256 of timestamp, a dot, and the body."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
