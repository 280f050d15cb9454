"""Secrets of app clients."""

from __future__ import annotations

from django.db import models

from identity import clock
from identity.fields import EncryptedField
from pools.models.client import Client


class ClientSecret(models.Model):
    """One of at most two active secrets of a client."""

    MAX_PER_CLIENT = 2

    secret_id = models.CharField(max_length=128, unique=True)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="secrets")
    value = EncryptedField()
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.secret_id
