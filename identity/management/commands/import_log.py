"""`import_log`: what became of a user import job, row by row where a row did not become a user."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pools.accounts.imports import jobs
from pools.models import ImportJob


class Command(BaseCommand):
    help = "Tell a user import job's status, counts, and its skipped and failed rows."
    # It reads: what keeps a server from starting keeps nobody from what is there.
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job_id")

    def handle(self, *args: Any, **options: Any) -> None:
        job = ImportJob.objects.filter(job_id=options["job_id"]).first()
        if job is None:
            raise CommandError(f"There is no user import job {options['job_id']}.")
        self.stdout.write(f"{job.job_id} ({job.name}) of {job.pool_id}: {jobs.status(job)}")
        self.stdout.write(f"imported: {job.imported}, skipped: {job.skipped}, failed: {job.failed}")
        if job.message:
            self.stdout.write(job.message)
        for row in job.rows.order_by("line").iterator():
            self.stdout.write(str(row))
