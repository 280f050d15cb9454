"""The check that names what pools call and nobody has deployed."""

from __future__ import annotations

from typing import Any

import pytest

from identity import arns, checks
from identity.config import load
from pools.config import pool as pool_config
from pools.models import Function, Pool, Webhook

REGION = "us-east-1"
FUNCTION, WEBHOOK = arns.function(REGION, "kept"), arns.webhook("kept")
MISSING = arns.function(REGION, "missing")


def make_pool(name: str, **triggers: Any) -> Pool:
    settings = pool_config.created({"LambdaConfig": triggers})
    return Pool.objects.create(id=f"{REGION}_{name}", name=name, region=REGION, settings=settings)


@pytest.fixture
def kept(db: None) -> None:
    """A function and a webhook, both called `kept`."""
    Function.objects.create(region=REGION, name="kept", environment="{}", code_size=0)
    Webhook.objects.create(name="kept", url="https://hooks.example", secret="s")


def warnings() -> list[str]:
    return [message.msg for message in checks.missing_targets(databases=["default"])]


def test_what_is_there_is_not_named(kept: None) -> None:
    make_pool("a")
    make_pool("b", PreSignUp=FUNCTION, PostConfirmation=f"{FUNCTION}:live", PreTokenGeneration=WEBHOOK)
    assert warnings() == []


def test_what_is_missing_is_named_with_its_pools(kept: None) -> None:
    for name in "abcde":
        make_pool(name, PreSignUp=MISSING, UserMigration=MISSING)
    make_pool("f", PreTokenGeneration=arns.webhook("missing"))
    make_pool("g", PreSignUp=arns.function("eu-west-1", "kept"))
    Pool.objects.filter(name="e").update(deleted_at=Pool.objects.get(name="a").created_at)
    by_function, by_webhook, by_region = warnings()
    pools = f"{REGION}_a, {REGION}_b, {REGION}_c and 1 more"
    assert by_function.startswith(f"{MISSING} is called by {pools}, and is not there")
    assert by_webhook.startswith(f"{arns.webhook('missing')} is called by {REGION}_f, ")
    assert by_region.startswith(f"{arns.function('eu-west-1', 'kept')} is called by {REGION}_g, ")


def test_what_is_at_aws_is_not_looked_for(kept: None, monkeypatch: pytest.MonkeyPatch) -> None:
    make_pool("a", PreSignUp=MISSING, PostConfirmation=arns.webhook("missing"))
    monkeypatch.setattr(checks, "config", load({"GATEHOUSE_LAMBDA_URL": "http://localhost:5000"}))
    assert [text.split()[0] for text in warnings()] == [arns.webhook("missing")]


def test_nothing_is_asked_of_a_database_that_is_not_meant() -> None:
    assert checks.missing_targets() == []
