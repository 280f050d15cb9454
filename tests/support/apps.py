"""An app at the OAuth endpoints, request by request: nothing is followed, and nothing is taken for granted."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from tests.support.pages import CALLBACK, PASSWORD, Browser, request_of
from tests.support.server import Server

VERIFIER = "a-verifier-of-forty-three-characters-at-least-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


class App:
    """`browser` holds the cookies of who uses it; a parameter that is None is left out."""

    def __init__(self, server: Server, client: dict[str, Any]) -> None:
        self.client = client
        self.id: str = client["ClientId"]
        self.base = f"{server.url}/{client['UserPoolId']}"
        self.browser = Browser(server, client["UserPoolId"])
        self._server = server

    def sign_in(self, username: str = "ada", password: str = PASSWORD) -> App:
        """Through the page, up to the redirect to the app."""
        self.browser.open("login", **request_of(self.client))
        self.browser.submit(username=username, password=password)
        assert self.browser.at is not None
        assert self.browser.at.headers.get("Location", "").startswith(f"{CALLBACK}?"), self.browser.text
        return self

    def authorize(self, **parameters: str | None) -> requests.Response:
        return self.get("oauth2/authorize", **{**request_of(self.client), **parameters})

    def get(self, path: str, **parameters: str | None) -> requests.Response:
        return self.browser.session.get(f"{self.base}/{path}", params=parameters, timeout=20, allow_redirects=False)

    def code(self, **parameters: str | None) -> str:
        return answered(self.authorize(**parameters))["code"]

    def exchange(self, code: str, **members: str | None) -> requests.Response:
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "client_id": self.id}
        return self.token(**{**grant, **members})

    def refresh(self, refresh_token: str, **members: str | None) -> requests.Response:
        grant = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": self.id}
        return self.token(**{**grant, **members})

    def token(self, **members: str | None) -> requests.Response:
        given = {name: value for name, value in members.items() if value is not None}
        return requests.post(f"{self.base}/oauth2/token", data=given, timeout=20)


def answered(response: requests.Response) -> dict[str, str]:
    """What a redirect tells the app, in query or fragment."""
    location = urlsplit(response.headers["Location"])
    return dict(parse_qsl(location.query or location.fragment, strict_parsing=True))
