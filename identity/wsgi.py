"""The WSGI application that granian serves."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from django.core.handlers.exception import response_for_exception
from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse

from identity import processes
from identity.config import config

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "identity.settings")
# A worker of granian would otherwise go on answering, unsupervised, when the process that started it is killed.
if (_parent := multiprocessing.parent_process()) is not None and _parent.pid is not None:
    processes.end_with(_parent.pid)
_django = get_wsgi_application()
# Operations need Django's models, so nothing of them can be imported before.
_wire = import_module("identity.wire.json_rpc").endpoint
_hosts = import_module("identity.domain_hosts")
_own_domain = import_module("pools.web.site").OWN_DOMAIN
_endpoints: dict[str, Callable[..., HttpResponse]] = {
    str(url.pattern): url.callback
    for module in ("pools.oauth.issuer_urls", "pools.oauth.urls")
    for url in import_module(module).urlpatterns
}
if config.redis_url:
    import_module("pools.triggers.deliver").leave_to(import_module("identity.relay").carry)

_View = Callable[[HttpRequest], HttpResponse]
_PIECE = 1 << 16
_LONGEST_LEFT = 1 << 23


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """Django's, but a whole answer is handed over as a list: granian then sends it at once, with its length.

    An iterable of any other kind is sent chunked, which clients of HTTP/1.0 cannot read and costs CPU.
    """
    view = _view(environ)
    if view is not None:
        return _answer(view, environ, start_response)
    response = _django(environ, start_response)
    _read_the_rest(environ)
    if not isinstance(response, HttpResponse):
        return response
    body = response.content
    response.close()
    return [body]


def _view(environ: dict[str, Any]) -> _View | None:
    """What programs call: the AWS API, a pool's OAuth endpoints and documents. None for what Django is to find.

    Its handler costs more than three statements, and has nothing to do here: the one middleware looks at the host.
    """
    path, authority = environ.get("PATH_INFO", ""), environ.get("HTTP_HOST", "")
    if path == "/":
        return None if _hosts.may_be_domain(authority) else _wire  # a pool's own domain has no AWS API
    pool_id, _, below_pool = path[1:].partition("/")
    if below_pool not in _endpoints and path[1:] not in _endpoints:
        return None
    domain = _hosts.named(authority)
    if domain is not None:
        environ[_own_domain] = domain
        return _endpoints.get(path[1:])
    return partial(_endpoints[below_pool], pool_id=pool_id) if pool_id and below_pool in _endpoints else None


def _answer(view: _View, environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """As Django's handler has it, 404 and 500 included; of what it does at the end of a request there is only to give
    up broken database connections.
    """
    request = WSGIRequest(environ)
    try:
        response = view(request)
    except Exception as error:
        response = response_for_exception(request, error)
    cookies = [("Set-Cookie", cookie.OutputString()) for cookie in response.cookies.values()]
    start_response(f"{response.status_code} {response.reason_phrase}", [*response.items(), *cookies])
    close_old_connections()
    _read_the_rest(environ)
    return [response.content]


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
