"""Who signs, live: both forms of a signature, kinds of access keys, clocks that differ, requests changed on the way.

Requests are signed here by hand, by AWS's description of Signature Version 4, so that each part can be wrong.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.support import clients, factories
from tests.support.clients import TARGET_PREFIX, refused
from tests.support.clock import Clock
from tests.support.server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server

UNKNOWN_KEY = "The security token included in the request is invalid."
WRONG_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True)
class Signed:
    """A request for ListUserPools and everything that its signature is made of."""

    server: Server
    key_id: str = ACCESS_KEY_ID
    secret: str = SECRET_ACCESS_KEY
    token: str | None = None
    region: str = "us-east-1"
    service: str = "cognito-idp"
    terminator: str = "aws4_request"
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    scope_date: str | None = None
    operation: str = "ListUserPools"
    body: bytes = b'{"MaxResults": 1}'
    expires: int | None = None

    @property
    def moment(self) -> str:
        return f"{self.at:%Y%m%dT%H%M%SZ}"

    @property
    def scope(self) -> str:
        return "/".join((self.scope_date or f"{self.at:%Y%m%d}", self.region, self.service, self.terminator))

    def headers(self) -> dict[str, str]:
        """What is sent and, in lower case, signed, besides the signature."""
        sent = {
            "content-type": "application/x-amz-json-1.1",
            "host": f"localhost:{self.server.port}",
            "x-amz-target": f"{TARGET_PREFIX}.{self.operation}",
        }
        if self.expires is None:
            sent["x-amz-date"] = self.moment
            if self.token is not None:
                sent["x-amz-security-token"] = self.token
        return sent

    def signature(self, query: str, headers: dict[str, str]) -> str:
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        payload = hashlib.sha256(self.body).hexdigest()
        canonical = "\n".join(("POST", "/", query, lines, ";".join(sorted(headers)), payload))
        to_sign = "\n".join(
            ("AWS4-HMAC-SHA256", self.moment, self.scope, hashlib.sha256(canonical.encode()).hexdigest())
        )
        key = f"AWS4{self.secret}".encode()
        for part in self.scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, to_sign.encode(), "sha256").hex()

    def prepared(self) -> requests.Request:
        headers = self.headers()
        names = ";".join(sorted(headers))
        url = f"http://localhost:{self.server.port}/"
        if self.expires is None:
            headers["Authorization"] = (
                f"AWS4-HMAC-SHA256 Credential={self.key_id}/{self.scope}, SignedHeaders={names}, "
                f"Signature={self.signature('', headers)}"
            )
        else:
            parts = {
                "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                "X-Amz-Credential": f"{self.key_id}/{self.scope}",
                "X-Amz-Date": self.moment,
                "X-Amz-Expires": str(self.expires),
                "X-Amz-SignedHeaders": names,
            }
            if self.token is not None:
                parts["X-Amz-Security-Token"] = self.token
            query = "&".join(f"{name}={quote(parts[name], safe='-_.~')}" for name in sorted(parts))
            url += f"?{query}&X-Amz-Signature={self.signature(query, headers)}"
        return requests.Request("POST", url, headers=headers, data=self.body)


def send(request: requests.Request) -> requests.Response:
    with requests.Session() as session:
        return session.send(request.prepare(), timeout=10)


def check_accepted(request: requests.Request) -> None:
    answer = send(request)
    assert answer.status_code == 200, answer.text


def check_refused(request: requests.Request, code: str, message: str) -> None:
    answer = send(request)
    assert (answer.status_code, answer.json()) == (400, {"__type": code, "message": message})


def without(request: requests.Request, *names: str) -> requests.Request:
    for name in names:
        del request.headers[name]
    return request


def edited(request: requests.Request, name: str, old: str, new: str) -> requests.Request:
    assert old in request.headers[name]
    request.headers[name] = request.headers[name].replace(old, new)
    return request


@pytest.fixture(params=["header", "query"])
def signed(request: pytest.FixtureRequest, server: Server) -> Signed:
    """A good request in each form."""
    return Signed(server, expires=None if request.param == "header" else 300)


@pytest.fixture
def in_header(server: Server) -> Signed:
    return Signed(server)


@pytest.fixture(scope="session")
def keys(server: Server) -> dict[str, dict[str, str]]:
    """Keys of each kind: temporary, disabled, deleted, of a disabled operator."""
    made = server.manage(
        "shell",
        "-v0",
        "-c",
        """
import json
from datetime import timedelta
from identity import clock
from identity.access import keys
from pools.accounts import sign_up
from pools.models import Pool, User
from pools.models.user import UserStatus
operators = Pool.objects.get(id=Pool.OPERATORS)
one = User.objects.get(pool=operators, username="operator")
other = sign_up.new_user(operators, "former-operator", {}, UserStatus.CONFIRMED)
other.enabled = False
other.save()
soon = clock.now() + timedelta(hours=1)
made = {
    "temporary": keys.create(one.pk, session_token="token/of+the=session", expires_at=soon),
    "disabled": keys.create(one.pk),
    "deleted": keys.create(one.pk),
    "former": keys.create(other.pk),
}
print(json.dumps({name: {"key_id": key.access_key_id, "secret": key.secret} for name, key in made.items()}))
""",
    )
    found: dict[str, dict[str, str]] = json.loads(made.splitlines()[-1])
    server.manage("access_key", "disable", found["disabled"]["key_id"])
    server.manage("access_key", "delete", found["deleted"]["key_id"])
    return found


# Good signatures


def test_both_forms_are_accepted(signed: Signed) -> None:
    check_accepted(signed.prepared())


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "local", "mars-north-9"])
def test_any_region_is_accepted(signed: Signed, region: str) -> None:
    check_accepted(replace(signed, region=region).prepared())


def test_a_date_header_serves_where_there_is_no_amazon_date(server: Server) -> None:
    class WithDateHeader(Signed):
        def headers(self) -> dict[str, str]:
            sent = super().headers()
            del sent["x-amz-date"]
            return sent | {"date": f"{self.at:%a, %d %b %Y %H:%M:%S GMT}"}

    check_accepted(WithDateHeader(server).prepared())


def test_the_servers_settable_clock_does_not_touch_signatures(signed: Signed, clock: Clock) -> None:
    clock.advance(days=3)
    check_accepted(signed.prepared())


@pytest.mark.parametrize("minutes", [-4, 4])
def test_clocks_may_differ_by_less_than_five_minutes(in_header: Signed, minutes: int) -> None:
    check_accepted(replace(in_header, at=in_header.at + timedelta(minutes=minutes)).prepared())


# Keys


def test_nothing_sent_is_a_missing_token(in_header: Signed) -> None:
    request = without(in_header.prepared(), "Authorization")
    check_refused(request, "MissingAuthenticationTokenException", "Missing Authentication Token")


@pytest.mark.parametrize("key_id", ["AKIAUNKNOWN000000000", "x", f"{ACCESS_KEY_ID}0", ACCESS_KEY_ID.lower()])
def test_an_unknown_key_is_not_recognised(signed: Signed, key_id: str) -> None:
    check_refused(replace(signed, key_id=key_id).prepared(), "UnrecognizedClientException", UNKNOWN_KEY)


@pytest.mark.parametrize("key_id", ["ключ", "AKIA\x00", "AKIA'--", "%", "\ufffd"])
def test_a_key_id_of_characters_that_no_key_has_is_not_recognised(server: Server, key_id: str) -> None:
    request = Signed(server, key_id=key_id, expires=300).prepared()
    check_refused(request, "UnrecognizedClientException", UNKNOWN_KEY)


@pytest.mark.parametrize("kind", ["disabled", "deleted", "former"])
def test_a_key_that_was_taken_away_is_not_recognised(
    signed: Signed, keys: dict[str, dict[str, str]], kind: str
) -> None:
    check_refused(replace(signed, **keys[kind]).prepared(), "UnrecognizedClientException", UNKNOWN_KEY)


def test_a_key_made_on_the_command_line_works_and_stops_the_moment_it_is_disabled(server: Server) -> None:
    printed = server.manage("access_key", "create")
    key_id, secret = (line.partition("=")[2] for line in printed.splitlines()[-2:])
    mine = clients.idp(server, access_key_id=key_id, secret=secret)
    mine.list_user_pools(MaxResults=1)
    server.manage("access_key", "disable", key_id)
    with refused("UnrecognizedClientException", UNKNOWN_KEY):
        mine.list_user_pools(MaxResults=1)
    server.manage("access_key", "enable", key_id)
    mine.list_user_pools(MaxResults=1)


@pytest.mark.parametrize("secret", ["wrong", SECRET_ACCESS_KEY[:-1], f"{SECRET_ACCESS_KEY} ", ""])
def test_a_wrong_secret_does_not_match(signed: Signed, secret: str) -> None:
    check_refused(replace(signed, secret=secret).prepared(), "InvalidSignatureException", WRONG_SIGNATURE)


def test_a_temporary_key_needs_its_session_token(signed: Signed, keys: dict[str, dict[str, str]]) -> None:
    temporary = replace(signed, **keys["temporary"])
    check_accepted(replace(temporary, token="token/of+the=session").prepared())
    for token in (None, "", "another", "token/of+the=sessions"):
        check_refused(replace(temporary, token=token).prepared(), "UnrecognizedClientException", UNKNOWN_KEY)


def test_a_long_lived_key_takes_no_session_token(signed: Signed) -> None:
    request = replace(signed, token="token/of+the=session").prepared()
    check_refused(request, "UnrecognizedClientException", UNKNOWN_KEY)


def test_boto3_uses_a_temporary_key(server: Server, keys: dict[str, dict[str, str]]) -> None:
    key = keys["temporary"]
    temporary = clients.idp(
        server, access_key_id=key["key_id"], secret=key["secret"], session_token="token/of+the=session"
    )
    assert "UserPools" in temporary.list_user_pools(MaxResults=1)


def test_a_temporary_key_expires(signed: Signed, keys: dict[str, dict[str, str]], clock: Clock) -> None:
    temporary = replace(signed, **keys["temporary"], token="token/of+the=session")
    clock.advance(minutes=55)
    check_accepted(temporary.prepared())
    clock.advance(minutes=5, seconds=1)
    check_refused(
        temporary.prepared(), "ExpiredTokenException", "The security token included in the request is expired"
    )


def test_an_expired_key_with_the_wrong_token_is_not_told_that_it_expired(
    signed: Signed, keys: dict[str, dict[str, str]], clock: Clock
) -> None:
    clock.advance(hours=2)
    temporary = replace(signed, **keys["temporary"], token="another")
    check_refused(temporary.prepared(), "UnrecognizedClientException", UNKNOWN_KEY)


# Clocks


def written(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"


@pytest.mark.parametrize("late", [timedelta(minutes=6), timedelta(days=1), timedelta(days=4000)])
def test_an_old_signature_is_expired(in_header: Signed, late: timedelta) -> None:
    old = replace(in_header, at=in_header.at - late)
    answer = send(old.prepared())
    now = parsed_now(answer)
    assert answer.json() == {
        "__type": "InvalidSignatureException",
        "message": (
            f"Signature expired: {old.moment} is now earlier than {written(now - timedelta(minutes=5))} "
            f"({written(now)} - 5 min.)"
        ),
    }


@pytest.mark.parametrize("early", [timedelta(minutes=6), timedelta(days=1), timedelta(days=4000)])
def test_a_signature_from_the_future_is_not_yet_current(signed: Signed, early: timedelta) -> None:
    future = replace(signed, at=signed.at + early)
    answer = send(future.prepared())
    now = parsed_now(answer)
    assert answer.json() == {
        "__type": "InvalidSignatureException",
        "message": (
            f"Signature not yet current: {future.moment} is still later than "
            f"{written(now + timedelta(minutes=5))} ({written(now)} + 5 min.)"
        ),
    }


def parsed_now(answer: requests.Response) -> datetime:
    """The server's time as the refusal tells it, which must be about ours."""
    told = answer.json()["message"].rpartition("(")[2].split(" ")[0]
    now = datetime.strptime(told, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=30)
    return now


def test_a_presigned_request_lives_as_long_as_it_says(in_header: Signed) -> None:
    an_hour_ago = replace(in_header, at=in_header.at - timedelta(hours=1), expires=3700)
    check_accepted(an_hour_ago.prepared())
    answer = send(replace(an_hour_ago, expires=3500).prepared())
    assert answer.json()["__type"] == "InvalidSignatureException"
    assert answer.json()["message"].startswith(f"Signature expired: {an_hour_ago.moment} is now earlier than ")


@pytest.mark.parametrize("expires", [0, -1, 604801, 10**12])
def test_a_presigned_request_lives_a_week_at_most(in_header: Signed, expires: int) -> None:
    answer = send(replace(in_header, expires=expires).prepared())
    assert answer.json()["__type"] == "IncompleteSignatureException"
    assert "X-Amz-Expires" in answer.json()["message"]


# Scope


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"service": "s3"}, "Credential should be scoped to correct service: 'cognito-idp'. "),
        ({"service": "cognito-identity"}, "Credential should be scoped to correct service: 'cognito-idp'. "),
        ({"service": "COGNITO-IDP"}, "Credential should be scoped to correct service: 'cognito-idp'. "),
        ({"region": ""}, "Credential should be scoped to a valid region."),
        ({"region": "US-EAST-1"}, "Credential should be scoped to a valid region."),
        ({"region": "*"}, "Credential should be scoped to a valid region."),
        ({"terminator": "aws5_request"}, "Credential should be scoped with a valid terminator: 'aws4_request'. "),
    ],
)
def test_a_wrong_scope_is_refused_although_the_signature_matches_it(
    signed: Signed, changes: dict[str, str], message: str
) -> None:
    check_refused(replace(signed, **changes).prepared(), "InvalidSignatureException", message)


def test_the_date_of_the_scope_must_be_that_of_the_request(signed: Signed) -> None:
    wrong = replace(signed, scope_date="20200101")
    check_refused(
        wrong.prepared(),
        "InvalidSignatureException",
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        f"'20200101' != '{wrong.moment[:8]}', from '{wrong.moment}'.",
    )


# Changed on the way


def test_a_changed_body_does_not_match(signed: Signed) -> None:
    request = signed.prepared()
    request.data = b'{"MaxResults": 2}'
    check_refused(request, "InvalidSignatureException", WRONG_SIGNATURE)


def test_a_changed_target_does_not_match(signed: Signed) -> None:
    request = edited(signed.prepared(), "x-amz-target", "ListUserPools", "DeleteUserPool")
    check_refused(request, "InvalidSignatureException", WRONG_SIGNATURE)


def test_a_target_that_is_not_signed_is_refused(server: Server) -> None:
    class WithoutTarget(Signed):
        def headers(self) -> dict[str, str]:
            return {name: value for name, value in super().headers().items() if name != "x-amz-target"}

    for expires in (None, 300):
        request = WithoutTarget(server, expires=expires).prepared()
        request.headers["X-Amz-Target"] = f"{TARGET_PREFIX}.ListUserPools"
        answer = send(request)
        assert (answer.status_code, answer.json()["__type"]) == (400, "InvalidSignatureException")


@pytest.mark.parametrize(
    "change",
    [
        lambda request: edited(request, "Authorization", "Signature=", "Signature=0"),
        lambda request: edited(request, "Authorization", "us-east-1", "us-east-2"),
        lambda request: edited(request, "x-amz-date", "Z", "1Z") and without(request, "Authorization"),
    ],
    ids=["signature", "region", "date"],
)
def test_a_changed_claim_does_not_match(
    in_header: Signed, change: Callable[[requests.Request], requests.Request]
) -> None:
    answer = send(change(in_header.prepared()))
    assert answer.status_code == 400
    assert answer.json()["__type"] in {"InvalidSignatureException", "MissingAuthenticationTokenException"}


def test_another_host_does_not_match(in_header: Signed) -> None:
    request = edited(in_header.prepared(), "host", "localhost", "gatehouse.example")
    check_refused(request, "InvalidSignatureException", WRONG_SIGNATURE)


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        ("Bearer abc", "'abc' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer abc'."),
        (
            "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=00",
            "Authorization header requires 'Credential' parameter. "
            "Authorization=AWS4-HMAC-SHA256 SignedHeaders=host, Signature=00",
        ),
        (
            "AWS4-HMAC-SHA256",
            "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter."
            " Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4-HMAC-SHA256",
        ),
    ],
)
def test_a_malformed_header_is_told_what_it_lacks(in_header: Signed, authorization: str, message: str) -> None:
    request = in_header.prepared()
    request.headers["Authorization"] = authorization
    check_refused(request, "IncompleteSignatureException", message)


# Where a signature is not needed


@pytest.mark.parametrize(
    "authorization", ["Bearer abc", "nonsense", "", "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=0"]
)
def test_a_public_operation_works_whatever_signature_comes_with_it(server: Server, authorization: str) -> None:
    answer = clients.post(
        server,
        "InitiateAuth",
        b'{"ClientId": "nobody", "AuthFlow": "USER_PASSWORD_AUTH"}',
        {"Authorization": authorization},
    )
    assert answer.json() == {
        "__type": "ResourceNotFoundException",
        "message": "User pool client nobody does not exist.",
    }


def test_an_sdk_with_wrong_credentials_signs_users_in(
    server: Server, client: dict[str, Any], user: str, keys: dict[str, dict[str, str]]
) -> None:
    for key in ({"key_id": "AKIAUNKNOWN000000000", "secret": "wrong"}, keys["disabled"]):
        stranger = clients.idp(server, access_key_id=key["key_id"], secret=key["secret"])
        tokens = factories.sign_in(stranger, client, user)
        assert stranger.get_user(AccessToken=tokens["AccessToken"])["Username"] == user
        with refused("UnrecognizedClientException", UNKNOWN_KEY):
            stranger.list_user_pools(MaxResults=1)


# Order


def test_an_unknown_operation_is_told_before_the_signature(in_header: Signed) -> None:
    answer = send(replace(in_header, operation="Nonsense", secret="wrong").prepared())
    assert answer.json()["__type"] == "UnknownOperationException"


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"MaxResults": 0}'])
def test_a_wrong_signature_is_told_before_anything_about_the_body(signed: Signed, body: bytes) -> None:
    request = replace(signed, secret="wrong", body=body).prepared()
    check_refused(request, "InvalidSignatureException", WRONG_SIGNATURE)


def test_no_signature_is_told_before_anything_about_the_body(in_header: Signed) -> None:
    for body in (b"{", b"[]", b"{}", b'{"MaxResults": 0}'):
        request = without(replace(in_header, body=body).prepared(), "Authorization")
        check_refused(request, "MissingAuthenticationTokenException", "Missing Authentication Token")


def test_refusals_tell_neither_secrets_nor_signatures(server: Server, keys: dict[str, dict[str, str]]) -> None:
    key = keys["temporary"]
    for request in (
        replace(Signed(server), secret="wrong").prepared(),
        replace(Signed(server), **key, token="another").prepared(),
        edited(Signed(server).prepared(), "x-amz-target", "ListUserPools", "DeleteUserPool"),
    ):
        text = send(request).text
        assert SECRET_ACCESS_KEY not in text
        assert key["secret"] not in text
        assert "AWS4-HMAC" not in text
    since_the_start = server.log.partition("Messages to users appear")[2]
    assert SECRET_ACCESS_KEY not in since_the_start
    assert key["secret"] not in since_the_start
