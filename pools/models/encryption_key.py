"""Keys that custom senders decrypt codes with."""

from __future__ import annotations

from django.db import models

from identity import arns, clock
from identity.fields import EncryptedField


class EncryptionKey(models.Model):
    """A symmetric key under a KMS key's name; `material` is base64 of 32 bytes and leaves the installation never."""

    key_id = models.CharField(primary_key=True, max_length=36)
    region = models.CharField(max_length=32)
    material = EncryptedField()
    description = models.CharField(max_length=8192, blank=True)
    tags: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    enabled = models.BooleanField(default=True)
    deletion_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.key_id

    @property
    def arn(self) -> str:
        return arns.encryption_key(self.region, self.key_id)
