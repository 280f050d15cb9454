"""The record of invocations."""

from __future__ import annotations

from django.db import models

from identity import clock
from pools.models.pool import Pool


class Invocation(models.Model):
    """One try to invoke what a trigger names; secrets and codes are redacted in `request`, `response` and `log`.

    `target` is the ARN. Without a `pool` somebody invoked a function by the Lambda API.
    """

    class Outcome(models.TextChoices):
        ANSWERED = "answered"
        ERROR = "error", "the function raised an error"
        MALFORMED = "malformed", "the answer was not understood"
        TIMED_OUT = "timed out"
        NOT_INVOKED = "not invoked"
        THROTTLED = "throttled"

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, null=True, db_index=False)
    target = models.CharField(max_length=2048)
    source = models.CharField(max_length=64)
    username = models.CharField(max_length=384, blank=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    outcome = models.CharField(max_length=16, choices=Outcome)
    detail = models.TextField(blank=True, help_text="the error's text")
    duration_ms = models.FloatField()
    request = models.TextField(blank=True, help_text="JSON")
    response = models.TextField(blank=True, help_text="JSON")
    log = models.TextField(blank=True)
    at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        indexes = [
            models.Index(fields=["pool", "id"], name="invocations_of_a_pool"),
            models.Index(fields=["target", "id"], name="invocations_of_a_target"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.outcome}"
