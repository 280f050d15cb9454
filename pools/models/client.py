"""An app client."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db import models
from oauth2_provider.models import AbstractApplication

from identity import clock
from pools.models.pool import Pool

if TYPE_CHECKING:
    from pools.models.ui_customization import UICustomization


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

    @cached_property
    def worn_customization(self) -> UICustomization | None:
        """What its pages wear: its own customisation, or that of all. Kept with the row, as `Pool.own_domains`."""
        pool: Pool = self.pool
        own = pool.ui_customizations.filter(client=self).select_related("client").defer("image").first()
        return own or pool.ui_customization
