"""User import jobs, the file they read, and the rows that did not become users."""

from __future__ import annotations

from django.db import models

from identity import clock
from pools.models.pool import Pool


class ImportJob(models.Model):
    """A CSV file on its way into a pool.

    `offset` and `line` are how far the file has been read, moved in the transaction that writes the users: whoever
    goes on after a crash repeats no row. `lease` names the worker that has the job until `leased_until`.
    """

    class Status(models.TextChoices):
        CREATED = "Created"
        PENDING = "Pending"
        IN_PROGRESS = "InProgress"
        STOPPING = "Stopping"
        STOPPED = "Stopped"
        EXPIRED = "Expired"
        FAILED = "Failed"
        SUCCEEDED = "Succeeded"

    RUNNING = (Status.PENDING, Status.IN_PROGRESS, Status.STOPPING)
    """One job at a time is in one of these; its pool does not change meanwhile."""

    job_id = models.CharField(max_length=55, unique=True)
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, db_index=False)
    name = models.CharField(max_length=128)
    role_arn = models.CharField(max_length=2048)
    algorithm = models.CharField(max_length=16, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.CREATED, db_index=True)
    created_at = models.DateTimeField(default=clock.now)
    started_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    imported = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True)
    size_bytes = models.PositiveBigIntegerField(null=True, help_text="of the uploaded file; None before it is whole")
    offset = models.PositiveBigIntegerField(default=0)
    line = models.PositiveIntegerField(default=0)
    lease = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["pool", "id"], name="import_jobs_of_a_pool")]

    def __str__(self) -> str:
        return self.job_id


class ImportChunk(models.Model):
    """A piece of an uploaded file: in the database, so that any worker on any machine can read it."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, db_index=False, related_name="chunks")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="one_chunk_per_number")]

    def __str__(self) -> str:
        return f"chunk {self.number} of {self.job_id}"


class ImportRow(models.Model):
    """A row that was skipped or failed, in the words of AWS's import log."""

    class Outcome(models.TextChoices):
        SKIPPED = "SKIPPED"
        FAILED = "FAILED"

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, db_index=False, related_name="rows")
    line = models.PositiveIntegerField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    reason = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "line"], name="one_outcome_per_line")]

    def __str__(self) -> str:
        return f"[{self.outcome}] Line Number {self.line} - {self.reason}"
