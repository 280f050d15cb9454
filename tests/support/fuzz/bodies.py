"""Request bodies drawn by hypothesis from the shapes of the model.

A body is valid as far as the model and what exists can tell, and then spoilt in a few places: how many is drawn first,
so that some requests come all the way and others break early.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.model import Shape
from hypothesis import strategies as st

from identity.wire.service import Operation
from identity.wire.shapes import Problems, compile_parser
from tests.support.fuzz.cast import Cast
from tests.support.fuzz.text import HOSTILE, LOOK_ALIKES, MEGABYTE, ORDINARY, RAW, Pairs, Raw

ATTRIBUTES = {
    "email": ["x1@fuzz.example", "X1@FUZZ.example", "\u0131@fuzz.example", "a@b", "no address"],
    "phone_number": ["+15550101", "+1555010" + "1" * 40, "15550101"],
    "preferred_username": ["nick", "NICK", *LOOK_ALIKES],
    "email_verified": ["true", "True", "false", "yes", ""],
    "phone_number_verified": ["true", "false"],
    "name": ["A Name", "", *LOOK_ALIKES, "n" * 2048, "\u0130" * 2048, "\U0001f40e" * 2048],
    "given_name": ["G"],
    "family_name": ["F" * 500, "\uffff" * 700],
    "birthdate": ["2000-01-31", "2000-02-31", "0000-00-00"],
    "updated_at": ["0", "1e5", "9" * 50],
    "address": ["{}", "line\nline"],
    "custom:text": ["t", "t" * 2048, "\x01", *LOOK_ALIKES],
    "custom:size": ["1", "-5", "1e3", "9" * 40, "NaN", "\u0663"],
    "custom:flag": ["true", "TRUE", "maybe"],
    "custom:moment": ["2000-01-01T00:00:00Z", "12345", "9" * 30],
    "dev:custom:text": ["t"],
    "custom:none": ["t"],
    "sub": ["00000000-0000-0000-0000-000000000000"],
    "identities": ["[]"],
    "cognito:user_status": ["CONFIRMED"],
    "status": ["Enabled"],
}
MAP_KEYS = {
    "AuthParameters": [
        "USERNAME",
        "PASSWORD",
        "SECRET_HASH",
        "REFRESH_TOKEN",
        "SRP_A",
        "DEVICE_KEY",
        "PREFERRED_CHALLENGE",
        "TARGET_ACR_VALUES",
    ],
    "ChallengeResponses": [
        "USERNAME",
        "SECRET_HASH",
        "NEW_PASSWORD",
        "ANSWER",
        "PASSWORD",
        "SRP_A",
        "PASSWORD_CLAIM_SIGNATURE",
        "PASSWORD_CLAIM_SECRET_BLOCK",
        "TIMESTAMP",
        "EMAIL_OTP_CODE",
        "SMS_OTP_CODE",
        "SMS_MFA_CODE",
        "SOFTWARE_TOKEN_MFA_CODE",
        "userAttributes.email",
        "email",
    ],
}
FLOW_KEYS = {
    "USER_PASSWORD_AUTH": ["USERNAME", "PASSWORD", "SECRET_HASH"],
    "USER_SRP_AUTH": ["USERNAME", "SRP_A", "SECRET_HASH"],
    "USER_AUTH": ["USERNAME", "PREFERRED_CHALLENGE", "SRP_A", "SECRET_HASH"],
    "REFRESH_TOKEN_AUTH": ["REFRESH_TOKEN", "SECRET_HASH"],
}
ANSWERS = {
    "NEW_PASSWORD_REQUIRED": ["NEW_PASSWORD"],
    "SELECT_CHALLENGE": ["ANSWER", "PASSWORD"],
    "PASSWORD_VERIFIER": ["PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP"],
    "EMAIL_OTP": ["EMAIL_OTP_CODE"],
    "SOFTWARE_TOKEN_MFA": ["SOFTWARE_TOKEN_MFA_CODE"],
    "MFA_SETUP": [],
}
FLOWS = {"ChallengeName": "NEW_PASSWORD_REQUIRED"}
PROOFS = {"SecretHash", "Session"}
_ATTRIBUTE_NAMES = {"AttributeName", "AttributesToGet", "ReadAttribute", "WriteAttribute", "UserAttributeName"}
ANY_KEYS = ["USERNAME", "email", "userAttributes.name", "Level1", "key", "a" * 128, "a" * 129, "aws:x", "", "\u0430"]
WIDE = 8

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
_PERCENT = st.integers(0, 99)
_TEXT = st.text(max_size=40)
_HOSTILE = st.sampled_from([*HOSTILE, "m" * MEGABYTE])
_RAW = st.sampled_from(RAW)
_FAULTS = st.sampled_from([0, 0, 0, 2, 2, 8, 30])
_AFFIXES = st.sampled_from(["x", " ", "\x00", "\u0301", "\u200b", "\n", "=", "A", "\u0130", "'"])


@st.composite
def bodies(draw: Any, operation: Operation, casts: list[Cast]) -> tuple[int, Any]:
    """Which cast a request is about, and its body."""
    number = draw(st.integers(0, len(casts) - 1))
    return number, Body(draw, operation, casts, number).whole()


class Body:
    """One body in the making. `casts[number]` gives its names, now and then another one does."""

    def __init__(self, draw: Any, operation: Operation, casts: list[Cast], number: int) -> None:
        self._draw = draw
        self._operation = operation
        self._faults = draw(_FAULTS)
        person = draw(st.sampled_from([*range(len(casts[number].people)), *_fit_for(operation)]))
        self._known = {**FLOWS, **casts[number].common, **casts[number].people[person]}
        self._flow = draw(st.sampled_from(sorted(FLOW_KEYS)))
        other = casts[(number + 1) % len(casts)]
        self._foreign = {**other.common, **other.people[0]}

    def whole(self) -> Any:
        shape = self._operation.model.input_shape
        body = self._good("", shape) if shape else {}
        if self._chance(self._faults):
            ignored = self._draw(
                st.sampled_from(["Ignored", "__proto__", "__class__", "self", "call", "", "userPoolId"])
            )
            body = {ignored: self._draw(JUNK | _RAW), **body}
        if self._chance(self._faults):
            pairs = [*body.items()] or [("a", 1)]
            name, _ = self._draw(st.sampled_from(pairs))
            body = Pairs([*pairs, (name, self._draw(JUNK | _RAW))])
        return body

    def _chance(self, percent: int) -> bool:
        return percent > 0 and bool(self._draw(_PERCENT) < percent)

    def _value(self, name: str, shape: Shape) -> Any:
        if not self._chance(self._faults):
            return self._good(name, shape)
        dice = self._draw(_PERCENT)
        if dice < 15:
            return self._draw(_RAW)
        if dice < 35:
            return self._draw(JUNK)
        return self._edge(name, shape)

    def _good(self, name: str, shape: Shape) -> Any:
        if shape.type_name == "list":
            count = self._draw(st.sampled_from([1, 1, 1, 2, 3, 0]))
            return [self._value(name.removesuffix("s"), shape.member) for _ in range(count)]
        forms = {"structure": self._structure, "map": self._map, "string": self._string}
        if form := forms.get(shape.type_name):
            return form(name, shape)
        if shape.type_name in {"boolean", "blob"}:
            return self._draw(st.booleans() if shape.type_name == "boolean" else st.sampled_from(["", "AA=="]))
        low, high = shape.metadata.get("min", 0), shape.metadata.get("max", 100)
        return self._draw(st.sampled_from([1, low, high, max(low, 1)]) | st.integers(low, high))

    def _structure(self, name: str, shape: Shape) -> Any:
        if {"Name", "Value"} == shape.members.keys() and shape.members["Name"].name == "AttributeNameType":
            return self._attribute()
        chosen: dict[str, Any] = {}
        for member, inner in shape.members.items():
            if member == "Session" and "AccessToken" in chosen and not self._chance(10):
                continue  # one of them is asked for
            odds = 60 if member in self._known else 12 if len(shape.members) > WIDE else 30
            is_proof = member in MAP_KEYS or (member in PROOFS and member in self._known)
            if member in shape.required_members or is_proof:
                is_there = not self._chance(min(self._faults, 4))
            else:
                is_there = self._chance(odds)
            if is_there:
                chosen[member] = self._value(member, inner)
        return chosen

    def _attribute(self) -> Any:
        name = self._draw(st.sampled_from([*ATTRIBUTES]))
        value = self._draw(st.sampled_from(ATTRIBUTES[name]))
        if self._chance(self._faults):
            name = self._draw(_HOSTILE | _RAW)
        if self._chance(self._faults):
            value = self._draw(_HOSTILE | _RAW | JUNK)
        return {"Name": name, "Value": value}

    def _map(self, name: str, shape: Shape) -> Any:
        keys = MAP_KEYS.get(name)
        if keys is None:
            chosen = self._draw(st.lists(st.sampled_from(ANY_KEYS), max_size=3))
        else:
            answers = ["USERNAME", "SECRET_HASH", *ANSWERS[self._known["ChallengeName"]]]
            wanted = FLOW_KEYS[self._flow] if name == "AuthParameters" else answers
            chosen = [key for key in keys if self._chance(95 if key in self._known and key in wanted else 5)]
        pairs = [(key, self._value(key, shape.value)) for key in chosen]
        return Pairs(pairs) if self._chance(self._faults) else dict(pairs)

    def _string(self, name: str, shape: Shape) -> Any:
        if choices := shape.metadata.get("enum"):
            return self._choice(name, choices)
        if name == "Filter":
            return self._filter()
        if name in {"NextToken", "PaginationToken"}:
            return self._page_token(name)
        return self._text(name, shape)

    def _text(self, name: str, shape: Shape) -> Any:
        if name == "Username" and self._operation.name in {"SignUp", "AdminCreateUser"} and self._chance(70):
            fresh = f"new{self._draw(st.integers(0, 10**9))}"
            return self._draw(st.sampled_from([fresh, f"{fresh}@fuzz.example", f"{fresh}\u0130"]))
        if name in _ATTRIBUTE_NAMES and not (name in self._known and self._chance(40)):
            return self._draw(st.sampled_from([*ATTRIBUTES]))
        if name in self._known and not self._chance(8):
            return self._known[name]
        if name in self._foreign and self._chance(30):
            return self._foreign[name]
        return self._draw(_fitting(shape))

    def _choice(self, name: str, choices: list[str]) -> str:
        if name == "AuthFlow" and self._chance(85):
            is_admin = self._operation.name.startswith("Admin") and self._flow == "USER_PASSWORD_AUTH"
            return f"ADMIN_{self._flow}" if is_admin else self._flow
        if name in self._known and self._chance(70):
            return self._known[name]
        return str(self._draw(st.sampled_from(choices)))

    def _page_token(self, name: str) -> Any:
        own = self._known.get(f"{name}@{self._operation.name}")
        if own and self._chance(60):
            return own
        all_tokens = [value for key, value in {**self._known, **self._foreign}.items() if "Token@" in key]
        token = self._draw(st.sampled_from(all_tokens or ["AA=="]))
        cut = self._draw(st.integers(0, len(token)))
        letter = self._draw(st.sampled_from("Az09-_+/= \n\x00\u0130"))
        forms = [
            token[:cut],
            token[:cut] + letter + token[cut + 1 :],
            token + token,
            token[:cut] + letter + token[cut:],
        ]
        return self._draw(st.sampled_from([token, *forms]))

    def _filter(self) -> Any:
        """ListUsers' grammar: attribute, comparison, quoted value."""
        attribute = self._draw(st.sampled_from(["username", "sub", "name", "enabled", *ATTRIBUTES, *HOSTILE[:16]]))
        comparison = self._draw(st.sampled_from(["=", "^=", "^=", " = ", " ^= ", "!=", "==", "", "^", "~", "\n=\t"]))
        known = [self._known[name] for name in ("Username", "UserPoolId") if name in self._known]
        examples = [
            *known,
            *ATTRIBUTES.get(attribute, []),
            *HOSTILE,
            "Enabled",
            "CONF",
            "\\",
            '\\"',
            "\\\\",
            '"',
            "\\n",
        ]
        value = self._draw(st.sampled_from(examples) | _TEXT)
        quoted = value if self._chance(20) else value.replace("\\", "\\\\").replace('"', '\\"')
        before, after = self._draw(
            st.sampled_from([('"', '"'), ('"', '"'), ('"', '"'), ("'", "'"), ('"', ""), ("", "")])
        )
        tail = self._draw(st.sampled_from(["", "", "", " ", " and x", '"', "\\", " or 1=1", "\x00"]))
        return f"{attribute}{comparison}{before}{quoted}{after}{tail}"

    def _edge(self, name: str, shape: Shape) -> Any:
        low, high = shape.metadata.get("min", 0), shape.metadata.get("max", 100)
        if shape.type_name == "string":
            return self._edge_text(name, low, min(high, 140_000))
        if shape.type_name in {"integer", "long", "timestamp"}:
            numbers = [
                low - 1,
                high + 1,
                0,
                -1,
                2**31 - 1,
                2**31,
                -(2**31),
                2**63,
                -(2**63),
                10**30,
                0.5,
                1e300,
                5e-324,
            ]
            return self._draw(st.sampled_from(numbers))
        if shape.type_name == "map":
            return self._draw(st.dictionaries(_HOSTILE, _HOSTILE, max_size=3))
        if shape.type_name == "structure":
            return self._draw(
                st.dictionaries(st.sampled_from(["UserPoolId", "__proto__", "__class__", ""]), JUNK, max_size=2)
            )
        if shape.type_name == "list":
            return self._draw(st.sampled_from([[], [None], [[]], [{}], [""], [0], ["a"] * 300, [{}] * 1000]))
        return self._draw(st.sampled_from(["true", 1, 0, "", "no base64!", "é"]))

    def _edge_text(self, name: str, low: int, high: int) -> Any:
        real = self._known.get(name, "a" * max(low, 1))
        affix = self._draw(_AFFIXES)
        near = [real + affix, affix + real, real[1:], real[:-1], real.upper(), real.lower(), real.swapcase(), real * 2]
        lengths = ["a" * max(low - 1, 0), "a" * low, "a" * high, "a" * (high + 1), "\U0001f40e" * min(high, 2048)]
        escaped = Raw(f'"{real[:3]}\\ud800{real[3:]}"') if real.isascii() and real.isalnum() else Raw('"\\ud83d"')
        return self._draw(st.sampled_from([*near, *lengths, escaped]) | _HOSTILE | _TEXT)


def _fit_for(operation: Operation) -> list[int]:
    """The places of the people whom an operation is for."""
    places = {
        "RespondToAuthChallenge": [1, 4, 5, 6, 7, 8],
        "ConfirmSignUp": [2],
        "AdminConfirmSignUp": [2],
        "AdminRespondToAuthChallenge": [3],
        "AssociateSoftwareToken": [8] * 8,
        "VerifySoftwareToken": [8] * 8,
        "InitiateAuth": [0, 4, 6, 7],
    }
    return places.get(operation.name, [0])


@cache
def _fitting(shape: Shape) -> st.SearchStrategy[str]:
    return st.sampled_from([word for word in ORDINARY if _passes(shape, word)] or ["a"])


def _passes(shape: Shape, value: str) -> bool:
    problems = Problems()
    compile_parser(shape)(value, "", problems)
    return problems.count == 0
