"""A sign-in on its way."""

from __future__ import annotations

from typing import Any

from django.db import models

from identity import clock
from pools.models.client import Client
from pools.models.pool import Pool
from pools.models.user import User


class Attempt(models.Model):
    """A sign-in that waits for the answer to a challenge.

    `handle` is the public part of the Session string, `digest` the SHA-256 of the current whole one; `step` is
    compared and swapped by every accepted answer, so each Session is used once on every database without locks.
    `spent` keeps the digests of used Sessions, to tell a replay from nonsense. `holder` is nobody for a name that does
    not exist: such a sign-in goes on until it fails. `pools.signin.attempt` then puts a decoy into `user`, and into
    `origin` what triggers are told about the request at hand (`pools.triggers.origin`), which is not kept.
    """

    class Channel(models.TextChoices):
        API = "api"
        ADMIN = "admin"
        HOSTED = "hosted"

    handle = models.CharField(max_length=24, unique=True)
    digest = models.BinaryField(max_length=32)
    step = models.PositiveIntegerField(default=0)
    spent: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, db_index=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE)
    holder = models.ForeignKey(User, on_delete=models.CASCADE, null=True)
    name = models.TextField(help_text="what the sign-in was begun with")
    channel = models.CharField(max_length=8, choices=Channel)
    flow = models.CharField(max_length=32)
    challenge = models.CharField(max_length=32, blank=True)
    proofs: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    data: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(db_index=True)

    user: User
    origin: Any
    """What functions are told of the request at hand: an `Origin`, which is of a layer above."""

    def __str__(self) -> str:
        return f"{self.flow} {self.challenge} step {self.step}"
