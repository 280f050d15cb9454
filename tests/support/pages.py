"""The hosted pages as a browser without JavaScript sees them: links, forms, cookies."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import requests

from tests.support.server import Server

CALLBACK = "https://app.example/callback"
PASSWORD = "Correct-horse-9-battery"


@dataclass
class Form:
    """What a form sends as it stands (`fields`), what it could send, where, and its buttons by their texts."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)
    inputs: dict[str, dict[str, str]] = field(default_factory=dict)
    """The attributes of each input by its name."""


class _Page(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._button: tuple[str, str] | None = None
        self._text = ""
        self._is_open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
            self._is_open = True
        elif self._is_open and tag == "input" and given.get("name"):
            self._input(given)
        elif self._is_open and tag == "button" and given.get("type", "submit") == "submit":
            self._button, self._text = (given.get("name", ""), given.get("value", "")), ""

    def _input(self, given: dict[str, str]) -> None:
        form, name = self.forms[-1], given["name"]
        form.inputs[name] = given
        if given.get("type") in {"radio", "checkbox"}:
            form.choices.setdefault(name, []).append(given.get("value", "on"))
            if "checked" in given:
                form.fields[name] = given.get("value", "on")
        else:
            form.fields[name] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_open = False
        elif tag == "button" and self._button is not None:
            self.forms[-1].buttons[" ".join(self._text.split())] = self._button
            self._button = None


class Browser:
    """`at` is the page that it shows; redirects to our own host are followed, others are where it ends."""

    def __init__(self, server: Server, pool_id: str) -> None:
        self.base = f"{server.url}/{pool_id}"
        self.host = server.url
        self.session = requests.Session()
        self.at: requests.Response | None = None

    def open(self, path: str, **query: str) -> requests.Response:
        return self._follow(self.session.get(f"{self.base}/{path}", params=query, timeout=20, allow_redirects=False))

    @property
    def forms(self) -> list[Form]:
        """Those that send something; the others only lead elsewhere."""
        assert self.at is not None
        return [form for form in _Page(self.at.text).forms if form.method == "post"]

    def submit(self, press: str | None = None, **given: str) -> requests.Response:
        """Fill in and send the first form of the page, or the one with the button that says `press`."""
        assert self.at is not None
        form = next(each for each in self.forms if press is None or press in each.buttons)
        assert given.keys() <= form.inputs.keys(), f"the form has {list(form.inputs)}"
        assert all(given.get(name, value[0]) in value for name, value in form.choices.items())
        name, value = form.buttons[press] if press is not None else ("", "")
        data = {**form.fields, **given, **({name: value} if name else {})}
        address = urljoin(self.at.url, form.action) if form.action else self.at.url
        return self._follow(self.session.post(address, data=data, timeout=20, allow_redirects=False))

    def click(self, text: str) -> requests.Response:
        """Follow the link that says this."""
        assert self.at is not None
        for address, shown in re.findall(r'<a\b[^>]*\bhref="([^"]*)"[^>]*>(.*?)</a>', self.at.text, re.DOTALL):
            if " ".join(unescape(re.sub(r"<[^>]*>", " ", shown)).split()) == text:
                target = urljoin(self.at.url, unescape(address))
                return self._follow(self.session.get(target, timeout=20, allow_redirects=False))
        raise AssertionError(f"no link says {text}")

    @property
    def text(self) -> str:
        assert self.at is not None
        shown = re.sub(r"<(style|script)\b.*?</\1>", " ", self.at.text, flags=re.DOTALL)
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", shown))).strip()

    @property
    def arrival(self) -> dict[str, str]:
        """What the app is told to which the browser has been sent back; nothing while it is still on our pages."""
        assert self.at is not None
        target = urlsplit(self.at.headers.get("Location", ""))
        return dict(parse_qsl(target.query)) if self.at.is_redirect else {}

    def _follow(self, response: requests.Response) -> requests.Response:
        while response.is_redirect:
            target = urljoin(response.url, response.headers["Location"])
            if not target.startswith(f"{self.host}/"):
                break
            response = self.session.get(target, timeout=20, allow_redirects=False)
        self.at = response
        return response


def make_app(idp: Any, pool_id: str, **members: Any) -> dict[str, Any]:
    """An app client with the code grant, and all that OpenID Connect has."""
    given = {
        "ClientName": "app",
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"],
        "CallbackURLs": [CALLBACK],
        "LogoutURLs": ["https://app.example/bye"],
        "SupportedIdentityProviders": ["COGNITO"],
        "PreventUserExistenceErrors": "ENABLED",
        **members,
    }
    client: dict[str, Any] = idp.create_user_pool_client(UserPoolId=pool_id, **given)["UserPoolClient"]
    return client


def make_user(idp: Any, pool_id: str, username: str = "ada", **attributes: str) -> None:
    """A confirmed user with PASSWORD."""
    given = [{"Name": name, "Value": value} for name, value in attributes.items()]
    idp.admin_create_user(UserPoolId=pool_id, Username=username, MessageAction="SUPPRESS", UserAttributes=given)
    idp.admin_set_user_password(UserPoolId=pool_id, Username=username, Password=PASSWORD, Permanent=True)


def request_of(client: dict[str, Any], **more: str) -> dict[str, str]:
    """The query of an authorization request."""
    return {
        "client_id": client["ClientId"],
        "response_type": "code",
        "scope": "openid",
        "redirect_uri": CALLBACK,
        "state": "a state",
        **more,
    }


def query(parameters: dict[str, str]) -> str:
    return urlencode(parameters)


def make_domain(idp: Any, pool_id: str) -> str:
    """A prefix domain for a pool; returns its name."""
    name = pool_id.partition("_")[2].lower()
    idp.create_user_pool_domain(UserPoolId=pool_id, Domain=name)
    return name
