"""A resource server of a pool: an API that tokens are for, with its scopes."""

from __future__ import annotations

from django.db import models

from identity import clock
from pools.models.pool import Pool


class ResourceServer(models.Model):
    """`scopes` maps the names of its scopes to their descriptions; tokens say `identifier/name`."""

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="resource_servers", db_index=False)
    identifier = models.CharField(max_length=256)
    name = models.CharField(max_length=256)
    scopes: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pool", "identifier"], name="one_resource_server_per_identifier")
        ]

    def __str__(self) -> str:
        return self.identifier
