"""Places outside that triggers may call."""

from __future__ import annotations

from django.db import models

from identity import arns, clock
from identity.fields import EncryptedField


class Webhook(models.Model):
    """An address that gets a trigger's event, signed with `secret`."""

    name = models.CharField(max_length=64, unique=True)
    url = models.CharField(max_length=2048)
    secret = EncryptedField()
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.name

    @property
    def arn(self) -> str:
        return arns.webhook(self.name)
