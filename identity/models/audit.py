"""The audit trail: who changed what, in the same transaction as the change."""

from __future__ import annotations

from django.db import models


class AuditEvent(models.Model):
    """One write by an operator. `detail` holds names and settings, never secrets or personal data."""

    at = models.DateTimeField(db_index=True)
    event = models.CharField(max_length=64)
    actor = models.CharField(max_length=256)
    access_key_id = models.CharField(max_length=128, blank=True)
    address = models.CharField(max_length=64, blank=True)
    user_agent = models.CharField(max_length=256, blank=True)
    request_id = models.CharField(max_length=36)
    resource = models.CharField(max_length=512, db_index=True)
    detail = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%dT%H:%M:%SZ} {self.actor} {self.event} {self.resource}"
