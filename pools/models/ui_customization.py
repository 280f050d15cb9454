"""The classic customisation of a pool's pages: style and logo, for one client or for all others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import models

from identity import clock
from pools.models.client import Client
from pools.models.pool import Pool

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg"}


class UICustomization(models.Model):
    """`client` is None for the one of all clients that have none of their own.

    `css` is as it was given: pages show what `pools.config.stylesheet` makes of it.
    """

    ALL = "ALL"
    """What stands for a client's id where all are meant."""

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="ui_customizations")
    client = models.OneToOneField(Client, on_delete=models.CASCADE, null=True, related_name="ui_customization")
    css = models.TextField(blank=True)
    css_version = models.CharField(max_length=14)
    image = models.BinaryField(null=True)
    image_type = models.CharField(max_length=16, blank=True, help_text="its media type")
    created_at = models.DateTimeField(default=clock.now)
    modified_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pool"], condition=models.Q(client=None), name="one_ui_customization_for_all_clients"
            )
        ]

    def __str__(self) -> str:
        return f"customisation of {self.pool_id}"

    @property
    def of(self) -> str:
        """The client's id, or ALL."""
        return str(self.client.client_id) if self.client else self.ALL

    @property
    def logo_path(self) -> str:
        """Below the pool's pages; another one after every change."""
        version = (self.modified_at - _EPOCH) // timedelta(microseconds=1)
        return f"logo/{self.of}/{version}.{_SUFFIXES[self.image_type]}"
