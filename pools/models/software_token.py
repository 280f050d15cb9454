"""An authenticator app."""

from __future__ import annotations

from django.db import models
from django_otp.models import Device

from identity import clock
from identity.fields import EncryptedField


class SoftwareToken(Device):
    """A TOTP secret: one that is confirmed and signs in, and beside it at most one that waits for its first code.

    `last_step` is the time step of the newest code that was accepted; it only grows, so that a code works once.
    """

    secret = EncryptedField()
    last_step = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "confirmed"], name="one_software_token_per_state")]
