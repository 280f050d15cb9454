"""A user pool."""

from __future__ import annotations

from typing import Any

from django.db import models

from identity import arns, clock
from identity.config import config


class Pool(models.Model):
    """A directory with its settings.

    `settings` holds AWS's settings groups (`Policies`, `SchemaAttributes`, ...) in AWS shape, after validation; only
    `pools.config` reads it. `revision` grows with every change under the pool: caches are checked against it.
    """

    OPERATORS = "gatehouse_operators"
    """Id of the built-in pool whose users are the operators; no operation of cognito-idp reaches it."""

    id = models.CharField(primary_key=True, max_length=55)
    name = models.CharField(max_length=128)
    region = models.CharField(max_length=32)
    settings: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    revision = models.PositiveBigIntegerField(default=1)
    deleted_at = models.DateTimeField(null=True, db_index=True, help_text="gone for callers; its rows go in batches")
    created_at = models.DateTimeField(default=clock.now)
    modified_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["region", "id"], name="pools_of_a_region")]

    def __str__(self) -> str:
        return self.id

    @property
    def arn(self) -> str:
        return arns.user_pool(self.region, self.id)

    @property
    def issuer(self) -> str:
        return f"{config.url}/{self.id}"
