"""Many write to one user at once, over two web workers: whatever was acknowledged is there at the end."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from threading import Barrier
from typing import Any

import pytest

from tests.production.conftest import Install
from tests.support import clients, factories, rows
from tests.support.server import Server
from tests.support.wire import Caller, Refused

pytestmark = pytest.mark.xdist_group("parallel")

ROUNDS = 10
ATTRIBUTES = ("given_name", "family_name", "nickname", "locale", "website")
"""What an operator writes, each by a thread; `profile` is the user's own."""
GROUPS = ("readers", "writers", "editors")
Ask = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Place:
    server: Server
    pool_id: str
    client_id: str


@pytest.fixture(scope="module")
def place(install: Install) -> Place:
    server = install("--dev", GATEHOUSE_WEB_WORKERS="2").start()
    idp = clients.idp(server)
    pool = factories.make_pool(idp)
    for group in GROUPS:
        idp.create_group(UserPoolId=pool["Id"], GroupName=group)
    return Place(server, pool["Id"], factories.make_client(idp, pool)["ClientId"])


@dataclass(frozen=True)
class User:
    """One user whom everybody writes to, and a token of theirs."""

    place: Place
    name: str
    access_token: str

    @property
    def named(self) -> dict[str, str]:
        return {"UserPoolId": self.place.pool_id, "Username": self.name}

    def row(self) -> dict[str, Any]:
        found: dict[str, Any] = rows.of(self.place.server, self.place.pool_id)["users"][self.name]
        return found

    def signs_in(self, password: str) -> bool:
        with closing(Caller(self.place.server)) as caller:
            try:
                _sign_in(caller, self.place, self.name, password)
            except Refused:
                return False
            return True


def _sign_in(caller: Caller, place: Place, name: str, password: str) -> str:
    credentials = {"USERNAME": name, "PASSWORD": password}
    members = {"ClientId": place.client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": credentials}
    answer = caller.call("InitiateAuth", members)
    return str(answer["AuthenticationResult"]["AccessToken"])


@pytest.fixture
def user(place: Place) -> User:
    name = factories.make_user(clients.idp(place.server), {"Id": place.pool_id})
    with closing(Caller(place.server)) as caller:
        return User(place, name, _sign_in(caller, place, name, factories.PASSWORD))


@dataclass(frozen=True)
class Write:
    """An acknowledged write, from just before it was asked to just after it was answered."""

    value: str
    begun: float
    ended: float


def at_once(user: User, tasks: list[Callable[[Ask], None]]) -> None:
    """Run each task in a thread with a connection of its own; the first error of any is raised."""
    together = Barrier(len(tasks))

    def run(task: Callable[[Ask], None]) -> None:
        with closing(Caller(user.place.server)) as caller:
            together.wait(30)
            task(lambda operation, **members: caller.call(operation, members))

    with ThreadPoolExecutor(len(tasks)) as pool:
        for done in [pool.submit(run, task) for task in tasks]:
            done.result()


def attribute(name: str, value: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value}]


def writes_attribute(user: User, name: str, last: dict[str, str]) -> Callable[[Ask], None]:
    def task(ask: Ask) -> None:
        for number in range(ROUNDS):
            value = f"{name} {number}"
            if name == "profile":
                ask("UpdateUserAttributes", AccessToken=user.access_token, UserAttributes=attribute(name, value))
            else:
                ask("AdminUpdateUserAttributes", **user.named, UserAttributes=attribute(name, value))
            last[name] = value

    return task


def goes_in_and_out(user: User, group: str, *, stays: bool) -> Callable[[Ask], None]:
    def task(ask: Ask) -> None:
        for _ in range(ROUNDS // 2):
            ask("AdminAddUserToGroup", **user.named, GroupName=group)
            ask("AdminRemoveUserFromGroup", **user.named, GroupName=group)
        if stays:
            ask("AdminAddUserToGroup", **user.named, GroupName=group)

    return task


def test_writers_of_different_things_lose_nothing(user: User) -> None:
    """Attributes by operator and by user, groups, passwords, state: each has one writer, all of them at one user."""
    last: dict[str, str] = {}

    def set_passwords(ask: Ask) -> None:
        for number in range(ROUNDS):
            ask("AdminSetUserPassword", **user.named, Password=f"Password-{number}", Permanent=True)

    def enable(ask: Ask) -> None:
        for _ in range(ROUNDS):
            ask("AdminEnableUser", **user.named)

    attributes = [writes_attribute(user, name, last) for name in (*ATTRIBUTES, "profile")]
    groups = [goes_in_and_out(user, group, stays=group != GROUPS[0]) for group in GROUPS]
    at_once(user, [*attributes, *groups, set_passwords, enable])
    found = rows.of(user.place.server, user.place.pool_id)
    row = found["users"][user.name]
    assert row["attributes"] == last
    assert row["groups"] == sorted(GROUPS[1:])
    assert (row["status"], row["enabled"]) == ("CONFIRMED", True)
    assert user.signs_in(f"Password-{ROUNDS - 1}")
    assert found["complaints"] == []


def test_the_last_writer_of_an_attribute_wins(user: User) -> None:
    """No write is there at the end that another one, begun after it was acknowledged, has overwritten."""
    written: list[Write] = []

    def task(writer: int) -> Callable[[Ask], None]:
        def write(ask: Ask) -> None:
            for number in range(ROUNDS):
                value, begun = f"{writer}-{number}", time.monotonic()
                ask("AdminUpdateUserAttributes", **user.named, UserAttributes=attribute("nickname", value))
                written.append(Write(value, begun, time.monotonic()))

        return write

    at_once(user, [task(writer) for writer in range(6)])
    value = user.row()["attributes"]["nickname"]
    (last,) = [write for write in written if write.value == value]
    assert [write for write in written if write.begun > last.ended] == []


def test_every_operators_write_leaves_one_audit_row(user: User) -> None:
    counts: dict[str, int] = defaultdict(int)

    def task(writer: int) -> Callable[[Ask], None]:
        def write(ask: Ask) -> None:
            for _ in range(ROUNDS):
                ask("AdminUpdateUserAttributes", **user.named, UserAttributes=attribute("nickname", str(writer)))

        return write

    at_once(user, [task(writer) for writer in range(4)])
    found = rows.of(user.place.server, user.place.pool_id)
    for event in found["audit"][found["users"][user.name]["sub"]]:
        counts[event] += 1
    assert counts["AdminUpdateUserAttributes"] == 4 * ROUNDS


def test_of_many_changes_from_one_password_one_is_acknowledged_and_kept(user: User) -> None:
    """The others' previous password was not right any more when their turn came."""
    outcomes: dict[str, str] = {}

    def task(password: str) -> Callable[[Ask], None]:
        def change(ask: Ask) -> None:
            change = {"PreviousPassword": factories.PASSWORD, "ProposedPassword": password}
            try:
                ask("ChangePassword", AccessToken=user.access_token, **change)
                outcomes[password] = "done"
            except Refused as error:
                outcomes[password] = error.code

        return change

    at_once(user, [task(f"Changed-{number}") for number in range(4)])
    (kept,) = [password for password, outcome in outcomes.items() if outcome == "done"]
    assert set(outcomes.values()) == {"done", "NotAuthorizedException"}
    assert user.signs_in(kept)


def test_a_password_that_an_operator_sets_is_not_replaced_by_a_change_from_the_one_before(user: User) -> None:
    """Whichever is later wins, and a change that is later than the operator's is refused."""
    outcomes: dict[str, str] = {}

    def change(ask: Ask) -> None:
        proposed = {"PreviousPassword": factories.PASSWORD, "ProposedPassword": "Changed-Horse-1"}
        try:
            ask("ChangePassword", AccessToken=user.access_token, **proposed)
            outcomes["change"] = "done"
        except Refused as error:
            outcomes["change"] = error.code

    def set_by_operator(ask: Ask) -> None:
        ask("AdminSetUserPassword", **user.named, Password="Set-Horse-12", Permanent=True)

    at_once(user, [change, set_by_operator])
    assert user.signs_in("Set-Horse-12")
    assert outcomes["change"] in {"done", "NotAuthorizedException"}


def test_sign_ins_beside_a_sign_out_everywhere_are_before_it_or_after_it(user: User) -> None:
    """A sign-in that was answered before the sign-out was asked for does not live on."""
    begun: list[float] = []
    sessions: list[tuple[float, str]] = []

    def sign_in(ask: Ask) -> None:
        credentials = {"USERNAME": user.name, "PASSWORD": factories.PASSWORD}
        members = {"ClientId": user.place.client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": credentials}
        for _ in range(ROUNDS):
            answer = ask("InitiateAuth", **members)
            sessions.append((time.monotonic(), answer["AuthenticationResult"]["AccessToken"]))

    def sign_out(ask: Ask) -> None:
        time.sleep(0.1)
        begun.append(time.monotonic())
        ask("AdminUserGlobalSignOut", **user.named)

    at_once(user, [sign_in, sign_in, sign_in, sign_out])
    with closing(Caller(user.place.server)) as caller:
        for ended, token in sessions:
            if ended < begun[0]:
                with pytest.raises(Refused, match="NotAuthorizedException"):
                    caller.call("GetUser", {"AccessToken": token})


def test_nothing_failed_on_the_way(place: Place) -> None:
    assert "Traceback" not in place.server.log
