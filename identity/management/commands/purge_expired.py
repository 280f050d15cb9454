"""`purge_expired`: delete what has ended. Beat runs it every five minutes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import QuerySet

from identity import clock, throttle
from identity.config import config
from identity.keys import rotation
from identity.models import AccessKey, AttemptWindow, AuditEvent, Backoff
from pools.accounts.imports import jobs
from pools.models import (
    Attempt,
    Code,
    EncryptionKey,
    Grant,
    HostedSession,
    Invocation,
    QueuedMessage,
    Session,
    SpentSecretBlock,
)
from pools.provisioning import pools

_BATCH = 1000
# A used or expired sign-in is remembered a little, so that a late answer is told apart from nonsense.
_MEMORY_OF_ATTEMPTS = timedelta(hours=1)
# An authorization code that comes again ends the session of its first use.
_MEMORY_OF_GRANTS = timedelta(hours=1)
# A refresh at a session's last moment gives an access token that lives on for up to a day and needs the row.
_LONGEST_ACCESS = timedelta(days=1)


class Command(BaseCommand):
    help = "Delete expired codes, attempts, sessions, counters, retired signing keys, old invocations and audit rows."

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        expired: list[QuerySet[Any]] = [
            Code.objects.filter(expires_at__lte=now),
            QueuedMessage.objects.filter(expires_at__lte=now),
            Attempt.objects.filter(expires_at__lte=now - _MEMORY_OF_ATTEMPTS),
            Grant.objects.filter(expires__lte=now - _MEMORY_OF_GRANTS),
            HostedSession.objects.filter(expires_at__lte=now),
            SpentSecretBlock.objects.filter(expires_at__lte=now),
            Session.objects.filter(expires_at__lte=now - _LONGEST_ACCESS),
            AttemptWindow.objects.filter(expires_at__lte=now),
            Backoff.objects.filter(failed_at__lte=now - throttle.IDLE_RESET - throttle.LONGEST_LOCK),
            AccessKey.objects.filter(expires_at__lte=now),
            EncryptionKey.objects.filter(deletion_at__lte=now),
            AuditEvent.objects.filter(at__lte=now - timedelta(days=config.audit_days)),
            Invocation.objects.filter(at__lte=now - timedelta(days=config.invocation_days)),
        ]
        for rows in expired:
            self.stdout.write(f"{rows.model.__name__}: {_delete(rows)}")
        self.stdout.write(f"expired import jobs: {jobs.expire()}")
        for owner in rotation.remove_retired():
            pools.touch(owner)
        self.stdout.write(f"deleted pools: {pools.remove_deleted()}")


def _delete(rows: QuerySet[Any]) -> int:
    """In batches, so that no lock is held long. A row that is renewed meanwhile, such as a code, stays."""
    deleted = 0
    while batch := list(rows.values_list("pk", flat=True)[:_BATCH]):
        rows.filter(pk__in=batch).delete()
        deleted += len(batch)
    return deleted
