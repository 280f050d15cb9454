"""Counters behind attempt limits."""

from __future__ import annotations

from django.db import models


class AttemptWindow(models.Model):
    """How often something was tried since the window opened. `key` names what and by whom, without secrets."""

    key = models.CharField(primary_key=True, max_length=200)
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
