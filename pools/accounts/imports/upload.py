"""The file of an import job on its way in: a signed address, and the pieces that are kept.

Source: guide, "Importing users from a CSV file": the file is PUT to a pre-signed address, as to Amazon S3.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode

from django.db import transaction

from identity import clock, ids, keyring
from identity.config import config
from pools.accounts.imports import jobs
from pools.accounts.imports.layout import MAX_BYTES
from pools.models import ImportChunk, ImportJob

LIFETIME = timedelta(minutes=15)
CHUNK_BYTES = 1024 * 1024

_PURPOSE = "import upload"

Read = Callable[[int], bytes]
"""Gives at most as many bytes as it is asked for, and none at the end."""


class Refusal(StrEnum):
    """Why a file was not taken."""

    SIGNATURE = "The request signature does not match the address that was given out."
    EXPIRED = "Request has expired"
    NOT_CREATED = "The user import job has been started or has ended."
    TOO_LARGE = "The file is larger than 100 MB."
    CUT_OFF = "You did not provide the number of bytes specified by the Content-Length HTTP header."
    REPLACED = "Another upload for the same user import job has begun meanwhile."


class Refused(Exception):
    """The job has no file because of this; another upload may follow."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(str(why))
        self.why = why


def url(job: ImportJob) -> str:
    """Where the job's file is uploaded, always the same: good for 15 minutes from the job's creation."""
    expires = int((job.created_at + LIFETIME).timestamp())
    signature = keyring.mac(_PURPOSE, _signed(job.pool_id, job.job_id, expires)).hex()
    query = urlencode({"Expires": expires, "Signature": signature})
    return f"{config.url}/{job.pool_id}/import/{job.job_id}?{query}"


def _signed(pool_id: str, job_id: str, expires: int) -> bytes:
    return f"{pool_id}\n{job_id}\n{expires}".encode()


def addressed(pool_id: str, job_id: str, *, expires: str, signature: str) -> ImportJob:
    """The job that an address names, if the address is one of ours.

    Raises: Refused (signature, expired, not created).
    """
    try:
        end, given = int(expires[:12]), bytes.fromhex(signature)
    except ValueError:
        raise Refused(Refusal.SIGNATURE) from None
    if not keyring.mac_matches(_PURPOSE, _signed(pool_id, job_id, end), given):
        raise Refused(Refusal.SIGNATURE)
    if clock.now() >= datetime.fromtimestamp(end, UTC):
        raise Refused(Refusal.EXPIRED)
    job = ImportJob.objects.filter(job_id=job_id, pool_id=pool_id, pool__deleted_at=None).first()
    if job is None or jobs.status(job) != ImportJob.Status.CREATED:
        raise Refused(Refusal.NOT_CREATED)
    return job


def receive(job: ImportJob, read: Read, length: int) -> None:
    """Keep a file of `length` bytes as the job's, in place of one it has; a chunk at a time is in memory.

    The job has no file from the beginning of an upload to its end. Of two uploads at once, the later one counts.
    Raises: Refused (too large, cut off, replaced, not created).
    """
    if length > MAX_BYTES:
        raise Refused(Refusal.TOO_LARGE)
    lease = _begin(job)
    received = number = 0
    while received < length:
        content = _filled(read, min(CHUNK_BYTES, length - received))
        if not content:
            _give_up(job, lease)
            raise Refused(Refusal.CUT_OFF)
        with transaction.atomic():
            _keep_lease(job, lease)
            ImportChunk.objects.create(job=job, number=number, content=content)
        received += len(content)
        number += 1
    with transaction.atomic():
        _keep_lease(job, lease)
        ImportJob.objects.filter(pk=job.pk).update(size_bytes=received, lease="")


def _filled(read: Read, size: int) -> bytes:
    """Exactly `size` bytes, or none when there are fewer."""
    content = bytearray()
    while len(content) < size:
        piece = read(size - len(content))
        if not piece:
            return b""
        content += piece
    return bytes(content)


def _begin(job: ImportJob) -> str:
    """Raises: Refused."""
    lease = ids.token(16)
    created = ImportJob.objects.filter(pk=job.pk, status=ImportJob.Status.CREATED)
    with transaction.atomic():
        if not created.update(lease=lease, size_bytes=None):
            raise Refused(Refusal.NOT_CREATED)
        ImportChunk.objects.filter(job=job).delete()
    return lease


def _keep_lease(job: ImportJob, lease: str) -> None:
    """Lock the job's row for the rest of the transaction. Raises: Refused, when another upload has begun."""
    created = ImportJob.objects.filter(pk=job.pk, status=ImportJob.Status.CREATED, lease=lease)
    if not created.update(lease=lease):
        raise Refused(Refusal.REPLACED)


def _give_up(job: ImportJob, lease: str) -> None:
    with transaction.atomic():
        _keep_lease(job, lease)
        ImportChunk.objects.filter(job=job).delete()
