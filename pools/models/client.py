"""An app client."""

from __future__ import annotations

from typing import Any

from django.db import models
from oauth2_provider.models import AbstractApplication

from identity import clock
from pools.models.pool import Pool


class Client(AbstractApplication):
    """An app client of a pool; also the OAuth application.

    Secrets are rows of their own (`ClientSecret`), so the inherited `client_secret` and its hashing stay unused.
    """

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="clients")
    client_secret = models.CharField(max_length=1, blank=True, default="", editable=False)
    hash_client_secret = models.BooleanField(default=False, editable=False)
    settings: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    created = models.DateTimeField(default=clock.now)
    updated = models.DateTimeField(default=clock.now)

    active_secrets: tuple[str, ...] = ()
    """Values of the client's secrets, filled in by `pools.lookup`."""

    class Meta:
        indexes = [models.Index(fields=["pool", "client_id"], name="clients_of_a_pool")]

    def __str__(self) -> str:
        return str(self.client_id)
