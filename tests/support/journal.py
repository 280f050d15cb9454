"""What a server was asked to do and has acknowledged, and so what its database must say after any end.

One thread changes one thing at a time, so that of each thing one state is known to be true, or, behind a request that
was cut off, one of two: the state before and the state after, and nothing in between.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from threading import Lock
from typing import Any, Protocol

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from tests.support.wire import Caller, CutOff, NotSent, Refused

Rows = dict[str, Any]
LIMITS = {"LimitExceededException", "TooManyRequestsException"}


class State(Protocol):
    """What is true of a thing."""

    def differences(self, rows: Rows) -> list[str]:
        """What the database says otherwise."""

    def settled(self, rows: Rows) -> State:
        """The same, with what only the database knows: ids that were in an answer that never came."""

    def audited(self) -> Mapping[str | None, tuple[str, ...]]:
        """Events of the audit trail by subject."""


@dataclass(frozen=True)
class Session:
    """A sign-in at a client; its tokens are unknown where its answer was cut off.

    `rotated` says of each refresh token that rotation has made or spent whether it is spent; None is one that nobody
    has seen. A blank `refresh_token` is one that was cut off, and so cannot be used any more.
    """

    client_id: str
    digest: str | None = None
    refresh_token: str = ""
    access_token: str = ""
    is_revoked: bool = False
    rotated: Mapping[str | None, bool] = field(default_factory=dict)

    @staticmethod
    def of(client_id: str, answer: dict[str, Any] | None) -> Session:
        if answer is None:
            return Session(client_id)
        tokens = answer["AuthenticationResult"]
        return Session(client_id, _digest(tokens["RefreshToken"]), tokens["RefreshToken"], tokens["AccessToken"])

    def exchanged(self, answer: dict[str, Any] | None) -> Session:
        """With the one refresh token spent and its successor there."""
        token = answer["AuthenticationResult"]["RefreshToken"] if answer else ""
        rotated = {**self.rotated, _digest(self.refresh_token): True, _digest(token) if token else None: False}
        return replace(self, refresh_token=token, rotated=rotated)

    def differs(self, held: dict[str, Any]) -> bool:
        known = {digest: is_spent for digest, is_spent in self.rotated.items() if digest}
        others = [is_spent for digest, is_spent in held["rotated"].items() if digest not in known]
        is_same = all(held["rotated"].get(digest) == is_spent for digest, is_spent in known.items())
        unknown = [is_spent for digest, is_spent in self.rotated.items() if digest is None]
        return held["is_revoked"] != self.is_revoked or not is_same or others != unknown

    def settled(self, digest: str, held: dict[str, Any]) -> Session:
        return replace(self, digest=digest, rotated=held["rotated"])


@dataclass(frozen=True)
class Person:
    """A user name and what must be true of it. `mailed` is the kind of code that the newest message holds.

    `has_mfa` says that e-mail is their second factor, `has_app` that an authenticator app is set up beside it.
    """

    name: str
    exists: bool = False
    sub: str | None = None
    status: str = ""
    password: str = ""
    enabled: bool = True
    attributes: Mapping[str, str] = field(default_factory=dict)
    sessions: tuple[Session, ...] = ()
    groups: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    mailed: str = ""
    has_mfa: bool = False
    has_app: bool = False
    events: Mapping[str | None, tuple[str, ...]] = field(default_factory=dict)

    def noting(self, event: str, **changes: Any) -> Person:
        """Changed by an operator."""
        events = {**self.events, self.sub: (*self.events.get(self.sub, ()), event)}
        return replace(self, **{"events": events, **changes})

    def with_attributes(self, **changes: str) -> dict[str, str]:
        """A blank value deletes."""
        return {name: value for name, value in {**self.attributes, **changes}.items() if value}

    def differences(self, rows: Rows) -> list[str]:
        row = rows["users"].get(self.name)
        if not self.exists or row is None:
            found = [] if row is None and not self.exists else [f"exists: {row is not None}, should be {self.exists}"]
            return found + _audit_differences(self.events, rows)
        wanted = {
            "sub": self.sub or row["sub"],
            "status": self.status,
            "enabled": self.enabled,
            "attributes": dict(self.attributes),
            "codes": sorted(self.codes),
            "groups": sorted(self.groups),
            "second_factors": [["EMAIL_OTP"], "EMAIL_OTP"] if self.has_mfa else [[], ""],
            "apps": [True, 1] if self.has_app else [False, 0],
            "is_temporary": self.status == "FORCE_CHANGE_PASSWORD",
        }
        found = [f"{name}: {row[name]}, should be {value}" for name, value in wanted.items() if row[name] != value]
        if row["hash"] is None or not _is_hash_of(row["hash"], self.password):
            found.append(f"password: not {self.password}" if row["hash"] else "password: none")
        return found + self._session_differences(row["sessions"]) + _audit_differences(self._named(row).events, rows)

    def _session_differences(self, held: dict[str, Any]) -> list[str]:
        known = {session.digest: session for session in self.sessions if session.digest}
        unknown = [session for session in self.sessions if not session.digest]
        others = [row for digest, row in held.items() if digest not in known]
        found = [
            f"session {session}: {held.get(digest)}"
            for digest, session in known.items()
            if digest not in held or session.differs(held[digest])
        ]
        if len(others) != len(unknown) or any(map(Session.differs, unknown, others)):
            found.append(f"sessions nobody asked for, or lost: {others}, should be {unknown}")
        return found

    def _named(self, row: Rows) -> Person:
        if self.sub is not None:
            return self
        events = {row["sub"] if subject is None else subject: names for subject, names in self.events.items()}
        return replace(self, sub=row["sub"], events=events)

    def settled(self, rows: Rows) -> Person:
        row = rows["users"].get(self.name)
        if row is None or not self.exists:
            return self
        known = {session.digest for session in self.sessions}
        unknown = iter([*(digest for digest in row["sessions"] if digest not in known), ""])
        digests = [session.digest or next(unknown) for session in self.sessions]
        sessions = tuple(
            session.settled(digest, row["sessions"][digest])
            for session, digest in zip(self.sessions, digests, strict=True)
            if digest in row["sessions"]
        )
        return replace(self._named(row), sessions=sessions)

    def audited(self) -> Mapping[str | None, tuple[str, ...]]:
        return self.events


@dataclass(frozen=True)
class Thing:
    """A client, tag, group or custom attribute: its `value`, None while there is none; `subject` in the audit."""

    kind: str
    name: str
    value: Any = None
    subject: str | None = None
    events: tuple[str, ...] = ()

    def noting(self, event: str, value: Any, subject: str | None = None) -> Thing:
        return replace(self, value=value, subject=subject or self.subject, events=(*self.events, event))

    def differences(self, rows: Rows) -> list[str]:
        held = self._row(rows)
        found = [f"{self.kind} is {held}, should be {self.value}"] if held != self.value else []
        return found + _audit_differences(self.settled(rows).audited(), rows)

    def _row(self, rows: Rows) -> Any:
        if self.kind == "clients":
            return rows["clients"].get(self.name, (None, None))[1]
        if self.kind == "attributes":
            return "there" if self.name in rows["attributes"] else None
        return rows[self.kind].get(self.name)

    def settled(self, rows: Rows) -> Thing:
        if self.kind == "clients" and self.subject is None and self.name in rows["clients"]:
            return replace(self, subject=rows["clients"][self.name][0])
        return self

    def audited(self) -> Mapping[str | None, tuple[str, ...]]:
        return {self.subject: self.events} if self.events else {}


def _audit_differences(events: Mapping[str | None, tuple[str, ...]], rows: Rows) -> list[str]:
    return [
        f"audit of {subject}: {rows['audit'].get(subject, [])}, should be {sorted(names)}"
        for subject, names in events.items()
        if subject is not None and rows["audit"].get(subject, []) != sorted(names)
    ]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@cache
def _is_hash_of(password_hash: str, password: str) -> bool:
    try:
        return PasswordHasher().verify(password_hash, password)
    except VerifyMismatchError:
        return False


class Journal:
    """Every request of every thread, by what it was about. A thread asks about things of its own only."""

    def __init__(self) -> None:
        self.states: dict[str, list[Any]] = {}
        self.acknowledged: Counter[str] = Counter()
        self.cut_off: Counter[str] = Counter()
        self.limited: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()
        """Of requests that were cut off: how many had their effect, and how many had none."""
        self.failures: list[str] = []
        self._lock = Lock()

    def know(self, key: str, state: State) -> None:
        self.states[key] = [state]

    def __getitem__(self, key: str) -> Any:
        """The state of a thing; there must be one only."""
        (state,) = self.states[key]
        return state

    def ask(
        self,
        caller: Caller,
        key: str,
        operation: str,
        members: dict[str, Any],
        after: Callable[[dict[str, Any] | None], Any],
        *otherwise: Any,
    ) -> dict[str, Any]:
        """Make a request about a thing. `after` takes the answer, or None when there is none, and tells the new state.

        `otherwise` are further states behind a request that is cut off: operations that write in two steps.
        Raises: NotSent, CutOff, Refused. A refusal is written down as a failure, except where a limit was reached.
        """
        before = self[key]
        self.states[key] = [before, after(None), *otherwise]
        try:
            answer = caller.call(operation, members)
        except NotSent:
            self.states[key] = [before]
            raise
        except CutOff:
            self._count(self.cut_off, operation)
            raise
        except Refused as error:
            self.states[key] = [before]
            if error.code in LIMITS:
                self._count(self.limited, operation)
            else:
                self.failures.append(f"{operation} of {before}: {error}")
            raise
        self.states[key] = [after(answer)]
        self._count(self.acknowledged, operation)
        return answer

    def _count(self, counter: Counter[str], operation: str) -> None:
        with self._lock:
            counter[operation] += 1

    def settle(self, rows: Rows) -> list[str]:
        """Compare with the database; from then on one state of each thing is known again. Returns what is wrong."""
        complaints = list(rows["complaints"])
        subjects: set[str | None] = {rows["pool"]}
        names = set()
        for key, states in self.states.items():
            by_state = [(state, state.differences(rows)) for state in states]
            fitting = [state for state, differences in by_state if not differences]
            if not fitting:
                complaints += [f"{key}, {len(states)} possible: {differences}" for _, differences in by_state]
            if len(states) > 1 and len(fitting) == 1:
                self.ends["without effect" if fitting[0] is states[0] else "with effect"] += 1
            state = (fitting or states)[0].settled(rows)
            self.states[key] = [state]
            subjects |= set(state.audited())
            names.add(key)
        complaints += [f"{name}: nobody asked for this user" for name in rows["users"].keys() - names]
        complaints += [f"{name}: nobody asked for this client" for name in rows["clients"].keys() - names]
        return complaints + [f"{subject}: audited, never done" for subject in rows["audit"].keys() - subjects]
