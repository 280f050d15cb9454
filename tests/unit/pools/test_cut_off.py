"""Every write of users, ended before and behind each of its statements as by kill -9: all is there, or nothing.

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
from tests.support import rows, second_factors, writes
from tests.support.clients import REGION
from tests.support.journal import Journal, Person, Thing
from tests.support.wire import CutOff, Refused
from tests.support.writer import WRITES, Ground, Writer

pytestmark = pytest.mark.django_db(transaction=True)

_CONFIRMED = (writes.sign_up, writes.confirm)
_SIGNED_IN = (writes.create, writes.take_temporary_password, writes.sign_in, writes.join_or_leave)
BEFORE: dict[Callable[[Writer], None], tuple[Callable[[Writer], None], ...]] = {
    writes.sign_up: (),
    writes.create: (),
    writes.confirm: (writes.sign_up,),
    writes.resend: (writes.sign_up,),
    writes.confirm_as_operator: (writes.sign_up,),
    writes.take_temporary_password: (writes.create,),
    writes.enable: (writes.create, writes.disable),
    writes.refresh: (*_CONFIRMED, writes.sign_in_where_tokens_rotate, writes.refresh),
    writes.confirm_forgot: (*_SIGNED_IN, writes.forgot),
    writes.verify_address: (*_SIGNED_IN, writes.update_own_address),
    writes.sign_in_with_a_code: (*_SIGNED_IN, writes.switch_mfa_on),
    writes.switch_mfa_off_as_operator: (*_SIGNED_IN, writes.switch_mfa_on),
    writes.take_app_away_as_operator: (*_SIGNED_IN, writes.set_up_app),
}
"""What makes a write possible; a user who is signed in and in a group can make the others."""
SEEDS = {writes.take_temporary_password: 3, writes.set_password: 3, writes.update_as_operator: 3}
"""Writes that are made in several ways, by chance."""
MOST_POINTS = 120


class Cut(BaseException):
    """The process ends here; nothing catches it."""


class InProcess:
    """Calls operations as the wire does, until the statement that is to be the last."""

    def __init__(self) -> None:
        self.end_at(None)

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
        """Behind a statement that Django makes a transaction of, only what is before the next one shows the gap."""
        if sql.split(None, 1)[0] not in {"INSERT", "UPDATE", "DELETE"}:
            return execute(sql, *rest)
        self._pass()
        result = execute(sql, *rest)
        self._pass()
        return result

    def _pass(self) -> None:
        self._passed += 1
        if self._passed == self._last:
            raise Cut

    def end_at(self, point: int | None) -> None:
        """Each statement that writes has two points, before and behind it; None ends nothing."""
        self._last, self._passed = point, 0


def newest_code(address: str) -> str:
    return str(Outgoing.objects.filter(to=address).latest("pk").code)


@pytest.fixture
def caller() -> InProcess:
    return InProcess()


@pytest.fixture
def ground(caller: InProcess) -> Ground:
    pool = caller.call(
        "CreateUserPool",
        {
            "PoolName": "pool",
            "AutoVerifiedAttributes": ["email"],
            "AliasAttributes": ["email"],
            "EmailConfiguration": second_factors.EMAIL_SENDER,
        },
    )["UserPool"]
    factors = {**second_factors.MEMBERS[second_factors.TOTP], **second_factors.MEMBERS[second_factors.EMAIL]}
    caller.call("SetUserPoolMfaConfig", {"UserPoolId": pool["Id"], "MfaConfiguration": "OPTIONAL", **factors})
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    members = {"UserPoolId": pool["Id"], "ExplicitAuthFlows": flows}
    client = caller.call("CreateUserPoolClient", {**members, "ClientName": "app"})["UserPoolClient"]
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    rotating = caller.call(
        "CreateUserPoolClient", {**members, "ClientName": "rotating", "RefreshTokenRotation": rotation}
    )["UserPoolClient"]
    caller.call("CreateGroup", {"UserPoolId": pool["Id"], "GroupName": "readers", "Description": "some"})
    return Ground(pool["Id"], pool["Arn"], client["ClientId"], rotating["ClientId"], ("readers",), newest_code)


@pytest.mark.parametrize(
    ("write", "seed"),
    [(write.make, seed) for write in WRITES for seed in range(SEEDS.get(write.make, 1))],
    ids=lambda value: value if isinstance(value, int) else value.__name__,
)
def test_a_write_that_is_cut_off_is_there_wholly_or_not_at_all(
    caller: InProcess, ground: Ground, write: Callable[[Writer], None], seed: int
) -> None:
    journal = Journal()
    journal.know("app", Thing("clients", "app", 30, ground.client_id, ("CreateUserPoolClient",)))
    made = ("CreateUserPoolClient",)
    journal.know("rotating", Thing("clients", "rotating", 30, ground.rotating_client_id, made))
    journal.know("readers", Thing("groups", "readers", "some", "readers", ("CreateGroup",)))

    def make(change: Callable[[Writer], None], name: str) -> None:
        change(Writer(journal, caller, ground, random.Random(seed), journal[name]))  # type: ignore[arg-type]

    for point in range(1, MOST_POINTS):
        name = f"person-{point}"
        journal.know(name, Person(name))
        caller.end_at(None)
        for change in BEFORE.get(write, _SIGNED_IN):
            make(change, name)
        caller.end_at(point)
        try:
            make(write, name)
        except CutOff:
            assert journal.settle(rows.everything(ground.pool_id)) == [], f"at point {point}"
            assert connection.get_autocommit()
            continue
        assert journal.settle(rows.everything(ground.pool_id)) == []
        assert point > 1, "nothing was written"
        break
    assert journal.failures == []
