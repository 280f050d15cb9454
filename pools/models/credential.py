"""A user's password."""

from __future__ import annotations

from django.db import models

from identity import clock
from identity.fields import EncryptedField
from pools.models.user import User


class Credential(models.Model):
    """The hash of a user's password: argon2id, or as it was imported; `expires_at` is the end of a temporary one.

    `srp_verifier` is salt and verifier of the same password (`pools.accounts.srp`); none for an imported hash until
    its password is seen in clear.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="credential")
    password_hash = models.CharField(max_length=256)
    srp_verifier = EncryptedField(null=True)  # type: ignore[misc]  # the field is typed for the many that are never null
    changed_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"credential of {self.user_id}"
