"""A domain of a pool's pages and OAuth endpoints."""

from __future__ import annotations

from typing import Any

from django.db import models

from identity import clock
from identity.config import config
from pools.models.pool import Pool


class Domain(models.Model):
    """A prefix of the installation's own domain, or a custom domain: at most one of each a pool.

    `name` is unique in the installation. `settings` holds what is set of a custom domain, in AWS shape.
    """

    name = models.CharField(max_length=253, unique=True)
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="domains", db_index=False)
    is_custom = models.BooleanField(default=False)
    managed_login_version = models.PositiveSmallIntegerField(default=1)
    settings: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pool", "is_custom"], name="one_domain_of_a_kind")]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        """Its base, without a slash at the end; scheme and port are those of GATEHOUSE_URL."""
        return config.domain_url(self.name, is_custom=self.is_custom)
