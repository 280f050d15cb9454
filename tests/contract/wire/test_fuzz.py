"""Hostile requests made from the service model: whatever comes, the answer is a declared one and never a crash."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.model import Shape
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from identity.wire.services import cognito_idp
from identity.wire.shapes import Problems, compile_parser
from tests.support import factories
from tests.support.clients import UNLISTED, post
from tests.support.server import Server

EXAMPLES = 15

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
def known(idp: Any, public: Any) -> Known:
    pool = factories.make_pool(idp)
    client = factories.make_client(idp, pool, GenerateSecret=False)
    user = factories.make_user(idp, pool, email="fuzz@example.com")
    tokens = factories.sign_in(public, client, user)
    return Known(
        {
            "UserPoolId": pool["Id"],
            "ResourceArn": pool["Arn"],
            "ClientId": client["ClientId"],
            "Username": user,
            "USERNAME": user,
            "AccessToken": tokens["AccessToken"],
            "Token": tokens["RefreshToken"],
            "REFRESH_TOKEN": tokens["RefreshToken"],
            "PASSWORD": factories.PASSWORD,
            "Password": factories.PASSWORD,
            "PreviousPassword": factories.PASSWORD,
        }
    )


def fuzzed(name: str, shape: Shape, known: Known, depth: int = 0) -> st.SearchStrategy[Any]:
    """Mostly what the constraints let through, so that it comes far; else an edge of the type, or anything at all."""
    if depth > 4:
        return JUNK
    good = _good(name, shape, known, depth)
    edge = _edge(shape)
    return st.integers(0, 24).flatmap(lambda dice: JUNK if dice == 0 else edge if dice < 4 else good)


def _good(name: str, shape: Shape, known: Known, depth: int) -> st.SearchStrategy[Any]:
    kind = shape.type_name
    if kind == "structure":
        members = {member: fuzzed(member, inner, known, depth + 1) for member, inner in shape.members.items()}
        required = {member: members[member] for member in shape.required_members}
        optional = {member: inner for member, inner in members.items() if member not in required}
        return st.fixed_dictionaries(required, optional=optional)
    if kind == "list":
        return st.lists(fuzzed(name, shape.member, known, depth + 1), min_size=1, max_size=3)
    if kind == "map":
        named = {key: st.sampled_from(known.of(key)) for key in MAP_KEYS if known.of(key)}
        others = st.dictionaries(st.sampled_from(MAP_KEYS), fuzzed(name, shape.value, known, depth + 1), max_size=2)
        return st.builds(lambda real, other: {**real, **other}, st.fixed_dictionaries(named), others)
    if kind == "boolean":
        return st.booleans()
    if kind == "string":
        real = [*shape.metadata.get("enum", ()), *known.of(name)]
        return st.sampled_from(real or [word for word in ORDINARY if _passes(shape, word)] or ["a"])
    if kind == "blob":
        return st.sampled_from(["", "AA=="])
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
def test_every_answer_is_a_declared_one(server: Server, known: Known, name: str) -> None:
    operation = cognito_idp.operations[name]
    # What deletes gets nothing real, or the first example would leave the others with nothing to find.
    real = known if "Delete" not in name else Known({})
    declared = operation.errors | UNLISTED

    @settings(
        derandomize=True,
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(body=fuzzed("", operation.model.input_shape, real))
    def check(body: Any) -> None:
        sent = json.dumps(body).encode()
        answer = post(server, name, sent, signed=not operation.is_unsigned)
        shown = sent[:2000]
        assert answer.status_code in {200, 400}, (answer.status_code, answer.text, shown)
        if answer.status_code == 200:
            check_output(operation, answer.content); open("/tmp/probe/codes","a").write(f"{name} OK\n")
            return
        refusal = answer.json(); open("/tmp/probe/codes","a").write(f"{name} {refusal}\n"[:300]+"\n")
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


def test_the_server_has_logged_no_crash(server: Server) -> None:
    """Runs after the requests above, in the same process."""
    assert "Traceback" not in server.log
