"""Users in bulk: out by `manage.py export-users`, in by an import job of the API."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.benchmark import installation
from tests.support import clients, factories, imports, processes
from tests.support.server import ROOT, Server

MIB = 1024 * 1024
AIM_EXPORT_MIB = 200
AIM_IMPORT = 2_000
LONGEST_IMPORT_SECONDS = 1800


@dataclass(frozen=True)
class Export:
    """`cpu` is of the command alone, without the database's."""

    users: int
    seconds: float
    cpu: float
    peak_bytes: int

    def row(self) -> str:
        return (
            f"export of {self.users:,} users: {self.users / self.seconds:,.0f} a second, {self.users / self.cpu:,.0f}"
            f" a second of CPU, {self.peak_bytes / MIB:.0f} MiB at most   (aim: under {AIM_EXPORT_MIB} MiB)"
        )


def export(server: Server, pool_id: str) -> Export:
    file = server.data / "export.csv"
    begun = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "manage.py", "export-users", pool_id, "--output", str(file)],
        cwd=ROOT,
        env=server.environment,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"export-users ended with {child.returncode}")
    with open(file, "rb") as lines:
        users = sum(1 for _ in lines) - 1
    file.unlink()
    return Export(users, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


@dataclass(frozen=True)
class Import:
    """`seconds` from the start of the job to its end, without the upload; CPU seconds of all processes meanwhile."""

    users: int
    seconds: float
    python: float
    database: float

    def row(self) -> str:
        cpu = f"{self.python:.1f} s Python, {self.database:.1f} s database"
        return (
            f"import of {self.users:,} users with hashes: {self.users / self.seconds:,.0f} a second,"
            f" {self.users / (self.python + self.database):,.0f} a second of CPU ({cpu})   (aim: {AIM_IMPORT:,})"
        )


def import_users(server: Server, count: int, password_hash: str) -> Import:
    """A job in a new pool, by the API alone.

    Raises: RuntimeError, when not every row became a user.
    """
    idp = clients.idp(server)
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"])
    rows = (_row(number, password_hash) for number in range(count))
    content = imports.csv(imports.header(idp, pool, with_hash=True), *rows)
    job = imports.create(idp, pool, PasswordHashingAlgorithm="ARGON2ID")
    address = urlsplit(job["PreSignedUrl"])
    local = f"{server.url}{address.path}?{address.query}"  # without the proxy that GATEHOUSE_URL speaks of
    imports.upload({**job, "PreSignedUrl": local}, content).raise_for_status()
    meter = installation.Meter(server, [process.pid for process in processes.of(server)])
    python = database = 0.0
    begun = time.perf_counter()
    imports.start(idp, job)
    while (found := imports.describe(idp, job))["Status"] in imports.RUNNING:
        if time.perf_counter() - begun > LONGEST_IMPORT_SECONDS:
            raise RuntimeError(f"the import goes on and on: {found}")
        time.sleep(0.2)
        spent = meter.lap()  # now, since the worker's backend is gone when the job is
        python, database = python + spent[0], database + spent[1]
    seconds = time.perf_counter() - begun
    if found["ImportedUsers"] != count:
        raise RuntimeError(f"not all were imported: {found}")
    return Import(count, seconds, python, database)


def _row(number: int, password_hash: str) -> dict[str, str]:
    return imports.person(
        f"person-{number:07}",
        name=f"Given {number % 997} Family {number % 4999}",
        given_name=f"Given {number % 997}",
        family_name=f"Family {number % 4999}",
        phone_number=f"+1556{number:07}",
        password_hash=password_hash.replace(",", "\\,"),
    )
