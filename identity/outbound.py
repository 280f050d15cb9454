"""HTTP to addresses that others chose: no way into networks of one's own, and an end to everything.

A host is resolved once, each of its addresses is judged, and the connection goes to an address that passed, so that
a name cannot point elsewhere a moment later. Redirects are not followed, the environment's proxies are not used, TLS
is verified for the host's name. The time limit is one for all of it: resolving, connecting, a peer that drips.
Connections are kept for the next request to the same place.
"""

from __future__ import annotations

import io
import ipaddress
import select
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, IncompleteRead
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any
from urllib.parse import SplitResult, urlsplit

from identity.config import config

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_MOST_ADDRESSES = 4
"""Of one host that are tried."""
_IDLE_SECONDS = 20.0
_AGE_SECONDS = 300.0
"""After which a connection is made anew: names move."""
_MOST_IDLE = 16
"""Connections to one place."""
_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)
"""Linux alone has it."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_REFUSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure's host, which hands out credentials at a public address
        "192.0.0.0/24",  # of protocols; Oracle's host hands out credentials there
        "::/96",  # IPv4-compatible
        "64:ff9b:1::/48",  # NAT64 of a network's own
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "fec0::/10",  # site-local, as it was called once
    )
)
"""Global by their number, yet they may lead inside."""


class Refused(Exception):
    """The address is none that may be called; the text says why, without the rest of the URL."""


class Failed(Exception):
    """No answer came that can be used; the text says why. `is_transient`: the network is to blame, not the peer."""

    def __init__(self, text: str, *, is_transient: bool = False) -> None:
        self.is_transient = is_transient
        super().__init__(text)


class Late(Exception):
    """No whole answer came in time."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


def post(url: str, body: bytes, headers: Mapping[str, str], *, seconds: float, longest: int) -> Answer:
    """Post to a URL; the answer's body has at most `longest` bytes.

    Raises: Refused, Failed, Late.
    """
    place = _Place.of(url)
    deadline = time.monotonic() + seconds
    try:
        connection = place.connection(deadline)
        try:
            answer = connection.post(place.target, body, headers, deadline, longest)
        except BaseException:
            connection.close()
            raise
        place.give_back(connection)
    except TimeoutError as error:
        raise Late() from error
    except ssl.SSLCertVerificationError as error:
        raise Failed(f"the certificate is not valid: {error.verify_message}") from error
    except (OSError, IncompleteRead) as error:
        raise Failed(f"{type(error).__name__} while talking to {place.host}", is_transient=True) from error
    except HTTPException as error:
        raise Failed(f"{place.host} does not answer by HTTP ({type(error).__name__})") from error
    return answer


def may_be_called(address: Address) -> bool:
    """Whether an address is in the public internet, or in a network that the operator named."""
    if _is_own(address):
        return True
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return may_be_called(inner)
    if any(address in network for network in _REFUSED):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _is_own(address: Address) -> bool:
    """Whether the operator named its network; an IPv4 address may be written as an IPv6 one."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return any(address in network or (mapped or address) in network for network in config.outbound_networks)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where requests go: connections are shared by all that go to the same one."""

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def of(cls, url: str) -> _Place:
        """Raises: Refused."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").encode("idna").decode(), parts.port
        except ValueError:
            raise Refused("the URL cannot be read") from None
        if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc or port == 0:
            raise Refused("the URL is none of http or https")
        return cls(parts.scheme, host, port or {"http": 80, "https": 443}[parts.scheme], _target(parts))

    @property
    def key(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    def connection(self, deadline: float) -> _Connection:
        """One that is kept, if it still lives, else a new one. Raises: Refused, OSError."""
        while True:
            with _keeping:
                kept = _kept.get(self.key)
                connection = kept.pop() if kept else None
            if connection is None:
                return _Connection(self, _connected(self, deadline))
            if connection.is_usable():
                return connection
            connection.close()

    def give_back(self, connection: _Connection) -> None:
        """Keep a connection for the next request, where the peer keeps it too."""
        with _keeping:
            kept = _kept.setdefault(self.key, [])
            if connection.sock is not None and len(kept) < _MOST_IDLE:
                connection.idle_since = time.monotonic()
                kept.append(connection)
                return
        connection.close()


_kept: dict[tuple[str, str, int], list[_Connection]] = {}
_keeping = Lock()


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _connected(place: _Place, deadline: float) -> socket.socket:
    """Raises: Refused, OSError."""
    addresses = list(_allowed(place, deadline))
    for position, address in enumerate(addresses):
        is_last = position == len(addresses) - 1
        try:
            return _connect(place, address, _left(deadline) if is_last else _left(deadline) / 2)
        except ssl.SSLError:
            raise
        except OSError:
            if is_last:
                raise
    raise Refused(f"{place.host} is in no network that may be called; see GATEHOUSE_OUTBOUND_NETWORKS")


def _allowed(place: _Place, deadline: float) -> Iterator[Address]:
    """The addresses of a host that may be called, each once, in the resolver's order."""
    found = dict.fromkeys(ipaddress.ip_address(text.partition("%")[0]) for text in _resolved(place, deadline))
    passed = [address for address in found if may_be_called(address)]
    if place.scheme == "http" and any(not _is_own(address) for address in passed):
        raise Refused(f"http:// is for GATEHOUSE_OUTBOUND_NETWORKS alone; {place.host} needs https://")
    yield from passed[:_MOST_ADDRESSES]


def _resolved(place: _Place, deadline: float) -> list[str]:
    """In a thread of its own, as nothing else ends a resolver's waiting. Raises: OSError."""
    with suppress(ValueError):
        return [str(ipaddress.ip_address(place.host))]
    answers: SimpleQueue[list[str] | OSError] = SimpleQueue()
    Thread(target=_resolve, args=(place.host, place.port, answers), name="resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=_left(deadline))
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _resolve(host: str, port: int, answers: SimpleQueue[list[str] | OSError]) -> None:
    try:
        answers.put([str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)])
    except OSError as error:
        answers.put(error)
    except UnicodeError:
        answers.put(OSError("the host's name cannot be resolved"))


def _connect(place: _Place, address: Address, seconds: float) -> socket.socket:
    """Raises: OSError."""
    ends_at = time.monotonic() + seconds
    plain = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6)
    try:
        plain.settimeout(seconds)
        plain.connect((str(address), place.port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if place.scheme == "http":
            return plain
        plain.settimeout(_left(ends_at))
        return _tls().wrap_socket(plain, server_hostname=place.host)
    except BaseException:
        plain.close()
        raise


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _left(deadline: float) -> float:
    """Raises: TimeoutError."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Connection(HTTPConnection):
    """HTTP over a socket that is connected already; every single read and write ends at the request's deadline."""

    def __init__(self, place: _Place, connected: socket.socket) -> None:
        super().__init__(place.host, place.port)
        self.default_port = {"http": 80, "https": 443}[place.scheme]  # of the Host header
        self.auto_open = 0
        self.born_at = self.idle_since = time.monotonic()
        self.sock: Any = _Timed(connected)

    def post(self, target: str, body: bytes, headers: Mapping[str, str], deadline: float, longest: int) -> Answer:
        """Raises: OSError, HTTPException, Failed."""
        self.sock.deadline = deadline
        self.request("POST", target, body, dict(headers))
        with self.getresponse() as response:
            content = response.read(longest + 1)
            if len(content) > longest:
                raise Failed(f"the answer is longer than {longest} bytes")
            return Answer(response.status, content)

    def is_usable(self) -> bool:
        """Whether nobody has closed it, or said something that nobody asked for."""
        now = time.monotonic()
        if self.sock is None or now - self.idle_since > _IDLE_SECONDS or now - self.born_at > _AGE_SECONDS:
            return False
        return not select.select([self.sock], [], [], 0)[0]


class _Timed(io.RawIOBase):
    """What `http.client` wants of a socket, each call within what is left of the time."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self.deadline = 0.0

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self._socket.settimeout(_left(self.deadline))
            rest = rest[self._socket.send(rest) :]

    def makefile(self, mode: str, *args: Any) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def fileno(self) -> int:
        return self._socket.fileno()

    def receive_into(self, buffer: Any) -> int:
        if _QUICK_ACK is not None:  # or who writes head and body apart sends the body 40 ms later
            self._socket.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)
        self._socket.settimeout(_left(self.deadline))
        return self._socket.recv_into(buffer)

    def close(self) -> None:
        self._socket.close()
        super().close()


class _Reader(io.RawIOBase):
    """One answer's bytes; closing it leaves the connection open."""

    def __init__(self, timed: _Timed) -> None:
        self._timed = timed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._timed.receive_into(buffer)
