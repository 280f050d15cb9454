"""Threads that write until the server is gone, and the questions that show whether it has kept what it acknowledged."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from random import Random
from typing import Any

from tests.support import writes
from tests.support.journal import Journal, Person, Thing
from tests.support.server import Server
from tests.support.wire import Caller, CutOff, NotSent, Refused
from tests.support.writer import WRITES, Ground, Writer, is_active

_OWN = 30
"""How many users a thread goes on changing; older ones rest, and must stay as they are."""
_MOST_CUSTOM_ATTRIBUTES = 40
_names = itertools.count(1)


class Load:
    """Six threads that change users and one that changes clients, tags, groups and custom attributes."""

    THREADS = 6

    def __init__(self, server: Server, journal: Journal, ground: Ground, random: Random) -> None:
        self.journal = journal
        self.touched: set[str] = set()
        self.killed = threading.Event()
        self._server = server
        self._ground = ground
        tasks: list[Callable[[Caller, Random], None]] = [self._change_people] * self.THREADS
        self._threads = [
            threading.Thread(target=self._run, args=(task, Random(random.random())))
            for task in [*tasks, self._change_things]
        ]
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Wait until every thread has found the server gone."""
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def _run(self, task: Callable[[Caller, Random], None], random: Random) -> None:
        try:
            with closing(Caller(self._server)) as caller:
                while True:
                    with suppress(Refused):  # it is in the journal
                        task(caller, random)
        except (CutOff, NotSent) as error:
            if not self.killed.is_set():
                self.journal.failures.append(f"before the kill: {error!r}")
        except Exception as error:
            self.journal.failures.append(f"the load itself failed: {error!r}")

    def _change_people(self, caller: Caller, random: Random) -> None:
        own: list[str] = []
        while True:
            if len(own) < _OWN and (not own or random.random() < 0.15):
                name = f"person-{next(_names)}"
                self.journal.know(name, Person(name))
                own.append(name)
            name = random.choice(own)
            self.touched.add(name)
            self._change(Writer(self.journal, caller, self._ground, random, self.journal[name]))

    def _change(self, to: Writer) -> None:
        possible = [write for write in WRITES if write.possible(to.person)]
        (chosen,) = to.random.choices(possible, [write.weight for write in possible])
        with suppress(Refused):
            chosen.make(to)

    def _change_things(self, caller: Caller, random: Random) -> None:
        kind = random.choice(["clients", "tags", "groups", "attributes"])
        name = f"{kind}-{next(_names)}"
        if kind == "attributes":
            self._add_attribute(caller, f"x{next(_names)}")
            return
        self.journal.know(name, Thing(kind, name, subject=None if kind == "clients" else name))
        for turn in range(random.randrange(2, 5)):
            self._change_thing(caller, self.journal[name], turn)
        if random.random() < 0.5:
            self._delete_thing(caller, self.journal[name])

    def _add_attribute(self, caller: Caller, name: str) -> None:
        custom = [key for key in self.journal.states if key.startswith("custom:")]
        if len(custom) >= _MOST_CUSTOM_ATTRIBUTES:
            return
        key = f"custom:{name}"
        self.journal.know(key, Thing("attributes", key, subject=name))
        done = self.journal[key].noting("AddCustomAttributes", "there")
        attribute = {"Name": name, "AttributeDataType": "String", "Mutable": True}
        members = {"UserPoolId": self._ground.pool_id, "CustomAttributes": [attribute]}
        self.journal.ask(caller, key, "AddCustomAttributes", members, lambda answer: done)

    def _change_thing(self, caller: Caller, thing: Thing, turn: int) -> None:
        pool = {"UserPoolId": self._ground.pool_id}
        if thing.kind == "tags":
            operation, value = "TagResource", f"value {turn}"
            members: dict[str, Any] = {"ResourceArn": self._ground.pool_arn, "Tags": {thing.name: value}}
        elif thing.kind == "groups":
            operation, value = "UpdateGroup" if thing.value else "CreateGroup", f"description {turn}"
            members = {**pool, "GroupName": thing.name, "Description": value}
        else:
            operation = "UpdateUserPoolClient" if thing.value else "CreateUserPoolClient"
            named = {"ClientId": thing.subject} if thing.value else {}
            members = {**pool, **named, "ClientName": thing.name, "RefreshTokenValidity": turn + 1}
            value = turn + 1  # type: ignore[assignment]

        def after(answer: Any) -> Thing:
            subject = answer["UserPoolClient"]["ClientId"] if answer and thing.kind == "clients" else None
            return thing.noting(operation, value, subject)

        self.journal.ask(caller, thing.name, operation, members, after)

    def _delete_thing(self, caller: Caller, thing: Thing) -> None:
        pool = {"UserPoolId": self._ground.pool_id}
        operation, members = {
            "tags": ("UntagResource", {"ResourceArn": self._ground.pool_arn, "TagKeys": [thing.name]}),
            "groups": ("DeleteGroup", {**pool, "GroupName": thing.name}),
            "clients": ("DeleteUserPoolClient", {**pool, "ClientId": thing.subject}),
        }[thing.kind]
        self.journal.ask(caller, thing.name, operation, members, lambda answer: thing.noting(operation, None))


def asked(server: Server, journal: Journal, ground: Ground, names: set[str]) -> list[str]:
    """What the API says otherwise than the journal about these users. Signs them in, which is written down as well."""
    shares = [sorted(names)[number :: Load.THREADS] for number in range(Load.THREADS)]
    with ThreadPoolExecutor(Load.THREADS) as pool:
        found = pool.map(lambda share: _ask_in_turn(server, journal, ground, share), shares)
        return [complaint for complaints in found for complaint in complaints]


def _ask_in_turn(server: Server, journal: Journal, ground: Ground, names: list[str]) -> list[str]:
    with closing(Caller(server)) as caller:
        return _ask_about(caller, journal, ground, names)


def _ask_about(caller: Caller, journal: Journal, ground: Ground, names: list[str]) -> list[str]:
    complaints = []
    for name in names:
        person: Person = journal[name]
        complaints += [f"{name}: {text}" for text in _profile(caller, ground, person)]
        complaints += [f"{name}: {text}" for text in _tokens(caller, ground, person)]
        if is_active(person):
            with suppress(Refused):  # which is a failure in the journal
                sign_in = writes.sign_in_with_a_code if person.has_mfa else writes.sign_in
                sign_in(Writer(journal, caller, ground, Random(0), person))
        elif person.exists:
            complaints += [f"{name}: {text}" for text in _refusal(caller, ground, person)]
    return complaints


def _outcome(caller: Caller, operation: str, members: dict[str, Any]) -> str:
    try:
        answer = caller.call(operation, members)
    except Refused as error:
        return error.code
    return str(answer.get("ChallengeName", "done"))


def _profile(caller: Caller, ground: Ground, person: Person) -> Iterator[str]:
    members = {"UserPoolId": ground.pool_id, "Username": person.name}
    if not person.exists:
        if (outcome := _outcome(caller, "AdminGetUser", members)) != "UserNotFoundException":
            yield f"is gone, and AdminGetUser answers {outcome}"
        return
    try:
        answer = caller.call("AdminGetUser", members)
    except Refused as error:
        yield f"AdminGetUser: {error}"
        return
    attributes = {item["Name"]: item["Value"] for item in answer["UserAttributes"]}
    told = (answer["UserStatus"], answer["Enabled"], attributes)
    wanted = (person.status, person.enabled, {"sub": person.sub, **person.attributes})
    if told != wanted:
        yield f"AdminGetUser answers {told}, should be {wanted}"


def _tokens(caller: Caller, ground: Ground, person: Person) -> Iterator[str]:
    """Access and refresh tokens work exactly while their session does and their user may sign in."""
    for session in person.sessions[-4:]:
        if (
            not session.refresh_token
            or session.client_id != ground.client_id
            or (person.status != "CONFIRMED" and not session.is_revoked)
        ):
            continue
        is_good = not session.is_revoked and person.enabled
        refresh = {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": session.refresh_token}}
        for outcome in (
            _outcome(caller, "GetUser", {"AccessToken": session.access_token}),
            _outcome(caller, "InitiateAuth", {"ClientId": ground.client_id, **refresh}),
        ):
            if outcome != ("done" if is_good else "NotAuthorizedException"):
                yield f"a session of {person} gets {outcome}"


def _refusal(caller: Caller, ground: Ground, person: Person) -> Iterator[str]:
    """The right password of a user who may not sign in yet; a wrong one would be answered otherwise."""
    wanted = {
        "UNCONFIRMED": "UserNotConfirmedException",
        "RESET_REQUIRED": "PasswordResetRequiredException",
        "FORCE_CHANGE_PASSWORD": "NEW_PASSWORD_REQUIRED",
    }.get(person.status)
    credentials = {"USERNAME": person.name, "PASSWORD": person.password}
    members = {"ClientId": ground.client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": credentials}
    outcome = _outcome(caller, "InitiateAuth", members)
    if outcome != (wanted if person.enabled else "NotAuthorizedException"):
        yield f"sign-in of {person} answers {outcome}"
