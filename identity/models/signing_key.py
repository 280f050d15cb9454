"""RSA key pairs that sign tokens."""

from __future__ import annotations

from django.db import models

from identity import clock
from identity.fields import EncryptedField


class SigningKey(models.Model):
    """A 2048-bit RSA pair. `owner` is the issuer's id (a pool id), empty for a pair in stock."""

    class Use(models.TextChoices):
        ID = "id"
        ACCESS = "access"

    class State(models.TextChoices):
        STOCK = "stock"
        ACTIVE = "active"
        RETIRING = "retiring"

    kid = models.CharField(primary_key=True, max_length=64)
    owner = models.CharField(max_length=64, blank=True, db_index=True)
    use = models.CharField(max_length=8, choices=Use, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.STOCK, db_index=True)
    private = EncryptedField(help_text="PKCS#8 PEM")
    public = models.JSONField(help_text="JWK")
    created_at = models.DateTimeField(default=clock.now)
    retires_at = models.DateTimeField(null=True, help_text="until when tokens signed by it may be presented")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "use"], condition=models.Q(state="active"), name="one_active_key_per_use"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kid} {self.state} {self.owner}"
