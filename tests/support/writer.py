"""What writes on users are made with: who asks whom, when a kind of write is possible, and the list of kinds."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from tests.support.journal import Journal, Person, Session
from tests.support.wire import Caller, NotSent

Members = dict[str, Any]
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Ground:
    """Where users live. One client keeps refresh tokens, the other one rotates them.

    `code_to` gives the newest code that was sent to an address.
    """

    pool_id: str
    pool_arn: str
    client_id: str
    rotating_client_id: str
    groups: tuple[str, ...]
    code_to: Callable[[str], str]


@dataclass
class Writer:
    """What one thread writes with. `person` is whom it is about to change, as they are known to be."""

    journal: Journal
    caller: Caller
    ground: Ground
    random: Random
    person: Person

    def public(self, operation: str, after: Callable[[Any], Person], **members: Any) -> Members:
        return self._ask(operation, members, after)

    def by_name(self, operation: str, after: Callable[[Any], Person], **members: Any) -> Members:
        """What an app asks about a user name."""
        named = {"ClientId": self.ground.client_id, "Username": self.person.name}
        return self._ask(operation, {**named, **members}, after)

    def by_token(self, operation: str, after: Callable[[Any], Person], **members: Any) -> Members:
        return self._ask(operation, {"AccessToken": self.live().access_token, **members}, after)

    def by_operator(
        self, operation: str, after: Callable[[Any], Person], *otherwise: Person, **members: Any
    ) -> Members:
        named = {"UserPoolId": self.ground.pool_id, "Username": self.person.name}
        return self._ask(operation, {**named, **members}, after, *otherwise)

    def _ask(self, operation: str, members: Members, after: Callable[[Any], Person], *otherwise: Person) -> Members:
        answer = self.journal.ask(self.caller, self.person.name, operation, members, after, *otherwise)
        self.person = self.journal[self.person.name]
        return answer

    def live(self, client_id: str | None = None) -> Session:
        """A session whose tokens must be good, at a client or at any."""
        return next(session for session in self.person.sessions if is_live(session, client_id))

    def new_password(self) -> str:
        return f"Password-{next(_numbers)}-{self.random.randrange(10**6)}"

    def new_address(self) -> str:
        return f"{self.person.name}.{next(_numbers)}@example.com"

    def code(self) -> str:
        """Raises: NotSent, when there is nobody to ask for it."""
        try:
            return self.ground.code_to(self.person.attributes["email"])
        except OSError as error:
            raise NotSent(repr(error)) from None


@dataclass(frozen=True)
class Write:
    """One kind of write: when it can be made, and how."""

    possible: Callable[[Person], bool]
    make: Callable[[Writer], None]
    weight: int


WRITES: list[Write] = []


def write(possible: Callable[[Person], bool], weight: int = 2) -> Callable[[Callable[[Writer], None]], Any]:
    def add(make: Callable[[Writer], None]) -> Callable[[Writer], None]:
        WRITES.append(Write(possible, make, weight))
        return make

    return add


def is_absent(person: Person) -> bool:
    return not person.exists


def is_there(person: Person) -> bool:
    return person.exists


def is_active(person: Person) -> bool:
    return person.exists and person.enabled and person.status == "CONFIRMED"


def needs_a_password_alone(person: Person) -> bool:
    return is_active(person) and not person.has_mfa


def has_temporary_password(person: Person) -> bool:
    return person.exists and person.enabled and person.status == "FORCE_CHANGE_PASSWORD" and not person.has_mfa


def is_live(session: Session, client_id: str | None = None) -> bool:
    """At a given client, with a refresh token that can be used as well."""
    is_there = client_id is None or (session.client_id == client_id and session.refresh_token != "")
    return is_there and session.access_token != "" and not session.is_revoked


def is_signed_in(person: Person) -> bool:
    return is_active(person) and any(map(is_live, person.sessions))


def is_recoverable(person: Person) -> bool:
    """Not by the address that gets the second factor."""
    is_verified = person.attributes.get("email_verified") == "true" and not person.has_mfa
    return person.exists and person.enabled and is_verified and person.status in {"CONFIRMED", "RESET_REQUIRED"}


def was_mailed(kind: str, possible: Callable[[Person], bool]) -> Callable[[Person], bool]:
    return lambda person: possible(person) and person.mailed == kind and kind in person.codes


def may_sign_up_code(person: Person) -> bool:
    return person.exists and person.enabled and person.status == "UNCONFIRMED"


def listed(attributes: dict[str, str]) -> list[Members]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def signed_out(person: Person) -> tuple[Session, ...]:
    return tuple(replace(session, is_revoked=True) for session in person.sessions)


def mailed(answer: Any, kind: str) -> str:
    """Behind a request that was cut off nobody knows whether its message left."""
    return kind if answer is not None else ""
