"""HTTP to addresses that others chose: what is refused, what ends, what is kept."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from identity import outbound
from identity.config import config

LOOPBACK = "127.0.0.0/8,::1/128"
LONGEST = 1000
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

Serve = Callable[[socket.socket], None]


@pytest.fixture(autouse=True)
def _nothing_is_kept() -> Iterator[None]:
    outbound._kept.clear()
    outbound._tls.cache_clear()
    yield
    for connections in outbound._kept.values():
        for connection in connections:
            connection.close()
    outbound._kept.clear()
    outbound._tls.cache_clear()


@pytest.fixture
def allow(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def set_to(networks: str) -> None:
        parsed = tuple(ipaddress.ip_network(network) for network in networks.split(",") if network)
        monkeypatch.setattr(outbound, "config", replace(config, outbound_networks=parsed))

    set_to("")
    return set_to


class Peer:
    """A TCP server on the loopback; `serve` talks on each connection, whose count is kept."""

    def __init__(self, serve: Serve, host: str = "127.0.0.1") -> None:
        self._listening = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port = self._listening.getsockname()[1]
        self.connections = 0
        self._serve = serve
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.connections += 1
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            self._serve(connection)

    def close(self) -> None:
        self._listening.close()


Listen = Callable[..., Peer]


@pytest.fixture
def listen() -> Iterator[Listen]:
    made: list[Peer] = []

    def start(serve: Serve, host: str = "127.0.0.1") -> Peer:
        made.append(Peer(serve, host))
        return made[-1]

    yield start
    for peer in made:
        peer.close()


def answering(answer: bytes = OK, times: int = 1000) -> Serve:
    def serve(connection: socket.socket) -> None:
        for _ in range(times):
            if not read_request(connection):
                return
            connection.sendall(answer)

    return serve


def read_request(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"the body"):
        piece = connection.recv(65536)
        if not piece:
            return b""
        received += piece
    return received


def post(url: str, seconds: float = 2.0, headers: dict[str, str] | None = None) -> outbound.Answer:
    return outbound.post(url, b"the body", headers or {}, seconds=seconds, longest=LONGEST)


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Have names resolve to one list of addresses after the other; returns what was asked for."""
    asked: list[str] = []
    waiting = list(answers)

    def getaddrinfo(host: str, port: int, **kwargs: Any) -> list[Any]:
        asked.append(host)
        found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(outbound.socket, "getaddrinfo", getaddrinfo)
    return asked


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "203.0.113.9"),
        *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
        *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:168.63.129.16", "::127.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::10.0.0.1", "64:ff9b:1::808:808"),
        *("2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::", "::808:808"),
    ],
)
def test_address_that_may_lead_inside_is_not_called(allow: Callable[[str], None], address: str) -> None:
    assert not outbound.may_be_called(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_address_is_called(allow: Callable[[str], None], address: str) -> None:
    assert outbound.may_be_called(ipaddress.ip_address(address))


def test_network_that_the_operator_named_is_called_however_it_is_written(allow: Callable[[str], None]) -> None:
    allow("10.1.0.0/16,fd12::/32")
    called = ("10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "fd12::1")
    assert all(outbound.may_be_called(ipaddress.ip_address(address)) for address in called)
    assert not any(outbound.may_be_called(ipaddress.ip_address(address)) for address in ("10.2.0.1", "fd13::1"))


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.1", "0", "0.0.0.0"),
        *("[::]", "[::1]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]", "localhost", "LOCALHOST", "localhost."),
        *("169.254.169.254", "2852039166", "[fe80::1%25lo]", "[64:ff9b::7f00:1]", "①②⑦.⓪.⓪.①"),
    ],
)
def test_every_spelling_of_an_inner_host_is_refused_and_not_connected_to(
    allow: Callable[[str], None], listen: Listen, host: str
) -> None:
    peer = listen(answering())
    for scheme in ("http", "https"):
        with pytest.raises((outbound.Refused, outbound.Failed)):  # resolvers differ in what they read
            post(f"{scheme}://{host}:{peer.port}/")
    assert peer.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://8.8.8.8/", "gopher://8.8.8.8/", "//8.8.8.8/", "https://", "", "https:///x"),
        *("https://user@8.8.8.8/", "https://user:password@8.8.8.8/", "https://8.8.8.8:0/", "https://8.8.8.8:99999/"),
        *("https://[::1/", "https://" + "a" * 70 + ".example/", "unix:///var/run/docker.sock"),
    ],
)
def test_url_that_is_no_plain_one_of_http_is_refused(allow: Callable[[str], None], url: str) -> None:
    with pytest.raises(outbound.Refused):
        post(url)


def test_header_cannot_be_injected_by_the_path(allow: Callable[[str], None], listen: Listen) -> None:
    allow(LOOPBACK)
    seen: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        seen.append(read_request(connection))
        connection.sendall(OK)

    peer = listen(serve)
    for path in ("/a b", "/a\r\nX-Evil: 1", "/\x7f"):
        with contextlib.suppress(outbound.Failed, outbound.Refused):
            post(f"http://127.0.0.1:{peer.port}{path}")
    assert not any(b"\nX-Evil" in request for request in seen)


def test_plain_http_stays_in_the_operators_networks(
    allow: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, ["8.8.8.8"])
    with pytest.raises(outbound.Refused, match="needs https://"):
        post("http://hooks.example/")


# Names


def test_name_is_resolved_once_and_the_connection_goes_to_the_address_that_was_judged(
    allow: Callable[[str], None], listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resolver that answers a harmless address first, and one inside when it is asked again."""
    allow("127.0.0.2/32")
    inside = listen(answering())
    outside = listen(answering(), "127.0.0.2")
    asked = resolving(monkeypatch, ["127.0.0.2"], ["127.0.0.1"])
    assert post(f"http://rebinding.example:{outside.port}/").status == 200
    assert (asked, outside.connections, inside.connections) == (["rebinding.example"], 1, 0)


def test_inner_address_among_others_is_passed_over(
    allow: Callable[[str], None], listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow("127.0.0.2/32")
    peer = listen(answering(), "127.0.0.2")
    resolving(monkeypatch, ["127.0.0.1", "10.0.0.1", "127.0.0.2"])
    assert post(f"http://mixed.example:{peer.port}/").status == 200


def test_name_of_inner_addresses_alone_is_refused(
    allow: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, ["127.0.0.1", "169.254.169.254"])
    with pytest.raises(outbound.Refused):
        post("https://inside.example/")


def test_next_address_is_tried_where_nobody_listens(
    allow: Callable[[str], None], listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(LOOPBACK)
    peer = listen(answering(), "127.0.0.2")
    resolving(monkeypatch, ["127.0.0.3", "127.0.0.2"])
    assert post(f"http://two.example:{peer.port}/").status == 200


def test_resolver_that_hangs_does_not_take_longer_than_everything_may(
    allow: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    monkeypatch.setattr(outbound.socket, "getaddrinfo", lambda *args, **kwargs: done.wait(10) and [])
    assert seconds_until_late("https://slow.example/", 0.2) < 2
    done.set()


def test_name_that_does_not_exist_is_a_failure(allow: Callable[[str], None]) -> None:
    with pytest.raises(outbound.Failed):
        post("https://does-not-exist.invalid/")


# Answers


def test_redirect_is_an_answer_like_any_other(allow: Callable[[str], None], listen: Listen) -> None:
    allow(LOOPBACK)
    target = listen(answering())
    location = f"http://127.0.0.1:{target.port}/".encode()
    peer = listen(answering(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"))
    assert post(f"http://127.0.0.1:{peer.port}/").status == 302
    assert target.connections == 0


def seconds_until_late(url: str, seconds: float) -> float:
    begun = time.monotonic()
    with pytest.raises(outbound.Late):
        post(url, seconds)
    return time.monotonic() - begun


def dripping(*pieces: bytes, each: float = 0.05) -> Serve:
    """The last piece again and again."""

    def serve(connection: socket.socket) -> None:
        read_request(connection)
        for piece in pieces[:-1]:
            connection.sendall(piece)
        while True:
            connection.sendall(pieces[-1])
            time.sleep(each)

    return serve


@pytest.mark.parametrize(
    "serve",
    [
        dripping(b"H", b""),
        dripping(b"HTTP/1.1 200 OK\r\nX-A: ", b"a"),
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b"a"),
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        dripping(b"HTTP/1.1 100 Continue\r\n\r\n"),
        lambda connection: time.sleep(5),
    ],
    ids=["status", "header", "body", "chunks", "continue", "silence"],
)
def test_peer_that_drips_ends_with_the_time(allow: Callable[[str], None], listen: Listen, serve: Serve) -> None:
    allow(LOOPBACK)
    assert seconds_until_late(f"http://127.0.0.1:{listen(serve).port}/", 0.3) < 2


def test_peer_that_reads_nothing_ends_with_the_time(allow: Callable[[str], None], listen: Listen) -> None:
    allow(LOOPBACK)
    peer = listen(lambda connection: time.sleep(5))
    begun = time.monotonic()
    with pytest.raises(outbound.Late):
        url = f"http://127.0.0.1:{peer.port}/"
        outbound.post(url, b"x" * (64 << 20), {}, seconds=0.3, longest=LONGEST)
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    "serve",
    [
        dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"a" * 65536, each=0),
        dripping(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"ffff\r\n" + b"a" * 65535 + b"\r\n", each=0
        ),
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"a" * 1001),
        dripping(b"HTTP/1.1 200 OK\r\n", b"X-Header: a\r\n", each=0),
        dripping(b"HTTP/1.1 200 OK\r\nX-A: ", b"a" * 65536, each=0),
        answering(b"nonsense\r\n\r\n"),
        answering(b""),
        lambda connection: None,
    ],
    ids=["endless", "endless chunks", "too long", "headers", "header", "no HTTP", "nothing", "closed"],
)
def test_answer_that_cannot_be_used_is_a_failure(allow: Callable[[str], None], listen: Listen, serve: Serve) -> None:
    allow(LOOPBACK)
    url = f"http://127.0.0.1:{listen(serve).port}/"
    with pytest.raises((outbound.Failed, outbound.Late)):
        post(url, 1.0)
    assert outbound._kept == {}, "and its connection is not used again"


def test_answer_of_the_greatest_length_is_taken(allow: Callable[[str], None], listen: Listen) -> None:
    allow(LOOPBACK)
    peer = listen(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"a" * LONGEST))
    assert post(f"http://127.0.0.1:{peer.port}/").body == b"a" * LONGEST


def test_proxies_of_the_environment_are_not_used(
    allow: Callable[[str], None], listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(LOOPBACK)
    peer, proxy = listen(answering()), listen(answering())
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    post(f"http://127.0.0.1:{peer.port}/")
    assert (peer.connections, proxy.connections) == (1, 0)


# Connections


def test_connection_is_used_again(allow: Callable[[str], None], listen: Listen) -> None:
    allow(LOOPBACK)
    peer = listen(answering())
    for _ in range(5):
        post(f"http://127.0.0.1:{peer.port}/")
    assert peer.connections == 1


def test_connection_that_the_peer_has_closed_is_made_anew(allow: Callable[[str], None], listen: Listen) -> None:
    allow(LOOPBACK)
    peer = listen(answering(times=1))
    for _ in range(3):
        assert post(f"http://127.0.0.1:{peer.port}/").status == 200
        time.sleep(0.05)
    assert peer.connections == 3


def test_answer_that_nobody_asked_for_is_no_answer_to_the_next_request(
    allow: Callable[[str], None], listen: Listen
) -> None:
    allow(LOOPBACK)

    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(OK)
        time.sleep(0.02)
        connection.sendall(OK.replace(b"{}", b"[]"))
        read_request(connection)

    peer = listen(serve)
    assert post(f"http://127.0.0.1:{peer.port}/").body == b"{}"
    time.sleep(0.1)
    assert post(f"http://127.0.0.1:{peer.port}/").body == b"{}"
    assert peer.connections == 2


def test_path_belongs_to_the_request_and_not_to_its_connection(allow: Callable[[str], None], listen: Listen) -> None:
    allow(LOOPBACK)
    seen: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        while request := read_request(connection):
            seen.append(request.split(b"\r\n")[0])
            connection.sendall(OK)

    peer = listen(serve)
    for path in ("/a", "/b?c=d"):
        post(f"http://127.0.0.1:{peer.port}{path}")
    assert (seen, peer.connections) == ([b"POST /a HTTP/1.1", b"POST /b?c=d HTTP/1.1"], 1)


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for hooks.example, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "certificate", folder / "key"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
            ),
            *("-subj", "/CN=hooks.example", "-addext", "subjectAltName=DNS:hooks.example"),
            *("-keyout", str(key), "-out", str(made)),
        ],
        check=True,
        capture_output=True,
    )
    return made, key


@pytest.fixture
def tls(certificate: tuple[Path, Path], listen: Listen) -> Peer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            answering()(secured)

    return listen(serve)


def test_certificate_is_verified(allow: Callable[[str], None], tls: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(LOOPBACK)
    resolving(monkeypatch, ["127.0.0.1"])
    with pytest.raises(outbound.Failed, match="the certificate is not valid"):
        post(f"https://hooks.example:{tls.port}/")


def test_certificate_is_that_of_the_host_and_not_of_the_address(
    allow: Callable[[str], None], tls: Peer, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(LOOPBACK)
    resolving(monkeypatch, ["127.0.0.1"])
    context = ssl.create_default_context(cafile=str(certificate[0]))
    monkeypatch.setattr(outbound.ssl, "create_default_context", lambda: context)
    for _ in range(2):
        assert post(f"https://hooks.example:{tls.port}/").status == 200
    with pytest.raises(outbound.Failed, match="the certificate is not valid"):
        post(f"https://other.example:{tls.port}/")
    assert tls.connections == 2


def test_handshake_that_hangs_ends_with_the_time(
    allow: Callable[[str], None], listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(LOOPBACK)
    resolving(monkeypatch, ["127.0.0.1"])
    peer = listen(lambda connection: time.sleep(5))
    assert seconds_until_late(f"https://hooks.example:{peer.port}/", 0.3) < 2
