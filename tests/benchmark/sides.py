"""The two authorization servers that are compared: where their endpoints are, and what they are asked."""

from __future__ import annotations

import base64
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.benchmark import codes, installation
from tests.benchmark.fixtures import Dialogues
from tests.benchmark.load import Dialogue, saying
from tests.benchmark.peer.served import Peer
from tests.benchmark.result import WARM_UP_SECONDS
from tests.support import clients, factories, pages
from tests.support.server import Server

MOST_CODES_A_SECOND = 1500
"""More than two cores redeem while they also ask."""
_LOADED = re.compile(r'<(?:link|script|img)[^>]* (?:href|src)="([^"]+)"')


class Side(ABC):
    """One of the two servers: where its endpoints are, and what it knows."""

    server: Server
    base: str
    machine: dict[str, str]
    web: dict[str, str]
    machine_scope: str
    paths: dict[str, str]
    cookies: list[str]

    def __init__(self) -> None:
        self._codes = 0

    @abstractmethod
    def meter(self) -> installation.Meter: ...

    @abstractmethod
    def add_codes(self, first: int, count: int) -> None: ...

    def by_credentials(self, seconds: float) -> Dialogues:
        return [saying(self._post(self.machine, grant_type="client_credentials", scope=self.machine_scope))]

    def by_code(self, seconds: float) -> Dialogues:
        """As many as are redeemed in that time at most: each works once."""
        count = int((seconds + WARM_UP_SECONDS + 1) * MOST_CODES_A_SECOND)
        first, self._codes = self._codes, self._codes + count
        self.add_codes(first, count)
        return [saying(self._redemption(number)) for number in range(first, first + count)]

    def authorizations(self, seconds: float) -> Dialogues:
        """Of browsers that are signed in, by apps that they need not agree to."""
        parameters = {
            "client_id": self.web["ClientId"],
            "response_type": "code",
            "scope": codes.SCOPE,
            "redirect_uri": codes.REDIRECT_URI,
            "state": "a state",
            "nonce": "a nonce",
            "code_challenge": codes.CHALLENGE,
            "code_challenge_method": "S256",
        }
        path = f"{self.paths['authorize']}?{urlencode(parameters)}"
        return [_redirected(self._get(path, Cookie=cookie)) for cookie in self.cookies]

    def user_info(self, seconds: float) -> Dialogues:
        return [saying(self._get(self.paths["userInfo"], Authorization=f"Bearer {self._access_token}"))]

    def documents(self, seconds: float) -> Dialogues:
        return [saying(self._get(self.paths["discovery"]))]

    def key_sets(self, seconds: float) -> Dialogues:
        return [saying(self._get(self.paths["JWKS"]))]

    @cached_property
    def _access_token(self) -> str:
        number, self._codes = self._codes, self._codes + 1
        self.add_codes(number, 1)
        url = f"http://127.0.0.1:{self.server.port}{self.paths['token']}"
        headers, form = self._said(self.web, **self._members(number))
        with urlopen(Request(url, form, headers)) as answer:
            return str(json.load(answer)["access_token"])

    def _redemption(self, number: int) -> bytes:
        return self._post(self.web, **self._members(number))

    def _members(self, number: int) -> dict[str, str]:
        return {
            "grant_type": "authorization_code",
            "code": codes.code(number),
            "redirect_uri": codes.REDIRECT_URI,
            "code_verifier": codes.VERIFIER,
        }

    def _get(self, path: str, **headers: str) -> bytes:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"GET {path} HTTP/1.1\r\nHost: localhost:{self.server.port}\r\n{lines}\r\n".encode()

    def _post(self, client: dict[str, str], **form: str) -> bytes:
        headers, body = self._said(client, **form)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST {self.paths['token']} HTTP/1.1\r\nHost: localhost:{self.server.port}\r\n{lines}"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def _said(self, client: dict[str, str], **form: str) -> tuple[dict[str, str], bytes]:
        credentials = base64.b64encode(f"{client['ClientId']}:{client['ClientSecret']}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/x-www-form-urlencoded"}
        return headers, urlencode(form).encode()


class Ours(Side):
    """A pool, its clients and users."""

    machine_scope = "api/read"

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server
        idp = clients.idp(server)
        self._pool = factories.make_pool(idp)["Id"]
        idp.create_resource_server(
            UserPoolId=self._pool,
            Identifier="api",
            Name="API",
            Scopes=[{"ScopeName": "read", "ScopeDescription": "Reading"}],
        )
        self.machine = pages.make_app(
            idp,
            self._pool,
            GenerateSecret=True,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthScopes=[self.machine_scope],
        )
        self.web = pages.make_app(idp, self._pool, GenerateSecret=True)
        for number in range(codes.USERS):
            factories.make_user(idp, {"Id": self._pool}, f"user{number}", email=f"user{number}@example.com")
        self.paths = {
            "token": f"/{self._pool}/oauth2/token",
            "authorize": f"/{self._pool}/oauth2/authorize",
            "userInfo": f"/{self._pool}/oauth2/userInfo",
            "discovery": f"/{self._pool}/.well-known/openid-configuration",
            "JWKS": f"/{self._pool}/.well-known/jwks.json",
        }
        self.cookies = self._inside(f"print_sessions({self._pool!r})").split("\n")

    def meter(self) -> installation.Meter:
        return installation.Meter(self.server)

    def add_codes(self, first: int, count: int) -> None:
        self._inside(f"add_codes({self.web['ClientId']!r}, {first}, {count})")

    def sign_in_pages(self, seconds: float) -> Dialogues:
        return [saying(self._get(self._sign_in_page))]

    def page_bytes(self) -> dict[str, int]:
        """The sign-in page and all that it loads."""
        page = self._fetch(self._sign_in_page)
        loaded = {address for address in _LOADED.findall(page.decode()) if address.startswith("/")}
        return {"the page": len(page), **{address: len(self._fetch(address)) for address in sorted(loaded)}}

    @property
    def _sign_in_page(self) -> str:
        return f"/{self._pool}/login?{urlencode({**pages.request_of(self.web), 'state': 'a state'})}"

    def _fetch(self, path: str) -> bytes:
        with urlopen(f"http://127.0.0.1:{self.server.port}{path.replace('&amp;', '&')}") as answer:
            content: bytes = answer.read()
            return content

    def _inside(self, call: str) -> str:
        program = f"from tests.benchmark import inside; inside.{call}"
        return self.server.manage("shell", "--verbosity", "0", "-c", program).strip()


class Theirs(Side):
    """The applications and users of a stock installation."""

    machine_scope = "read"

    def __init__(self, peer: Peer) -> None:
        super().__init__()
        self.paths = {
            "token": "/o/token/",
            "authorize": "/o/authorize/",
            "userInfo": "/o/userinfo/",
            "discovery": "/o/.well-known/openid-configuration",
            "JWKS": "/o/.well-known/jwks.json",
        }
        self._peer = peer
        self.server = peer.server
        self.machine, self.web = peer.known["machine"], peer.known["web"]
        self.cookies = [f"sessionid={key}" for key in peer.known["sessions"]]

    def meter(self) -> installation.Meter:
        return self._peer.meter()

    def add_codes(self, first: int, count: int) -> None:
        self._peer.prepare("codes", str(first), str(count))


def _redirected(request: bytes) -> Callable[[], Dialogue]:
    def dialogue() -> Dialogue:
        location = yield request
        if b"code=" not in location:
            raise RuntimeError(f"no code: {location.decode()}")

    return dialogue
