"""Tags on resources."""

from __future__ import annotations

from django.db import models


class Tag(models.Model):
    """One tag of the resource that an ARN names."""

    MAX_PER_RESOURCE = 50

    resource_arn = models.CharField(max_length=512)
    key = models.CharField(max_length=128)
    value = models.CharField(max_length=256, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["resource_arn", "key"], name="one_value_per_tag_key")]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"
