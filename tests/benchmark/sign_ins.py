"""Sign-ins of more than one request, as dialogues: the client's side, as cheap as it can be made."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from gmpy2 import mpz, powmod

from pools.accounts.srp import N, pad
from tests.benchmark.load import Dialogue
from tests.support import totp

Call = Callable[..., bytes]
"""A request as bytes, of an operation and its members."""
_G = mpz(2)
_CLIENT_SECRET = mpz(int.from_bytes(hashlib.sha256(b"the secret of every client here").digest(), "big"))
CLIENT_KEY = powmod(_G, _CLIENT_SECRET, N)
_INFO = b"Caldera Derived Key\x01"


def by_srp(call: Call, pool_id: str, client_id: str, username: str, password: str) -> Callable[[], Dialogue]:
    """USER_SRP_AUTH. The server cannot tell that each client's A is the same one."""
    first = call(
        "InitiateAuth",
        ClientId=client_id,
        AuthFlow="USER_SRP_AUTH",
        AuthParameters={"USERNAME": username, "SRP_A": CLIENT_KEY.digits(16)},
    )
    pool_name = pool_id.partition("_")[2]

    def dialogue() -> Dialogue:
        asked = json.loads((yield first))["ChallengeParameters"]
        name, block = asked["USER_ID_FOR_SRP"], asked["SECRET_BLOCK"]
        key = _session_key(asked["SRP_B"], asked["SALT"], f"{pool_name}{name}:{password}")
        timestamp = f"{datetime.now(UTC):%a %b {datetime.now(UTC).day} %H:%M:%S UTC %Y}"
        message = f"{pool_name}{name}".encode() + base64.b64decode(block) + timestamp.encode()
        answers = {
            "USERNAME": name,
            "PASSWORD_CLAIM_SECRET_BLOCK": block,
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(hmac.digest(key, message, "sha256")).decode(),
            "TIMESTAMP": timestamp,
        }
        _check((yield _answer(call, client_id, "PASSWORD_VERIFIER", answers)))

    return dialogue


def with_authenticator(call: Call, client_id: str, username: str, password: str, secret: str) -> Callable[[], Dialogue]:
    """USER_PASSWORD_AUTH and the code of an authenticator app."""
    first = call(
        "InitiateAuth",
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": password},
    )

    def dialogue() -> Dialogue:
        asked = json.loads((yield first))
        answers = {"USERNAME": username, "SOFTWARE_TOKEN_MFA_CODE": totp.code(secret, time.time())}
        _check((yield _answer(call, client_id, "SOFTWARE_TOKEN_MFA", answers, Session=asked["Session"])))

    return dialogue


def _answer(call: Call, client_id: str, challenge: str, answers: dict[str, str], **members: Any) -> bytes:
    return call(
        "RespondToAuthChallenge", ClientId=client_id, ChallengeName=challenge, ChallengeResponses=answers, **members
    )


def _check(answer: bytes) -> None:
    if b'"AccessToken"' not in answer:
        raise RuntimeError(f"no sign-in: {answer.decode()}")


def _hash(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _number(octets: bytes) -> mpz:
    return mpz(int.from_bytes(octets, "big"))


@cache
def _password(salt: str, secret: str) -> tuple[mpz, mpz]:
    """x, and k · g^x"""
    exponent = _number(_hash(pad(mpz(salt, 16)), _hash(secret.encode())))
    return exponent, _number(_hash(pad(N), pad(_G))) * powmod(_G, exponent, N) % N


def _session_key(server_key: str, salt: str, secret: str) -> bytes:
    exponent, hidden = _password(salt, secret)
    public = mpz(server_key, 16)
    scrambler = _number(_hash(pad(CLIENT_KEY), pad(public)))
    shared = powmod(public - hidden, _CLIENT_SECRET + scrambler * exponent, N)
    return hmac.digest(hmac.digest(pad(scrambler), pad(shared), "sha256"), _INFO, "sha256")[:16]
