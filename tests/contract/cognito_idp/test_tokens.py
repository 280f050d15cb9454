"""Tokens as clients get them: claims, refresh, revocation, sign-out, refusal of every wrong access token, rotation."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from identity.keys.rotation import RETIREMENT
from tests.support import factories
from tests.support.clients import refused, secret_hash
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, unique
from tests.support.server import Server

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SCOPE = "aws.cognito.signin.user.admin"

INVALID = "Invalid Access Token"
BAD_SIGNATURE = "Could not verify signature for Access Token"
EXPIRED = "Access Token has expired"
REVOKED = "Access Token has been revoked"


# Users are fresh for each test; pools and clients can be shared.


@pytest.fixture(scope="module")
def pool(idp: Any) -> dict[str, Any]:
    return factories.make_pool(idp, AliasAttributes=["email", "phone_number", "preferred_username"])


@pytest.fixture(scope="module")
def client(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    return factories.make_client(idp, pool)


@pytest.fixture(scope="module")
def secret_client(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    return factories.make_client(idp, pool, GenerateSecret=True)


@pytest.fixture(scope="module")
def irrevocable_client(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    """A client without token revocation."""
    return factories.make_client(idp, pool, EnableTokenRevocation=False)


@pytest.fixture(scope="module")
def other_pool(idp: Any) -> dict[str, Any]:
    return factories.make_pool(idp)


@pytest.fixture(scope="module")
def other_client(idp: Any, other_pool: dict[str, Any]) -> dict[str, Any]:
    return factories.make_client(idp, other_pool)


@pytest.fixture
def tokens(public: Any, client: dict[str, Any], user: str) -> dict[str, Any]:
    return factories.sign_in(public, client, user)


def refresh(caller: Any, client: dict[str, Any], token: str, flow: str = "REFRESH_TOKEN_AUTH", **others: str) -> Any:
    """The AuthenticationResult of a refresh."""
    answer = caller.initiate_auth(
        ClientId=client["ClientId"], AuthFlow=flow, AuthParameters={"REFRESH_TOKEN": token, **others}
    )
    assert answer["ChallengeParameters"] == {}
    return answer["AuthenticationResult"]


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def verified(server: Server, pool: dict[str, Any], token: str, **options: Any) -> dict[str, Any]:
    """What a token says, verified as a relying party does it: from the discovery document alone."""
    document = requests.get(f"{server.url}/{pool['Id']}/.well-known/openid-configuration", timeout=10).json()
    key = jwt.PyJWKClient(document["jwks_uri"]).get_signing_key_from_jwt(token)
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=["RS256"], issuer=document["issuer"], **{"audience": None, **options}
    )
    return claims


def with_placeholders(claims: dict[str, Any]) -> dict[str, Any]:
    """Claims with what differs from token to token replaced by what it is."""

    def shown(name: str, value: Any) -> Any:
        if name in {"jti", "origin_jti", "event_id"}:
            return "<uuid>" if UUID.fullmatch(value) else value
        if name in {"auth_time", "exp", "iat"}:
            return "<seconds>" if type(value) is int else value
        return value

    return {name: shown(name, value) for name, value in claims.items()}


def sub_of(idp: Any, pool: dict[str, Any], username: str) -> str:
    answer = idp.admin_get_user(UserPoolId=pool["Id"], Username=username)
    return factories.attributes_of(answer)["sub"]


def in_shell(server: Server, *lines: str) -> str:
    """Run lines on the installation that no operation can do yet; returns the last line they print."""
    return server.manage("shell", "-c", "\n".join(lines)).strip().rpartition("\n")[2]


def signed_by(server: Server, pool: dict[str, Any], *payloads: dict[str, Any]) -> list[str]:
    """Tokens with these claims under the pool's own key for access tokens."""
    printed = in_shell(
        server,
        "from identity.keys import signing",
        f"signer = signing.keys_of({pool['Id']!r}).signers['access']",
        f"print(*(signer.sign(claims) for claims in {payloads!r}))",
    )
    return printed.split()


# Form and claims


def test_a_standard_library_verifies_both_tokens_from_discovery_alone(
    server: Server, pool: dict[str, Any], client: dict[str, Any], tokens: dict[str, Any]
) -> None:
    issuer = f"{server.url}/{pool['Id']}"
    claims = verified(server, pool, tokens["IdToken"], audience=client["ClientId"])
    assert (claims["iss"], claims["aud"], claims["token_use"]) == (issuer, client["ClientId"], "id")
    claims = verified(server, pool, tokens["AccessToken"])
    assert (claims["iss"], claims["client_id"], claims["token_use"]) == (issuer, client["ClientId"], "access")
    with pytest.raises(jwt.InvalidAudienceError):
        verified(server, pool, tokens["IdToken"], audience="another-client")


def test_the_header_holds_key_and_algorithm_alone_and_each_kind_has_its_key(tokens: dict[str, Any]) -> None:
    headers = {name: jwt.get_unverified_header(tokens[name]) for name in ("IdToken", "AccessToken")}
    for header in headers.values():
        assert header == {"kid": header["kid"], "alg": "RS256"}
        assert len(base64.b64decode(header["kid"], validate=True)) == 32
    assert headers["IdToken"]["kid"] != headers["AccessToken"]["kid"]


def test_the_access_token_says_this_and_nothing_else(
    server: Server, idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any]
) -> None:
    """Attributes stay out of it."""
    name = factories.make_user(idp, pool, email=f"{unique()}@example.com", given_name="Bob")
    claims = claims_of(factories.sign_in(public, client, name)["AccessToken"])
    assert with_placeholders(claims) == {
        "sub": sub_of(idp, pool, name),
        "iss": f"{server.url}/{pool['Id']}",
        "client_id": client["ClientId"],
        "origin_jti": "<uuid>",
        "event_id": "<uuid>",
        "token_use": "access",
        "scope": SCOPE,
        "auth_time": "<seconds>",
        "exp": "<seconds>",
        "iat": "<seconds>",
        "jti": "<uuid>",
        "username": name,
    }


@pytest.fixture(scope="module")
def rich_pool(idp: Any) -> dict[str, Any]:
    """A pool with attributes of every type."""
    return factories.make_pool(
        idp,
        Schema=[
            {"Name": "role", "AttributeDataType": "String"},
            {"Name": "level", "AttributeDataType": "Number"},
            {"Name": "beta", "AttributeDataType": "Boolean"},
            {"Name": "since", "AttributeDataType": "DateTime"},
            {"Name": "internal", "AttributeDataType": "String", "DeveloperOnlyAttribute": True},
        ],
    )


RICH = {
    "email": "bob@example.com",
    "email_verified": "true",
    "phone_number": "+15550001111",
    "phone_number_verified": "false",
    "given_name": "Bob",
    "birthdate": "1990-01-02",
    "locale": "de-DE",
    "preferred_username": "bobby",
    "address": "1 Main Street\nSpringfield",
    "updated_at": "1700000000",
    "custom:role": "admin",
    "custom:level": "7",
    "custom:beta": "true",
    "custom:since": "1700000000",
}


def test_the_id_token_says_this_and_nothing_else(
    server: Server, idp: Any, public: Any, rich_pool: dict[str, Any]
) -> None:
    """Standard claims have their types, custom ones are strings, developer attributes are no one's business."""
    client = factories.make_client(idp, rich_pool)
    name = factories.make_user(idp, rich_pool, **RICH, **{"dev:custom:internal": "not for users"})
    claims = claims_of(factories.sign_in(public, client, name)["IdToken"])
    assert with_placeholders(claims) == {
        "sub": sub_of(idp, rich_pool, name),
        "iss": f"{server.url}/{rich_pool['Id']}",
        "aud": client["ClientId"],
        "cognito:username": name,
        "origin_jti": "<uuid>",
        "event_id": "<uuid>",
        "token_use": "id",
        "auth_time": "<seconds>",
        "exp": "<seconds>",
        "iat": "<seconds>",
        "jti": "<uuid>",
        "email": "bob@example.com",
        "email_verified": True,
        "phone_number": "+15550001111",
        "phone_number_verified": False,
        "given_name": "Bob",
        "birthdate": "1990-01-02",
        "locale": "de-DE",
        "preferred_username": "bobby",
        "address": {"formatted": "1 Main Street\nSpringfield"},
        "updated_at": 1700000000,
        "custom:role": "admin",
        "custom:level": "7",
        "custom:beta": "true",
        "custom:since": "1700000000",
    }
    assert type(claims["email_verified"]) is bool
    assert type(claims["updated_at"]) is int


def test_a_user_without_attributes_has_none_in_the_id_token(tokens: dict[str, Any]) -> None:
    registered = {"sub", "iss", "aud", "cognito:username", "token_use"}
    assert claims_of(tokens["IdToken"]).keys() == registered | {
        *("origin_jti", "event_id", "auth_time", "exp", "iat", "jti"),
    }


def test_where_an_address_is_the_name_the_tokens_name_the_sub(idp: Any, public: Any) -> None:
    pool = factories.make_pool(idp, UsernameAttributes=["email"])
    client = factories.make_client(idp, pool)
    factories.make_user(idp, pool, "bob@example.com")
    tokens = factories.sign_in(public, client, "bob@example.com")
    of_id, of_access = claims_of(tokens["IdToken"]), claims_of(tokens["AccessToken"])
    assert of_id["cognito:username"] == of_access["username"] == of_id["sub"]
    assert of_id["email"] == "bob@example.com"


@pytest.mark.parametrize(
    ("written", "claim"),
    [("0", 0), ("1.5", 1.5), ("9" * 30, "9" * 30), ("9" * 400, "9" * 400)],
    ids=["zero", "fraction", "beyond 64 bits", "beyond floats"],
)
def test_any_number_the_schema_allows_leaves_its_user_able_to_sign_in(
    idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any], written: str, claim: Any
) -> None:
    name = factories.make_user(idp, pool, updated_at=written)
    assert claims_of(factories.sign_in(public, client, name)["IdToken"])["updated_at"] == claim


def test_attributes_keep_their_unicode(idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any]) -> None:
    name = factories.make_user(idp, pool, given_name='Zoë 🦊 "quoted" \\ ')
    assert claims_of(factories.sign_in(public, client, name)["IdToken"])["given_name"] == 'Zoë 🦊 "quoted" \\ '


def test_the_id_token_and_get_user_show_only_what_the_client_may_read(
    idp: Any, public: Any, rich_pool: dict[str, Any]
) -> None:
    name = factories.make_user(idp, rich_pool, **RICH)
    readable = ["given_name", "custom:role"]
    client = factories.make_client(idp, rich_pool, ReadAttributes=readable)
    tokens = factories.sign_in(public, client, name)
    assert claims_of(tokens["IdToken"]).keys() & RICH.keys() == set(readable)
    shown = factories.attributes_of(public.get_user(AccessToken=tokens["AccessToken"]))
    assert shown == {"sub": sub_of(idp, rich_pool, name), "given_name": "Bob", "custom:role": "admin"}


def test_two_tokens_of_one_sign_in_share_family_event_and_time(tokens: dict[str, Any]) -> None:
    of_id, of_access = claims_of(tokens["IdToken"]), claims_of(tokens["AccessToken"])
    for shared in ("sub", "origin_jti", "event_id", "auth_time", "iat"):
        assert of_id[shared] == of_access[shared], shared
    assert len({of_id["jti"], of_access["jti"], of_id["origin_jti"]}) == 3


def test_each_sign_in_is_a_family_of_its_own(public: Any, client: dict[str, Any], user: str) -> None:
    families = [claims_of(factories.sign_in(public, client, user)["IdToken"]) for _ in range(2)]
    for own in ("origin_jti", "event_id", "jti"):
        assert families[0][own] != families[1][own], own


def test_without_token_revocation_there_is_no_family_in_the_tokens(
    public: Any, irrevocable_client: dict[str, Any], client: dict[str, Any], user: str
) -> None:
    revocable, irrevocable = (factories.sign_in(public, either, user) for either in (client, irrevocable_client))
    for kind in ("IdToken", "AccessToken"):
        missing = claims_of(revocable[kind]).keys() - claims_of(irrevocable[kind]).keys()
        assert missing == {"jti", "origin_jti"}
        assert UUID.fullmatch(claims_of(irrevocable[kind])["event_id"])


# Lifetimes


@pytest.mark.parametrize(
    ("settings", "of_id", "of_access"),
    [
        ({}, 3600, 3600),
        ({"IdTokenValidity": 2, "AccessTokenValidity": 3}, 7200, 10800),
        (
            {
                "IdTokenValidity": 5,
                "AccessTokenValidity": 86400,
                "TokenValidityUnits": {"IdToken": "minutes", "AccessToken": "seconds"},
            },
            300,
            86400,
        ),
        ({"AccessTokenValidity": 1, "TokenValidityUnits": {"AccessToken": "days"}}, 3600, 86400),
    ],
)
def test_tokens_live_as_long_as_the_client_says(
    idp: Any, public: Any, pool: dict[str, Any], user: str, settings: dict[str, Any], of_id: int, of_access: int
) -> None:
    client = factories.make_client(idp, pool, **settings)
    tokens = factories.sign_in(public, client, user)
    for result in (tokens, refresh(public, client, tokens["RefreshToken"])):
        lives = {name: claims["exp"] - claims["iat"] for name, claims in decoded(result).items()}
        assert lives == {"IdToken": of_id, "AccessToken": of_access}
        assert result["ExpiresIn"] == of_access


def decoded(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: claims_of(result[name]) for name in ("IdToken", "AccessToken")}


def test_times_in_a_token_are_now(tokens: dict[str, Any]) -> None:
    claims = claims_of(tokens["IdToken"])
    assert claims["auth_time"] == pytest.approx(time.time(), abs=30)
    assert claims["iat"] == pytest.approx(time.time(), abs=30)


@pytest.mark.parametrize(
    ("settings", "life"),
    [
        ({}, {"days": 30}),
        ({"RefreshTokenValidity": 2}, {"days": 2}),
        ({"RefreshTokenValidity": 60, "TokenValidityUnits": {"RefreshToken": "minutes"}}, {"minutes": 60}),
    ],
)
def test_a_refresh_token_lives_from_sign_in_and_refreshing_does_not_extend_it(
    idp: Any, public: Any, pool: dict[str, Any], user: str, clock: Clock, settings: dict[str, Any], life: dict[str, int]
) -> None:
    client = factories.make_client(idp, pool, **settings)
    token = factories.sign_in(public, client, user)["RefreshToken"]
    clock.advance(**life)
    clock.advance(seconds=-30)
    refresh(public, client, token)
    clock.advance(seconds=30)
    with refused("NotAuthorizedException", "Refresh Token has expired"):
        refresh(public, client, token)


def test_what_expired_is_still_told_apart_after_the_purge(
    server: Server, idp: Any, public: Any, pool: dict[str, Any], user: str, clock: Clock
) -> None:
    """An access token from a last-minute refresh outlives its refresh token, whatever is tidied up meanwhile."""
    units = {"RefreshToken": "minutes"}
    client = factories.make_client(idp, pool, RefreshTokenValidity=60, TokenValidityUnits=units)
    token = factories.sign_in(public, client, user)["RefreshToken"]
    clock.advance(minutes=59)
    late = refresh(public, client, token)["AccessToken"]
    clock.advance(minutes=10)
    server.manage("purge_expired")
    assert public.get_user(AccessToken=late)["Username"] == user
    with refused("NotAuthorizedException", "Refresh Token has expired"):
        refresh(public, client, token)


# Refresh


@pytest.mark.parametrize("flow", ["REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"])
@pytest.mark.parametrize("is_admin", [False, True], ids=["public", "admin"])
def test_a_refresh_token_gives_new_tokens_on_both_pairs(
    idp: Any, public: Any, client: dict[str, Any], user: str, tokens: dict[str, Any], flow: str, is_admin: bool
) -> None:
    members = {
        "ClientId": client["ClientId"],
        "AuthFlow": flow,
        "AuthParameters": {"REFRESH_TOKEN": tokens["RefreshToken"]},
    }
    if is_admin:
        answer = idp.admin_initiate_auth(UserPoolId=client["UserPoolId"], **members)
    else:
        answer = public.initiate_auth(**members)
    del answer["ResponseMetadata"]
    result = answer.pop("AuthenticationResult")
    assert answer == {"ChallengeParameters": {}}
    assert result.keys() == {"AccessToken", "IdToken", "ExpiresIn", "TokenType"}
    assert (result["ExpiresIn"], result["TokenType"]) == (3600, "Bearer")
    assert public.get_user(AccessToken=result["AccessToken"])["Username"] == user


def test_a_refresh_keeps_family_and_sign_in_time_and_moves_the_rest(
    server: Server, pool: dict[str, Any], public: Any, client: dict[str, Any], tokens: dict[str, Any], clock: Clock
) -> None:
    clock.advance(hours=2)
    refreshed = refresh(public, client, tokens["RefreshToken"])
    for kind in ("IdToken", "AccessToken"):
        before, after = claims_of(tokens[kind]), claims_of(refreshed[kind])
        assert after.keys() == before.keys()
        moved = {name for name in before if before[name] != after[name]}
        assert moved - {"event_id"} == {"iat", "exp", "jti"}
        assert 7200 <= after["iat"] - before["iat"] < 7260
        assert after["exp"] - after["iat"] == 3600
        verified(server, pool, refreshed[kind], options={"verify_iat": False, "verify_aud": False})


def test_a_refresh_token_is_good_again_and_again_and_all_at_once(
    public: Any, client: dict[str, Any], tokens: dict[str, Any]
) -> None:
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda _: refresh(public, client, tokens["RefreshToken"]), range(8)))
    assert len({result["AccessToken"] for result in results}) == 8
    assert "RefreshToken" not in results[0]


def test_issued_tokens_survive_a_refresh(
    public: Any, client: dict[str, Any], user: str, tokens: dict[str, Any]
) -> None:
    refresh(public, client, tokens["RefreshToken"])
    assert public.get_user(AccessToken=tokens["AccessToken"])["Username"] == user


def test_tokens_follow_the_user_as_they_change(
    server: Server, idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any]
) -> None:
    """New attributes are in new tokens, not in issued ones; a status that forbids signing in forbids refreshing."""
    changed, disabled, resetting = (factories.make_user(idp, pool, given_name="Old") for _ in range(3))
    before = {name: factories.sign_in(public, client, name) for name in (changed, disabled, resetting)}
    idp.admin_update_user_attributes(
        UserPoolId=pool["Id"],
        Username=changed,
        UserAttributes=[{"Name": "given_name", "Value": "New"}, {"Name": "nickname", "Value": "N"}],
    )
    in_shell(
        server,
        "from pools.models import User",
        f"User.objects.filter(username={disabled!r}).update(enabled=False)",
        f"User.objects.filter(username={resetting!r}).update(status='RESET_REQUIRED')",
    )
    assert claims_of(before[changed]["IdToken"])["given_name"] == "Old"
    claims = claims_of(refresh(public, client, before[changed]["RefreshToken"])["IdToken"])
    assert (claims["given_name"], claims["nickname"]) == ("New", "N")
    for name, code, message in (
        (disabled, "NotAuthorizedException", "User is disabled."),
        (resetting, "PasswordResetRequiredException", "Password reset required for the user"),
    ):
        with refused(code, message):
            refresh(public, client, before[name]["RefreshToken"])
        with refused(code, message):
            public.get_user(AccessToken=before[name]["AccessToken"])
        with refused(code, message):
            public.global_sign_out(AccessToken=before[name]["AccessToken"])


def test_a_made_up_refresh_token_is_invalid(public: Any, client: dict[str, Any], tokens: dict[str, Any]) -> None:
    token = tokens["RefreshToken"]
    for made_up in ("x", token[:-1], f"{token}x", token.swapcase(), tokens["AccessToken"], tokens["IdToken"], "ä\n"):
        with refused("NotAuthorizedException", "Invalid Refresh Token"):
            refresh(public, client, made_up)


def test_a_refresh_token_belongs_to_its_client(
    idp: Any, public: Any, pool: dict[str, Any], other_client: dict[str, Any], tokens: dict[str, Any]
) -> None:
    for foreign in (factories.make_client(idp, pool), other_client):
        with refused("NotAuthorizedException", "Invalid Refresh Token"):
            refresh(public, foreign, tokens["RefreshToken"])


@pytest.mark.parametrize("parameters", [{}, {"REFRESH_TOKEN": ""}])
def test_a_missing_refresh_token_is_named(public: Any, client: dict[str, Any], parameters: dict[str, str]) -> None:
    with refused("InvalidParameterException", "Missing required parameter REFRESH_TOKEN"):
        public.initiate_auth(ClientId=client["ClientId"], AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters)


def test_the_hash_of_a_refresh_is_over_any_name_of_the_tokens_user(
    idp: Any, public: Any, pool: dict[str, Any], secret_client: dict[str, Any], user: str
) -> None:
    tag = unique("x")
    email, preferred = f"{tag}@example.com", f"pref-{tag}"
    phone = f"+1{int(hashlib.sha256(tag.encode()).hexdigest()[:8], 16):010d}"
    name = factories.make_user(
        idp,
        pool,
        email=email,
        email_verified="true",
        phone_number=phone,
        phone_number_verified="true",
        preferred_username=preferred,
    )
    answer = public.initiate_auth(
        ClientId=secret_client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD, "SECRET_HASH": secret_hash(secret_client, name)},
    )
    token = answer["AuthenticationResult"]["RefreshToken"]
    for known_as in (name, sub_of(idp, pool, name), email, phone, preferred):
        refresh(public, secret_client, token, SECRET_HASH=secret_hash(secret_client, known_as))
    wrong = f"SecretHash does not match for the client: {secret_client['ClientId']}"
    for other in (user, name.upper(), "", secret_client["ClientId"]):
        with refused("NotAuthorizedException", wrong):
            refresh(public, secret_client, token, SECRET_HASH=secret_hash(secret_client, other))
    with refused("NotAuthorizedException", wrong):  # a USERNAME beside it does not decide whose hash it is
        refresh(public, secret_client, token, USERNAME=user, SECRET_HASH=secret_hash(secret_client, user))
    missing = f"Client {secret_client['ClientId']} is configured with secret but SECRET_HASH was not received"
    with refused("NotAuthorizedException", missing):
        refresh(public, secret_client, token)


def test_a_hash_on_the_refresh_of_a_client_without_secret_is_refused(
    public: Any, client: dict[str, Any], user: str, tokens: dict[str, Any]
) -> None:
    given = secret_hash({**client, "ClientSecret": "0" * 52}, user)
    with refused("NotAuthorizedException", f"Unable to verify secret hash for client {client['ClientId']}"):
        refresh(public, client, tokens["RefreshToken"], SECRET_HASH=given)


# Access tokens that are not accepted


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


@dataclass(frozen=True)
class Genuine:
    """A genuine access token in parts, for forgers; and one of another pool."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signature: str
    jwk: dict[str, Any]
    other: str
    other_issuer: str

    def forged(self, header: Any = None, claims: Any = None, signature: str | None = None, **changed: Any) -> str:
        return self.raw(
            json.dumps(self.header if header is None else header).encode(),
            json.dumps(self.claims | changed if claims is None else claims).encode(),
            self.signature if signature is None else signature,
        )

    def raw(self, header: bytes, claims: bytes | None = None, signature: str | None = None) -> str:
        payload = json.dumps(self.claims).encode() if claims is None else claims
        return f"{encoded(header)}.{encoded(payload)}.{self.signature if signature is None else signature}"

    def with_mac(self, secret: bytes) -> str:
        """Signed by HMAC with what everybody knows: the public key."""
        signed = self.forged(header={**self.header, "alg": "HS256"}, signature="").rpartition(".")[0]
        return f"{signed}.{encoded(hmac.digest(secret, signed.encode(), hashlib.sha256))}"

    def with_own_key(self, **header: Any) -> str:
        """Signed by a key of the forger's own."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return jwt.encode(self.claims, key, algorithm="RS256", headers={**self.header, **header})


@pytest.fixture
def genuine(
    server: Server, idp: Any, public: Any, pool: dict[str, Any], other_pool: dict[str, Any],
    other_client: dict[str, Any], tokens: dict[str, Any],
) -> Genuine:  # fmt: skip
    other = factories.sign_in(public, other_client, factories.make_user(idp, other_pool))["AccessToken"]
    header = jwt.get_unverified_header(tokens["AccessToken"])
    keys = requests.get(f"{server.url}/{pool['Id']}/.well-known/jwks.json", timeout=10).json()["keys"]
    return Genuine(
        header=header,
        claims=claims_of(tokens["AccessToken"]),
        signature=tokens["AccessToken"].rpartition(".")[2],
        jwk=next(key for key in keys if key["kid"] == header["kid"]),
        other=other,
        other_issuer=f"{server.url}/{other_pool['Id']}",
    )


def pem(jwk: dict[str, Any]) -> bytes:
    key: Any = jwt.PyJWK(jwk).key
    encoded_key: bytes = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return encoded_key


FORGERIES: dict[str, tuple[Callable[[Genuine], str], str]] = {
    "not a JWT": (lambda genuine: "nonsense", INVALID),
    "two parts": (lambda genuine: genuine.forged().rpartition(".")[0], INVALID),
    "four parts": (lambda genuine: f"{genuine.forged()}.x", INVALID),
    "five parts": (lambda genuine: "a.b.c.d.e", INVALID),
    "dots alone": (lambda genuine: "..", INVALID),
    "header not JSON": (lambda genuine: genuine.raw(b"{"), INVALID),
    "header a list": (lambda genuine: genuine.raw(b"[]"), INVALID),
    "header nested beyond reason": (lambda genuine: genuine.raw(b"[" * 100_000), INVALID),
    "payload not JSON": (lambda genuine: genuine.raw(json.dumps(genuine.header).encode(), b"{"), INVALID),
    "payload a list": (lambda genuine: genuine.forged(claims=[]), INVALID),
    "payload null": (lambda genuine: genuine.raw(json.dumps(genuine.header).encode(), b"null"), INVALID),
    "payload nested beyond reason": (
        lambda genuine: genuine.raw(json.dumps(genuine.header).encode(), b"[" * 100_000),
        INVALID,
    ),
    "issuer missing": (lambda genuine: genuine.forged(claims={"sub": "x"}), INVALID),
    "issuer a number": (lambda genuine: genuine.forged(iss=7), INVALID),
    "issuer elsewhere": (lambda genuine: genuine.forged(iss="https://evil.example/us-east-1_abcdefghi"), INVALID),
    "issuer without pool": (lambda genuine: genuine.forged(iss=genuine.claims["iss"].rpartition("/")[0]), INVALID),
    "issuer of an unknown pool": (lambda genuine: genuine.forged(iss=f"{genuine.claims['iss']}0"), INVALID),
    "issuer of the operators": (
        lambda genuine: genuine.forged(iss=f"{genuine.claims['iss'].rpartition('/')[0]}/gatehouse_operators"),
        INVALID,
    ),
    "issuer of another pool": (lambda genuine: genuine.forged(iss=genuine.other_issuer), INVALID),
    "no algorithm": (lambda genuine: genuine.forged(header={"alg": "none"}, signature=""), INVALID),
    "no algorithm, key named": (
        lambda genuine: genuine.forged(header={**genuine.header, "alg": "none"}, signature=""),
        INVALID,
    ),
    "another algorithm": (lambda genuine: genuine.forged(header={**genuine.header, "alg": "RS512"}), INVALID),
    "public key as HMAC secret": (lambda genuine: genuine.with_mac(pem(genuine.jwk)), INVALID),
    "modulus as HMAC secret": (lambda genuine: genuine.with_mac(genuine.jwk["n"].encode()), INVALID),
    "key missing": (lambda genuine: genuine.forged(header={"alg": "RS256"}), INVALID),
    "key a number": (lambda genuine: genuine.forged(header={"alg": "RS256", "kid": 7}), INVALID),
    "key unknown": (lambda genuine: genuine.with_own_key(kid="A" * 43 + "="), INVALID),
    "key of another pool": (
        lambda genuine: genuine.forged(header={**genuine.header, **jwt.get_unverified_header(genuine.other)}),
        INVALID,
    ),
    "key id with a null character": (lambda genuine: genuine.raw(b'{"alg":"RS256","kid":"\\u0000"}'), INVALID),
    "key id with half a character": (lambda genuine: genuine.raw(b'{"alg":"RS256","kid":"\\ud800"}'), INVALID),
    "key brought along": (
        lambda genuine: genuine.with_own_key(kid="x", jwk={"kty": "RSA", "n": "AQAB", "e": "AQAB"}, jku="http://x"),
        INVALID,
    ),
    "signed by another key": (lambda genuine: genuine.with_own_key(), BAD_SIGNATURE),
    "signature changed": (lambda genuine: genuine.forged(signature="A" * 342), BAD_SIGNATURE),
    "signature missing": (lambda genuine: genuine.forged(signature=""), BAD_SIGNATURE),
    "signature oversized": (lambda genuine: genuine.forged(signature="A" * 1_500_000), BAD_SIGNATURE),
    "another user's name": (lambda genuine: genuine.forged(sub="0", username="admin"), BAD_SIGNATURE),
    "later expiry": (lambda genuine: genuine.forged(exp=genuine.claims["exp"] + 1), BAD_SIGNATURE),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_access_token_is_refused(public: Any, genuine: Genuine, forgery: str) -> None:
    forge, message = FORGERIES[forgery]
    with refused("NotAuthorizedException", message) as refusal:
        public.get_user(AccessToken=forge(genuine))
    assert refusal.status == 400


def test_a_token_beyond_the_longest_body_is_refused(public: Any) -> None:
    with refused("RequestEntityTooLargeException"):
        public.get_user(AccessToken="A" * 3_000_000)


@pytest.mark.parametrize("token", ["", "a b.c", "ä.ö.ü", "a,b"])
def test_a_token_with_other_characters_violates_the_model_and_is_not_repeated(public: Any, token: str) -> None:
    with refused("InvalidParameterException") as refusal:
        public.get_user(AccessToken=token)
    assert "Value at 'accessToken' failed to satisfy constraint" in refusal.message


@dataclass(frozen=True)
class Operation:
    """An operation of the token class, as far as the token is concerned."""

    name: str
    call: Callable[[Any, str], Any]


TOKEN_CLASS = [
    Operation("GetUser", lambda caller, token: caller.get_user(AccessToken=token)),
    Operation("GlobalSignOut", lambda caller, token: caller.global_sign_out(AccessToken=token)),
    Operation(
        "ChangePassword",
        lambda caller, token: caller.change_password(
            AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword="Another-Horse-2"
        ),
    ),
    Operation("DeleteUser", lambda caller, token: caller.delete_user(AccessToken=token)),
]


def refuse_everywhere(caller: Any, token: str, code: str, message: str | None = None) -> None:
    for operation in TOKEN_CLASS:
        with refused(code, message):
            operation.call(caller, token)


def test_an_id_token_is_no_access_token(public: Any, tokens: dict[str, Any]) -> None:
    refuse_everywhere(public, tokens["IdToken"], "NotAuthorizedException", INVALID)


def test_a_refresh_token_is_no_access_token(public: Any, tokens: dict[str, Any]) -> None:
    refuse_everywhere(public, tokens["RefreshToken"], "NotAuthorizedException", INVALID)


def test_an_access_token_expires(public: Any, user: str, tokens: dict[str, Any], clock: Clock) -> None:
    clock.advance(hours=1, seconds=-30)
    assert public.get_user(AccessToken=tokens["AccessToken"])["Username"] == user
    clock.advance(seconds=31)
    refuse_everywhere(public, tokens["AccessToken"], "NotAuthorizedException", EXPIRED)


def test_an_access_token_needs_the_scope(
    server: Server, public: Any, pool: dict[str, Any], tokens: dict[str, Any]
) -> None:
    """A token without it is what an OAuth sign-in for other scopes gives; one that only looks like it is no better."""
    claims = claims_of(tokens["AccessToken"])
    for token in signed_by(
        server, pool, *(claims | {"scope": scope} for scope in ("openid email", f"{SCOPE}.more", ""))
    ):
        refuse_everywhere(public, token, "NotAuthorizedException", "Access Token does not have required scopes")


def test_the_token_of_a_deleted_user_finds_no_one(
    idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any], user: str, tokens: dict[str, Any]
) -> None:
    def refuse() -> None:
        for operation in TOKEN_CLASS:
            if operation.name == "GlobalSignOut":  # its model does not list UserNotFoundException
                with refused("NotAuthorizedException", REVOKED):
                    operation.call(public, tokens["AccessToken"])
            else:
                with refused("UserNotFoundException", "User does not exist."):
                    operation.call(public, tokens["AccessToken"])

    idp.admin_delete_user(UserPoolId=pool["Id"], Username=user)
    refuse()
    factories.make_user(idp, pool, user)  # the name is not the user
    refuse()
    with refused("NotAuthorizedException"):
        refresh(public, client, tokens["RefreshToken"])


@pytest.mark.parametrize("revocation", [True, False])
def test_the_token_of_a_deleted_client_says_which(
    idp: Any, public: Any, pool: dict[str, Any], user: str, revocation: bool
) -> None:
    client = factories.make_client(idp, pool, EnableTokenRevocation=revocation)
    tokens = factories.sign_in(public, client, user)
    idp.delete_user_pool_client(UserPoolId=pool["Id"], ClientId=client["ClientId"])
    gone = f"User pool client {client['ClientId']} does not exist."
    refuse_everywhere(public, tokens["AccessToken"], "ResourceNotFoundException", gone)
    with refused("ResourceNotFoundException", gone):
        refresh(public, client, tokens["RefreshToken"])


@pytest.mark.parametrize("revocation", [True, False])
def test_the_token_of_a_deleted_pool_is_refused(idp: Any, public: Any, revocation: bool) -> None:
    pool = factories.make_pool(idp)
    client = factories.make_client(idp, pool, EnableTokenRevocation=revocation)
    tokens = factories.sign_in(public, client, factories.make_user(idp, pool))
    idp.delete_user_pool(UserPoolId=pool["Id"])
    with refused("ResourceNotFoundException"):
        public.get_user(AccessToken=tokens["AccessToken"])
    with refused("ResourceNotFoundException"):
        refresh(public, client, tokens["RefreshToken"])


# RevokeToken


def is_ended(public: Any, client: dict[str, Any], tokens: dict[str, Any]) -> bool:
    """Whether a session's access and refresh token are revoked, both or neither."""
    try:
        public.get_user(AccessToken=tokens["AccessToken"])
    except public.exceptions.NotAuthorizedException:
        with refused("NotAuthorizedException", REVOKED):
            public.get_user(AccessToken=tokens["AccessToken"])
        with refused("NotAuthorizedException", "Refresh Token has been revoked"):
            refresh(public, client, tokens["RefreshToken"])
        return True
    refresh(public, client, tokens["RefreshToken"])
    return False


def test_revoking_a_refresh_token_ends_its_family_and_no_other(
    public: Any, client: dict[str, Any], user: str, tokens: dict[str, Any]
) -> None:
    refreshed = refresh(public, client, tokens["RefreshToken"])
    other = factories.sign_in(public, client, user)
    answer = public.revoke_token(Token=tokens["RefreshToken"], ClientId=client["ClientId"])
    assert answer.keys() == {"ResponseMetadata"}
    assert is_ended(public, client, tokens)
    refuse_everywhere(public, refreshed["AccessToken"], "NotAuthorizedException", REVOKED)
    assert not is_ended(public, client, other)


def test_revoking_twice_or_what_is_unknown_is_no_error(
    public: Any, client: dict[str, Any], tokens: dict[str, Any]
) -> None:
    for token in (tokens["RefreshToken"], tokens["RefreshToken"], "unknown", "a.b.c", "a.b.c.d.e", "A" * 2000):
        public.revoke_token(Token=token, ClientId=client["ClientId"])
    assert is_ended(public, client, tokens)


def test_revoking_what_has_expired_is_no_error(
    public: Any, client: dict[str, Any], tokens: dict[str, Any], clock: Clock
) -> None:
    clock.advance(days=30, seconds=1)
    public.revoke_token(Token=tokens["RefreshToken"], ClientId=client["ClientId"])


@pytest.mark.parametrize("kind", ["AccessToken", "IdToken"])
def test_only_refresh_tokens_can_be_revoked(
    public: Any, client: dict[str, Any], tokens: dict[str, Any], kind: str
) -> None:
    with refused("UnsupportedTokenTypeException"):
        public.revoke_token(Token=tokens[kind], ClientId=client["ClientId"])
    assert not is_ended(public, client, tokens)


def test_another_clients_token_is_not_revoked(
    idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any], other_client: dict[str, Any],
    tokens: dict[str, Any],
) -> None:  # fmt: skip
    for foreign in (factories.make_client(idp, pool), other_client):
        with refused("UnauthorizedException"):
            public.revoke_token(Token=tokens["RefreshToken"], ClientId=foreign["ClientId"])
    assert not is_ended(public, client, tokens)


def test_a_client_that_does_not_exist_revokes_nothing(public: Any, tokens: dict[str, Any]) -> None:
    with refused("UnauthorizedException"):
        public.revoke_token(Token=tokens["RefreshToken"], ClientId="0" * 26)


def test_revoking_needs_the_clients_secret(public: Any, secret_client: dict[str, Any], user: str) -> None:
    answer = public.initiate_auth(
        ClientId=secret_client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user, "PASSWORD": PASSWORD, "SECRET_HASH": secret_hash(secret_client, user)},
    )
    tokens = answer["AuthenticationResult"]
    members = {"Token": tokens["RefreshToken"], "ClientId": secret_client["ClientId"]}
    for proof in ({}, {"ClientSecret": "0" * 52}, {"ClientSecret": secret_client["ClientSecret"][:-1]}):
        with refused("UnauthorizedException"):
            public.revoke_token(**members, **proof)
    with refused("UnauthorizedException"):  # the proof comes before the token is looked at
        public.revoke_token(**members | {"Token": tokens["IdToken"]})
    public.get_user(AccessToken=tokens["AccessToken"])
    public.revoke_token(**members, ClientSecret=secret_client["ClientSecret"])
    with refused("NotAuthorizedException", REVOKED):
        public.get_user(AccessToken=tokens["AccessToken"])


def test_a_secret_for_a_client_without_one_is_refused(
    public: Any, client: dict[str, Any], tokens: dict[str, Any]
) -> None:
    with refused("UnauthorizedException"):
        public.revoke_token(Token=tokens["RefreshToken"], ClientId=client["ClientId"], ClientSecret="0" * 52)
    assert not is_ended(public, client, tokens)


def test_a_client_without_token_revocation_revokes_nothing(
    public: Any, irrevocable_client: dict[str, Any], user: str
) -> None:
    tokens = factories.sign_in(public, irrevocable_client, user)
    with refused("UnsupportedOperationException"):
        public.revoke_token(Token=tokens["RefreshToken"], ClientId=irrevocable_client["ClientId"])
    assert not is_ended(public, irrevocable_client, tokens)


def test_switching_revocation_off_and_on_brings_nothing_back(
    idp: Any, public: Any, pool: dict[str, Any], user: str
) -> None:
    client = factories.make_client(idp, pool)
    tokens = factories.sign_in(public, client, user)
    public.revoke_token(Token=tokens["RefreshToken"], ClientId=client["ClientId"])
    ids = {"UserPoolId": pool["Id"], "ClientId": client["ClientId"], "ExplicitAuthFlows": client["ExplicitAuthFlows"]}
    for enabled in (False, True):
        idp.update_user_pool_client(**ids, EnableTokenRevocation=enabled)
        assert is_ended(public, client, tokens)


# Global sign-out


def sign_out_as_user(idp: Any, public: Any, pool: dict[str, Any], name: str, access_token: str) -> Any:
    return public.global_sign_out(AccessToken=access_token)


def sign_out_as_administrator(idp: Any, public: Any, pool: dict[str, Any], name: str, access_token: str) -> Any:
    return idp.admin_user_global_sign_out(UserPoolId=pool["Id"], Username=name)


@pytest.mark.parametrize("sign_out", [sign_out_as_user, sign_out_as_administrator])
def test_a_global_sign_out_ends_every_session_of_the_user_and_of_no_one_else(
    idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any], irrevocable_client: dict[str, Any],
    user: str, sign_out: Callable[..., Any],
) -> None:  # fmt: skip
    second = factories.make_client(idp, pool)
    sessions = [(either, factories.sign_in(public, either, user)) for either in (client, client, second)]
    sessions.append((irrevocable_client, factories.sign_in(public, irrevocable_client, user)))
    someone = factories.make_user(idp, pool)
    others = factories.sign_in(public, client, someone)
    access_token = sessions[0][1]["AccessToken"]
    assert sign_out(idp, public, pool, user, access_token).keys() == {"ResponseMetadata"}
    for either, tokens in sessions:
        assert is_ended(public, either, tokens)
    assert not is_ended(public, client, others)
    refuse_everywhere(public, access_token, "NotAuthorizedException", REVOKED)


def test_a_global_sign_out_reaches_refreshed_tokens_without_a_family(
    idp: Any, public: Any, pool: dict[str, Any], irrevocable_client: dict[str, Any], user: str
) -> None:
    tokens = factories.sign_in(public, irrevocable_client, user)
    refreshed = refresh(public, irrevocable_client, tokens["RefreshToken"])
    idp.admin_user_global_sign_out(UserPoolId=pool["Id"], Username=user)
    with refused("NotAuthorizedException", REVOKED):
        public.get_user(AccessToken=refreshed["AccessToken"])


def test_a_sign_out_ends_only_earlier_sessions_within_one_second(
    idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any], user: str
) -> None:
    sessions = []
    for _ in range(5):
        sessions.append(factories.sign_in(public, client, user))
        idp.admin_user_global_sign_out(UserPoolId=pool["Id"], Username=user)
    sessions.append(factories.sign_in(public, client, user))
    times = [claims_of(tokens["AccessToken"])["iat"] for tokens in sessions]
    assert len(set(times)) < len(times), "too slow to say anything: no two sign-ins in one second"
    assert [is_ended(public, client, tokens) for tokens in sessions] == [True] * 5 + [False]


def test_an_administrator_signs_a_user_out_by_any_name_and_twice(
    idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any]
) -> None:
    email = f"{unique()}@example.com"
    name = factories.make_user(idp, pool, email=email, email_verified="true")
    for known_as in (name, sub_of(idp, pool, name), email):
        tokens = factories.sign_in(public, client, name)
        for _ in range(2):
            idp.admin_user_global_sign_out(UserPoolId=pool["Id"], Username=known_as)
        assert is_ended(public, client, tokens)


def test_signing_out_a_user_who_does_not_exist_says_so(idp: Any, pool: dict[str, Any]) -> None:
    with refused("UserNotFoundException", "User does not exist."):
        idp.admin_user_global_sign_out(UserPoolId=pool["Id"], Username="nobody")
    with refused("ResourceNotFoundException", "User pool us-east-1_000000000 does not exist."):
        idp.admin_user_global_sign_out(UserPoolId="us-east-1_000000000", Username="nobody")


def test_a_new_password_ends_no_session(
    idp: Any, public: Any, pool: dict[str, Any], client: dict[str, Any], user: str, tokens: dict[str, Any]
) -> None:
    public.change_password(
        AccessToken=tokens["AccessToken"], PreviousPassword=PASSWORD, ProposedPassword="Another-Horse-2"
    )
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=user, Password="Third-Horse-33", Permanent=True)
    assert not is_ended(public, client, tokens)


# Key rotation


def kids(tokens: Iterable[str]) -> set[str]:
    return {jwt.get_unverified_header(token)["kid"] for token in tokens}


def test_rotated_keys_verify_old_tokens_until_they_retire(
    server: Server, idp: Any, public: Any, user: str, clock: Clock
) -> None:
    pool = factories.make_pool(idp)
    client = factories.make_client(idp, pool, AccessTokenValidity=1, TokenValidityUnits={"AccessToken": "days"})
    name = factories.make_user(idp, pool)
    jwks_uri = f"{server.url}/{pool['Id']}/.well-known/jwks.json"

    def published() -> set[str]:
        return {key["kid"] for key in requests.get(jwks_uri, timeout=10).json()["keys"]}

    before = factories.sign_in(public, client, name)
    old = kids([before["IdToken"], before["AccessToken"]])
    assert published() == old
    verifier = jwt.PyJWKClient(jwks_uri, cooldown_duration=0)
    verifier.get_signing_key_from_jwt(before["IdToken"])

    server.manage("rotate_keys", "--pool", pool["Id"])
    after = factories.sign_in(public, client, name)
    refreshed = refresh(public, client, before["RefreshToken"])
    new = kids([after["IdToken"], after["AccessToken"]])
    assert len(new) == 2
    assert not new & old
    assert kids([refreshed["IdToken"], refreshed["AccessToken"]]) == new
    assert published() == old | new
    for tokens in (before, after, refreshed):  # a verifier that has cached the old set looks again
        assert public.get_user(AccessToken=tokens["AccessToken"])["Username"] == name
        for kind in ("IdToken", "AccessToken"):
            key = verifier.get_signing_key_from_jwt(tokens[kind])
            jwt.decode(tokens[kind], key, algorithms=["RS256"], options={"verify_aud": False})

    server.manage("purge_expired")
    assert published() == old | new, "a key retires only when its last token has expired"
    clock.advance(seconds=RETIREMENT.total_seconds() + 1)
    server.manage("purge_expired")
    assert published() == new
    with refused("NotAuthorizedException", INVALID):
        public.get_user(AccessToken=before["AccessToken"])
    with pytest.raises(jwt.PyJWKClientError):
        jwt.PyJWKClient(jwks_uri).get_signing_key_from_jwt(before["IdToken"])
    last = refresh(public, client, before["RefreshToken"])
    assert kids([last["IdToken"], last["AccessToken"]]) == new


def test_rotating_one_pools_keys_leaves_the_others(
    server: Server, idp: Any, public: Any, client: dict[str, Any], tokens: dict[str, Any], user: str
) -> None:
    rotated = factories.make_pool(idp)
    server.manage("rotate_keys", "--pool", rotated["Id"])
    again = factories.sign_in(public, client, user)
    for kind in ("IdToken", "AccessToken"):
        assert kids([again[kind]]) == kids([tokens[kind]])


def test_no_key_outlives_its_need_and_no_token_outlives_its_key() -> None:
    """The longest token lives a day."""
    assert 24 * 3600 < RETIREMENT.total_seconds() < 25 * 3600
