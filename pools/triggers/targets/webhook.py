"""HTTP webhooks: the event is posted, signed, and the answer's body is the function's."""

from __future__ import annotations

import hashlib
import hmac
import time
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import orjson

from pools.models import Webhook
from pools.triggers.targets.base import Answer, Invocation, NotInvoked, TimedOut

_LONGEST_ANSWER = 6 << 20


def invoke(invocation: Invocation) -> Answer:
    """Raises: NotInvoked, TimedOut."""
    webhook = Webhook.objects.filter(name=invocation.arn.rpartition(":")[2]).first()
    if webhook is None:
        raise NotInvoked("ResourceNotFoundException")
    timestamp = str(int(time.time()))
    request = Request(  # noqa: S310
        webhook.url,
        data=invocation.event,
        headers={
            "Content-Type": "application/json",
            "X-Gatehouse-Timestamp": timestamp,
            "X-Gatehouse-Signature": sign(webhook.secret, timestamp, invocation.event),
        },
    )
    try:
        with urlopen(request, timeout=invocation.seconds) as response:  # noqa: S310
            return Answer(response.read(_LONGEST_ANSWER))
    except HTTPError as error:
        with error:
            return Answer(error=_message(error.read(_LONGEST_ANSWER)))
    except TimeoutError as error:
        raise TimedOut() from error
    except (URLError, OSError) as error:
        raise NotInvoked("ServiceException", is_transient=True) from error


def _message(body: bytes) -> str:
    try:
        return str(orjson.loads(body)["errorMessage"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return "null"


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """`v1=` and the hexadecimal HMAC-SHA256 of timestamp, a dot, and the body."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
