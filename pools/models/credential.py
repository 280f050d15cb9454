"""A user's password."""

from __future__ import annotations

from django.db import models

from identity import clock
from pools.models.user import User


class Credential(models.Model):
    """The hash of a user's password: argon2id, or as it was imported; `expires_at` is the end of a temporary one."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="credential")
    password_hash = models.CharField(max_length=256)
    changed_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"credential of {self.user_id}"
