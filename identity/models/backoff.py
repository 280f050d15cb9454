"""Lock-outs that grow with each failure."""

from __future__ import annotations

from django.db import models


class Backoff(models.Model):
    """Consecutive failures of one subject. `key` names the subject without personal data."""

    key = models.CharField(primary_key=True, max_length=200)
    failures = models.PositiveIntegerField()
    failed_at = models.DateTimeField(db_index=True)
    locked_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.key}: {self.failures}"
