"""Attacks on the pages, one by one, and how each ends; those on the endpoints stand in `tests/oauth/test_attacks.py`.

What is one attack on every page is tried on every page that there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
import requests

from pools.hosted.urls import urlpatterns
from tests.support import clients, factories
from tests.support.clients import refused
from tests.support.lookalikes import EVIL, LOOKALIKES
from tests.support.mailbox import Mailbox
from tests.support.oauth import App
from tests.support.pages import CALLBACK, PASSWORD, Browser, make_app, make_domain, make_user, request_of
from tests.support.server import Server, running

PATHS = sorted({str(pattern.pattern).rstrip("/") for pattern in urlpatterns if "<" not in str(pattern.pattern)})
BYE = "https://app.example/bye"
WITHOUT_FORM = {"error", "confirmUser"}
"""Pages that take no POST."""
MARK = (
    '"><img src=x onerror=alert(1)></style></script><script>alert(1)</script>{{1337|add:1337}}{%25debug%25}${1337*1337}'
)
PARAMETERS = [
    *("client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "login_hint", "username", "lang"),
    *("ui_locales", "prompt", "notice", "sent_to", "factor", "error", "error_description", "user_name"),
    *("confirmation_code", "logout_uri", "post_logout_redirect_uri", "id_token_hint", "code_challenge"),
]


@pytest.fixture(scope="module")
def pool_id(idp: Any) -> str:
    pool_id: str = factories.make_pool(idp, AutoVerifiedAttributes=["email"])["Id"]
    make_user(idp, pool_id, email="ada@example.com", email_verified="true")
    return pool_id


@pytest.fixture(scope="module")
def client(idp: Any, pool_id: str) -> dict[str, Any]:
    return make_app(idp, pool_id)


@pytest.fixture
def app(server: Server, client: dict[str, Any]) -> App:
    """Nobody is signed in."""
    return App(server, client)


@pytest.fixture(autouse=True)
def nothing_unexpected(server: Server) -> Iterator[None]:
    """Whatever is tried, the server never stumbles."""
    yield
    assert "Traceback" not in server.log


def ask(app: App, path: str, **parameters: str | None) -> requests.Response:
    return app.visit(path, **{**request_of(app.client), **parameters})


def addresses_in(page: requests.Response) -> list[str]:
    """Where a page can lead, or what it can load."""
    found = re.findall(r'\b(?:href|action|src|formaction|data|poster|srcset)="([^"]*)"', page.text)
    return [urljoin(page.url, address.replace("&amp;", "&")) for address in found]


# What a browser is told


@pytest.mark.parametrize("path", [*PATHS, "nothing-of-ours"])
def test_a_page_is_not_framed_kept_guessed_at_or_told_on(app: App, path: str) -> None:
    page = app.browser.session.get(
        f"{app.issuer}/{path}",
        params=request_of(app.client),
        headers={"Accept": "text/html"},
        timeout=20,
        allow_redirects=False,
    )
    assert page.headers["X-Frame-Options"] == "DENY" or page.is_redirect
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] in {"no-referrer", "same-origin"}
    assert "no-store" in page.headers["Cache-Control"]
    if not page.is_redirect:
        assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("path", PATHS)
def test_a_page_runs_and_loads_nothing_but_its_own(app: App, path: str) -> None:
    first, second = ask(app, path), ask(app, path)
    if first.is_redirect:
        return
    policies = [
        dict(part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";"))
        for page in (first, second)
    ]
    policy = policies[0]
    assert (policy["default-src"], policy["base-uri"], policy["frame-ancestors"]) == ("'none'", "'none'", "'none'")
    assert set(policy["form-action"].split()) <= {"'self'", "https://app.example"}
    for name in ("script-src", "style-src"):
        assert re.fullmatch(r"'nonce-[\w-]{20,}'", policy[name])
        assert policy[name] != policies[1][name]
    assert not re.search(r"<[^>]*\s(on\w+|style)\s*=", first.text), "an attribute that runs or styles"
    assert not re.search(r"<(iframe|object|embed|base|meta http-equiv|frame|applet)\b", first.text)
    nonces = set(re.findall(r'<(?:script|style)\b[^>]*nonce="([^"]+)"', first.text))
    assert len(re.findall(r"<(?:script|style)\b", first.text)) == len(
        re.findall(r"<(?:script|style)\b[^>]*nonce=", first.text)
    )
    assert nonces == {policy["script-src"].removeprefix("'nonce-").rstrip("'")}


@pytest.mark.parametrize("path", PATHS)
def test_no_page_leads_to_another_host(app: App, path: str) -> None:
    foreign = dict.fromkeys(("redirect_uri", "logout_uri", "next", "return_to", "continue", "url"), f"https://{EVIL}")
    for more in (foreign, {**foreign, "redirect_uri": f"//{EVIL}"}, {"redirect_uri": f"javascript:alert('{EVIL}')"}):
        page = ask(app, path, **more)
        own = urlsplit(app.issuer).netloc
        leads = [*addresses_in(page), urljoin(page.url, page.headers.get("Location", ""))]
        assert {urlsplit(address).netloc for address in leads if not address.startswith("data:,")} <= {own}
        assert EVIL not in page.headers.get("Content-Security-Policy", "")


@pytest.mark.parametrize("redirect_uri", LOOKALIKES.values(), ids=LOOKALIKES.keys())
def test_a_sign_in_for_an_address_that_is_not_registered_ends_on_our_page(app: App, redirect_uri: str) -> None:
    signed_in = App(app.server, app.client)
    browser = signed_in.browser
    browser.open("login", **request_of(app.client, redirect_uri=redirect_uri))
    browser.submit(username="ada", password=PASSWORD)
    assert browser.at is not None
    assert not browser.at.is_redirect
    assert urlsplit(browser.at.url).netloc == urlsplit(app.issuer).netloc
    assert browser.at.status_code == 400


# Sign-out


@pytest.mark.parametrize("address", LOOKALIKES.values(), ids=LOOKALIKES.keys())
@pytest.mark.parametrize("name", ["logout_uri", "post_logout_redirect_uri", "redirect_uri"])
def test_a_sign_out_goes_to_no_other_address(app: App, name: str, address: str) -> None:
    if name != "redirect_uri":  # of the two lists of an app each address is in one
        address = CALLBACK if address == BYE else address.replace(CALLBACK, BYE)
    for path in ("logout", "logout/"):
        response = app.visit(path, client_id=app.client_id, response_type="code", state="s", **{name: address})
        location = response.headers.get("Location", "")
        assert response.status_code in {302, 400, 404}
        assert not location or location.startswith(f"{urlsplit(app.issuer).path}/error?")
    posted = requests.post(
        f"{app.issuer}/logout", data={"client_id": app.client_id, name: address}, timeout=20, allow_redirects=False
    )
    assert posted.headers.get("Location", "/").startswith("/")
    assert not posted.headers.get("Location", "/").startswith(("//", "/\\"))


def test_a_hint_of_another_pool_or_of_nobody_signs_nobody_out_to_anywhere(server: Server, idp: Any, app: App) -> None:
    other_id = factories.make_pool(idp)["Id"]
    make_user(idp, other_id)
    other = App(server, make_app(idp, other_id)).sign_in()
    foreign = other.redeem(other.code()).json()["id_token"]
    for hint in (foreign, foreign.rsplit(".", 1)[0] + ".", "x.y.z", "\0", ""):
        response = app.visit("logout", id_token_hint=hint, post_logout_redirect_uri=BYE)
        assert BYE not in response.headers.get("Location", "")


# Forged forms


@pytest.mark.parametrize("path", sorted(set(PATHS) - WITHOUT_FORM - {"logout"}))
def test_a_form_that_is_not_ours_is_refused(server: Server, idp: Any, app: App, path: str) -> None:
    address = f"{app.issuer}/{path}?{urlencode(request_of(app.client))}"
    app.browser.open("login", **request_of(app.client))
    field = app.browser.forms[0].fields["_csrf"]
    stranger = Browser(server, app.client["UserPoolId"])
    stranger.open("login", **request_of(app.client))
    cookies = dict(app.browser.session.cookies)
    given = {"username": "ada", "password": PASSWORD}
    own = urlsplit(app.issuer)
    tries: dict[str, dict[str, Any]] = {
        "no cookie, no field": {"data": given},
        "no cookie": {"data": {**given, "_csrf": field}},
        "no field": {"data": given, "cookies": cookies},
        "an empty field": {"data": {**given, "_csrf": ""}, "cookies": cookies},
        "a stranger's field": {"data": {**given, "_csrf": stranger.forms[0].fields["_csrf"]}, "cookies": cookies},
        "the field in the query": {"data": given, "cookies": cookies, "params": {"_csrf": field}},
        "a cookie of the attacker's making": {
            "data": {**given, "_csrf": "a" * 32},
            "cookies": {"XSRF-TOKEN": "b" * 32},
        },
        "another origin": {
            "data": {**given, "_csrf": field},
            "cookies": cookies,
            "headers": {"Origin": f"https://{EVIL}"},
        },
        "another port": {
            "data": {**given, "_csrf": field},
            "cookies": cookies,
            "headers": {"Origin": f"{own.scheme}://{own.hostname}:1"},
        },
        "another scheme": {
            "data": {**given, "_csrf": field},
            "cookies": cookies,
            "headers": {"Origin": f"https://{own.netloc}"},
        },
        "no origin to name": {"data": {**given, "_csrf": field}, "cookies": cookies, "headers": {"Origin": "null"}},
        "JSON": {"json": {**given, "_csrf": field}, "cookies": cookies},
    }
    for name, attempt in tries.items():
        response = requests.post(address, timeout=20, allow_redirects=False, **attempt)
        assert response.status_code == 403, name
        assert f"cognito-{app.client['UserPoolId']}" not in response.cookies


@pytest.mark.parametrize("path", PATHS)
def test_a_link_does_nothing_that_a_form_does(app: App, path: str) -> None:
    given = {"username": "ada", "password": PASSWORD, "_csrf": "x", "code": "123456", "email": "a@example.com"}
    response = app.browser.session.get(
        f"{app.issuer}/{path}",
        params={**request_of(app.client), **given},
        headers={"X-HTTP-Method-Override": "POST", "X-HTTP-Method": "POST"},
        timeout=20,
        allow_redirects=False,
    )
    assert f"cognito-{app.client['UserPoolId']}" not in {c.name for c in response.cookies if c.value}
    assert not response.headers.get("Location", "").startswith(CALLBACK)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "OPTIONS"])
@pytest.mark.parametrize("path", PATHS)
def test_another_method_does_nothing(app: App, path: str, method: str) -> None:
    response = requests.request(
        method, f"{app.issuer}/{path}", params=request_of(app.client), timeout=20, allow_redirects=False
    )
    assert response.status_code == 405
    assert not [name for name in response.headers if name.lower().startswith("access-control-")]


# Texts that are not ours


@pytest.mark.parametrize("path", PATHS)
def test_what_a_link_says_is_never_markup_or_a_template(app: App, path: str) -> None:
    for name in PARAMETERS:
        page = ask(app, path, **{name: MARK})
        assert page.status_code < 500
        assert "<img src=x" not in page.text and "<script>alert" not in page.text, name
        assert "2674" not in page.text and "1787569" not in page.text, name
        assert "<img" not in page.headers.get("Location", ""), name


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("value", ["\0", "x" * 5000, "a\r\nSet-Cookie: stolen=1"])
def test_no_parameter_makes_a_page_fail(app: App, path: str, value: str) -> None:
    for name in PARAMETERS:
        page = ask(app, path, **{name: value})
        assert page.status_code < 500, name
        assert "stolen" not in page.cookies
    twice = requests.get(
        f"{app.issuer}/{path}?{urlencode([*request_of(app.client).items(), ('client_id', 'x'), ('lang', 'de')])}",
        timeout=20,
        allow_redirects=False,
    )
    assert twice.status_code < 500


@pytest.mark.parametrize("value", ["\0", "a\0b", "x" * 100_000, "\U0001f600" * 300, "' OR 1=1 --", MARK])
def test_no_field_makes_a_page_fail(app: App, value: str) -> None:
    for path in ("login", "signup", "forgotPassword"):
        page = app.browser.open(path, **request_of(app.client))
        fields = [name for name, kind in re.findall(r'<input[^>]*name="([^"]+)"[^>]*?(type="hidden")?', page.text)]
        given = {name: value for name in app.browser.forms[0].inputs if name in fields and name != "_csrf"}
        answer = app.browser.submit(**given)
        assert answer.status_code < 500
        assert "<img src=x" not in answer.text
        assert "2674" not in answer.text


def test_a_password_is_never_shown_again(app: App) -> None:
    app.browser.open("login", **request_of(app.client))
    page = app.browser.submit(username="ada", password="Secret-and-wrong-9")
    assert "Secret-and-wrong-9" not in page.text
    assert "Incorrect username or password." in app.browser.text


# Sessions that were laid in the way


def test_a_cookie_of_the_attackers_does_not_become_a_session(app: App) -> None:
    pool_id = app.client["UserPoolId"]
    for name in (f"cognito-{pool_id}", f"attempt-{pool_id}"):
        app.browser.session.cookies.set(name, "fixed-by-an-attacker")
    app.sign_in()
    values = [cookie.value for cookie in app.browser.session.cookies if cookie.name == f"cognito-{pool_id}"]
    assert "fixed-by-an-attacker" not in values[-1:]
    laid = App(app.server, app.client)
    laid.browser.session.cookies.set(f"cognito-{pool_id}", "fixed-by-an-attacker")
    assert urlsplit(laid.authorize().headers["Location"]).path.endswith("/login")


def test_a_session_is_another_one_after_each_sign_in_and_the_former_is_gone(app: App) -> None:
    name = f"cognito-{app.client['UserPoolId']}"
    former = app.sign_in().browser.session.cookies[name]
    app.browser.open("login", **request_of(app.client, prompt="login"))
    app.browser.submit(username="ada", password=PASSWORD)
    assert app.browser.session.cookies[name] != former
    thief = App(app.server, app.client)
    thief.browser.session.cookies.set(name, former)
    assert urlsplit(thief.authorize().headers["Location"]).path.endswith("/login")


def test_a_sign_out_ends_the_session_for_who_has_copied_it(app: App) -> None:
    name = f"cognito-{app.client['UserPoolId']}"
    copied = app.sign_in().browser.session.cookies[name]
    assert app.visit("logout", client_id=app.client_id, logout_uri=BYE).headers["Location"] == BYE
    thief = App(app.server, app.client)
    thief.browser.session.cookies.set(name, copied)
    assert urlsplit(thief.authorize().headers["Location"]).path.endswith("/login")


def test_a_session_of_the_api_is_none_of_the_pages_and_none_of_theirs_is_one_of_the_api(
    server: Server, idp: Any, public: Any
) -> None:
    """Who has begun a sign-in with one does not end it with the other, and nobody is signed in by what they found."""
    pool_id = factories.make_pool(idp)["Id"]
    idp.admin_create_user(UserPoolId=pool_id, Username="new", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS")
    client = make_app(idp, pool_id, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])
    begun = public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "new", "PASSWORD": PASSWORD},
    )
    assert begun["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    victim = Browser(server, pool_id)
    victim.session.cookies.set(f"attempt-{pool_id}", begun["Session"])
    page = victim.open("challenge", **request_of(client))
    assert urlsplit(page.url).path.endswith("/login") or page.status_code == 400
    own = Browser(server, pool_id)
    own.open("login", **request_of(client))
    own.submit(username="new", password=PASSWORD)
    with refused("NotAuthorizedException"):
        public.respond_to_auth_challenge(
            ClientId=client["ClientId"],
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=own.session.cookies[f"attempt-{pool_id}"],
            ChallengeResponses={"USERNAME": "new", "NEW_PASSWORD": "Another-horse-9-battery"},
        )


def test_a_sign_in_on_its_way_is_of_its_client_and_pool_alone(server: Server, idp: Any) -> None:
    pool_id, other_id = (factories.make_pool(idp)["Id"] for _ in range(2))
    idp.admin_create_user(UserPoolId=pool_id, Username="new", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS")
    first, second, foreign = (make_app(idp, each) for each in (pool_id, pool_id, other_id))
    browser = Browser(server, pool_id)
    browser.open("login", **request_of(first))
    browser.submit(username="new", password=PASSWORD)
    attempt = browser.session.cookies[f"attempt-{pool_id}"]
    for client in second, foreign:
        thief = Browser(server, client["UserPoolId"])
        thief.session.cookies.set(f"attempt-{client['UserPoolId']}", attempt)
        page = thief.open("challenge", **request_of(client))
        assert "new_password" not in page.text
        assert urlsplit(page.url).path.endswith("/login") or page.status_code == 400


# Pools that are confused with each other


def test_a_domain_serves_its_own_pool_and_nothing_of_another(server: Server, idp: Any, app: App) -> None:
    other_id = factories.make_pool(idp)["Id"]
    host = f"{make_domain(idp, other_id)}.auth.localhost:{server.port}"
    app.sign_in()
    own = app.browser.session.cookies[f"cognito-{app.client['UserPoolId']}"]
    cookies = f"cognito-{other_id}={own}; cognito-{app.client['UserPoolId']}={own}"

    def get(path: str, client: dict[str, Any]) -> requests.Response:
        return requests.get(
            f"{server.url}/{path}",
            params=request_of(client),
            headers={"Host": host, "Cookie": cookies},
            timeout=20,
            allow_redirects=False,
        )

    of_other = make_app(idp, other_id)
    assert urlsplit(get("oauth2/authorize", of_other).headers["Location"]).path == "/login"
    assert urlsplit(get("oauth2/authorize", app.client).headers["Location"]).path == "/error"
    assert get("login", app.client).status_code == 400
    for path in ("login", "oauth2/authorize"):
        assert get(f"{app.client['UserPoolId']}/{path}", app.client).status_code == 404


# Who exists


@pytest.mark.parametrize("path", ["login", "forgotPassword"])
def test_a_page_looks_the_same_for_who_exists_and_who_does_not(server: Server, app: App, path: str) -> None:
    def shown(name: str) -> tuple[int, str, str]:
        browser = Browser(server, app.client["UserPoolId"])
        browser.open(path, **request_of(app.client))
        given = {"username": name, **({"password": "Wrong-horse-9-battery"} if path == "login" else {})}
        page = browser.submit(**given)
        text = re.sub(r'(nonce=|name="_csrf" value=)"[^"]*"|nonce-[\w-]+', "", page.text)
        masked = re.sub(r"\w\*\*\*@\w\*\*\*", "MASKED", text.replace(name, "NAME"))
        policy = re.sub(r"nonce-[\w-]+", "", page.headers["Content-Security-Policy"])
        return page.status_code, re.sub(r"sent_to=[^&\"]*", "", masked), policy

    assert shown("ada") == shown("nob")


# Where a message leads


def test_a_link_in_a_message_leads_to_us_whatever_the_request_called_us(
    server: Server, idp: Any, mailbox: Mailbox
) -> None:
    pool = factories.make_pool(
        idp,
        AutoVerifiedAttributes=["email"],
        VerificationMessageTemplate={"DefaultEmailOption": "CONFIRM_WITH_LINK"},
    )
    make_domain(idp, pool["Id"])
    client = make_app(idp, pool["Id"])
    browser = Browser(server, pool["Id"])
    browser.session.headers.update({"Host": EVIL, "X-Forwarded-Host": EVIL, "Forwarded": f"host={EVIL}"})
    address = factories.address_of(pool, "poisoned")
    browser.open("signup", **request_of(client))
    fields = browser.forms[0].inputs
    email = next(name for name in fields if "email" in name)
    browser.submit(
        **{name: PASSWORD for name in fields if "password" in name.lower()}, username="eve", **{email: address}
    )
    message = str(mailbox.messages(address)[0])
    assert "confirmUser" in message
    assert EVIL not in message.replace(address, "")


# Cookies


@pytest.fixture(scope="module")
def secure() -> Iterator[Server]:
    """As behind a proxy that ends TLS."""
    with running("--dev", GATEHOUSE_URL="https://login.example") as server:
        yield server


def test_cookies_are_of_one_host_of_tls_and_of_no_script(secure: Server) -> None:
    idp = clients.idp(secure)
    pool_id = factories.make_pool(idp)["Id"]
    make_user(idp, pool_id)
    client = make_app(idp, pool_id)
    address = f"{secure.url}/{pool_id}/login?{urlencode(request_of(client, lang='de'))}"
    page = requests.get(address, timeout=20)
    token = re.search(r'name="_csrf" value="([^"]+)"', page.text)
    assert token is not None
    csrf = next(cookie for cookie in page.cookies if "XSRF" in cookie.name)
    form = {"username": "ada", "password": PASSWORD, "_csrf": token[1]}
    headers = {"Cookie": f"{csrf.name}={csrf.value}", "Referer": "https://login.example/", "Host": "login.example"}
    answer = requests.post(address, data=form, headers=headers, timeout=20, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    set_by = [*page.raw.headers.getlist("Set-Cookie"), *answer.raw.headers.getlist("Set-Cookie")]
    names = {cookie.partition("=")[0] for cookie in set_by}
    assert {f"__Host-cognito-{pool_id}", "__Host-XSRF-TOKEN"} <= names
    for cookie in set_by:
        name, _, rest = cookie.partition("=")
        attributes = {part.strip().lower() for part in rest.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= attributes, cookie
        assert not [part for part in attributes if part.startswith("domain")]
        assert name.startswith("__Host-") or name == "lang"
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    session = next(c.split("=", 1)[1].split(";")[0] for c in set_by if f"cognito-{pool_id}=" in c)
    tossed = requests.get(
        f"{secure.url}/{pool_id}/oauth2/authorize",
        params=request_of(client),
        headers={"Cookie": f"cognito-{pool_id}={session}"},
        timeout=20,
        allow_redirects=False,
    )
    assert urlsplit(tossed.headers["Location"]).path.endswith("/login"), "a cookie that another host could have set"
