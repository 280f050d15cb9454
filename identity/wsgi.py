"""The WSGI application that granian serves."""

from __future__ import annotations

import multiprocessing
import os
from importlib import import_module
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse

from identity import processes
from identity.config import config

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "identity.settings")
# A worker of granian would otherwise go on answering, unsupervised, when the process that started it is killed.
if (_parent := multiprocessing.parent_process()) is not None and _parent.pid is not None:
    processes.end_with(_parent.pid)
_django = get_wsgi_application()
# Operations need Django's models, so nothing of them can be imported before.
_wire = import_module("identity.wire.json_rpc").endpoint
if config.redis_url:
    import_module("pools.triggers.deliver").leave_to(import_module("identity.relay").carry)

_PIECE = 1 << 16
_LONGEST_LEFT = 1 << 23


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """Django's, but a whole answer is handed over as a list: granian then sends it at once, with its length.

    An iterable of any other kind is sent chunked, which clients of HTTP/1.0 cannot read and costs CPU.
    """
    answer = _call if environ.get("PATH_INFO") == "/" else _django
    response = answer(environ, start_response)
    _read_the_rest(environ)
    if not isinstance(response, HttpResponse):
        return response
    body = response.content
    response.close()
    return [body]


def _call(environ: dict[str, Any], start_response: Any) -> HttpResponse:
    """An AWS request, past Django's handler: there is one URL and no middleware, and the handler costs more than three
    statements. Broken database connections are given up when the response is closed."""
    response: HttpResponse = _wire(WSGIRequest(environ))
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return response


def _read_the_rest(environ: dict[str, Any]) -> None:
    """Granian closes, without a word, a connection whose request was not read to its end: the next one on it is lost.

    What is longer than eight megabytes is worth that.
    """
    announced = environ.get("CONTENT_LENGTH") or "0"
    if not announced.isdigit() or int(announced) > _LONGEST_LEFT:
        return
    for _ in range(_LONGEST_LEFT // _PIECE):
        if not environ["wsgi.input"].read(_PIECE):
            return
