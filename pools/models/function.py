"""Functions that are kept here."""

from __future__ import annotations

from typing import Any

from django.db import models

from identity import arns, clock
from identity.fields import EncryptedField


class Function(models.Model):
    """What a trigger may call: settings in the Lambda API's terms, its code in `FunctionCode`.

    `environment` is the JSON of its variables; `permissions` are the statements that say who may invoke it.
    `revision_id` changes with each update, and every warm process belongs to one revision.
    """

    region = models.CharField(max_length=32)
    name = models.CharField(max_length=64)
    runtime = models.CharField(max_length=32)
    handler = models.CharField(max_length=128)
    role = models.CharField(max_length=2048)
    description = models.CharField(max_length=256, blank=True)
    timeout_seconds = models.PositiveIntegerField(default=3)
    memory_mib = models.PositiveIntegerField(default=128)
    environment = EncryptedField()
    code_sha256 = models.CharField(max_length=44)
    code_size = models.PositiveIntegerField()
    revision_id = models.CharField(max_length=36)
    tags: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    permissions: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(default=list)
    reserved_concurrency = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    modified_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region", "name"], name="one_function_per_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def arn(self) -> str:
        return arns.function(self.region, self.name)


class FunctionCode(models.Model):
    """The zip of a function, as it was given."""

    function = models.OneToOneField(Function, on_delete=models.CASCADE, primary_key=True, related_name="code")
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"code of {self.function_id}"
