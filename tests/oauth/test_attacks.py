"""Attacks on the OAuth endpoints, one by one, and how each ends. Source: RFC 6819; RFC 9700.

A table of them is the list of this file's tests; those on the pages stand in `tests/hosted/test_attacks.py`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support import factories
from tests.support.clients import refused
from tests.support.lookalikes import EVIL, LOOKALIKES
from tests.support.oauth import CHALLENGE, PKCE, VERIFIER, App, told
from tests.support.pages import CALLBACK, make_app, make_user, request_of
from tests.support.server import Server


@pytest.fixture(scope="module")
def pool_id(idp: Any) -> str:
    pool_id: str = factories.make_pool(idp)["Id"]
    make_user(idp, pool_id)
    return pool_id


@pytest.fixture(scope="module")
def client(idp: Any, pool_id: str) -> dict[str, Any]:
    return make_app(idp, pool_id)


@pytest.fixture
def app(server: Server, client: dict[str, Any]) -> App:
    """Nobody is signed in."""
    return App(server, client)


@pytest.fixture(scope="module")
def signed_in(server: Server, client: dict[str, Any]) -> App:
    """ada is signed in, in a browser that stays so."""
    return App(server, client).sign_in()


def is_own_error_page(app: App, response: requests.Response) -> bool:
    """Whether a response leads to our error page and nowhere else, and sets nothing."""
    path = urlsplit(app.issuer).path
    location = response.headers.get("Location", "")
    leads_there = response.status_code == 302 and location.startswith(f"{path}/error?")
    return (leads_there or response.status_code == 400) and EVIL not in location


# Open redirects and redirects with another's code: what is not registered, letter by letter, is not gone to.


@pytest.mark.parametrize("redirect_uri", LOOKALIKES.values(), ids=LOOKALIKES.keys())
def test_a_redirect_uri_that_is_not_registered_leads_nowhere(signed_in: App, redirect_uri: str) -> None:
    for more in ({}, {"response_type": "token"}, {"prompt": "none"}, {"scope": "nonsense"}, {"response_type": "x"}):
        response = signed_in.authorize(redirect_uri=redirect_uri, **more)
        assert is_own_error_page(signed_in, response), response.headers
        assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    "query",
    [
        f"redirect_uri={CALLBACK}&redirect_uri=https://{EVIL}",
        f"redirect_uri=https://{EVIL}&redirect_uri={CALLBACK}",
        f"redirect_uri={CALLBACK}&REDIRECT_URI=https://{EVIL}&client_id=x",
        f"redirect_uri[]=https://{EVIL}",
        f"redirect_uri=https://{EVIL};redirect_uri={CALLBACK}",
        "redirect_uri=",
        f"redirect_uri={CALLBACK}%00",
        f"redirect_uri={CALLBACK}&client_id=%FF",
        "redirect_uri=%FF%FE",
    ],
)
def test_a_parameter_given_twice_or_broken_leads_nowhere(signed_in: App, query: str) -> None:
    own = "" if "client_id" in query and "REDIRECT" not in query else f"&client_id={signed_in.client_id}"
    given = f"{query}&response_type=code{own}"
    response = signed_in.browser.session.get(
        f"{signed_in.issuer}/oauth2/authorize?{given}", timeout=20, allow_redirects=False
    )
    location = response.headers.get("Location", "")
    assert is_own_error_page(signed_in, response) or location.startswith(f"{CALLBACK}?")
    assert EVIL not in location


@pytest.mark.parametrize("name", ["response_type", "scope", "state", "nonce", "code_challenge", "prompt", "resource"])
def test_any_other_parameter_given_twice_is_an_error_for_the_app(signed_in: App, name: str) -> None:
    given = [*request_of(signed_in.client).items(), (name, "a"), (name, "b")]
    response = signed_in.browser.session.get(
        f"{signed_in.issuer}/oauth2/authorize?{urlencode(given)}", timeout=20, allow_redirects=False
    )
    said = told(response)
    assert (said["error"], "code" in said) == ("invalid_request", False)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)//",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://app.example/x",
        "about:blank",
        "view-source:https://app.example",
        "filesystem:https://app.example/x",
        "http://app.example/callback",
        "http://localhost.evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "//app.example/callback",
        "/callback",
        "callback",
        "https://",
        "https:///callback",
        "https://app.example/#",
    ],
)
@pytest.mark.parametrize("member", ["CallbackURLs", "LogoutURLs"])
def test_an_address_that_runs_or_reads_something_cannot_be_registered(
    idp: Any, pool_id: str, member: str, url: str
) -> None:
    with refused("InvalidParameterException"):
        make_app(idp, pool_id, **{member: [url]})


def test_an_address_of_an_app_on_a_phone_can_be_registered_and_gets_its_code(
    server: Server, idp: Any, pool_id: str, signed_in: App
) -> None:
    client = make_app(idp, pool_id, CallbackURLs=["com.app.example:/callback", "myapp://example"])
    phone = App(server, client)
    phone.browser = signed_in.browser
    for redirect_uri in client["CallbackURLs"]:
        location = phone.authorize(redirect_uri=redirect_uri).headers["Location"]
        assert location.startswith(f"{redirect_uri}?code=")


# What an app is told

STATES = [
    "a\r\nSet-Cookie: stolen=1\r\nX: y",
    "a%0d%0aSet-Cookie:%20stolen=1",
    "a&code=mine&state=b",
    "a#code=mine",
    "a?b=c",
    "</script><script>alert(1)</script>",
    "\u2028\u202e ünï",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "a+b c",
    "x" * 4000,
]


@pytest.mark.parametrize("state", STATES, ids=range(len(STATES)))
@pytest.mark.parametrize("kind", ["code", "error"])
def test_state_comes_back_letter_by_letter_and_is_nothing_but_state(signed_in: App, state: str, kind: str) -> None:
    response = signed_in.authorize(state=state, **({} if kind == "code" else {"scope": "nonsense"}))
    location = response.headers["Location"]
    assert location.startswith(f"{CALLBACK}?")
    assert "stolen" not in response.cookies
    pairs = parse_qsl(urlsplit(location).query)
    assert [value for name, value in pairs if name == "state"] == [state]
    assert len([value for name, value in pairs if name == kind]) == 1


def test_every_answer_names_the_issuer_against_mix_up(signed_in: App, app: App, pool_id: str) -> None:
    answers = [signed_in.authorize(), signed_in.authorize(scope="nonsense"), app.authorize(prompt="none")]
    configuration = requests.get(f"{app.issuer}/.well-known/openid-configuration", timeout=10).json()
    for answer in answers:
        assert told(answer)["iss"] == configuration["issuer"]


def test_prompt_none_tells_strangers_nothing_but_that_nobody_is_signed_in(app: App) -> None:
    said = told(app.authorize(prompt="none"))
    assert said.keys() - {"error_description"} == {"error", "state", "iss"}
    assert said["error"] == "login_required"


def test_an_answer_with_a_code_leaves_no_trace(signed_in: App) -> None:
    """No cache keeps it, and no page that follows is told where its reader comes from."""
    response = signed_in.authorize()
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.content == b""


# Codes that were stolen or injected


def refusal_of(response: requests.Response) -> str:
    assert 400 <= response.status_code < 500, response.text
    error: str = response.json()["error"]
    assert not response.json().keys() & {"access_token", "id_token", "refresh_token"}
    return error


def test_a_code_of_another_client_is_nothing(server: Server, idp: Any, pool_id: str, signed_in: App) -> None:
    thief = App(server, make_app(idp, pool_id))
    code = signed_in.code()
    assert refusal_of(thief.redeem(code)) == "invalid_grant"
    assert signed_in.redeem(code).status_code == 200


def test_a_code_of_another_pool_is_nothing(server: Server, idp: Any, signed_in: App) -> None:
    elsewhere = App(server, make_app(idp, factories.make_pool(idp)["Id"]))
    code = signed_in.code()
    assert refusal_of(elsewhere.redeem(code)) == "invalid_grant"
    assert refusal_of(elsewhere.redeem(code, client_id=signed_in.client_id)) == "invalid_client"


def test_a_code_at_another_redirect_uri_is_nothing(server: Server, idp: Any, pool_id: str, signed_in: App) -> None:
    client = make_app(idp, pool_id, CallbackURLs=[CALLBACK, "https://app.example/other"])
    app = App(server, client)
    app.browser = signed_in.browser
    code = app.code()
    for redirect_uri in ("https://app.example/other", f"{CALLBACK}/", f"https://{EVIL}", "", None):
        assert refusal_of(app.redeem(code, redirect_uri=redirect_uri)) in {"unauthorized_client", "invalid_request"}


def test_a_code_works_once_and_a_thief_ends_what_it_gave(signed_in: App, public: Any) -> None:
    code = signed_in.code(scope="openid aws.cognito.signin.user.admin")
    tokens = signed_in.redeem(code).json()
    assert refusal_of(signed_in.redeem(code)) == "invalid_grant"
    assert refusal_of(signed_in.refresh(tokens["refresh_token"])) == "invalid_grant"
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        public.get_user(AccessToken=tokens["access_token"])


@pytest.mark.parametrize(
    "verifier",
    {
        "none": None,
        "empty": "",
        "the challenge itself": CHALLENGE,
        "another": VERIFIER[::-1],
        "shorter": VERIFIER[:43],
        "too short": "short",
        "longer": VERIFIER + "a",
        "with a space": f"{VERIFIER} ",
        "with a null": f"{VERIFIER}\0",
    }.values(),
)
def test_a_code_with_a_challenge_needs_its_verifier(signed_in: App, verifier: str | None) -> None:
    code = signed_in.code(**PKCE)
    assert refusal_of(signed_in.redeem(code, code_verifier=verifier)) in {"invalid_grant", "invalid_request"}
    assert signed_in.redeem(code, code_verifier=VERIFIER).status_code == 200


def test_a_verifier_for_a_code_without_challenge_shows_that_the_challenge_was_dropped(signed_in: App) -> None:
    assert refusal_of(signed_in.redeem(signed_in.code(), code_verifier=VERIFIER)) == "invalid_grant"


@pytest.mark.parametrize(
    "challenge",
    [
        {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
        {"code_challenge": CHALLENGE, "code_challenge_method": "s256"},
        {"code_challenge": CHALLENGE, "code_challenge_method": "S256 plain"},
        {"code_challenge": CHALLENGE},
        {"code_challenge_method": "S256"},
        {"code_challenge": "", "code_challenge_method": "S256"},
        {"code_challenge": "short", "code_challenge_method": "S256"},
        {"code_challenge": CHALLENGE + "=", "code_challenge_method": "S256"},
    ],
)
def test_a_challenge_is_of_s256_or_none(signed_in: App, challenge: dict[str, str]) -> None:
    said = told(signed_in.authorize(**challenge))
    assert (said["error"], "code" in said) == ("invalid_request", False)


@pytest.mark.parametrize(
    "code", ["", "x", "00000000-0000-4000-8000-000000000000", "\0", "' OR 1=1 --", "%", "x" * 10_000, "ä"]
)
def test_a_guessed_code_is_nothing(signed_in: App, code: str) -> None:
    assert refusal_of(signed_in.redeem(code)) in {"invalid_grant", "invalid_request"}


def test_a_code_is_no_other_token_and_no_other_token_is_a_code(signed_in: App, public: Any) -> None:
    tokens = signed_in.redeem(signed_in.code()).json()
    for other in tokens["access_token"], tokens["id_token"], tokens["refresh_token"]:
        assert refusal_of(signed_in.redeem(other)) == "invalid_grant"
    for other in tokens["access_token"], tokens["id_token"], signed_in.code():
        assert refusal_of(signed_in.refresh(other)) == "invalid_grant"


# Clients that are not who they say


@pytest.fixture(scope="module")
def confidential(server: Server, idp: Any, pool_id: str, signed_in: App) -> App:
    app = App(server, make_app(idp, pool_id, GenerateSecret=True))
    app.browser = signed_in.browser
    return app


@pytest.mark.parametrize("secret", [None, "", "wrong", "\0", " ", "x" * 10_000])
def test_a_secret_is_not_left_out_or_guessed(confidential: App, secret: str | None) -> None:
    code = confidential.code()
    assert refusal_of(confidential.redeem(code, client_secret=secret)) in {"invalid_client", "invalid_request"}
    for wrong in (secret or "", f"{secret}x"):
        basic = base64.b64encode(f"{confidential.client_id}:{wrong}".encode()).decode()
        response = requests.post(
            f"{confidential.issuer}/oauth2/token",
            data={"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK},
            headers={"Authorization": f"Basic {basic}"},
            timeout=20,
        )
        assert refusal_of(response) == "invalid_client"
    assert confidential.redeem(code, client_secret=confidential.client["ClientSecret"]).status_code == 200


def test_the_secret_of_another_client_is_wrong(server: Server, idp: Any, pool_id: str, confidential: App) -> None:
    other = make_app(idp, pool_id, GenerateSecret=True)
    response = confidential.redeem(confidential.code(), client_secret=other["ClientSecret"])
    assert refusal_of(response) == "invalid_client"


def test_an_unknown_client_and_a_wrong_secret_have_one_answer(confidential: App) -> None:
    wrong = confidential.redeem("x", client_secret="wrong")
    unknown = confidential.redeem("x", client_id="0" * 26, client_secret="wrong")
    assert (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content)


def test_a_client_does_not_get_a_grant_that_it_has_not(signed_in: App, confidential: App) -> None:
    own = {"grant_type": "client_credentials", "client_id": confidential.client_id}
    answer = confidential.token(**own, client_secret=confidential.client["ClientSecret"])
    assert refusal_of(answer) == "unauthorized_client"
    assert told(signed_in.authorize(response_type="token"))["error"] == "unauthorized_client"
    for grant in ("password", "urn:ietf:params:oauth:grant-type:jwt-bearer", "", "code", "\0"):
        members = {"username": "ada", "password": "x", "assertion": "x", "client_id": signed_in.client_id}
        assert refusal_of(signed_in.token(grant_type=grant, **members)) in {"unsupported_grant_type", "invalid_request"}


def test_a_scope_cannot_grow(signed_in: App) -> None:
    tokens = signed_in.redeem(signed_in.code(scope="openid")).json()
    wide = "openid email phone profile aws.cognito.signin.user.admin"
    refreshed = signed_in.refresh(tokens["refresh_token"], scope=wide).json()
    exchanged = signed_in.redeem(signed_in.code(scope="openid"), scope=wide).json()
    for answer in refreshed, exchanged:
        assert factories.claims_of(answer["access_token"])["scope"] == "openid"


# Refresh tokens


def test_a_refresh_token_of_another_client_or_pool_is_nothing(
    server: Server, idp: Any, pool_id: str, signed_in: App
) -> None:
    token = signed_in.redeem(signed_in.code()).json()["refresh_token"]
    assert refusal_of(App(server, make_app(idp, pool_id)).refresh(token)) == "invalid_grant"
    elsewhere = App(server, make_app(idp, factories.make_pool(idp)["Id"]))
    assert refusal_of(elsewhere.refresh(token)) == "invalid_grant"
    assert signed_in.refresh(token).status_code == 200


def test_a_refresh_token_that_was_altered_is_nothing(signed_in: App) -> None:
    token = signed_in.redeem(signed_in.code()).json()["refresh_token"]
    for altered in (token[:-2], token + "A", token.swapcase(), f"{token} ", token[::-1], "a.b.c.d.e"):
        assert refusal_of(signed_in.refresh(altered)) == "invalid_grant"


# Tokens in the place of others


def own_key_token(claims: dict[str, Any], **header: str) -> str:
    """Signed by a key of the attacker's."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(claims, key, algorithm="RS256", headers=header)


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def forged_tokens(app: App, tokens: dict[str, str]) -> dict[str, str]:
    """What is not an access token of the pool, by how it pretends."""
    access, keys = (
        tokens["access_token"],
        requests.get(f"{app.issuer}/.well-known/jwks.json", timeout=10).json()["keys"],
    )
    header, claims = jwt.get_unverified_header(access), factories.claims_of(access)
    body, signature = access.split(".")[1:]
    published = json.dumps(keys[0]).encode()
    signed = f"{encoded({'alg': 'HS256', 'kid': header['kid']})}.{body}"
    mac = hmac.new(published, signed.encode(), hashlib.sha256).digest()
    return {
        "an ID token": tokens["id_token"],
        "a refresh token": tokens["refresh_token"],
        "no algorithm": f"{encoded({'alg': 'none', 'kid': header['kid']})}.{body}.",
        "no algorithm, capitals": f"{encoded({'alg': 'NonE', 'kid': header['kid']})}.{body}.{signature}",
        "a MAC by the public key": f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}",
        "the kid of another key": own_key_token(claims, kid=header["kid"]),
        "the kid of the ID token's key": own_key_token(
            claims, kid=jwt.get_unverified_header(tokens["id_token"])["kid"]
        ),
        "a kid that is a path": own_key_token(claims, kid="../../../../dev/null"),
        "a kid that is SQL": own_key_token(claims, kid="' UNION SELECT 'x"),
        "a key in the header": own_key_token(claims, kid="x", jwk=keys[0]["n"]),
        "a key at an address": own_key_token(claims, kid=header["kid"], jku=f"https://{EVIL}/jwks.json"),
        "another issuer": own_key_token({**claims, "iss": f"https://{EVIL}/{claims['iss'][-20:]}"}, kid=header["kid"]),
        "no signature": access.rsplit(".", 1)[0] + ".",
        "other claims": f"{access.split('.')[0]}.{encoded({**claims, 'username': 'admin'})}.{signature}",
        "nothing": "",
        "a null": "\0",
        "three dots": "...",
    }


def test_forged_tokens_open_nothing_of_the_api(signed_in: App, public: Any) -> None:
    tokens = signed_in.redeem(signed_in.code(scope="openid aws.cognito.signin.user.admin")).json()
    assert public.get_user(AccessToken=tokens["access_token"])["Username"] == "ada"
    for name, forged in forged_tokens(signed_in, tokens).items():
        with pytest.raises(public.exceptions.ClientError) as caught:
            public.get_user(AccessToken=forged)
        code = caught.value.response["Error"]["Code"]
        assert code in {"NotAuthorizedException", "InvalidParameterException", "SerializationException"}, name


def test_forged_tokens_tell_nothing_of_anybody(server: Server, idp: Any, signed_in: App) -> None:
    def user_info(token: str, pool_of: App = signed_in) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}".encode()}
        return requests.get(f"{pool_of.issuer}/oauth2/userInfo", headers=headers, timeout=20)

    tokens = signed_in.redeem(signed_in.code()).json()
    assert user_info(tokens["access_token"]).json()["username"] == "ada"
    for name, forged in forged_tokens(signed_in, tokens).items():
        response = user_info(forged)
        assert response.status_code in {400, 401}, name
        assert "ada" not in response.text
    elsewhere = App(server, make_app(idp, factories.make_pool(idp)["Id"]))
    assert user_info(tokens["access_token"], elsewhere).status_code == 401


def test_nobody_but_its_client_ends_or_looks_into_a_token(
    server: Server, idp: Any, pool_id: str, signed_in: App
) -> None:
    """Whatever a stranger is told, the token goes on working, and says nothing."""
    token = signed_in.redeem(signed_in.code()).json()["refresh_token"]
    thief = App(server, make_app(idp, pool_id, GenerateSecret=True))
    elsewhere = App(server, make_app(idp, factories.make_pool(idp)["Id"], GenerateSecret=True))
    for stranger in thief, elsewhere:
        for path in "revoke", "introspect":
            for credentials in ({"client_secret": stranger.client["ClientSecret"]}, {"client_secret": "wrong"}, {}):
                response = requests.post(
                    f"{stranger.issuer}/oauth2/{path}",
                    data={"token": token, "client_id": stranger.client_id, **credentials},
                    timeout=20,
                )
                assert response.status_code < 500
                assert "ada" not in response.text
                assert '"active":true' not in response.text.replace(" ", "")
    assert signed_in.refresh(token).status_code == 200


def test_a_token_without_the_scope_of_the_api_changes_nothing(signed_in: App, public: Any) -> None:
    tokens = signed_in.redeem(signed_in.code(scope="openid profile")).json()
    with refused("NotAuthorizedException", "Access Token does not have required scopes"):
        public.get_user(AccessToken=tokens["access_token"])


# Accounts that end while somebody is signed in


@pytest.mark.parametrize("ending", ["disabled", "deleted", "signed out", "reset"])
def test_a_browser_and_a_code_end_with_the_account_or_its_sign_out(server: Server, idp: Any, ending: str) -> None:
    pool_id = factories.make_pool(idp)["Id"]
    named = {"UserPoolId": pool_id, "Username": "ada"}
    make_user(idp, pool_id, email="ada@example.com", email_verified="true")
    app = App(server, make_app(idp, pool_id)).sign_in()
    code, token = app.code(), app.redeem(app.code()).json()["refresh_token"]
    if ending == "disabled":
        idp.admin_disable_user(**named)
    elif ending == "deleted":
        idp.admin_delete_user(**named)
        make_user(idp, pool_id)
    elif ending == "signed out":
        idp.admin_user_global_sign_out(**named)
    else:
        idp.admin_reset_user_password(**named)
    location = urlsplit(app.authorize().headers["Location"])
    assert location.path.endswith("/login"), location
    assert refusal_of(app.redeem(code)) == "invalid_grant"
    assert refusal_of(app.refresh(token)) == "invalid_grant"


def test_a_browser_of_one_pool_is_a_stranger_at_another(server: Server, idp: Any, signed_in: App) -> None:
    other_id = factories.make_pool(idp)["Id"]
    make_user(idp, other_id)
    other = App(server, make_app(idp, other_id))
    own = signed_in.browser.session.cookies[f"cognito-{signed_in.client['UserPoolId']}"]
    assert own
    other.browser.session.cookies.set(f"cognito-{other_id}", own)
    assert urlsplit(other.authorize().headers["Location"]).path == f"/{other_id}/login"
    # a client of the one pool, at the other
    assert is_own_error_page(other, other.authorize(client_id=signed_in.client_id))


@pytest.mark.parametrize("cookie", ["", "x", "a" * 4000, "../../etc/passwd", "' OR 1=1 --", '"quoted"', "%00"])
def test_a_guessed_cookie_is_a_stranger(app: App, cookie: str) -> None:
    response = requests.get(
        f"{app.issuer}/oauth2/authorize",
        params=request_of(app.client),
        headers={"Cookie": f"cognito-{app.client['UserPoolId']}={cookie}"},
        timeout=20,
        allow_redirects=False,
    )
    assert urlsplit(response.headers["Location"]).path.endswith("/login")


# Requests that are no requests

ENDPOINTS = ["oauth2/authorize", "oauth2/token", "oauth2/userInfo", "oauth2/revoke", "oauth2/introspect"]
METHODS = ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "CONNECTED", "HEAD", "POST", "GET", "OPTIONS"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ENDPOINTS)
def test_another_method_does_nothing(app: App, path: str, method: str) -> None:
    response = requests.request(method, f"{app.issuer}/{path}", timeout=20, allow_redirects=False)
    assert response.status_code < 500
    if method in {"PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "CONNECTED"}:
        assert response.status_code == 405


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_header_is_not_a_method(signed_in: App, header: str) -> None:
    response = requests.get(f"{signed_in.issuer}/oauth2/token", headers={header: "POST"}, timeout=20)
    assert response.status_code == 405
    code = signed_in.code()
    grant = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "client_id": signed_in.client_id,
    }
    response = requests.get(f"{signed_in.issuer}/oauth2/token", params=grant, headers={header: "POST"}, timeout=20)
    assert response.status_code == 405
    assert signed_in.redeem(code).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "client_id",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
        "nonce",
        "prompt",
        "login_hint",
        "lang",
        "resource",
    ],
)
@pytest.mark.parametrize("value", ["\0", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "x" * 6000])
def test_no_parameter_makes_the_endpoint_fail(signed_in: App, name: str, value: str) -> None:
    assert signed_in.authorize(**{name: value}).status_code < 500


@pytest.mark.parametrize("name", ["grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier"])
@pytest.mark.parametrize("value", ["\0", "x" * 70_000, "\U0001f600"])
def test_no_member_makes_the_token_endpoint_fail(signed_in: App, name: str, value: str) -> None:
    response = signed_in.redeem(**{"code": "x", name: value})
    assert 400 <= response.status_code < 500
    assert value not in response.text


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"grant_type=authorization_code&grant_type=refresh_token", "application/x-www-form-urlencoded"),
        (b"%FF=%FE", "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"&".join([b"a=b"] * 5000), "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b'{"grant_type": "client_credentials"}', "application/json"),
        (b"<x/>", "text/xml"),
        (b"--b\r\n\r\n--b--", "multipart/form-data; boundary=b"),
        (b"", ""),
    ],
)
def test_a_body_that_is_no_form_is_refused(app: App, body: bytes, content_type: str) -> None:
    response = requests.post(
        f"{app.issuer}/oauth2/token", data=body, headers={"Content-Type": content_type}, timeout=20
    )
    assert refusal_of(response) == "invalid_request"


# Other origins


@pytest.mark.parametrize("path", ["oauth2/authorize", "login", "error"])
def test_what_knows_cookies_is_closed_to_other_origins(signed_in: App, path: str) -> None:
    for origin in (f"https://{EVIL}", "null", "https://app.example"):
        for method in ("GET", "OPTIONS"):
            response = signed_in.browser.session.request(
                method,
                f"{signed_in.issuer}/{path}",
                params=request_of(signed_in.client),
                headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
                timeout=20,
                allow_redirects=False,
            )
            assert not [name for name in response.headers if name.lower().startswith("access-control-")]


def test_the_token_endpoint_is_open_to_other_origins_but_never_with_cookies(signed_in: App) -> None:
    headers = {"Origin": f"https://{EVIL}", "Access-Control-Request-Method": "POST"}
    for response in (
        requests.options(f"{signed_in.issuer}/oauth2/token", headers=headers, timeout=20),
        requests.post(f"{signed_in.issuer}/oauth2/token", headers=headers, timeout=20),
    ):
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response.headers


# Where an answer is said to come from


@pytest.mark.parametrize(
    "header", ["Host", "X-Forwarded-Host", "Forwarded", "X-Host", "X-Original-URL", "X-Rewrite-URL"]
)
def test_a_header_does_not_say_where_we_are(signed_in: App, header: str) -> None:
    value = f"host={EVIL}" if header == "Forwarded" else f"/{EVIL}" if header.endswith("URL") else EVIL
    cookie = f"cognito-{signed_in.client['UserPoolId']}"
    cookies = {"Cookie": f"{cookie}={signed_in.browser.session.cookies[cookie]}"}
    for path, query in (
        ("oauth2/authorize", request_of(signed_in.client)),
        ("oauth2/authorize", {}),
        ("oauth2/authorize", request_of(signed_in.client, prompt="login")),
        ("login", request_of(signed_in.client)),
        (".well-known/openid-configuration", {}),
    ):
        response = requests.get(
            f"{signed_in.issuer}/{path}",
            params=query,
            headers={header: value, **cookies},
            timeout=20,
            allow_redirects=False,
        )
        assert EVIL not in response.text + str(response.headers)
