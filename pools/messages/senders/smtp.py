"""SMTP, with what `GATEHOUSE_EMAIL_URL` says and the pool's sender address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from threading import local
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend

from identity.config import ConfigError, config
from pools.config.messages import EmailSettings
from pools.messages.message import Message

_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
_OK = 250
_MOST_MAILS = 50
"""Over one connection: many servers end it after a hundred."""


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


class _Line:
    """A connection that mails share one after the other, made anew once it is broken, refused something or is old."""

    def __init__(self) -> None:
        self._backend: EmailBackend | None = None
        self._mails = 0

    def send(self, mail: EmailMultiAlternatives) -> None:
        """Raises: OSError, ValueError."""
        if self._mails == _MOST_MAILS or not self._is_good():
            self.close()
        if self._backend is None:
            self._backend = EmailBackend(**_server())
        mail.connection = self._backend
        try:
            self._backend.open()
            mail.send()
        except Exception:
            self._hang_up()
            raise
        self._mails += 1

    def _is_good(self) -> bool:
        """Ask: a mail must not fail because a server that it never reached had waited long enough."""
        if self._backend is None or self._backend.connection is None:
            return False
        with suppress(OSError):
            return bool(self._backend.connection.noop()[0] == _OK)
        return False

    def close(self) -> None:
        """What is on its way has been accepted, whatever the server says to a farewell."""
        if self._backend is not None:
            with suppress(OSError):
                self._backend.close()
        self._backend, self._mails = None, 0

    def _hang_up(self) -> None:
        """Without a word to a server that may be silent."""
        if self._backend is not None and self._backend.connection is not None:
            self._backend.connection.close()
        self._backend, self._mails = None, 0


class _Own(local):
    line: _Line | None = None


_own = _Own()


@contextmanager
def one_connection() -> Iterator[None]:
    """Have the mails that this thread sends meanwhile share a connection."""
    _own.line = line = _Line()
    try:
        yield
    finally:
        _own.line = None
        line.close()


def send(message: Message) -> None:
    """Raises: OSError (smtplib.SMTPException, time-outs), ValueError for an address that cannot be used."""
    if _own.line is not None:
        _own.line.send(_mail(message))
        return
    with one_connection():
        send(message)


def _mail(message: Message) -> EmailMultiAlternatives:
    settings = EmailSettings.of(message.pool)
    headers = {"X-Configuration-Set": settings.configuration_set, "Message-ID": message.message_id}
    mail = EmailMultiAlternatives(
        subject=" ".join(message.text.subject.split()),
        body=message.plain,
        from_email=settings.sender,
        to=[message.to],
        reply_to=[settings.reply_to] if settings.reply_to else None,
        headers={name: value for name, value in headers.items() if value},
    )
    mail.attach_alternative(message.html, "text/html")
    return mail
