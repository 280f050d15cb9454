"""The names that users sign in with."""

from __future__ import annotations

from django.db import models

from pools.models.pool import Pool
from pools.models.user import User


class SignInName(models.Model):
    """A row exists exactly while this name signs this user in.

    `folded` is the name in UTF-8, case-folded in pools that ignore case: bytes order and compare the same on every
    database. The unique constraint is what decides when two users want one name at once.
    """

    class Kind(models.TextChoices):
        """In order of precedence, should one name be of two kinds for two users."""

        USERNAME = "username"
        EMAIL = "email"
        PHONE_NUMBER = "phone_number"
        PREFERRED_USERNAME = "preferred_username"

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, db_index=False)
    kind = models.CharField(max_length=18, choices=Kind)
    folded = models.BinaryField(max_length=2048)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_in_names")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pool", "folded", "kind"], name="one_user_per_sign_in_name")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.user_id}"
