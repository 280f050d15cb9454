"""KeySet: what it signs, what it verifies, and that nothing else gets through."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm

from identity.keys.signing import BadSignature, InvalidToken, KeySet, Signer, UnknownKey

KID, OTHER_KID = "A" * 43 + "=", "B" * 43 + "="
KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
KEYS = KeySet(
    revision=1,
    signers={"id": Signer(KID, KEY), "access": Signer(OTHER_KID, OTHER_KEY)},
    public={KID: KEY.public_key(), OTHER_KID: OTHER_KEY.public_key()},
    jwks=b"{}",
)
CLAIMS = {"sub": "1", "n": 7, "list": [True, None], "text": "Zoë 🦊"}


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def token_of(header: Any, claims: Any = CLAIMS, signature: bytes = b"") -> str:
    return f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}.{encoded(signature)}"


@pytest.mark.parametrize(("use", "kid", "key"), [("id", KID, KEY), ("access", OTHER_KID, OTHER_KEY)])
def test_a_signature_is_good_for_a_standard_library(use: str, kid: str, key: rsa.RSAPrivateKey) -> None:
    token = KEYS.signers[use].sign(CLAIMS)
    assert jwt.decode(token, key.public_key(), algorithms=["RS256"], options={"verify_sub": False}) == CLAIMS
    assert KEYS.verify(token) == CLAIMS


def test_the_header_is_key_and_algorithm_alone() -> None:
    header = KEYS.signers["id"].sign(CLAIMS).partition(".")[0]
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"kid": KID, "alg": "RS256"}


def test_a_token_of_a_standard_library_is_verified() -> None:
    assert KEYS.verify(jwt.encode(CLAIMS, KEY, algorithm="RS256", headers={"kid": KID})) == CLAIMS


def test_expiry_and_audience_are_not_judged_here() -> None:
    claims = {"exp": 1, "nbf": 1 << 40, "iat": 1 << 40, "aud": "someone"}
    assert KEYS.verify(KEYS.signers["id"].sign(claims)) == claims


def test_a_key_that_is_not_in_the_set_is_told_by_name() -> None:
    with pytest.raises(UnknownKey) as refusal:
        KEYS.verify(jwt.encode(CLAIMS, KEY, algorithm="RS256", headers={"kid": "another"}))
    assert refusal.value.kid == "another"


def test_the_key_that_is_named_must_be_the_one_that_signed() -> None:
    with pytest.raises(BadSignature):
        KEYS.verify(jwt.encode(CLAIMS, OTHER_KEY, algorithm="RS256", headers={"kid": KID}))


@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_change_in_any_part_is_noticed(position: int) -> None:
    parts = KEYS.signers["id"].sign(CLAIMS).split(".")
    part = parts[position]
    for index in range(0, len(part) - 1, 7):  # the last character may hold unused bits
        other = "A" if part[index] != "A" else "B"
        changed = part[:index] + other + part[index + 1 :]
        with pytest.raises(InvalidToken):
            KEYS.verify(".".join([*parts[:position], changed, *parts[position + 1 :]]))


def test_a_token_without_signature_is_refused() -> None:
    for algorithm in ("none", "None", "NONE", ""):
        with pytest.raises(InvalidToken):
            KEYS.verify(token_of({"alg": algorithm, "kid": KID}))
    with pytest.raises(BadSignature):
        KEYS.verify(token_of({"alg": "RS256", "kid": KID}))


def test_the_public_key_is_no_secret_to_sign_with() -> None:
    public = KEY.public_key()
    for secret in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        RSAAlgorithm.to_jwk(public).encode(),
        b"",
    ):
        unsigned = token_of({"alg": "HS256", "kid": KID}).rpartition(".")[0]
        mac = hmac.digest(secret, unsigned.encode(), hashlib.sha256)
        with pytest.raises(InvalidToken):
            KEYS.verify(f"{unsigned}.{encoded(mac)}")


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_only_one_algorithm_is_accepted(algorithm: str) -> None:
    with pytest.raises(InvalidToken):
        KEYS.verify(jwt.encode(CLAIMS, KEY, algorithm=algorithm, headers={"kid": KID}))


@pytest.mark.parametrize("payload", [b"[]", b"null", b'"text"', b"7", b"{", b"", b"\xff"])
def test_a_signed_payload_that_is_no_object_is_refused(payload: bytes) -> None:
    token = jwt.PyJWS(algorithms=["RS256"]).encode(payload, KEY, algorithm="RS256", headers={"kid": KID})
    with pytest.raises(InvalidToken):
        KEYS.verify(token)


@pytest.mark.parametrize("kid", [None, 7, [], {}, True, ""])
def test_a_key_id_of_another_type_is_refused(kid: object) -> None:
    with pytest.raises(InvalidToken):
        KEYS.verify(token_of({"alg": "RS256", "kid": kid}))


@pytest.mark.parametrize("extra", [{"crit": ["b64"], "b64": False}, {"crit": ["x"], "x": 1}])
def test_a_header_that_must_be_understood_and_is_not_is_refused(extra: dict[str, Any]) -> None:
    signed = jwt.PyJWS(algorithms=["RS256"])
    header = {"alg": "RS256", "kid": KID, **extra}
    unsigned = token_of(header).rpartition(".")[0]
    signature = signed.get_algorithm_by_name("RS256").sign(unsigned.encode(), KEY)
    with pytest.raises(InvalidToken):
        KEYS.verify(f"{unsigned}.{encoded(signature)}")


@given(st.text(max_size=200))
def test_no_text_is_more_than_an_invalid_token(text: str) -> None:
    with pytest.raises(InvalidToken):
        KEYS.verify(text)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    header=st.fixed_dictionaries(
        {},
        optional={
            "alg": st.sampled_from(["RS256", "HS256", "none"]) | _JSON,
            "kid": st.just(KID) | _JSON,
            "b64": _JSON,
        },
    )
    | _JSON,
    claims=_JSON,
    signature=st.binary(max_size=300),
)
def test_no_unsigned_token_gets_through(header: Any, claims: Any, signature: bytes) -> None:
    with pytest.raises(InvalidToken):
        KEYS.verify(token_of(header, claims, signature))


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=10) | st.integers(-(2**53), 2**53) | st.booleans()))
def test_claims_come_back_as_they_were_signed(claims: dict[str, Any]) -> None:
    assert KEYS.verify(KEYS.signers["access"].sign(claims)) == orjson.loads(orjson.dumps(claims))
