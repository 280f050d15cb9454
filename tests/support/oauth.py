"""An app at the OAuth endpoints of a pool, with a browser whose user is signed in or not."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from tests.support import factories
from tests.support.pages import CALLBACK, PASSWORD, Browser, make_app, make_user, request_of
from tests.support.server import Server

VERIFIER = "a-verifier-of-forty-three-characters-or-more.~_"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
USER = "ada"


class App:
    """An app client of a pool; `browser` is its user's, a new one where none is given. None leaves a parameter out."""

    def __init__(self, server: Server, client: dict[str, Any], browser: Browser | None = None) -> None:
        self.server = server
        self.client = client
        self.client_id: str = client["ClientId"]
        self.pool_id: str = client["UserPoolId"]
        self.issuer = f"{server.url}/{self.pool_id}"
        self.browser = browser or Browser(server, self.pool_id)

    def sign_in(self, username: str = USER, password: str = PASSWORD) -> App:
        """Through the sign-in page up to the redirect to the app, whoever is signed in already."""
        self.browser.open("login", **self.asking(prompt="login"))
        answer = self.browser.submit(username=username, password=password)
        assert answer.headers.get("Location", "").startswith(f"{CALLBACK}?"), self.browser.text
        return self

    def asking(self, **parameters: str | None) -> dict[str, str]:
        """An authorization request."""
        asked = {**request_of(self.client), **parameters}
        return {name: value for name, value in asked.items() if value is not None}

    def authorize(self, **parameters: str | None) -> requests.Response:
        """The endpoint's own answer, its redirect not followed."""
        return self.visit("oauth2/authorize", **self.asking(**parameters))

    def visit(self, path: str, **parameters: str | None) -> requests.Response:
        """Any page or endpoint in the user's browser; a redirect is not followed."""
        address = f"{self.issuer}/{path}"
        return self.browser.session.get(address, params=parameters, timeout=20, allow_redirects=False)

    def code(self, **parameters: str | None) -> str:
        return told(self.authorize(**parameters))["code"]

    def token(self, *, auth: tuple[str, str] | None = None, **form: str | None) -> requests.Response:
        return requests.post(f"{self.issuer}/oauth2/token", data=form, auth=auth, timeout=20)

    def redeem(self, code: str, **form: str | None) -> requests.Response:
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return self.token(**{"client_id": self.client_id, **given, **form})

    def refresh(self, refresh_token: str, **form: str | None) -> requests.Response:
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
    return App(server, make_app(idp, pool_id, **members))


def signed_in(server: Server, idp: Any, **members: Any) -> App:
    return new_app(server, idp, **members).sign_in()


ENDINGS = ("disable", "delete", "sign_out", "reset")


def end(idp: Any, app: App, ending: str) -> None:
    """Take the app's user the right to go on as they are signed in, in one of the ways there are."""
    operation = {
        "disable": idp.admin_disable_user,
        "delete": idp.admin_delete_user,
        "sign_out": idp.admin_user_global_sign_out,
        "reset": idp.admin_reset_user_password,
    }[ending]
    operation(UserPoolId=app.pool_id, Username=USER)


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
