"""A gateway for text messages: one POST of JSON each, to the address in `GATEHOUSE_SMS_URL`.

A 2xx answer accepts the message. Redirects are not followed, and nothing of an answer's body is read. The address is
the operator's own, so it may be a private one.
"""

from __future__ import annotations

import json
import logging
import ssl
from contextlib import closing
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from identity.config import config
from identity.errors import CodeDeliveryFailure
from pools.config.messages import SmsSettings
from pools.messages.message import Message

log = logging.getLogger(__name__)


def send(message: Message) -> None:
    """Raises: CodeDeliveryFailure when it is refused; OSError when the gateway is not reached or takes too long."""
    try:
        status = _post(_body(message))
    except HTTPException as error:
        log.warning("SMS %s was not sent: the gateway's answer is no HTTP (%s)", message.kind, type(error).__name__)
        raise CodeDeliveryFailure() from error
    if not 200 <= status < 300:
        log.warning("SMS %s was not sent: the gateway answered %d", message.kind, status)
        raise CodeDeliveryFailure()


def _body(message: Message) -> bytes:
    members = {
        "to": message.to,
        "body": message.text.body,
        "from": SmsSettings.of(message.pool).origination_identity,
        "pool_id": message.pool.id,
        "kind": message.kind,
    }
    return json.dumps({name: value for name, value in members.items() if value}).encode()


def _post(body: bytes) -> int:
    """The status of the answer."""
    parts = urlsplit(config.sms_url)
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Connection": "close"}
    if config.sms_token:
        headers["Authorization"] = f"Bearer {config.sms_token}"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with closing(_connection(parts.scheme, parts.hostname or "", parts.port)) as connection:
        connection.request("POST", target, body, headers)
        with connection.getresponse() as response:
            return response.status


def _connection(scheme: str, host: str, port: int | None) -> HTTPConnection:
    if scheme == "https":
        return HTTPSConnection(host, port, timeout=config.sms_timeout_seconds, context=_tls())
    return HTTPConnection(host, port, timeout=config.sms_timeout_seconds)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
