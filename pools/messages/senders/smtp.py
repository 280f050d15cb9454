"""SMTP, with what `GATEHOUSE_EMAIL_URL` says and the pool's sender address."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend

from identity.config import ConfigError, config
from pools.config.messages import EmailSettings
from pools.messages.message import Message

_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}


@cache
def _server() -> dict[str, Any]:
    parts = urlsplit(config.email_url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ConfigError("GATEHOUSE_EMAIL_URL is not usable: use smtp://, smtps:// or smtp+plain:// and a host")
    return {
        "host": parts.hostname,
        "port": parts.port or _PORTS[parts.scheme],
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_tls": parts.scheme == "smtp",
        "use_ssl": parts.scheme == "smtps",
        "timeout": config.email_timeout_seconds,
    }


def send(message: Message) -> None:
    """Raises: OSError (smtplib.SMTPException, time-outs), ValueError for an address that cannot be used."""
    settings = EmailSettings.of(message.pool)
    headers = {"X-Configuration-Set": settings.configuration_set, "Message-ID": message.message_id}
    mail = EmailMultiAlternatives(
        subject=" ".join(message.text.subject.split()),
        body=message.plain,
        from_email=settings.sender,
        to=[message.to],
        reply_to=[settings.reply_to] if settings.reply_to else None,
        headers={name: value for name, value in headers.items() if value},
        connection=EmailBackend(**_server()),
    )
    mail.attach_alternative(message.html, "text/html")
    mail.send()
