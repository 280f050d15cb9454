"""Every write of users, ended behind each of its statements as by kill -9: all of it is there, or nothing.

What `tests/production/test_durability.py` meets by chance, here in turn. Whatever is open is rolled back, as a database
does with what a process leaves behind.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.db import connection

from identity import clock
from identity.access.actor import Actor, Kind
from identity.errors import ServiceError
from identity.wire.call import Call
from identity.wire.services import cognito_idp
from pools.models import Outgoing
from tests.support import rows, writes
from tests.support.clients import REGION
from tests.support.journal import Journal, Person, Thing
from tests.support.wire import CutOff, Refused
from tests.support.writer import WRITES, Ground, Writer

pytestmark = pytest.mark.django_db(transaction=True)

_SIGNED_IN = (writes.create, writes.take_temporary_password, writes.sign_in, writes.join_or_leave)
BEFORE: dict[Callable[[Writer], None], tuple[Callable[[Writer], None], ...]] = {
    writes.sign_up: (),
    writes.create: (),
    writes.confirm: (writes.sign_up,),
    writes.resend: (writes.sign_up,),
    writes.confirm_as_operator: (writes.sign_up,),
    writes.take_temporary_password: (writes.create,),
    writes.enable: (writes.create, writes.disable),
    writes.confirm_forgot: (*_SIGNED_IN, writes.forgot),
    writes.verify_address: (*_SIGNED_IN, writes.update_own_address),
}
"""What makes a write possible; a user who is signed in and in a group can make the others."""
MOST_STATEMENTS = 60


class Cut(BaseException):
    """The process ends here; nothing catches it."""


class InProcess:
    """Calls operations as the wire does, until the statement that is to be the last."""

    def __init__(self) -> None:
        self.last: int | None = None
        self._done = 0

    def call(self, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        found = cognito_idp.operations[operation]
        kind = Kind.ANONYMOUS if found.is_unsigned else Kind.OPERATOR
        actor = Actor(kind, operation, clock.now(), "request", "127.0.0.1", arn="arn", access_key_id="key")
        call = Call(operation, "request", None if found.is_unsigned else REGION, actor)
        try:
            with connection.execute_wrapper(self._execute):
                answer = found.perform(call, found.parse(members))
        except Cut:
            raise CutOff from None
        except ServiceError as error:
            raise Refused(error.code, error.message) from None
        parsed: dict[str, Any] = json.loads(orjson.dumps(answer or {}))
        return parsed

    def _execute(self, execute: Any, sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if sql.split(None, 1)[0] in {"INSERT", "UPDATE", "DELETE"}:
            self._done += 1
            if self._done == self.last:
                raise Cut
        return result

    def end_behind(self, statement: int | None) -> None:
        self.last, self._done = statement, 0


def newest_code(address: str) -> str:
    return str(Outgoing.objects.filter(to=address).latest("pk").code)


@pytest.fixture
def caller() -> InProcess:
    return InProcess()


@pytest.fixture
def ground(caller: InProcess) -> Ground:
    pool = caller.call(
        "CreateUserPool", {"PoolName": "pool", "AutoVerifiedAttributes": ["email"], "AliasAttributes": ["email"]}
    )["UserPool"]
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = caller.call(
        "CreateUserPoolClient", {"UserPoolId": pool["Id"], "ClientName": "app", "ExplicitAuthFlows": flows}
    )["UserPoolClient"]
    caller.call("CreateGroup", {"UserPoolId": pool["Id"], "GroupName": "readers", "Description": "some"})
    return Ground(pool["Id"], pool["Arn"], client["ClientId"], ("readers",), newest_code)


@pytest.mark.parametrize("write", [write.make for write in WRITES], ids=lambda make: make.__name__)
def test_a_write_that_is_cut_off_is_there_wholly_or_not_at_all(
    caller: InProcess, ground: Ground, write: Callable[[Writer], None]
) -> None:
    journal = Journal()
    journal.know("app", Thing("clients", "app", 30, ground.client_id, ("CreateUserPoolClient",)))
    journal.know("readers", Thing("groups", "readers", "some", "readers", ("CreateGroup",)))

    def make(change: Callable[[Writer], None], name: str) -> None:
        change(Writer(journal, caller, ground, random.Random(0), journal[name]))  # type: ignore[arg-type]

    for last in range(1, MOST_STATEMENTS):
        name = f"person-{last}"
        journal.know(name, Person(name))
        caller.end_behind(None)
        for change in BEFORE.get(write, _SIGNED_IN):
            make(change, name)
        caller.end_behind(last)
        try:
            make(write, name)
        except CutOff:
            assert journal.settle(rows.everything(ground.pool_id)) == [], f"behind statement {last}"
            assert connection.get_autocommit()
            continue
        assert journal.settle(rows.everything(ground.pool_id)) == []
        assert last > 1 or write is writes.refresh, "nothing was written"
        break
    assert journal.failures == []
