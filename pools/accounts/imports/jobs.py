"""User import jobs: created, started, stopped, found; what they do while they run is `run`'s.

Source: API reference, *UserImportJob operations; guide, "Importing users from a CSV file".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from identity import clock, ids
from identity.access import audit
from identity.access.actor import Actor
from identity.errors import (
    IMPORT_ALREADY_RUNNING,
    IMPORT_NOT_CREATED,
    IMPORT_NOT_RUNNING,
    IMPORT_WITHOUT_FILE,
    IMPORT_WITHOUT_VERIFICATION,
    TOO_MANY_IMPORT_JOBS,
    LimitExceeded,
    PreconditionNotMet,
    import_job_not_found,
)
from pools import lookup
from pools.config.sign_in import SignInSettings
from pools.models import ImportChunk, ImportJob, Pool

MAX_PER_POOL = 1000
STARTABLE_FOR = timedelta(hours=24)

Status = ImportJob.Status

_callers: list[Callable[[], None]] = []


def call_when_work_waits(caller: Callable[[], None]) -> None:
    """Let whoever runs jobs know at once; without, they look by themselves every few seconds."""
    _callers.append(caller)


def _call() -> None:
    for caller in _callers:
        caller()


def create(pool: Pool, *, name: str, role_arn: str, algorithm: str, by: Actor) -> ImportJob:
    """A job that waits for its file and its start. `algorithm` is the hashes', empty when the file has none.

    Raises: LimitExceeded (a job is running in the installation, or the pool has had its thousand), ResourceNotFound.
    """
    with transaction.atomic():
        lookup.locked_pool(pool)
        if _is_one_running():
            raise LimitExceeded(IMPORT_ALREADY_RUNNING)
        if len(of_pool(pool).values_list("pk")[:MAX_PER_POOL]) >= MAX_PER_POOL:
            raise LimitExceeded(TOO_MANY_IMPORT_JOBS)
        job = ImportJob.objects.create(
            job_id=ids.import_job_id(), pool=pool, name=name, role_arn=role_arn, algorithm=algorithm
        )
        audit.record(by, pool.arn, job=job.job_id, name=name)
    return job


def start(pool: Pool, job_id: str, *, by: Actor) -> ImportJob:
    """Have the uploaded file read; the job is Pending until somebody takes it.

    Raises: PreconditionNotMet (started or expired, no file, no auto-verified attribute, another job is running),
    ResourceNotFound.
    """
    with transaction.atomic():
        # Every start of the installation waits here for the one before: of two at once, one sees the other.
        list(Pool.objects.select_for_update(no_key=True).filter(pk=Pool.OPERATORS).values_list("pk"))
        job = _locked_job(pool, job_id)  # before the pool, as a batch that is being written locks them
        current = lookup.locked_pool(pool)
        _check_may_start(current, job)
        job.status = Status.PENDING
        job.started_at = clock.now()
        job.save(update_fields=["status", "started_at"])
        audit.record(by, pool.arn, job=job_id)
    _call()
    return job


def _check_may_start(pool: Pool, job: ImportJob) -> None:
    """Raises: PreconditionNotMet."""
    for holds, text in (
        (status(job) == Status.CREATED, IMPORT_NOT_CREATED),
        (job.size_bytes is not None, IMPORT_WITHOUT_FILE),
        (bool(SignInSettings.of(pool).auto_verified_attributes), IMPORT_WITHOUT_VERIFICATION),
        (not _is_one_running(), IMPORT_ALREADY_RUNNING),
    ):
        if not holds:
            raise PreconditionNotMet(text)


def stop(pool: Pool, job_id: str, *, by: Actor) -> ImportJob:
    """Have a job end after the rows that are being written; those that were stay.

    Raises: PreconditionNotMet unless it is Pending or InProgress, ResourceNotFound.
    """
    with transaction.atomic():
        job = _locked_job(pool, job_id)
        if job.status not in {Status.PENDING, Status.IN_PROGRESS}:
            raise PreconditionNotMet(IMPORT_NOT_RUNNING)
        job.status = Status.STOPPING
        job.save(update_fields=["status"])
        audit.record(by, pool.arn, job=job_id)
    _call()
    return job


def find(pool: Pool, job_id: str) -> ImportJob:
    """Raises: ResourceNotFound."""
    job = of_pool(pool).filter(job_id=job_id).first()
    if job is None:
        raise import_job_not_found(job_id)
    job.pool = pool
    return job


def of_pool(pool: Pool) -> QuerySet[ImportJob]:
    return ImportJob.objects.filter(pool=pool)


def status(job: ImportJob) -> str:
    """The job's status now: one that was not started in time has expired, whether or not the row says so yet."""
    if job.status == Status.CREATED and job.created_at <= _last_creation_startable():
        return Status.EXPIRED
    return job.status


def completed_at(job: ImportJob) -> datetime | None:
    """When the job ended; None before."""
    return job.created_at + STARTABLE_FOR if status(job) == Status.EXPIRED else job.completed_at


def expire() -> int:
    """Write down which jobs have expired, and delete the files of all that have ended; returns how many expired."""
    overdue = ImportJob.objects.filter(status=Status.CREATED, created_at__lte=_last_creation_startable())
    count = overdue.update(status=Status.EXPIRED, completed_at=F("created_at") + STARTABLE_FOR)
    ended = ImportJob.objects.exclude(Q(status=Status.CREATED) | Q(status__in=ImportJob.RUNNING))
    for job_pk in ImportChunk.objects.filter(number=0, job__in=ended).values_list("job_id", flat=True):
        ImportChunk.objects.filter(job_id=job_pk).delete()
    return count


def _last_creation_startable() -> datetime:
    return clock.now() - STARTABLE_FOR


def _is_one_running() -> bool:
    return ImportJob.objects.filter(status__in=ImportJob.RUNNING).exists()


def _locked_job(pool: Pool, job_id: str) -> ImportJob:
    """Raises: ResourceNotFound."""
    job = of_pool(pool).select_for_update().filter(job_id=job_id).first()
    if job is None:
        raise import_job_not_found(job_id)
    job.pool = pool
    return job
