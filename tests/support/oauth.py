"""An app at the OAuth endpoints of a pool, with a browser whose user is signed in or not."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from tests.support import factories
from tests.support.pages import CALLBACK, PASSWORD, Browser, make_app, make_user
from tests.support.server import Server

VERIFIER = "a-verifier-of-forty-three-characters-or-more.~_"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
USER = "ada"


@dataclass
class App:
    """An app client of a pool; `browser` is its user's."""

    server: Server
    pool_id: str
    client: dict[str, Any]
    browser: Browser

    @property
    def client_id(self) -> str:
        client_id: str = self.client["ClientId"]
        return client_id

    @property
    def issuer(self) -> str:
        return f"{self.server.url}/{self.pool_id}"

    def sign_in(self, username: str = USER, password: str = PASSWORD) -> None:
        """Through the sign-in page, whoever is signed in already."""
        self.browser.open("login", **self.asking(prompt="login"))
        self.browser.submit(username=username, password=password)

    def asking(self, **parameters: str | None) -> dict[str, str]:
        """An authorization request; None leaves a parameter out."""
        asked = {
            "client_id": self.client_id,
            "response_type": "code",
            "scope": "openid",
            "redirect_uri": CALLBACK,
            "state": "a state",
            **parameters,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def authorize(self, **parameters: str | None) -> requests.Response:
        """The endpoint's own answer, its redirect not followed."""
        return self.get(urlencode(self.asking(**parameters)))

    def get(self, query: str) -> requests.Response:
        address = f"{self.issuer}/oauth2/authorize?{query}"
        return self.browser.session.get(address, timeout=20, allow_redirects=False)

    def code(self, **parameters: str | None) -> str:
        return told(self.authorize(**parameters))["code"]

    def token(self, *, auth: tuple[str, str] | None = None, **form: str) -> requests.Response:
        return requests.post(f"{self.issuer}/oauth2/token", data=form, auth=auth, timeout=20)

    def redeem(self, code: str, **form: str) -> requests.Response:
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return self.token(**{"client_id": self.client_id, **given, **form})

    def refresh(self, refresh_token: str, **form: str) -> requests.Response:
        given = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self.token(**{"client_id": self.client_id, **given, **form})

    def tokens(self, **parameters: str | None) -> dict[str, Any]:
        """The members of the answer to a code for these."""
        answer = self.redeem(self.code(**parameters))
        assert answer.status_code == 200, answer.text
        members: dict[str, Any] = answer.json()
        return members


def new_app(server: Server, idp: Any, *, pool: dict[str, Any] | None = None, **members: Any) -> App:
    """An app of a new pool with one user; nobody is signed in."""
    pool_id = (pool or factories.make_pool(idp))["Id"]
    if pool is None:
        make_user(idp, pool_id, USER, email="ada@example.com", email_verified="true", given_name="Ada")
    return App(server, pool_id, make_app(idp, pool_id, **members), Browser(server, pool_id))


def signed_in(server: Server, idp: Any, **members: Any) -> App:
    app = new_app(server, idp, **members)
    app.sign_in()
    return app


def told(response: requests.Response, callback: str = CALLBACK) -> dict[str, str]:
    """What a redirect tells the app, in its query or its fragment."""
    assert response.status_code == 302, (response.status_code, response.text)
    location = response.headers["Location"]
    assert location.startswith(callback), location
    parts = urlsplit(location)
    return dict(parse_qsl(parts.fragment or parts.query, keep_blank_values=True))


def refused(response: requests.Response) -> str:
    """The error of a JSON answer."""
    assert response.status_code == 400, (response.status_code, response.text)
    assert response.headers["Content-Type"] == "application/json;charset=UTF-8"
    error: str = response.json()["error"]
    return error
