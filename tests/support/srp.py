"""A client of Cognito's SRP of our own: plain Python on the formulas of the reference, nothing of the code under test.

Every value is there by itself, so that a test can spoil any of them between two steps.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from tests.support.clients import secret_hash

N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05"
    "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB"
    "9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33"
    "A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864"
    "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2"
    "08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
G = 2
VERIFIER = "PASSWORD_VERIFIER"

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def pad(number: int) -> bytes:
    """Big-endian two's complement of a positive number, in as few bytes as that takes."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def digest(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def integer(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


K = integer(digest(pad(N), pad(G)))


def private_key(salt: int, pool_id: str, user_id: str, password: str) -> int:
    """x"""
    pool_name = pool_id.split("_", 1)[1]
    return integer(digest(pad(salt), digest(f"{pool_name}{user_id}:{password}".encode())))


def verifier(salt: int, pool_id: str, user_id: str, password: str) -> int:
    """v, as whoever sets a password computes it."""
    return pow(G, private_key(salt, pool_id, user_id, password), N)


def scrambler(big_a: int, big_b: int) -> int:
    """u"""
    return integer(digest(pad(big_a), pad(big_b)))


def key_of(scrambling: int, shared: int) -> bytes:
    """HKDF-SHA256 of S, salted with u: 16 bytes."""
    extracted = hmac.new(pad(scrambling), pad(shared), hashlib.sha256).digest()
    return hmac.new(extracted, b"Caldera Derived Key\x01", hashlib.sha256).digest()[:16]


def timestamp(moment: datetime | None = None, **off: float) -> str:
    """TIMESTAMP as the JavaScript client writes it; `off` moves it, as `timedelta` says."""
    at = (moment or datetime.now(UTC)) + timedelta(**off)
    return f"{_DAYS[at.weekday()]} {_MONTHS[at.month - 1]} {at.day} {at:%H:%M:%S} UTC {at.year}"


@dataclass
class Exchange:
    """One sign-in from the client's side; `a` is drawn anew unless given."""

    pool_id: str
    password: str
    a: int = field(default_factory=lambda: secrets.randbits(256) + 1)

    @cached_property
    def big_a(self) -> int:
        return pow(G, self.a, N)

    @property
    def srp_a(self) -> str:
        return f"{self.big_a:x}"

    def shared(self, parameters: Mapping[str, str]) -> int:
        """S of the client: (B - k g^x) ^ (a + u x)."""
        big_b = int(parameters["SRP_B"], 16)
        x = private_key(int(parameters["SALT"], 16), self.pool_id, parameters["USER_ID_FOR_SRP"], self.password)
        u = scrambler(self.big_a, big_b)
        return pow((big_b - K * pow(G, x, N)) % N, self.a + u * x, N)

    def key(self, parameters: Mapping[str, str]) -> bytes:
        return key_of(scrambler(self.big_a, int(parameters["SRP_B"], 16)), self.shared(parameters))

    def signature(self, parameters: Mapping[str, str], said_at: str) -> str:
        return signature(
            self.key(parameters),
            self.pool_id,
            parameters["USER_ID_FOR_SRP"],
            base64.b64decode(parameters["SECRET_BLOCK"]),
            said_at,
        )

    def answers(self, parameters: Mapping[str, str], said_at: str | None = None, **others: str) -> dict[str, str]:
        """ChallengeResponses to PASSWORD_VERIFIER; `others` are added, or take the place of what is right."""
        said = said_at or timestamp()
        return {
            "USERNAME": parameters["USERNAME"],
            "PASSWORD_CLAIM_SECRET_BLOCK": parameters["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": self.signature(parameters, said),
            "TIMESTAMP": said,
            **others,
        }


def signature(key: bytes, pool_id: str, user_id: str, secret_block: bytes, said_at: str) -> str:
    """PASSWORD_CLAIM_SIGNATURE"""
    message = f"{pool_id.split('_', 1)[1]}{user_id}".encode() + secret_block + said_at.encode()
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


@dataclass(frozen=True)
class SignIn:
    """The pair of operations at one app client: the public pair, or the administrators'. Adds SECRET_HASH by itself."""

    caller: Any
    client: Mapping[str, Any]
    is_admin: bool = False

    def initiate(self, flow: str = "USER_SRP_AUTH", **parameters: str) -> dict[str, Any]:
        members = {"AuthFlow": flow, "AuthParameters": self._hashed(parameters)}
        call = self.caller.admin_initiate_auth if self.is_admin else self.caller.initiate_auth
        answer: dict[str, Any] = call(**self._names, **members)
        return answer

    def respond(
        self, answers: Mapping[str, str], challenge: str = VERIFIER, session: str | None = None
    ) -> dict[str, Any]:
        members: dict[str, Any] = {"ChallengeName": challenge, "ChallengeResponses": self._hashed(answers)}
        if session is not None:
            members["Session"] = session
        call = self.caller.admin_respond_to_auth_challenge if self.is_admin else self.caller.respond_to_auth_challenge
        answer: dict[str, Any] = call(**self._names, **members)
        return answer

    def exchange(self, password: str) -> Exchange:
        return Exchange(self.client["UserPoolId"], password)

    def challenged(self, username: str, exchange: Exchange) -> dict[str, str]:
        """The ChallengeParameters that USER_SRP_AUTH answers."""
        answer = self.initiate(USERNAME=username, SRP_A=exchange.srp_a)
        assert answer["ChallengeName"] == VERIFIER
        parameters: dict[str, str] = answer["ChallengeParameters"]
        return parameters

    def sign_in(self, username: str, password: str) -> dict[str, Any]:
        """What USER_SRP_AUTH comes to: tokens, or what is asked next."""
        exchange = self.exchange(password)
        return self.respond(exchange.answers(self.challenged(username, exchange)))

    @property
    def _names(self) -> dict[str, str]:
        pool = {"UserPoolId": self.client["UserPoolId"]} if self.is_admin else {}
        return {"ClientId": self.client["ClientId"], **pool}

    def _hashed(self, given: Mapping[str, str]) -> dict[str, str]:
        if "ClientSecret" not in self.client or "USERNAME" not in given:
            return dict(given)
        return {"SECRET_HASH": secret_hash(dict(self.client), given["USERNAME"]), **given}
