"""The outbox of development."""

from __future__ import annotations

from django.db import models

from identity import clock
from pools.models.pool import Pool


class Outgoing(models.Model):
    """A message that the outbox sender kept instead of sending it. Written with --dev only: it holds codes in clear."""

    class Channel(models.TextChoices):
        EMAIL = "EMAIL"
        SMS = "SMS"

    to = models.CharField(max_length=2048)
    channel = models.CharField(max_length=8, choices=Channel)
    kind = models.CharField(max_length=32)
    code = models.CharField(max_length=256, blank=True)
    link = models.TextField(blank=True)
    subject = models.TextField(blank=True)
    body = models.TextField()
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE)
    username = models.CharField(max_length=384)
    sent_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"{self.kind} to {self.to}"
