"""What is answered past Django's handler: as the handler would, whatever the host, the path and the view."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest

from identity import wsgi
from pools.web.site import OWN_DOMAIN

BROKEN = "oauth2/broken"

# As in a server, no transaction is open between requests: Django gives up connections that have one.
pytestmark = pytest.mark.django_db(transaction=True)


def ask(path: str, *, host: str = "localhost", method: str = "GET") -> tuple[str, dict[str, str], bytes]:
    told: list[Any] = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "HTTP_HOST": host,
        "SERVER_NAME": "server",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    }
    body = b"".join(wsgi.application(environ, lambda status, headers: told.extend((status, dict(headers)))))
    return told[0], told[1], body


def broken(request: Any, **given: str) -> Any:
    raise RuntimeError("a view of a test is broken")


def test_a_view_that_fails_answers_500_is_logged_and_tells_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(wsgi._endpoints, BROKEN, broken)
    with caplog.at_level(logging.ERROR):
        status, _, body = ask(f"/us-east-1_Example00/{BROKEN}")
    assert (status, body) == ("500 Internal Server Error", b"Something went wrong\n")
    assert "a view of a test is broken" in caplog.text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "somewhere.example", "[::1]", "a b", ""])
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/us-east-1_Nobody000/oauth2/authorize", "404 Not Found"),
        ("/us-east-1_Nobody000/.well-known/jwks.json", "404 Not Found"),
        ("/\0/oauth2/authorize", "404 Not Found"),
        ("//oauth2/token", "404 Not Found"),
        ("/oauth2/token", "404 Not Found"),
        ("/authorize", "404 Not Found"),
        ("/us-east-1_Nobody000/oauth2/token/", "404 Not Found"),
        ("/us-east-1_Nobody000/us-east-1_Nobody000/oauth2/token", "404 Not Found"),
        ("/us-east-1_Nobody000/oauth2/revoke", "405 Method Not Allowed"),
        ("/healthz", "200 OK"),
    ],
)
def test_no_pool_and_no_domain_is_as_django_finds_it(host: str, path: str, status: str) -> None:
    assert ask(path, host=host)[0] == status


def test_a_domain_has_the_endpoints_at_its_root_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def told(request: Any, **given: str) -> Any:
        seen.append((request.META[OWN_DOMAIN].name, given))
        return broken(request)

    monkeypatch.setitem(wsgi._endpoints, BROKEN, told)
    assert ask(f"/{BROKEN}", host="login.auth.localhost")[0] == "500 Internal Server Error"
    assert ask(f"/us-east-1_Example00/{BROKEN}", host="login.auth.localhost")[0] == "404 Not Found"
    assert seen == [("login", {})]
