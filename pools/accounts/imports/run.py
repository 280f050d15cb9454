"""Import jobs at work: one worker has a job at a time, and whoever goes on after it repeats no row.

A worker holds a lease on the job, which it renews with each batch. A batch's users, its refused rows and how far the
file has been read are one transaction, in which the job's row is locked by the lease's holder: after a crash the
database says exactly what was done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice

from django.db import connection, transaction
from django.db.models import Q

from identity import clock, ids
from pools.accounts.imports import content, rows, write
from pools.accounts.imports.layout import Layout
from pools.models import ImportChunk, ImportJob, ImportRow

LEASE = timedelta(seconds=15)
BATCH_ROWS = 500
TOO_MANY_REFUSED = 10_000
"""From this many refused rows on, the job ends when they are more than half of all."""

SUCCEEDED = "Import Job Completed Successfully."
STOPPED = "The Import Job was stopped by the developer."
TOO_MANY_FAILED = "Too many users have failed or been skipped during the import."
_LONGEST_MESSAGE = 128

HEADER_LINE = 1
_PAUSE_SECONDS = 0.05

Status = ImportJob.Status


def waiting(is_ending: Callable[[], bool] = lambda: False) -> None:
    """Run the jobs that wait, and go on with those whose worker is gone; `is_ending` is asked between batches."""
    free = Q(leased_until=None) | Q(leased_until__lte=clock.wall())
    open_jobs = ImportJob.objects.filter(free, status__in=ImportJob.RUNNING)
    for job_pk in list(open_jobs.values_list("pk", flat=True)):
        lease = ids.token(16)
        if open_jobs.filter(pk=job_pk).update(lease=lease, leased_until=_lease_end()):
            _Run(ImportJob.objects.select_related("pool").get(pk=job_pk), lease).go(is_ending)


def _lease_end() -> datetime:
    """By the real time: a development clock that is moved back would leave a lease that nobody lives to see end."""
    return clock.wall() + LEASE


class _Lost(Exception):
    """Another worker has the job, or it is gone."""


class _StopAsked(Exception):
    """The job is to end as Stopped."""


class _Run:
    """One worker's time with one job."""

    def __init__(self, job: ImportJob, lease: str) -> None:
        self._job = job
        self._lease = lease

    def go(self, is_ending: Callable[[], bool]) -> None:
        try:
            self._work(is_ending)
        except _StopAsked:
            self._end(Status.STOPPED, STOPPED)
        except content.Unreadable as error:
            self._end(Status.FAILED, str(error)[:_LONGEST_MESSAGE])
        except _Lost:
            pass

    def _work(self, is_ending: Callable[[], bool]) -> None:
        """Raises: Unreadable, _StopAsked, _Lost."""
        job = self._job
        self._renew()
        layout = content.layout(job, job.pool) if job.offset else content.check(job, job.pool, self._renew)
        lines = content.lines(job, job.offset)
        while not is_ending():
            batch = list(islice(lines, BATCH_ROWS))
            if not batch:
                self._renew()  # a stop that was asked for before the end is the end
                self._end(Status.SUCCEEDED, SUCCEEDED)
                return
            self._write(layout, batch)
            if _too_many_refused(job):
                self._end(Status.FAILED, TOO_MANY_FAILED)
                return
            _let_others_write()
        ImportJob.objects.filter(pk=job.pk, lease=self._lease).update(leased_until=None)

    def _write(self, layout: Layout, batch: Sequence[tuple[int, bytes]]) -> None:
        """One batch, whole or not at all. Raises: _StopAsked, _Lost."""
        job = self._job
        read, refused = _read(job, layout, [raw for _, raw in batch])
        with transaction.atomic():
            self._hold()
            written = write.users(job.pool, read)
            refused += written.refused
            for row in refused:
                row.job = job
            ImportRow.objects.bulk_create(refused)
            job.offset, job.line = batch[-1][0], job.line + len(batch)
            job.imported += written.imported
            job.skipped += sum(row.outcome == ImportRow.Outcome.SKIPPED for row in refused)
            job.failed += sum(row.outcome == ImportRow.Outcome.FAILED for row in refused)
            job.leased_until = _lease_end()
            job.save(update_fields=["offset", "line", "imported", "skipped", "failed", "leased_until"])

    def _hold(self) -> None:
        """Lock the job's row for the rest of the transaction. Raises: _StopAsked, _Lost."""
        held = ImportJob.objects.select_for_update().filter(
            pk=self._job.pk, lease=self._lease, offset=self._job.offset, status__in=ImportJob.RUNNING
        )
        status = held.values_list("status", flat=True).first()
        if status is None:
            raise _Lost
        if status == Status.STOPPING:
            raise _StopAsked

    def _renew(self) -> None:
        """Raises: _StopAsked, _Lost."""
        with transaction.atomic():
            self._hold()
            ImportJob.objects.filter(pk=self._job.pk).update(status=Status.IN_PROGRESS, leased_until=_lease_end())

    def _end(self, status: str, message: str) -> None:
        with transaction.atomic():
            mine = ImportJob.objects.filter(pk=self._job.pk, lease=self._lease, status__in=ImportJob.RUNNING)
            if mine.update(status=status, message=message, completed_at=clock.now(), lease="", leased_until=None):
                ImportChunk.objects.filter(job=self._job).delete()


def _read(job: ImportJob, layout: Layout, lines: Sequence[bytes]) -> tuple[list[write.Candidate], list[ImportRow]]:
    """Rows that could be users, and those that could not; blank lines are neither."""
    read, refused = [], []
    for number, raw in enumerate(lines, job.line + 1):
        line = raw.decode()
        if number == HEADER_LINE or line.isspace():
            continue
        try:
            read.append(write.candidate(job.pool, number, rows.read(job.pool, layout, line, job.algorithm)))
        except rows.RowFailed as failure:
            refused.append(ImportRow(line=number, outcome=ImportRow.Outcome.FAILED, reason=failure.reason))
    return read, refused


def _too_many_refused(job: ImportJob) -> bool:
    refused = job.skipped + job.failed
    return refused >= TOO_MANY_REFUSED and refused > job.imported


def _let_others_write() -> None:
    """Where there is one writer at a time, others look for their turn every tenth of a second at worst."""
    if not connection.features.has_select_for_update:
        time.sleep(_PAUSE_SECONDS)
