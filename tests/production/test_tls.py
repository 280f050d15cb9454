"""`serve --tls`: HTTPS by a certificate made for development, or by the operator's own."""

from __future__ import annotations

import os
import socket
import ssl
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from identity import certificates
from tests.production.conftest import PRODUCTION, Install, refusal
from tests.support import aws_cli, clients, factories
from tests.support.pages import make_app, request_of
from tests.support.server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server

ARN = "arn:aws:acm:us-east-1:000000000000:certificate/1a2b3c4d-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def secure(install: Install) -> Iterator[Server]:
    """A development server over TLS, whose address is what `serve` makes of its options."""
    yield install("--dev", "--tls", GATEHOUSE_URL="").start()


@pytest.fixture(scope="module")
def pool(secure: Server) -> dict[str, Any]:
    """A pool with the domains `acme` and `login.example.com`."""
    idp = clients.idp(secure)
    pool = factories.make_pool(idp)
    idp.create_user_pool_domain(Domain="acme", UserPoolId=pool["Id"])
    idp.create_user_pool_domain(
        Domain="login.example.com", UserPoolId=pool["Id"], CustomDomainConfig={"CertificateArn": ARN}
    )
    return pool


def handshake(server: Server, name: str, **context: Any) -> str:
    """The version of TLS that a client who trusts the server's authority agrees on with a host of that name."""
    trusting = ssl.create_default_context(cafile=server.authority)
    for attribute, value in context.items():
        setattr(trusting, attribute, value)
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection,
        trusting.wrap_socket(connection, server_hostname=name) as secured,
    ):
        return str(secured.version())


def test_the_address_is_https_and_the_lines_to_paste_name_the_authority(secure: Server) -> None:
    assert f"Gatehouse is running at {secure.url}\n" in secure.log
    for variable in ("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        assert f"  export {variable}={secure.authority}\n" in secure.log
    assert "imported as an authority" in secure.log
    assert "Traceback" not in secure.log


@aws_cli.is_needed
def test_the_aws_cli_works_with_what_was_printed(secure: Server, tmp_path: Path) -> None:
    command = [str(aws_cli.CLI), "cognito-idp", "list-user-pools", "--max-results", "1", "--endpoint-url", secure.url]
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        environment.pop(name, None)
    refused = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "SSL validation failed" in refused.stderr or "CERTIFICATE_VERIFY_FAILED" in refused.stderr
    environment["AWS_CA_BUNDLE"] = str(secure.authority)
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_issuer_and_links_are_https(secure: Server, pool: dict[str, Any]) -> None:
    document = requests.get(
        f"{secure.url}/{pool['Id']}/.well-known/openid-configuration", verify=str(secure.authority), timeout=10
    ).json()
    assert document["issuer"] == f"{secure.url}/{pool['Id']}"


def test_cookies_are_bound_to_their_host(secure: Server, pool: dict[str, Any]) -> None:
    client = make_app(clients.idp(secure), pool["Id"])
    page = requests.get(
        f"{secure.url}/{pool['Id']}/login", params=request_of(client), verify=str(secure.authority), timeout=10
    )
    assert page.headers["Strict-Transport-Security"]
    set_cookies = page.raw.headers.getlist("Set-Cookie")
    assert set_cookies
    for cookie in set_cookies:
        assert cookie.startswith("__Host-"), cookie
        assert "; Secure" in cookie, cookie


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "acme.auth.localhost", "to-come.auth.localhost"])
def test_the_certificate_holds_the_names_of_the_installation(secure: Server, name: str) -> None:
    assert handshake(secure, name).startswith("TLSv1.")


@pytest.mark.parametrize("name", ["example.com", "a.b.auth.localhost", "auth.localhost", "10.0.0.1"])
def test_the_certificate_holds_no_other(secure: Server, name: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(secure, name)


def test_nobody_trusts_it_without_its_authority(secure: Server) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{secure.url}/healthz", timeout=10)


def test_versions_of_tls_before_the_second_are_refused(secure: Server) -> None:
    two, three = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
    assert handshake(secure, "localhost", maximum_version=two) == "TLSv1.2"
    assert handshake(secure, "localhost", minimum_version=three) == "TLSv1.3"
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{secure.port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
        input=b"",
        capture_output=True,
        check=False,
        timeout=20,
    )
    assert b"Cipher is (NONE)" in done.stdout


def test_keys_are_for_the_owner_alone(secure: Server) -> None:
    folder = secure.authority.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("ca-key.pem", "key.pem"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_a_later_start_keeps_the_authority_and_adds_custom_domains(secure: Server, pool: dict[str, Any]) -> None:
    before = secure.authority.read_bytes()
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(secure, "login.example.com")
    secure.stop()
    secure.start()
    assert secure.authority.read_bytes() == before
    assert handshake(secure, "login.example.com").startswith("TLSv1.")


def test_options_that_do_not_fit_are_told(production: Server, tmp_path: Path) -> None:
    file = tmp_path / "certificate.pem"
    file.write_text("-")
    assert "--tls makes certificates for development alone" in refusal(production, "--tls")
    assert "belong together" in refusal(production, "--tls-certificate", str(file))
    assert "belong together" in refusal(production, "--dev", "--tls-key", str(file))
    missing = str(tmp_path / "nothing.pem")
    assert f"There is no file {missing}." in refusal(production, "--tls-certificate", str(file), "--tls-key", missing)
    assert "GATEHOUSE_URL begins with http:" in refusal(
        production, "--dev", "--tls", GATEHOUSE_URL="http://localhost:1"
    )


def test_an_operators_certificate_serves_in_production(install: Install, tmp_path: Path) -> None:
    """Which, here, a folder's authority signs."""
    files = certificates.make(tmp_path, ["id.example.com"])
    server = install(
        "--tls-certificate",
        str(files.certificate),
        "--tls-key",
        str(files.key),
        **{**PRODUCTION, "GATEHOUSE_URL": "https://id.example.com"},
    )
    server.manage("migrate", "--verbosity", "0")
    server.manage("bootstrap")
    server.start()
    trusting = ssl.create_default_context(cafile=files.authority)
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection,
        trusting.wrap_socket(connection, server_hostname="id.example.com") as secured,
    ):
        secured.sendall(b"GET /healthz HTTP/1.0\r\nHost: id.example.com\r\n\r\n")
        assert b" 200 " in secured.recv(4096).partition(b"\r\n")[0]
    assert not (server.data / "tls").exists()
    server.stop()
