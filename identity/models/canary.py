"""The canary: tells at the start whether the key ring is the one that sealed this database."""

from __future__ import annotations

from django.db import models

from identity.fields import EncryptedField


class Canary(models.Model):
    """One row whose sealed text must open with the ring in use."""

    TEXT = "the ring of this installation"

    sealed = EncryptedField()

    def __str__(self) -> str:
        return "canary"
