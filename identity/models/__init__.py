"""Rows of the kernel: access keys, signing keys, audit, tags, attempt windows and lock-outs, the key-ring canary."""

from identity.models.access_key import AccessKey
from identity.models.attempt_window import AttemptWindow
from identity.models.audit import AuditEvent
from identity.models.backoff import Backoff
from identity.models.canary import Canary
from identity.models.signing_key import SigningKey
from identity.models.tag import Tag

__all__ = ["AccessKey", "AttemptWindow", "AuditEvent", "Backoff", "Canary", "SigningKey", "Tag"]
