"""Import jobs and the end of processes: killed, stopped, started again, no row is lost and none is there twice."""

from __future__ import annotations

import time
from random import Random
from typing import Any

import pytest

from tests.production.conftest import Install
from tests.support import clients, factories, imports, processes
from tests.support.server import Server

pytestmark = pytest.mark.xdist_group("imports")

ROWS = 20_000
STOP_SECONDS = 10


@pytest.fixture
def server(install: Install) -> Server:
    return install("--dev").start()


def running_job(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    """A job that has written some rows and has many to go."""
    rows = [imports.person(f"user-{number}") for number in range(ROWS)]
    rows[50:50] = [imports.person("user-1"), imports.person("nobody", email="nonsense")]
    job = imports.create(idp, pool)
    assert imports.upload(job, imports.csv(imports.header(idp, pool), *rows)).status_code == 200
    imports.start(idp, job)
    wait_for_rows(idp, job, 1)
    return job


def wait_for_rows(idp: Any, job: dict[str, Any], least: int) -> int:
    """How many users have been imported, when it is `least` or more."""
    deadline = time.monotonic() + imports.JOB_SECONDS
    while (count := int(imports.describe(idp, job)["ImportedUsers"])) < least:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return count


def check_result(server: Server, idp: Any, job: dict[str, Any]) -> None:
    done = imports.ended(idp, job)
    assert (done["Status"], done["CompletionMessage"]) == ("Succeeded", "Import Job Completed Successfully.")
    assert (done["ImportedUsers"], done["SkippedUsers"], done["FailedUsers"]) == (ROWS, 1, 1)
    assert server.manage("import_log", job["JobId"]).splitlines()[-2:] == [
        "[SKIPPED] Line Number 52 - The user already exists.",
        "[FAILED] Line Number 53 - Invalid email address format.",
    ]
    listed = server.manage(
        "shell",
        *("--verbosity", "0", "--command"),
        "from pools.models import *\n"
        f"users = User.objects.filter(pool_id='{job['UserPoolId']}')\n"
        "names = set(users.values_list('username', flat=True))\n"
        "kept = SearchValue.objects.filter(user__in=users).count(), SignInName.objects.filter(user__in=users).count()\n"
        "print(users.count(), len(names), *kept, ImportChunk.objects.count())\n",
    )
    assert listed.split() == [str(ROWS), str(ROWS), str(3 * ROWS), str(ROWS), "0"]


def test_import_survives_kills_of_everything(server: Server) -> None:
    idp = clients.idp(server)
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"])
    job = running_job(idp, pool)
    count = 0
    for _ in range(2):
        processes.kill(server, Random())
        server.start()
        before = int(imports.describe(idp, job)["ImportedUsers"])
        assert before >= count
        assert before < ROWS, "it was over before it was killed: give it more rows"
        count = wait_for_rows(idp, job, before + 1)
    check_result(server, idp, job)


def test_import_does_not_delay_the_end_and_goes_on_at_once_after_a_restart(server: Server) -> None:
    idp = clients.idp(server)
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"])
    job = running_job(idp, pool)
    assert server.stop() < STOP_SECONDS / 2
    assert processes.of(server) == []
    server.start()
    before = int(imports.describe(idp, job)["ImportedUsers"])
    begun = time.monotonic()
    wait_for_rows(idp, job, before + 1)
    assert time.monotonic() - begun < 5, "its lease was given back"
    check_result(server, idp, job)
    assert "Traceback" not in server.log


def test_broker_that_is_away_refuses_no_start(install: Install) -> None:
    idp = clients.idp(install("--dev", REDIS_URL="redis://127.0.0.1:1/0").start())
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"])
    job = imports.create(idp, pool)
    assert imports.upload(job, "x").status_code == 200
    assert imports.start(idp, job)["Status"] == "Pending"
    stopped = idp.stop_user_import_job(UserPoolId=pool["Id"], JobId=job["JobId"])
    assert stopped["UserImportJob"]["Status"] == "Stopping"
