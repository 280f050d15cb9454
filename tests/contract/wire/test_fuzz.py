"""Hostile requests made from the service model: whatever comes, the answer is a declared one and never a crash."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from botocore.model import Shape
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from identity.wire.services import cognito_idp
from identity.wire.shapes import Problems, compile_parser
from tests.support import factories
from tests.support.clients import UNLISTED, post
from tests.support.server import Server

EXAMPLES = 25

# Letters that look like Latin ones, letters that change under case folding, signs that combine, reverse or hide.
LOOK_ALIKES = [
    "\u0430dmin",
    "\uff41\uff44\uff4d\uff49\uff4e",
    "\u03b1dmin",
    "\u017f\u017f",
    "\u00df",
    "\u0130",
    "\u0131",
    "\u212a",
    "\ufb01",
    "e\u0301",
    "\u202eadmin",
    "a\u200bb",
    "\U0001f40e" * 40,
]
HOSTILE = [
    *("", " ", "\x00", "a\x00b", "\x7f", "\r\nX-Evil: 1", "' OR 1=1 --", "%s%n", "{0.__class__}", "${jndi:x}"),
    *("../../etc/passwd", "-1", "1e999", "NaN", "null", "a" * 200_000, "é" * 5_000),
    *LOOK_ALIKES,
]
# Each member takes those of these that its constraints let through.
ORDINARY = [
    *("a", "Plain-Word-1", "word", "123456", "10", "0", "true", "code", "openid", "email", "phone_number", "custom:x"),
    *("a@b.example", "+15550100", "2000-01-01", "https://app.example/callback", "myapp://callback"),
    *("us-east-1_None00000", "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_None00000"),
    *("Your code is {####}", "{username} has {####}", "x" * 24),
    *(word for word in LOOK_ALIKES if word.isprintable()),
]
JUNK = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=20),
        st.sampled_from(HOSTILE),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8) | st.sampled_from(HOSTILE), inner, max_size=4)
    ),
    max_leaves=12,
)


MAP_KEYS = ["USERNAME", "PASSWORD", "REFRESH_TOKEN", "SECRET_HASH", "NEW_PASSWORD", "userAttributes.email", "Level1"]


@dataclass(frozen=True)
class Known:
    """What really exists, so that some requests come further than the look-up."""

    values: dict[str, str]

    def of(self, name: str) -> list[str]:
        return [self.values[name]] if name in self.values else []


@pytest.fixture(scope="session")
def known(idp: Any, public: Any) -> dict[str, Known]:
    """A pool and a client with a user to read (`read`), another to change (`change`), and nothing (`delete`)."""
    pool = factories.make_pool(idp)
    client = factories.make_client(idp, pool)
    found = {"delete": Known({})}
    for use in ("read", "change"):
        user = factories.make_user(idp, pool)
        tokens = factories.sign_in(public, client, user)
        names = dict.fromkeys(("Username", "USERNAME"), user)
        passwords = dict.fromkeys(("Password", "PASSWORD", "PreviousPassword"), factories.PASSWORD)
        refresh = dict.fromkeys(("Token", "REFRESH_TOKEN"), tokens["RefreshToken"])
        ids = {"UserPoolId": pool["Id"], "ResourceArn": pool["Arn"], "ClientId": client["ClientId"]}
        found[use] = Known({**ids, **names, **passwords, **refresh, "AccessToken": tokens["AccessToken"]})
    return found


def use_of(name: str) -> str:
    """What an operation may spoil for those that come after it: the user, or even the pool."""
    if "Delete" in name:
        return "delete"
    return "change" if re.search("SignOut|Revoke|Password", name) else "read"


def fuzzed(name: str, shape: Shape, known: Known, depth: int = 0) -> st.SearchStrategy[Any]:
    """Mostly what the constraints let through, so that it comes far; else an edge of the type, or anything at all."""
    if depth > 4:
        return JUNK
    good = _good(name, shape, known, depth)
    edge = _edge(shape)
    return st.integers(0, 24).flatmap(lambda dice: JUNK if dice == 0 else edge if dice < 4 else good)


def _good(name: str, shape: Shape, known: Known, depth: int) -> st.SearchStrategy[Any]:
    if shape.type_name == "structure":
        members = {member: fuzzed(member, inner, known, depth + 1) for member, inner in shape.members.items()}
        required = {member: members[member] for member in shape.required_members}
        chosen = st.lists(st.sampled_from([*members]), max_size=4, unique=True) if members else st.just([])
        return chosen.flatmap(lambda names: st.fixed_dictionaries({**required, **{key: members[key] for key in names}}))
    if shape.type_name == "list":
        return st.lists(fuzzed(name, shape.member, known, depth + 1), min_size=1, max_size=3)
    if shape.type_name == "map":
        named = {key: st.sampled_from(known.of(key)) for key in MAP_KEYS if known.of(key)}
        others = st.dictionaries(st.sampled_from(MAP_KEYS), fuzzed(name, shape.value, known, depth + 1), max_size=2)
        return st.builds(lambda real, other: {**real, **other}, st.fixed_dictionaries(named), others)
    if shape.type_name == "string":
        real = [*shape.metadata.get("enum", ()), *known.of(name)]
        return st.sampled_from(real or [word for word in ORDINARY if _passes(shape, word)] or ["a"])
    if shape.type_name in {"boolean", "blob"}:
        return st.booleans() if shape.type_name == "boolean" else st.sampled_from(["", "AA=="])
    return st.integers(shape.metadata.get("min", 0), shape.metadata.get("max", 100))


def _passes(shape: Shape, value: str) -> bool:
    problems = Problems()
    compile_parser(shape)(value, "", problems)
    return problems.count == 0


def _edge(shape: Shape) -> st.SearchStrategy[Any]:
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", 100)
    if shape.type_name == "string":
        fitting = ["a" * low, "a" * min(high, 4000), "a" * (min(high, 4000) + 1), "\U0001f40e" * min(high, 200)]
        return st.sampled_from(fitting) | st.sampled_from(HOSTILE) | st.text(max_size=30)
    if shape.type_name in {"integer", "long", "timestamp"}:
        return st.sampled_from([low - 1, high + 1, 0, -1, 2**31 - 1, 2**31, 2**63, 10**30, 0.5, -0.0, 1e300])
    if shape.type_name == "map":
        return st.dictionaries(st.sampled_from(HOSTILE), st.sampled_from(HOSTILE), max_size=3)
    if shape.type_name == "structure":
        return st.dictionaries(st.sampled_from(["UserPoolId", "__proto__", "__class__", ""]), JUNK, max_size=2)
    if shape.type_name == "list":
        return st.sampled_from([[], [None], [[]], [{}], [""], [0], [{}] * 1000])
    return st.sampled_from(["true", 1, 0, "", "no base64!", "é"])


@pytest.mark.parametrize("name", sorted(cognito_idp.operations))
def test_every_answer_is_a_declared_one(server: Server, known: dict[str, Known], name: str) -> None:
    operation = cognito_idp.operations[name]
    declared = operation.errors | UNLISTED

    @settings(
        derandomize=True,
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(body=fuzzed("", operation.model.input_shape, known[use_of(name)]))
    def check(body: Any) -> None:
        sent = json.dumps(body).encode()
        answer = post(server, name, sent, signed=not operation.is_unsigned)
        shown = sent[:2000]
        assert answer.status_code in {200, 400}, (answer.status_code, answer.text, shown)
        if answer.status_code == 200:
            check_output(operation, answer.content)
            return
        refusal = answer.json()
        assert refusal["__type"] in declared, (refusal, shown)
        assert answer.headers["x-amzn-ErrorType"] == f"{refusal['__type']}:"
        assert refusal.get("message", "").strip(), (refusal, shown)

    check()


def check_output(operation: Any, content: bytes) -> None:
    """An answer is what the model says, down to the JSON types."""
    shape = operation.model.output_shape
    if shape is None:
        assert content == b""
        return
    answer = json.loads(content)
    assert isinstance(answer, dict)
    unknown = answer.keys() - shape.members.keys()
    assert not unknown, unknown
    # Output and input types have the same form on this wire.
    compile_parser(shape)(answer, "", Problems())


def part(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "RS256", "kid": "\x00"},
        {"alg": "RS256", "kid": "\ud800"},
        {"alg": "RS256", "kid": "k" * 100_000},
        {"alg": "RS256", "kid": "' OR 1=1 --"},
        {"alg": "RS256", "kid": ["list"]},
        {"alg": "RS256", "kid": None},
        {"alg": "RS256"},
        {"alg": "none"},
        {"alg": ["RS256"], "kid": "k"},
        {"alg": "RS256", "kid": "k", "crit": ["x"], "b64": False},
        [],
        "text",
        None,
    ],
)
def test_a_forged_token_is_an_invalid_one_whatever_its_header_says(
    server: Server, known: dict[str, Known], header: Any
) -> None:
    for pool_id in (known["read"].values["UserPoolId"], "us-east-1_None00000", "\x00", "", 5, None):
        payload = {"iss": f"{server.url}/{pool_id}" if isinstance(pool_id, str) else pool_id, "token_use": "access"}
        token = f"{part(header)}.{part(payload)}.{part('signature')}"
        answer = post(server, "GetUser", json.dumps({"AccessToken": token}).encode())
        assert answer.json() == {"__type": "NotAuthorizedException", "message": "Invalid Access Token"}


@pytest.mark.parametrize("pool_id", ["%00", "%FF", "%ED%A0%80", "%D0%B0", "a%0D%0AX-Evil:%201", "'--", "x" * 5000])
@pytest.mark.parametrize("document", ["jwks.json", "openid-configuration"])
def test_an_issuer_that_no_pool_has_is_not_found(server: Server, pool_id: str, document: str) -> None:
    answer = requests.get(f"{server.url}/{pool_id}/.well-known/{document}", timeout=10)
    assert answer.status_code == 404
    assert "X-Evil" not in answer.headers


def test_the_server_has_logged_no_crash(server: Server) -> None:
    """Runs after the requests above, in the same process; no test of this server means to crash it."""
    crashes = re.findall(r"request [0-9a-f-]{36} failed.*|Internal Server Error.*", server.log)
    assert crashes == []
