"""A pool's own hosts: what they serve, what they do not, and what a Host header can say."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any

import pytest
import requests

from tests.support import clients, factories
from tests.support.factories import unique
from tests.support.pages import PASSWORD, make_app, make_user, request_of
from tests.support.server import Server

CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/1a2b3c4d-0000-4000-8000-000000000000"
KEYS = "/.well-known/jwks.json"


class Site:
    """A pool with both kinds of domain, and what its hosts answer."""

    def __init__(self, server: Server, idp: Any) -> None:
        self.server, self.idp = server, idp
        self.pool_id: str = factories.make_pool(idp)["Id"]
        self.prefix, self.custom = unique("acme"), f"{unique('login')}.example.com"
        idp.create_user_pool_domain(Domain=self.prefix, UserPoolId=self.pool_id)
        idp.create_user_pool_domain(
            Domain=self.custom, UserPoolId=self.pool_id, CustomDomainConfig={"CertificateArn": CERTIFICATE}
        )
        self.client = make_app(idp, self.pool_id)
        self.prefix_host = f"{self.prefix}.auth.localhost:{server.port}"
        self.hosts = {"prefix": self.prefix_host, "custom": f"{self.custom}:{server.port}"}

    def get(self, path: str, host: str, **options: Any) -> requests.Response:
        return self.send("GET", path, host, **options)

    def send(self, method: str, path: str, host: str, **options: Any) -> requests.Response:
        headers = {"Host": host, **options.pop("headers", {})}
        return requests.request(
            method, f"{self.server.url}{path}", headers=headers, timeout=10, allow_redirects=False, **options
        )


@pytest.fixture(scope="module")
def site(server: Server, idp: Any) -> Site:
    return Site(server, idp)


@pytest.fixture(params=["prefix", "custom"])
def host(site: Site, request: pytest.FixtureRequest) -> str:
    return site.hosts[request.param]


def test_both_hosts_serve_the_keys_of_their_pool(site: Site, host: str) -> None:
    expected = requests.get(f"{site.server.url}/{site.pool_id}{KEYS}", timeout=10).json()
    assert site.get(KEYS, host).json() == expected


def test_discovery_on_a_domain_names_the_issuer_of_the_pool(site: Site, host: str) -> None:
    document = site.get("/.well-known/openid-configuration", host).json()
    assert document["issuer"] == f"{site.server.url}/{site.pool_id}"


def test_both_hosts_show_the_sign_in_page(site: Site, host: str) -> None:
    page = site.get("/login", host, params=request_of(site.client))
    assert page.status_code == 200
    assert 'name="username"' in page.text
    assert site.pool_id not in page.text.partition("<form")[2].partition(">")[0]


def test_a_client_of_another_pool_is_unknown_on_a_domain(site: Site, host: str) -> None:
    other = make_app(site.idp, factories.make_pool(site.idp)["Id"])
    assert site.get("/login", host, params=request_of(other)).status_code == 400


@pytest.mark.parametrize("path", ["/", "/error"])
def test_the_root_of_a_domain_is_a_page_that_says_that_there_is_nothing(site: Site, host: str, path: str) -> None:
    page = site.get(path, host)
    assert page.status_code == 400
    assert "An error was encountered with the requested page." in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    ["/healthz", "/readyz", "/_dev/outbox", "/_dev/clock", "/console/", "/api/v1/schema", "/2015-03-31/functions/"],
)
def test_a_domain_serves_nothing_of_the_installation(site: Site, host: str, path: str) -> None:
    assert site.get(path, host).status_code == 404


def test_a_domain_has_no_pools_below_it(site: Site, host: str) -> None:
    assert site.get(f"/{site.pool_id}{KEYS}", host).status_code == 404
    assert site.get(f"/{site.pool_id}/login", host).status_code == 404


@pytest.mark.parametrize("target", ["ListUserPools", "InitiateAuth", "GetUser"])
def test_a_domain_has_no_aws_api(site: Site, host: str, target: str) -> None:
    answer = site.send(
        "POST",
        "/",
        host,
        headers={
            "X-Amz-Target": f"{clients.TARGET_PREFIX}.{target}",
            "Content-Type": "application/x-amz-json-1.1",
        },
        data=json.dumps({"MaxResults": 1}),
    )
    assert answer.status_code == 405
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "x-amzn-RequestId" not in answer.headers


def test_the_aws_api_answers_under_every_other_name(site: Site) -> None:
    for name in ("localhost", "127.0.0.1", "[::1]", "gatehouse", "gatehouse.internal.example", "nobody.example.com"):
        answer = site.send("POST", "/", f"{name}:{site.server.port}", data="{}")
        assert answer.headers["Content-Type"] == "application/x-amz-json-1.1", name


def answer_to(server: Server, path: str, *hosts: str) -> tuple[int, bytes]:
    """The status and the start of the body, with Host headers as they are given: none, one or several."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest("GET", path, skip_host=True)
    for host in hosts:
        connection.putheader("Host", host.encode("latin-1"))
    connection.endheaders()
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


@pytest.mark.parametrize(
    "shape",
    [
        "{name}",
        "{name}:{port}",
        "{name}:443",
        "{name}.",
        "{name}.:{port}",
        "{NAME}",
        "{NAME}.:{port}",
        "{name}:",
    ],
)
def test_a_name_is_known_in_every_case_with_and_without_port_and_dot(site: Site, shape: str) -> None:
    for name in (f"{site.prefix}.auth.localhost", site.custom):
        written = shape.format(name=name, NAME=name.upper(), port=site.server.port)
        status, body = answer_to(site.server, KEYS, written)
        assert (status, b'"kid"' in body) == (200, True), written


@pytest.mark.parametrize(
    "shape",
    [
        "a.{prefix}.auth.localhost",
        "{prefix}.auth.localhost.example",
        "{prefix}.xauth.localhost",
        "{prefix}.auth.localhost@example.com",
        "example.com@{prefix}.auth.localhost",
        "{prefix}.auth.localhost/login",
        "{prefix}.auth.localhost?",
        "{prefix}.auth.localhost#",
        "{prefix}.auth.localhost\\",
        "{prefix}.auth.localhost..",
        ".{prefix}.auth.localhost",
        "{prefix}.auth.localhost:port",
        "{prefix}.auth.localhost:80:80",
        "[{prefix}.auth.localhost]",
        "[::1",
        "::1]",
        "[::1]",
        "[::ffff:127.0.0.1%25lo]:80",
        "127.0.0.1",
        ":80",
        ".",
        "..",
        "{custom}.example.org",
        "x.{custom}",
        "{custom},{prefix}.auth.localhost",
        "{prefix}.auth.localhost, localhost",
        "*.auth.localhost",
        "%61cme.auth.localhost",
        "{prefix}\xad.auth.localhost",
        "\u00e4cme.auth.localhost",
        "xn--cme-qla.auth.localhost",
        "xn--cme-qla.example.com",
        "\u0130.auth.localhost".encode().decode("latin-1"),
        "a" * 2000 + ".auth.localhost",
        "a" * 70 + ".example.com",
        "' OR 1=1 --.auth.localhost",
        "OFFLINE.auth.localhost",
    ],
)
def test_what_names_no_domain_finds_none_and_breaks_nothing(site: Site, shape: str) -> None:
    host = shape.format(prefix=site.prefix, custom=site.custom)
    status, body = answer_to(site.server, KEYS, host)
    assert status in {400, 404}, (status, body)
    assert b'"kid"' not in body
    status, _ = answer_to(site.server, "/", host)
    assert status in {400, 404}
    assert "Traceback" not in site.server.log


def test_two_host_headers_do_not_reach_a_pool_and_the_wire_at_once(site: Site) -> None:
    for hosts in (("localhost", site.prefix_host), (site.prefix_host, "localhost")):
        status, body = answer_to(site.server, "/healthz", *hosts)
        keys_status, keys = answer_to(site.server, KEYS, *hosts)
        assert (status == 200) is not (keys_status == 200) or {status, keys_status} <= {400, 404}, (body, keys)


def test_a_request_without_host_is_the_installations(site: Site) -> None:
    assert answer_to(site.server, "/healthz")[0] == 200
    assert answer_to(site.server, KEYS)[0] == 404
    with socket.create_connection(("127.0.0.1", site.server.port), timeout=10) as connection:
        connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert b" 200 " in connection.recv(4096).partition(b"\r\n")[0]


def test_a_forwarded_host_is_nobodys_word(site: Site) -> None:
    forwarded = {"X-Forwarded-Host": site.prefix_host, "Forwarded": f"host={site.prefix_host}"}
    assert site.get(KEYS, f"localhost:{site.server.port}", headers=forwarded).status_code == 404
    elsewhere = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    page = site.get("/login", site.prefix_host, headers=elsewhere, params=request_of(site.client))
    assert page.status_code == 200
    assert "evil.example" not in page.text + str(page.headers)


def signed_in_on(site: Site, host: str) -> requests.Response:
    """The answer to the right password on a page that came with this Host header."""
    page = site.get("/login", host, params=request_of(site.client))
    token = page.text.partition('name="_csrf" value="')[2].partition('"')[0]
    cookies = "; ".join(f"{name}={value}" for name, value in page.cookies.items())
    return site.send(
        "POST",
        "/login",
        host,
        params=request_of(site.client),
        headers={"Cookie": cookies, "Origin": f"http://{host}"},
        data={"_csrf": token, "username": "ada", "password": PASSWORD},
    )


@pytest.fixture(scope="module")
def ada(site: Site) -> None:
    make_user(site.idp, site.pool_id)


@pytest.mark.usefixtures("ada")
def test_signing_in_on_a_domain_stays_on_it(site: Site, host: str) -> None:
    answer = signed_in_on(site, host)
    assert answer.status_code in {302, 303}
    assert answer.headers["Location"].startswith("/oauth2/authorize?")


@pytest.mark.usefixtures("ada")
def test_a_redirect_never_repeats_the_host_header(site: Site) -> None:
    for host in (f"{site.prefix.upper()}.AUTH.LOCALHOST:1", f"{site.custom}.:81"):
        answer = signed_in_on(site, host)
        assert answer.status_code in {302, 303}
        assert answer.headers["Location"].startswith("/oauth2/authorize?")
        assert "LOCALHOST" not in str(answer.headers)


@pytest.mark.usefixtures("ada")
def test_cookies_of_a_domain_are_its_hosts_alone(site: Site, host: str) -> None:
    answer = signed_in_on(site, host)
    assert any(name.startswith(f"cognito-{site.pool_id}") for name in answer.cookies.get_dict())
    for cookie in answer.raw.headers.getlist("Set-Cookie"):
        attributes = {part.strip().partition("=")[0].lower() for part in cookie.split(";")[1:]}
        assert "domain" not in attributes, cookie
        assert {"httponly", "samesite", "path"} <= attributes, cookie


def test_a_form_that_came_from_another_domain_of_ours_is_refused(site: Site) -> None:
    page = site.get("/login", site.prefix_host, params=request_of(site.client))
    token = page.text.partition('name="_csrf" value="')[2].partition('"')[0]
    cookies = "; ".join(f"{name}={value}" for name, value in page.cookies.items())
    for origin in (f"http://{site.hosts['custom']}", f"http://localhost:{site.server.port}", "null"):
        answer = site.send(
            "POST",
            "/login",
            site.prefix_host,
            params=request_of(site.client),
            headers={"Cookie": cookies, "Origin": origin},
            data={"_csrf": token, "username": "ada", "password": PASSWORD},
        )
        assert answer.status_code == 403, origin
