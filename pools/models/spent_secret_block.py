"""SECRET_BLOCKs that were answered."""

from __future__ import annotations

from django.db import models


class SpentSecretBlock(models.Model):
    """The SHA-256 of a SECRET_BLOCK that was answered, rightly or wrongly, kept until the block would have expired."""

    digest = models.BinaryField(max_length=32, primary_key=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return bytes(self.digest).hex()
