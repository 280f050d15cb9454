"""Requests to clients that hide who exists, in a pool whose messages a function words: they ask it nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from identity import clock, ids
from identity.access.actor import Actor
from identity.access.actor import Kind as ActorKind
from pools.accounts import attributes as user_attributes
from pools.accounts import recovery, sign_up
from pools.accounts.verification import Delivery
from pools.config import pool as pool_config
from pools.models import Client, Outgoing, Pool, QueuedMessage, User
from pools.models.invocation import Invocation
from pools.models.user import UserStatus
from pools.provisioning import clients
from pools.triggers.origin import Origin

pytestmark = pytest.mark.django_db

ORIGIN = Origin("a-client", "Boto3/1.44", {"key": "value"})
OPERATOR = Actor(ActorKind.OPERATOR, "Test", clock.now(), "request", "127.0.0.1")


@pytest.fixture
def discreet() -> Client:
    members = {
        "AutoVerifiedAttributes": ["email"],
        "LambdaConfig": {"CustomMessage": "arn:aws:lambda:us-east-1:000000000000:function:none"},
    }
    settings = pool_config.created(members)
    pool = Pool.objects.create(id=ids.pool_id("us-east-1"), name="pool", region="us-east-1", settings=settings)
    for name, status in (("confirmed", UserStatus.CONFIRMED), ("waiting", UserStatus.UNCONFIRMED)):
        attributes = {"email": f"{name}@example.com", "email_verified": "true"}
        user = User(pool=pool, sub=ids.sub(), username=name, status=status, attributes=attributes)
        user.save()
        user_attributes.claim_names(user)
    return clients.create(pool, name="app", members={"PreventUserExistenceErrors": "ENABLED"}, by=OPERATOR)


@pytest.mark.parametrize("ask", [recovery.forgot, sign_up.resend])
def test_request_costs_the_same_whoever_is_asked_for_and_leaves_the_function_to_a_worker(
    discreet: Client, ask: Callable[..., Delivery], django_capture_on_commit_callbacks: Any
) -> None:
    costs = {}
    for name in ("nobody", "confirmed", "waiting"):
        statements: list[str] = []

        def record(execute: Any, sql: str, *rest: Any, kept: list[str] = statements) -> Any:
            kept.append(re.sub(r"\bs\d+_x\d+\b", "savepoint", sql))
            return execute(sql, *rest)

        with django_capture_on_commit_callbacks() as callbacks, connection.execute_wrapper(record):
            ask(discreet, username=name, origin=ORIGIN)
        costs[name] = (statements, len(callbacks))
    assert costs["nobody"] == costs["confirmed"] == costs["waiting"]
    rows = QueuedMessage.objects.order_by("pk")
    assert len(rows) == 3, "in the outbox of development nothing is there before it is worded"
    assert [row.holder is None for row in rows].count(False) >= 1
    assert {(row.body, row.client_id, str(row.client_metadata)) for row in rows} == {
        ("", "a-client", "{'key': 'value'}")
    }
    assert not Outgoing.objects.exists()
    assert not Invocation.objects.exists()
