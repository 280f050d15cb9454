"""Import jobs as an administrator runs them: created, uploaded, started, awaited."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

import requests

from tests.support.factories import unique

ROLE = "arn:aws:iam::000000000000:role/CognitoImport"
JOB_SECONDS = 240
RUNNING = {"Pending", "InProgress", "Stopping"}


def create(idp: Any, pool: Mapping[str, Any], **members: Any) -> dict[str, Any]:
    """A new job, as CreateUserImportJob answers it."""
    made = idp.create_user_import_job(
        **{"JobName": unique("job"), "UserPoolId": pool["Id"], "CloudWatchLogsRoleArn": ROLE, **members}
    )
    job: dict[str, Any] = made["UserImportJob"]
    return job


def upload(job: Mapping[str, Any], content: bytes | str) -> requests.Response:
    body = content.encode() if isinstance(content, str) else content
    headers = {"x-amz-server-side-encryption": "aws:kms"}
    return requests.put(job["PreSignedUrl"], data=body, headers=headers, timeout=60)


def start(idp: Any, job: Mapping[str, Any]) -> dict[str, Any]:
    answer = idp.start_user_import_job(UserPoolId=job["UserPoolId"], JobId=job["JobId"])
    started: dict[str, Any] = answer["UserImportJob"]
    return started


def describe(idp: Any, job: Mapping[str, Any]) -> dict[str, Any]:
    answer = idp.describe_user_import_job(UserPoolId=job["UserPoolId"], JobId=job["JobId"])
    described: dict[str, Any] = answer["UserImportJob"]
    return described


def ended(idp: Any, job: Mapping[str, Any]) -> dict[str, Any]:
    """The job once it does not run any more."""
    deadline = time.monotonic() + JOB_SECONDS
    while (found := describe(idp, job))["Status"] in RUNNING:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


def run(idp: Any, pool: Mapping[str, Any], content: bytes | str, **members: Any) -> dict[str, Any]:
    """A whole import; the job as it is at its end."""
    job = create(idp, pool, **members)
    assert upload(job, content).status_code == 200
    start(idp, job)
    return ended(idp, job)


def csv(header: Iterable[str], *rows: Mapping[str, str]) -> str:
    """A file of a header and rows; columns that a row does not have are empty, but for MFA, which is FALSE."""
    columns = list(header)
    lines = [",".join(columns)]
    for row in rows:
        values = {"cognito:mfa_enabled": "FALSE", **row}
        lines.append(",".join(values.get(column, "") for column in columns))
    return "".join(f"{line}\n" for line in lines)


def header(idp: Any, pool: Mapping[str, Any], *, with_hash: bool = False) -> list[str]:
    columns: list[str] = idp.get_csv_header(UserPoolId=pool["Id"])["CSVHeader"]
    return [*columns, *(["password_hash"] if with_hash else [])]


def person(username: str, /, **more: str) -> dict[str, str]:
    """A row that becomes a user with a verified e-mail address."""
    return {"cognito:username": username, "email": f"{username}@example.com", "email_verified": "TRUE", **more}
