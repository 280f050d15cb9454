"""Where a message went, as one page tells the next: a masked address in the link, and nothing but that is shown."""

from __future__ import annotations

import re

from pools.accounts.verification import Delivery
from pools.hosted.page import Request
from pools.messages.message import Channel

_EMAIL = re.compile(r"\S\*\*\*@\S\*\*\*")
_PHONE = re.compile(r"\+\*{0,14}[0-9]{1,4}")


def parameter(delivery: Delivery) -> dict[str, str]:
    """For `Authorization.to`."""
    return {"sent_to": delivery.destination}


def of(request: Request) -> tuple[Channel, str] | None:
    """The channel and the masked address. What has not the form of a mask is not from us."""
    masked = request.GET.get("sent_to", "")
    if _EMAIL.fullmatch(masked):
        return Channel.EMAIL, masked
    return (Channel.SMS, masked) if _PHONE.fullmatch(masked) else None
