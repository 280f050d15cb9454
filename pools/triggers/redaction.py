"""What records and logs must not keep, taken out of events, answers and texts.

Members that hold secrets by their name, the caller's `secrets`, and what functions hand on to themselves as secret
(`privateChallengeParameters`), wherever that appears.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

import orjson

SHOWN = "***"

_SECRET = frozenset(
    name.lower()
    for name in (
        "password",
        "temporaryPassword",
        "code",
        "challengeAnswer",
        "challengeMetadata",
        "session",
        "accessToken",
        "idToken",
        "refreshToken",
        "tokenResponse",
        "samlResponse",
        "secretHash",
        "clientSecret",
    )
)
"""Of members whose text is hidden, in any case. `challengeMetadata`: functions put their code into it."""
_PRIVATE = "privateChallengeParameters"
_SHORTEST_WITHIN = 4
"""Texts that are shorter would be found in half of all words: they are hidden where they stand alone."""


class Redaction:
    """Of one try: `events` is all that was said in it, so that what is secret in one is hidden in the others."""

    def __init__(self, secrets: Iterable[str], *events: object) -> None:
        known = {secret for secret in secrets if secret}
        for event in events:
            known.update(text for text in _private(event) if text)
        self._whole = known
        within = {form for secret in known if len(secret) >= _SHORTEST_WITHIN for form in _forms(secret)}
        self._within = sorted(within, key=len, reverse=True)

    def json(self, event: object) -> str:
        return orjson.dumps(self._value(event)).decode()

    def text(self, text: str) -> str:
        if text in self._whole:
            return SHOWN
        for secret in self._within:
            text = text.replace(secret, SHOWN)
        return text

    def _value(self, value: object) -> object:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(name): self._member(name, inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._value(inner) for inner in value]
        return SHOWN if str(value) in self._whole else value

    def _member(self, name: str, value: object) -> object:
        if name == _PRIVATE and isinstance(value, Mapping):
            return dict.fromkeys(value, SHOWN)
        if name.lower() in _SECRET and isinstance(value, str | int | float) and not isinstance(value, bool):
            return SHOWN if value != "" else value
        return self._value(value)


def _private(value: object) -> Iterator[str]:
    """The texts in private challenge parameters, wherever those are."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner) if name == _PRIVATE else _private(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _private(inner)


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _leaves(inner)
    elif isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        yield str(value)


def _forms(secret: str) -> tuple[str, ...]:
    """A secret as it is, and as it stands within JSON, by writers that escape what is not ASCII and by others."""
    return secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]
