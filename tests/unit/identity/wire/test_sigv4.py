"""SigV4 verification against botocore's signers, AWS's published vectors and hostile input."""

from __future__ import annotations

import dataclasses
import hashlib
import string
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from identity.errors import (
    IncompleteSignature,
    InvalidSignature,
    MissingAuthenticationToken,
    ServiceError,
    UnrecognizedClient,
)
from identity.wire import sigv4
from identity.wire.sigv4 import Presented, SignedRequest

KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
MOMENT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
VANILLA = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
TARGET = "AWSCognitoIdentityProviderService.ListUserPools"


def on_the_wire(signed: AWSRequest) -> SignedRequest:
    """What a WSGI server hands over for a request that botocore signed."""
    url = urlsplit(signed.url)
    headers = {"host": url.netloc}
    for name, value in signed.headers.items():
        text = value.decode() if isinstance(value, bytes) else str(value)
        headers[name.lower()] = text.encode().decode("latin-1").strip(" \t")
    return SignedRequest(signed.method, url.path, url.query, headers, signed.body or b"")


def signed_by_botocore(
    url: str = "http://localhost:8000/",
    *,
    method: str = "POST",
    headers: dict[str, str] | None = None,
    body: bytes = b'{"MaxResults": 1}',
    token: str | None = None,
    expires: int | None = None,
) -> SignedRequest:
    """Header form, or query form when `expires` (seconds) is given."""
    request = AWSRequest(method, url, headers=headers or {}, data=body)
    credentials = Credentials(KEY_ID, SECRET, token)
    signer = (
        SigV4Auth(credentials, "cognito-idp", "eu-west-1")
        if expires is None
        else SigV4QueryAuth(credentials, "cognito-idp", "eu-west-1", expires=expires)
    )
    signer.add_auth(request)
    return on_the_wire(request)


def check(request: SignedRequest, *, secret: str = SECRET, after: timedelta = timedelta()) -> Presented:
    presented = sigv4.read(request)
    sigv4.verify(request, presented, secret, service="cognito-idp", now=datetime.now(UTC) + after)
    return presented


def with_header(request: SignedRequest, name: str, value: str) -> SignedRequest:
    return dataclasses.replace(request, headers={**request.headers, name: value})


def without_header(request: SignedRequest, name: str) -> SignedRequest:
    return dataclasses.replace(request, headers={k: v for k, v in request.headers.items() if k != name})


def edited(request: SignedRequest, old: str, new: str) -> SignedRequest:
    """The same request with one piece of its Authorization header replaced."""
    assert old in request.headers["authorization"]
    return with_header(request, "authorization", request.headers["authorization"].replace(old, new))


def vector(
    signature: str,
    *,
    method: str = "GET",
    path: str = "/",
    query: str = "",
    signed: str = "host;x-amz-date",
    body: bytes = b"",
    **extra: str,
) -> SignedRequest:
    headers = {"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z"}
    headers |= {name.replace("_", "-"): value for name, value in extra.items()}
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={KEY_ID}/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders={signed}, Signature={signature}"
    )
    return SignedRequest(method, path, query, headers, body)


def check_vector(
    request: SignedRequest, *, now: datetime = MOMENT, secret: str = SECRET, service: str = "service"
) -> None:
    sigv4.verify(request, sigv4.read(request), secret, service=service, now=now)


# Published vectors: the aws4 test suite, and the example of the IAM user guide.


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(vector(VANILLA), id="get-vanilla"),
        pytest.param(
            vector("5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b", method="POST"),
            id="post-vanilla",
        ),
        pytest.param(
            vector(
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
                query="Param2=value2&Param1=value1",
            ),
            id="get-vanilla-query-order-key-case",
        ),
        pytest.param(
            vector(
                "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
                signed="host;my-header1;my-header2;x-amz-date",
                my_header1="value1",
                my_header2='"a   b   c"',
            ),
            id="get-header-value-trim",
        ),
        pytest.param(
            vector(
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
                method="POST",
                signed="content-type;host;x-amz-date",
                body=b"Param1=value1",
                content_type="application/x-www-form-urlencoded",
            ),
            id="post-x-www-form-urlencoded",
        ),
        pytest.param(
            vector(
                "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
                path="/\u1234".encode().decode("latin-1"),
            ),
            id="get-utf8",
        ),
        pytest.param(vector(VANILLA, path="/example/.."), id="get-relative"),
        pytest.param(vector(VANILLA, path="//./"), id="get-slash-dot-slash"),
    ],
)
def test_published_vectors_verify(request_: SignedRequest) -> None:
    check_vector(request_)


def test_the_example_of_the_user_guide_verifies() -> None:
    request = SignedRequest(
        "GET",
        "/",
        "Action=ListUsers&Version=2010-05-08",
        {
            "host": "iam.amazonaws.com",
            "content-type": "application/x-www-form-urlencoded; charset=utf-8",
            "x-amz-date": "20150830T123600Z",
            "authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        },
        b"",
    )
    check_vector(request, service="iam")


# botocore as the independent client.

TOKEN_CHARACTERS = string.ascii_letters + string.digits + "-_"
header_names = st.text(TOKEN_CHARACTERS, min_size=1, max_size=12).map(lambda name: f"x-probe-{name.lower()}")
header_values = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x24F, exclude_categories=["Cc", "Zs"], include_characters=" "),
    max_size=30,
)
path_segments = st.one_of(
    st.sampled_from(["", ".", "..", "~", "a%2Fb", "us-east-1%3A0f3e"]),
    st.text(max_size=8).map(lambda t: quote(t, safe="")),
)
paths = st.lists(path_segments, max_size=5).map(lambda segments: "/" + "/".join(segments))
encodable = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(lambda text: quote(text, safe="-_.~"))
queries = st.lists(st.tuples(encodable, encodable), max_size=5).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]),
    path=paths,
    query=queries,
    headers=st.dictionaries(header_names, header_values, max_size=4),
    body=st.binary(max_size=200),
    token=st.none() | st.text(string.ascii_letters + "/+=", min_size=1, max_size=60),
)
def test_what_botocore_signs_in_the_header_verifies(
    method: str, path: str, query: str, headers: dict[str, str], body: bytes, token: str | None
) -> None:
    url = f"https://auth.example.org:8443{path}" + (f"?{query}" if query else "")
    request = signed_by_botocore(url, method=method, headers=headers, body=body, token=token)
    presented = check(request)
    assert (presented.access_key_id, presented.region, presented.service) == (KEY_ID, "eu-west-1", "cognito-idp")
    assert presented.session_token == token
    assert presented.expires is None


@given(
    path=paths,
    query=queries,
    token=st.none() | st.text(string.ascii_letters + "/+=", min_size=1, max_size=60),
    expires=st.integers(1, 604_800),
)
def test_what_botocore_presigns_verifies(path: str, query: str, token: str | None, expires: int) -> None:
    url = f"https://auth.example.org{path}" + (f"?{query}" if query else "")
    presented = check(signed_by_botocore(url, method="GET", body=b"", token=token, expires=expires))
    assert presented.session_token == token
    assert presented.expires == timedelta(seconds=expires)


def test_the_date_header_serves_when_x_amz_date_is_absent() -> None:
    request = signed_by_botocore(headers={"Date": "to be replaced by the signer"})
    assert "x-amz-date" not in request.headers
    check(request)


def test_a_date_header_in_the_form_of_http_is_read() -> None:
    request = with_header(without_header(vector(VANILLA), "x-amz-date"), "date", format_datetime(MOMENT, usegmt=True))
    assert sigv4.read(request).timestamp == "20150830T123600Z"


def test_x_amz_date_goes_before_the_date_header() -> None:
    check(with_header(signed_by_botocore(), "date", "Sun, 30 Aug 2015 12:36:00 GMT"))


def test_signed_headers_in_another_order_and_case_mean_the_same() -> None:
    check_vector(edited(vector(VANILLA), "host;x-amz-date", "X-Amz-Date;Host"))


def test_spaces_between_the_parts_of_the_header_are_free() -> None:
    check_vector(edited(vector(VANILLA), ", ", ","))
    check_vector(edited(vector(VANILLA), ", ", " ,\t"))


# Tampering.


def test_wrong_secret_is_refused() -> None:
    with pytest.raises(InvalidSignature) as refusal:
        check(signed_by_botocore(), secret=SECRET[:-1])
    assert refusal.value.message == InvalidSignature.text


@pytest.mark.parametrize(
    "part", ["method", "path", "query", "body", "host", "x-amz-target", "x-amz-date", "content-type", "token"]
)
@pytest.mark.parametrize("expires", [None, 600])
def test_every_tampered_part_is_refused(part: str, expires: int | None) -> None:
    headers = {"X-Amz-Target": TARGET, "Content-Type": "application/x-amz-json-1.1"}
    request = signed_by_botocore("http://localhost/a?b=1", headers=headers, token=VANILLA[0], expires=expires)
    check(request)
    a_second_later = (datetime.now(UTC) + timedelta(seconds=9)).strftime("%Y%m%dT%H%M%SZ")
    if part == "method":
        tampered = dataclasses.replace(request, method="PUT")
    elif part == "path":
        tampered = dataclasses.replace(request, path="/b")
    elif part == "query":
        tampered = dataclasses.replace(request, query=request.query.replace("b=1", "b=2"))
    elif part == "body":
        tampered = dataclasses.replace(request, body=request.body + b" ")
    elif part == "token":
        tampered = with_header(request, "x-amz-security-token", "U")
        tampered = dataclasses.replace(tampered, query=request.query.replace("Security-Token=5", "Security-Token=U"))
    elif part == "x-amz-date" and expires:
        _, _, rest = request.query.partition("X-Amz-Date=")
        tampered = dataclasses.replace(request, query=request.query.replace(rest[:16], a_second_later))
    else:
        tampered = with_header(request, part, a_second_later if part == "x-amz-date" else "other")
    with pytest.raises(InvalidSignature) as refusal:
        check(tampered)
    assert refusal.value.message == InvalidSignature.text


@given(position=st.integers(0, 63), digit=st.sampled_from("0123456789abcdefABCDEFgé"))
def test_a_signature_changed_in_one_place_is_refused(position: int, digit: str) -> None:
    forged = VANILLA[:position] + digit + VANILLA[position + 1 :]
    if forged == VANILLA:
        return
    with pytest.raises(InvalidSignature):
        check_vector(vector(forged))


@pytest.mark.parametrize("forged", ["0", VANILLA[:-1], VANILLA + "0", VANILLA.upper(), "\u0660" * 64, "\ud800"])
def test_a_signature_of_another_form_is_refused(forged: str) -> None:
    with pytest.raises(InvalidSignature):
        check_vector(vector(forged))


def test_a_presigned_life_cannot_be_lengthened() -> None:
    request = signed_by_botocore(method="GET", body=b"", expires=60)
    longer = dataclasses.replace(request, query=request.query.replace("Expires=60", "Expires=600"))
    with pytest.raises(InvalidSignature):
        check(longer, after=timedelta(minutes=2))


def test_an_expires_part_in_the_header_does_not_lengthen_its_life() -> None:
    request = edited(vector(VANILLA), ", Signed", ", Expires=604800, Signed")
    assert sigv4.read(request).expires is None
    with pytest.raises(InvalidSignature, match=r"^Signature expired"):
        check_vector(request, now=MOMENT + timedelta(minutes=6))


@pytest.mark.parametrize("added", ["=x", "&", "&=", "&x"])
def test_nothing_can_be_added_to_the_query(added: str) -> None:
    for expires in (None, 600):
        request = signed_by_botocore("http://localhost/?a=1", method="GET", body=b"", expires=expires)
        with pytest.raises(InvalidSignature):
            check(dataclasses.replace(request, query=request.query + added))


def test_a_plus_in_the_query_is_signed_as_the_space_it_is_read_as() -> None:
    request = signed_by_botocore("http://localhost/?Name=a%2Bb", method="GET", body=b"")
    check(request)
    with pytest.raises(InvalidSignature):
        check(dataclasses.replace(request, query="Name=a+b"))
    spaced = signed_by_botocore("http://localhost/?Name=a%20b", method="GET", body=b"")
    check(dataclasses.replace(spaced, query="Name=a+b"))


# Scope.


def test_another_service_is_refused() -> None:
    with pytest.raises(InvalidSignature) as refusal:
        check_vector(vector(VANILLA), service="cognito-idp")
    assert refusal.value.message == "Credential should be scoped to correct service: 'cognito-idp'. "


@pytest.mark.parametrize("region", ["", "e", "US-EAST-1", "us_east_1", "a" * 33, "us-éast-1", "*"])
def test_an_invalid_region_is_refused(region: str) -> None:
    with pytest.raises(InvalidSignature) as refusal:
        check_vector(edited(vector(VANILLA), "us-east-1", region))
    assert refusal.value.message == "Credential should be scoped to a valid region."


def test_another_valid_region_changes_the_signature() -> None:
    with pytest.raises(InvalidSignature) as refusal:
        check_vector(edited(vector(VANILLA), "us-east-1", "us-east-2"))
    assert refusal.value.message == InvalidSignature.text


def test_a_scope_of_another_day_is_refused() -> None:
    with pytest.raises(InvalidSignature) as refusal:
        check_vector(edited(vector(VANILLA), "20150830", "20150829"))
    assert refusal.value.message == (
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        "'20150829' != '20150830', from '20150830T123600Z'."
    )


def test_another_terminator_is_refused() -> None:
    with pytest.raises(InvalidSignature, match="valid terminator: 'aws4_request'"):
        sigv4.read(edited(vector(VANILLA), "aws4_request", "aws5_request"))


# Age.


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_five_minutes_of_skew_are_allowed_both_ways(minutes: int) -> None:
    check_vector(vector(VANILLA), now=MOMENT + timedelta(minutes=minutes))


def test_the_clock_is_read_in_whole_seconds_and_any_zone() -> None:
    from_kolkata = datetime.fromisoformat("2015-08-30T18:11:00.900000+05:30")
    check_vector(vector(VANILLA), now=from_kolkata)


def test_an_old_signature_has_expired() -> None:
    with pytest.raises(InvalidSignature) as refusal:
        check_vector(vector(VANILLA), now=MOMENT + timedelta(minutes=5, seconds=1))
    assert refusal.value.message == (
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"
    )


def test_a_signature_from_the_future_is_not_yet_current() -> None:
    with pytest.raises(InvalidSignature) as refusal:
        check_vector(vector(VANILLA), now=MOMENT - timedelta(minutes=5, seconds=1))
    assert refusal.value.message == (
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)"
    )


def test_age_is_told_before_a_mismatch_and_scope_before_age() -> None:
    much_later = MOMENT + timedelta(days=1)
    with pytest.raises(InvalidSignature, match=r"^Signature expired"):
        check_vector(vector("0" * 64), now=much_later, secret=SECRET[1:])
    with pytest.raises(InvalidSignature, match="correct service"):
        check_vector(vector("0" * 64), now=much_later, service="sts")


def test_a_presigned_request_lives_from_five_minutes_before_until_it_expires() -> None:
    request = signed_by_botocore(method="GET", body=b"", expires=900)
    check(request, after=timedelta(minutes=-4))
    check(request, after=timedelta(minutes=14))
    with pytest.raises(InvalidSignature, match=r"^Signature not yet current: .* \+ 5 min\.\)$"):
        check(request, after=timedelta(minutes=-6))
    with pytest.raises(InvalidSignature, match=r"^Signature expired: .* - 15 min\.\)$"):
        check(request, after=timedelta(minutes=16))


def test_a_presigned_life_may_be_shorter_than_the_skew() -> None:
    request = signed_by_botocore(method="GET", body=b"", expires=90)
    check(request, after=timedelta(seconds=80))
    with pytest.raises(InvalidSignature, match=r"^Signature expired: .* - 90 sec\.\)$"):
        check(request, after=timedelta(seconds=100))


def test_a_presigned_request_without_expires_lives_five_minutes() -> None:
    request = signed_by_botocore(method="GET", body=b"", expires=60)
    unlimited = dataclasses.replace(request, query=request.query.replace("&X-Amz-Expires=60", ""))
    assert sigv4.read(unlimited).expires is None
    with pytest.raises(InvalidSignature, match=r" - 5 min\.\)$"):
        check(unlimited, after=timedelta(minutes=6))


@pytest.mark.parametrize("expires", ["0", "-1", "604801", "6048000000000000000000", "1.5", "", "x", "%D9%A1"])
def test_an_expires_outside_one_second_to_a_week_is_refused(expires: str) -> None:
    request = signed_by_botocore(method="GET", body=b"", expires=60)
    with pytest.raises(IncompleteSignature, match="X-Amz-Expires"):
        sigv4.read(dataclasses.replace(request, query=request.query.replace("Expires=60", f"Expires={expires}")))


# Coverage.


def test_host_must_be_signed() -> None:
    with pytest.raises(InvalidSignature) as refusal:
        check_vector(edited(vector(VANILLA), "host;x-amz-date", "x-amz-date"))
    assert refusal.value.message == "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."


@pytest.mark.parametrize("name", ["x-amz-target", "x-amz-security-token"])
def test_a_decisive_header_that_is_not_signed_is_refused(name: str) -> None:
    with pytest.raises(InvalidSignature, match=f"'{name.title()}' must be a 'SignedHeader'"):
        check_vector(with_header(vector(VANILLA), name, "added"))


def test_an_unsigned_x_amz_date_is_refused() -> None:
    with pytest.raises(InvalidSignature, match="'X-Amz-Date' must be a 'SignedHeader'"):
        check_vector(edited(vector(VANILLA), "host;x-amz-date", "host"))


def test_a_target_cannot_be_added_to_a_presigned_request() -> None:
    request = signed_by_botocore(body=b"", expires=600)
    with pytest.raises(InvalidSignature, match="'X-Amz-Target' must be a 'SignedHeader'"):
        check(with_header(request, "x-amz-target", TARGET))


def test_a_session_token_in_a_header_is_not_that_of_a_presigned_request() -> None:
    request = with_header(signed_by_botocore(method="GET", body=b"", expires=600), "x-amz-security-token", "added")
    assert check(request).session_token is None


def test_unsigned_headers_that_decide_nothing_are_free() -> None:
    check(with_header(signed_by_botocore(), "x-forwarded-for", "192.0.2.1"))


def test_a_signed_header_that_is_not_sent_is_named() -> None:
    with pytest.raises(IncompleteSignature, match=r"^'accept' is named as a SignedHeader, but it does not exist"):
        check_vector(edited(vector(VANILLA), "host;x", "accept;host;x"))


def test_the_payload_hash_when_sent_must_be_that_of_the_body() -> None:
    body = b"{}"
    digest = hashlib.sha256(body).hexdigest()
    check(signed_by_botocore(body=body, headers={"X-Amz-Content-SHA256": digest}))
    for claimed in ("UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", hashlib.sha256(b"").hexdigest()):
        with pytest.raises(InvalidSignature):
            check(signed_by_botocore(body=body, headers={"X-Amz-Content-SHA256": claimed}))


# Incomplete claims.


@pytest.mark.parametrize("query", ["", "Action=GetCallerIdentity", "X-Amz-Date=20150830T123600Z"])
@pytest.mark.parametrize("headers", [{}, {"authorization": " "}])
def test_a_request_that_claims_nothing_has_no_token(query: str, headers: dict[str, str]) -> None:
    with pytest.raises(MissingAuthenticationToken) as refusal:
        sigv4.read(SignedRequest("POST", "/", query, headers, b""))
    assert refusal.value.message == "Missing Authentication Token"


def test_every_missing_part_of_the_header_is_named() -> None:
    header = "Basic YWJjOmRlZg=="
    with pytest.raises(IncompleteSignature) as refusal:
        sigv4.read(SignedRequest("POST", "/", "", {"authorization": header}, b""))
    assert refusal.value.message == (
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
        "Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a "
        f"'X-Amz-Date' or a 'Date' header. Authorization={header}"
    )


def test_a_part_without_equal_sign_is_named() -> None:
    with pytest.raises(IncompleteSignature) as refusal:
        sigv4.read(with_header(vector(VANILLA), "authorization", "Bearer abc"))
    assert refusal.value.message == (
        "'abc' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer abc'."
    )


def test_every_missing_part_of_the_query_is_named() -> None:
    with pytest.raises(IncompleteSignature) as refusal:
        sigv4.read(SignedRequest("GET", "/", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=", {}, b""))
    assert refusal.value.message == (
        "AWS query-string parameters must include 'X-Amz-Credential'. "
        "AWS query-string parameters must include 'X-Amz-Signature'. "
        "AWS query-string parameters must include 'X-Amz-SignedHeaders'. "
        "AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."
    )


@pytest.mark.parametrize(
    "date",
    [
        "201",
        "2015-08-30T12:36:00Z",
        "20150830T123600",
        "20151330T123600Z",
        "20150830T243600Z",
        "\u0662\u0660\u0661\u06650830T123600Z",
    ],
)
def test_a_date_of_another_form_is_refused(date: str) -> None:
    with pytest.raises(IncompleteSignature) as refusal:
        sigv4.read(with_header(vector(VANILLA), "x-amz-date", date))
    assert refusal.value.message == (
        f"Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
    )


@pytest.mark.parametrize("moment", ["00010101T000000Z", "99991231T235959Z"])
@pytest.mark.parametrize("expires", [None, "604800"])
def test_a_date_at_the_end_of_time_is_refused(moment: str, expires: str | None) -> None:
    scope = f"{KEY_ID}%2F{moment[:8]}%2Fus-east-1%2Fservice%2Faws4_request"
    query = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={scope}&X-Amz-Date={moment}"
    query += "&X-Amz-SignedHeaders=host&X-Amz-Signature=0" + (f"&X-Amz-Expires={expires}" if expires else "")
    with pytest.raises(InvalidSignature, match=f"^Signature .*{moment}"):
        check_vector(SignedRequest("GET", "/", query, {"host": "localhost"}, b""))


@pytest.mark.parametrize(
    "credential", ["AKID", "AKID/20150830/us-east-1/service", "A/K/20150830/us-east-1/s/aws4_request"]
)
def test_a_credential_without_five_elements_is_refused(credential: str) -> None:
    with pytest.raises(IncompleteSignature) as refusal:
        sigv4.read(edited(vector(VANILLA), f"{KEY_ID}/20150830/us-east-1/service/aws4_request", credential))
    assert refusal.value.message == (
        "Credential must have exactly 5 slash-delimited elements, "
        f"e.g. keyid/date/region/service/term, got '{credential}'"
    )


@pytest.mark.parametrize("algorithm", ["AWS4-HMAC-SHA512", "AWS4-ECDSA-P256-SHA256", "aws4-hmac-sha256"])
def test_another_algorithm_is_refused(algorithm: str) -> None:
    with pytest.raises(IncompleteSignature) as refusal:
        sigv4.read(edited(vector(VANILLA), "AWS4-HMAC-SHA256", algorithm))
    assert refusal.value.message == f"Unsupported AWS 'algorithm': '{algorithm}' (only AWS4-HMAC-SHA256 for now). "


@pytest.mark.parametrize("key_id", ["", "AK\0ID", "AKÏD", "AK'ID", "A" * 129, "\ud800"])
def test_a_key_id_that_cannot_exist_is_not_looked_up(key_id: str) -> None:
    with pytest.raises(UnrecognizedClient):
        sigv4.read(edited(vector(VANILLA), KEY_ID, key_id))


def test_a_session_token_that_cannot_exist_is_not_looked_up() -> None:
    with pytest.raises(UnrecognizedClient):
        sigv4.read(with_header(vector(VANILLA), "x-amz-security-token", "tokén"))


# Hostile input.

anything = st.text(st.characters(codec=None), max_size=30)
plausible = st.sampled_from(
    [
        "AWS4-HMAC-SHA256", "Credential=", "SignedHeaders=", "Signature=", "X-Amz-", "Algorithm=", "Expires=", "Date=",
        f"{KEY_ID}/20150830/us-east-1/service/aws4_request", "%2F", "host", "x-amz-date", ";", ", ", "=", "&", "/", " ",
        "20150830T123600Z", "Sun, 30 Aug 2015 12:36:00 GMT", "0" * 64, "%", "\0", "\n", "\xe9", "\ud800", "\U0001f511",
    ]
)  # fmt: skip
mixed = st.lists(plausible | anything, max_size=12).map("".join)
hostile_headers = st.dictionaries(
    st.sampled_from(["authorization", "x-amz-date", "date", "host", "x-amz-security-token", "x-amz-content-sha256"])
    | anything,
    mixed,
    max_size=8,
)


def read_and_verify(request: SignedRequest) -> None:
    try:
        check_vector(request)
    except ServiceError as error:
        assert error.message


@given(method=anything, path=mixed, query=mixed, headers=hostile_headers, body=st.binary(max_size=20))
def test_hostile_requests_only_ever_meet_service_errors(
    method: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    read_and_verify(SignedRequest(method, path, query, headers, body))


@given(  # A whole claim with one or more hostile values, so that the checks behind `read` are reached.
    method=anything | st.just("GET"),
    path=mixed | st.just("/"),
    query=mixed | st.just(""),
    host=mixed | st.just("localhost"),
    extra=st.dictionaries(anything | st.sampled_from(["x-amz-target", "x-amz-content-sha256"]), mixed, max_size=3),
    signed=mixed | st.just("host;x-amz-date"),
    signature=mixed.filter(bool) | st.just("0" * 64),
)
def test_hostile_values_in_a_whole_claim_only_ever_meet_service_errors(
    method: str, path: str, query: str, host: str, extra: dict[str, str], signed: str, signature: str
) -> None:
    names = ";".join([signed, *extra])
    request = vector(signature, method=method, path=path, query=query, signed=names)
    read_and_verify(dataclasses.replace(request, headers={**request.headers, "host": host, **extra}))


@given(date=mixed, region=mixed, service=mixed, signed=st.lists(mixed), signature=mixed, timestamp=mixed)
def test_hostile_claims_only_ever_meet_service_errors(
    date: str, region: str, service: str, signed: list[str], signature: str, timestamp: str
) -> None:
    presented = Presented(KEY_ID, date, region, service, tuple(signed), signature, timestamp, None, None)
    with pytest.raises(ServiceError):
        sigv4.verify(vector(VANILLA), presented, SECRET, service="service", now=MOMENT)


def test_the_cache_of_signing_keys_is_bounded() -> None:
    assert sigv4._signing_key.cache_info().maxsize
