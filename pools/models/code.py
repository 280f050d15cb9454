"""One-time codes sent to users."""

from __future__ import annotations

from django.db import models

from identity import clock
from pools.models.pool import Pool
from pools.models.user import User


class Code(models.Model):
    """The newest code of a kind for a user; sending another replaces it. Known only by a keyed hash, used once.

    `attribute` names the contact it was sent to (`email` or `phone_number`), `destination` a digest of that
    contact's value, so that a code never verifies an address it was not sent to. `value` is a new address that takes
    the attribute's place with the right code, where the pool keeps the old one until then. A code of nobody is a
    decoy: it is written where somebody else would have got one, and nothing ever finds it.
    """

    class Kind(models.TextChoices):
        SIGN_UP = "sign_up"
        PASSWORD = "password"  # noqa: S105
        EMAIL = "email"
        PHONE_NUMBER = "phone_number"

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="codes", null=True, db_constraint=False)
    kind = models.CharField(max_length=16, choices=Kind)
    attribute = models.CharField(max_length=32)
    destination = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)
    value = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="one_code_per_user_and_kind")]

    def __str__(self) -> str:
        return f"{self.kind} code of {self.user_id}"
