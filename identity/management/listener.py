"""Where `serve` listens, and with which certificate."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from django.core.management.base import CommandError, CommandParser

from identity import certificates
from identity.certificates import Files
from identity.config import config
from pools.models import Domain

_EVERY_ADDRESS = {"0.0.0.0", "::"}  # noqa: S104


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: 8000)")
    parser.add_argument("--tls", action="store_true", help="HTTPS; with --dev by a certificate made for development")
    parser.add_argument("--tls-certificate", type=Path, metavar="FILE", help="PEM, with those between it and its root")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="the certificate's key: PEM, PKCS #8")


@dataclass(frozen=True, slots=True)
class Listener:
    host: str
    port: int
    has_tls: bool
    own: Files | None
    """The operator's certificate."""

    @classmethod
    def of(cls, options: dict[str, Any]) -> Listener:
        """Raises: CommandError for options that do not fit together."""
        certificate, key = options["tls_certificate"], options["tls_key"]
        if (certificate is None) != (key is None):
            raise CommandError("--tls-certificate and --tls-key belong together.")
        if options["tls"] and certificate is None and not options["dev"]:
            raise CommandError("--tls makes certificates for development alone: use --tls-certificate and --tls-key.")
        for file in (certificate, key):
            if file is not None and not file.is_file():
                raise CommandError(f"There is no file {file}.")
        own = None if certificate is None else Files(certificate, key)
        return cls(options["host"], options["port"], bool(options["tls"] or own), own)

    @property
    def default_url(self) -> str:
        return f"{'https' if self.has_tls else 'http'}://localhost:{self.port}"

    def check(self, patience_seconds: float) -> None:
        """Refuse a port that is taken, after giving a predecessor that was killed the time its children have to end.

        Granian shares its port with whoever asks for it, so a second start would quietly take half of the requests.
        Raises: CommandError.
        """
        if self.has_tls and not config.is_secure:
            raise CommandError("GATEHOUSE_URL begins with http:, and this serves https: make them agree.")
        deadline = time.monotonic() + patience_seconds
        while (reason := self._why_not()) is not None:
            if time.monotonic() > deadline:
                raise CommandError(f"Cannot listen on port {self.port} of {self.host}: {reason}. Choose another one.")
            time.sleep(0.2)

    def files(self) -> Files | None:
        """The certificate to serve with, where there is TLS. One for development is made with the domains of now."""
        if self.own is not None or not self.has_tls:
            return self.own
        return certificates.make(config.data / "tls", dict.fromkeys(self._names()))

    def answers(self) -> bool:
        address = "127.0.0.1" if self.host in _EVERY_ADDRESS else self.host
        shown = f"[{address}]" if ":" in address else address
        scheme = "https" if self.has_tls else "http"
        try:
            with urlopen(f"{scheme}://{shown}:{self.port}/healthz", timeout=1, context=_TRUSTING) as response:  # noqa: S310
                return bool(response.status == 200)
        except (URLError, OSError):
            return False

    def _names(self) -> Iterator[str]:
        """One certificate for every host: prefixes that are still to come by a wildcard, custom domains by name."""
        yield from ("localhost", "127.0.0.1", "::1", config.host)
        if self.host not in _EVERY_ADDRESS:
            yield self.host
        if config.has_named_host:
            yield f"*.auth.{config.host}"
        yield from Domain.objects.filter(is_custom=True, pool__deleted_at=None).values_list("name", flat=True)

    def _why_not(self) -> str | None:
        try:
            for family, kind, protocol, _, address in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
                with socket.socket(family, kind, protocol) as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(address)
        except OSError as error:
            return error.strerror or type(error).__name__
        return None


def _trusting() -> ssl.SSLContext:
    """For asking our own process whether it answers, whatever names its certificate holds."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


_TRUSTING = _trusting()
