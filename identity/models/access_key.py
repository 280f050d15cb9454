"""Access keys: what a SigV4 signature is verified with."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from identity import clock
from identity.fields import EncryptedField


class AccessKey(models.Model):
    """A key of an operator, with the IAM policy document that says what it may do.

    A temporary key also has a session token (stored hashed) and an end. One that nobody's operator holds, such as that
    of a running function, says in `holder_arn` who does.
    """

    class Status(models.TextChoices):
        ACTIVE = "Active"
        INACTIVE = "Inactive"

    access_key_id = models.CharField(primary_key=True, max_length=128)
    secret = EncryptedField()
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="access_keys"
    )
    holder_arn = models.CharField(max_length=2048, blank=True)
    policy = models.TextField(help_text="IAM policy document, JSON")
    status = models.CharField(max_length=8, choices=Status, default=Status.ACTIVE)
    session_token_digest = models.BinaryField(max_length=32, null=True)
    expires_at = models.DateTimeField(null=True, db_index=True)
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.access_key_id
