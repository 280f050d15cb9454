"""Passwords a user had before."""

from __future__ import annotations

from django.db import models

from pools.models.user import User


class FormerPassword(models.Model):
    """The hash of an earlier password, kept where the pool's policy has a history, and only as many as it asks for."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="former_passwords")
    password_hash = models.CharField(max_length=256)
    replaced_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"former password of {self.user_id}"
