"""AWS Signature Version 4: what a request presents, and whether it was signed with the key it names.

Owns both forms (Authorization header, presigned query) as pure functions; who holds a key is `identity.access.keys`.
Texts of the errors are AWS's, *observed*, unless marked. Not accepted: SigV4A, UNSIGNED-PAYLOAD, chunked bodies.
Source: IAM user guide, "AWS Signature Version 4 for API requests".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from identity.errors import IncompleteSignature, InvalidSignature, MissingAuthenticationToken, UnrecognizedClient

SKEW = timedelta(minutes=5)
MAX_EXPIRES = timedelta(days=7)

_ALGORITHM = "AWS4-HMAC-SHA256"
_TERMINATOR = "aws4_request"
_CREDENTIAL_FORM = "keyid/date/region/service/term"
_BASIC_DATE = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_HTTP_DATE = re.compile(r"[A-Za-z]{3}, (\d\d? [A-Za-z]{3} \d{4} \d\d:\d\d:\d\d) (?:GMT|UTC|[+-]0000)", re.ASCII)
_REGION = re.compile(r"[a-z0-9-]{2,32}")
_ACCESS_KEY_ID = re.compile(r"\w{1,128}", re.ASCII)
_PARTS = ("Credential", "Signature", "SignedHeaders")


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it came: `path` and `query` undecoded, header names in lower case.

    Text is one character a byte (ISO 8859-1), as WSGI hands it over; a header sent twice is joined with a comma.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request claims, well-formed but not yet believed: `date` yyyymmdd, `timestamp` yyyymmddThhmmssZ."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: str
    session_token: str | None
    expires: timedelta | None


def read(request: SignedRequest) -> Presented:
    """Take the claim out of the Authorization header, else out of the query.

    Raises: MissingAuthenticationToken, IncompleteSignature, InvalidSignature (wrong terminator of the scope),
        UnrecognizedClient (characters that no key id or session token has).
    """
    claim = _from_header(request.headers) if _is_in_header(request) else _from_query(request.query)
    timestamp = _written(_moment(claim["Date"]))
    if claim["Algorithm"] != _ALGORITHM:
        raise IncompleteSignature(f"Unsupported AWS 'algorithm': '{claim['Algorithm']}' (only {_ALGORITHM} for now). ")
    if claim["Credential"].count("/") != _CREDENTIAL_FORM.count("/"):
        fault = f"Credential must have exactly 5 slash-delimited elements, e.g. {_CREDENTIAL_FORM}"
        raise IncompleteSignature(f"{fault}, got '{claim['Credential']}'")
    access_key_id, date, region, service, terminator = claim["Credential"].split("/")
    if terminator != _TERMINATOR:
        raise InvalidSignature(f"Credential should be scoped with a valid terminator: '{_TERMINATOR}'. ")
    token = claim.get("Security-Token")
    # The two are looked up in a database next: what it could choke on (a null character, say) ends here.
    if not _ACCESS_KEY_ID.fullmatch(access_key_id) or not (token or "").isascii():
        raise UnrecognizedClient()
    names = tuple(sorted({name.strip().lower() for name in claim["SignedHeaders"].split(";")}))
    expires = _lifetime(claim["Expires"]) if "Expires" in claim else None
    return Presented(access_key_id, date, region, service, names, claim["Signature"], timestamp, token, expires)


def verify(request: SignedRequest, presented: Presented, secret: str, *, service: str, now: datetime) -> None:
    """Check scope, then age, then coverage, then the signature itself. `now` carries its time zone.

    Raises: InvalidSignature, IncompleteSignature.
    """
    _check_scope(presented, service)
    _check_age(presented, now)
    _check_coverage(request, presented)
    payload = hashlib.sha256(request.body).hexdigest()
    if request.headers.get("x-amz-content-sha256", payload) != payload:
        raise InvalidSignature()
    signed = f"{_ALGORITHM}\n{presented.timestamp}\n{presented.date}/{presented.region}/{service}/{_TERMINATOR}\n"
    signed += hashlib.sha256(_canonical_request(request, presented, payload)).hexdigest()
    key = _signing_key(secret, presented.date, presented.region, service)
    expected = hmac.digest(key, signed.encode(), "sha256").hex()
    if not hmac.compare_digest(expected.encode(), presented.signature.encode(errors="replace")):
        raise InvalidSignature()


def _is_in_header(request: SignedRequest) -> bool:
    return bool(request.headers.get("authorization", "").strip())


def _from_header(headers: Mapping[str, str]) -> dict[str, str]:
    """The parts of the claim, named as in the query but without `X-Amz-`."""
    authorization = headers["authorization"].strip()
    algorithm, *pairs = re.findall(r"[^,\s]+", authorization) or [""]
    for pair in pairs:
        if "=" not in pair:
            fault = f"'{pair}' not a valid key=value pair (missing equal-sign) in Authorization header"
            raise IncompleteSignature(f"{fault}: '{authorization}'.")
    given = dict(pair.split("=", 1) for pair in pairs)
    missing = [f"Authorization header requires '{name}' parameter. " for name in _PARTS if not given.get(name)]
    date = headers.get("x-amz-date") or headers.get("date") or ""
    if not date:
        missing.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
    if missing:
        raise IncompleteSignature(f"{''.join(missing)}Authorization={authorization}")
    # Only these three: an `Expires` in the header must not lengthen the life of the signature.
    claim = {name: given[name] for name in _PARTS} | {"Algorithm": algorithm, "Date": date}
    if "x-amz-security-token" in headers:
        claim["Security-Token"] = headers["x-amz-security-token"]
    return claim


def _from_query(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    claim = {name.removeprefix("X-Amz-"): value for name, value in pairs if name.startswith("X-Amz-")}
    if not any(name in claim for name in ("Algorithm", "Credential", "Signature")):
        raise MissingAuthenticationToken()
    missing = [name for name in ("Algorithm", *_PARTS, "Date") if not claim.get(name)]
    if missing:
        faults = "".join(f"AWS query-string parameters must include 'X-Amz-{name}'. " for name in missing)
        raise IncompleteSignature(f"{faults}Re-examine the query-string parameters.")
    return claim


def _moment(text: str) -> datetime:
    http = _HTTP_DATE.fullmatch(text)
    with suppress(ValueError):
        if http:
            return datetime.strptime(http[1], "%d %b %Y %H:%M:%S").replace(tzinfo=UTC)
        if _BASIC_DATE.fullmatch(text):
            return datetime.fromisoformat(text)
    fault = f"Date must be in ISO-8601 'basic format'. Got '{text}'."
    raise IncompleteSignature(f"{fault} See http://en.wikipedia.org/wiki/ISO_8601")


def _written(moment: datetime) -> str:
    # Not strftime, whose %Y drops the leading zeros of a hostile client's year.
    return moment.isoformat()[:19].replace("-", "").replace(":", "") + "Z"


def _lifetime(text: str) -> timedelta:
    lifetime = timedelta(seconds=int(text)) if re.fullmatch("[0-9]{1,6}", text) else timedelta()
    if not timedelta() < lifetime <= MAX_EXPIRES:
        raise IncompleteSignature("X-Amz-Expires must be a number of seconds from 1 to 604800.")  # *assumed*
    return lifetime


def _check_scope(presented: Presented, service: str) -> None:
    if not _REGION.fullmatch(presented.region):
        raise InvalidSignature("Credential should be scoped to a valid region.")
    if presented.service != service:
        raise InvalidSignature(f"Credential should be scoped to correct service: '{service}'. ")
    day = presented.timestamp[:8]
    if presented.date != day:
        fault = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP"
        raise InvalidSignature(f"{fault}: '{presented.date}' != '{day}', from '{presented.timestamp}'.")


def _check_age(presented: Presented, now: datetime) -> None:
    dated, moment = presented.timestamp, _moment(presented.timestamp)
    now = now.astimezone(UTC).replace(microsecond=0)
    lifetime = SKEW if presented.expires is None else presented.expires
    # Arithmetic on `now` only: the moment is the client's, and near year 1 or 9999 it would overflow.
    first, last, present = now - lifetime, now + SKEW, _written(now)
    if moment < first:
        minutes, seconds = divmod(int(lifetime.total_seconds()), 60)
        age = f"{minutes * 60 + seconds} sec." if seconds else f"{minutes} min."
        raise InvalidSignature(f"Signature expired: {dated} is now earlier than {_written(first)} ({present} - {age})")
    if moment > last:
        fault = f"Signature not yet current: {dated} is still later than {_written(last)}"
        raise InvalidSignature(f"{fault} ({present} + 5 min.)")


def _check_coverage(request: SignedRequest, presented: Presented) -> None:
    """What decides over the request must be under the signature, and what is under it must be there."""
    names = presented.signed_headers
    if "host" not in names:
        raise InvalidSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    decisive = ["x-amz-target", "x-amz-date", "x-amz-security-token"] if _is_in_header(request) else ["x-amz-target"]
    for name in decisive:
        if name in request.headers and name not in names:
            raise InvalidSignature(f"'{name.title()}' must be a 'SignedHeader' in the AWS Authorization.")  # *assumed*
    if absent := [name for name in names if name not in request.headers]:
        fault = f"'{absent[0]}' is named as a SignedHeader, but it does not exist in the HTTP request."
        raise IncompleteSignature(fault)


def _canonical_request(request: SignedRequest, presented: Presented, payload: str) -> bytes:
    names = presented.signed_headers
    headers = [name + ":" + " ".join(re.findall(r"[^ \t]+", request.headers[name])) for name in names]
    without = None if _is_in_header(request) else "X-Amz-Signature"
    try:
        path = _canonical_path(request.path.encode("latin-1"))
        query = _canonical_query(request.query.encode("latin-1"), without)
        return "\n".join((request.method, path, query, *headers, "", ";".join(names), payload)).encode("latin-1")
    except UnicodeEncodeError:
        raise InvalidSignature() from None


def _canonical_path(path: bytes) -> str:
    """Normalised, then encoded although it is encoded already: every service but S3 has it so."""
    segments: list[bytes] = []
    for segment in path.split(b"/"):
        if segment == b"..":
            del segments[-1:]
        elif segment not in {b"", b"."}:
            segments.append(segment)
    last = b"/" if segments and path.endswith(b"/") else b""
    return quote(b"/" + b"/".join(segments) + last, safe="/~")


def _canonical_query(query: bytes, without: str | None) -> str:
    pairs = [pair.partition(b"=") for pair in query.split(b"&")] if query else []
    encoded = sorted((_encoded(name), _encoded(value)) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded if name != without)


def _encoded(text: bytes) -> str:
    # `+` is read as a space by everything that parses the query later, so it must not be signed as anything else.
    return quote(unquote_to_bytes(text.replace(b"+", b" ")), safe="-_.~")


@lru_cache(maxsize=1024)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, _TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
