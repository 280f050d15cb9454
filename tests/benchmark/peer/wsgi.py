"""The WSGI application of the peer."""

from __future__ import annotations

from typing import Any

from django.core.wsgi import get_wsgi_application

_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answers handed over as ours are, whole and with their length: granian sends any other iterable chunked."""
    response = _django(environ, start_response)
    response.close()
    return [response.content]
