"""Refresh tokens."""

from __future__ import annotations

from django.db import models

from identity import clock
from pools.models.session import Session


class RefreshToken(models.Model):
    """A refresh token of a session, known only by its SHA-256."""

    digest = models.BinaryField(max_length=32, unique=True)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="refresh_tokens")
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"refresh token of session {self.session_id}"
