"""A browser that is signed in to a pool's pages."""

from __future__ import annotations

from django.db import models

from pools.models.pool import Pool
from pools.models.user import User


class HostedSession(models.Model):
    """Serves every client of the pool for an hour. `digest` is the SHA-256 of what the browser's cookie holds."""

    digest = models.BinaryField(max_length=32, unique=True)
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="hosted_sessions")
    authenticated_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"browser of {self.user_id}"
