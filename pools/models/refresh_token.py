"""Refresh tokens of sessions whose client rotates them."""

from __future__ import annotations

from django.db import models

from pools.models.session import Session


class RefreshToken(models.Model):
    """A refresh token that rotation has issued or spent, known by its SHA-256.

    The first one of a session is on the session's row; it comes here when it is spent. `spent_at` starts the client's
    grace period; a spent token that is used after it ends the whole family.
    """

    digest = models.BinaryField(max_length=32, unique=True)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="refresh_tokens")
    spent_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"refresh token of {self.session_id}"
