"""User import jobs: create with an upload address, start, stop, describe, list; the header of the file."""

from __future__ import annotations

from typing import Any

from identity import paging
from identity.wire.call import Answer, Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.accounts.imports import jobs, layout, upload
from pools.models import ImportJob

_LONGEST_PAGE = 50
"""Jobs in one answer by the service's model, which lets callers ask for 60."""


@cognito_idp.operation("GetCSVHeader")
def get_csv_header(call: Call, *, user_pool_id: str) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    return {"UserPoolId": pool.id, "CSVHeader": layout.header(pool, with_hash=False)}


@cognito_idp.operation("CreateUserImportJob")
def create_user_import_job(
    call: Call,
    *,
    job_name: str,
    user_pool_id: str,
    cloud_watch_logs_role_arn: str,
    password_hashing_algorithm: str | None = None,
) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    job = jobs.create(
        pool,
        name=job_name,
        role_arn=cloud_watch_logs_role_arn,
        algorithm=password_hashing_algorithm or "",
        by=call.actor,
    )
    return {"UserImportJob": job_detail(job)}


@cognito_idp.operation("StartUserImportJob")
def start_user_import_job(call: Call, *, user_pool_id: str, job_id: str) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    return {"UserImportJob": job_detail(jobs.start(pool, job_id, by=call.actor))}


@cognito_idp.operation("StopUserImportJob")
def stop_user_import_job(call: Call, *, user_pool_id: str, job_id: str) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    return {"UserImportJob": job_detail(jobs.stop(pool, job_id, by=call.actor))}


@cognito_idp.operation("DescribeUserImportJob")
def describe_user_import_job(call: Call, *, user_pool_id: str, job_id: str) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    return {"UserImportJob": job_detail(jobs.find(pool, job_id))}


@cognito_idp.operation("ListUserImportJobs")
def list_user_import_jobs(
    call: Call, *, user_pool_id: str, max_results: int, pagination_token: str | None = None
) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    page = paging.page(
        jobs.of_pool(pool),
        order="-id",
        limit=min(max_results, _LONGEST_PAGE),
        token=pagination_token,
        bound_to=call.binding(pool.id),
    )
    return {"UserImportJobs": [job_detail(job) for job in page.items], "PaginationToken": page.next_token}


def job_detail(job: ImportJob) -> dict[str, Any]:
    return {
        "JobName": job.name,
        "JobId": job.job_id,
        "UserPoolId": job.pool_id,
        "PreSignedUrl": upload.url(job),
        "CreationDate": job.created_at,
        "StartDate": job.started_at,
        "CompletionDate": jobs.completed_at(job),
        "Status": jobs.status(job),
        "CloudWatchLogsRoleArn": job.role_arn,
        "ImportedUsers": job.imported,
        "SkippedUsers": job.skipped,
        "FailedUsers": job.failed,
        "CompletionMessage": job.message or None,
        "PasswordHashingAlgorithm": job.algorithm or None,
    }
