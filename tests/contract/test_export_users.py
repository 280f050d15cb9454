"""`export-users` on a live installation: what goes to the file, what is said about it, and what it refuses."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import pytest

from tests.support import factories
from tests.support.server import ROOT, Server

LOSSES = (
    "The format has no place for groups, authenticator apps, MFA by e-mail, the sub, the enabled state, dates and "
    "developer-only attributes.\n"
)


def export(
    server: Server, *arguments: str, stdout: int | IO[bytes] = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    environment = {**server.environment, "GATEHOUSE_DEV": "1"}
    command = [sys.executable, "manage.py", "export-users", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False
    )


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), quoting=csv.QUOTE_NONE, escapechar="\\"))


@pytest.fixture
def pool(idp: Any) -> dict[str, Any]:
    schema = [{"Name": "role", "AttributeDataType": "String"}]
    return factories.make_pool(idp, AutoVerifiedAttributes=["email"], Schema=schema)


def test_users_go_to_standard_output(server: Server, idp: Any, pool: dict[str, Any]) -> None:
    attributes = {"email": "ada@example.com", "email_verified": "true", "name": "Lovelace, Ada", "custom:role": "Ä\\"}
    name = factories.make_user(idp, pool, **attributes)
    done = export(server, pool["Id"])
    assert done.returncode == 0, done.stderr
    (row,) = rows_of(done.stdout)
    assert row.pop("password_hash").startswith("$argon2id$v=19$")
    assert {column: value for column, value in row.items() if value} == {
        **attributes,
        "cognito:username": name,
        "email_verified": "TRUE",
        "cognito:mfa_enabled": "FALSE",
    }
    told = done.stderr.splitlines(keepends=True)
    assert told[0].startswith("Wrote 1 users in ")
    assert told[1:] == [
        "By password hash: 1 ARGON2ID.\n",
        "Import it with a job whose PasswordHashingAlgorithm is ARGON2ID.\n",
        "The importing pool needs the same sign-in options, the attributes custom:role and an auto-verified attribute."
        "\n",
        LOSSES,
    ]


def test_invited_user_comes_without_the_temporary_password(server: Server, idp: Any, pool: dict[str, Any]) -> None:
    idp.admin_create_user(UserPoolId=pool["Id"], Username="ada", MessageAction="SUPPRESS")
    done = export(server, pool["Id"], "--algorithm", "NONE")
    (row,) = rows_of(done.stdout)
    assert row["cognito:username"] == "ada"
    assert "password_hash" not in row
    told = done.stderr.splitlines()
    assert "Import it with a job that has no PasswordHashingAlgorithm." in told
    assert "1 users have no verified address that the pool verifies: their rows will fail." in told
    assert (
        "1 users are FORCE_CHANGE_PASSWORD: their passwords are left out, and they must reset them after an import."
        in told
    )


def test_file_is_new_and_its_owners_alone(server: Server, idp: Any, pool: dict[str, Any], tmp_path: Path) -> None:
    factories.make_user(idp, pool, email="ada@example.com", email_verified="true")
    file = tmp_path / "users.csv"
    done = export(server, pool["Id"], "--output", str(file), "--progress")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    whole = file.read_bytes()
    assert len(rows_of(whole.decode())) == 1

    again = export(server, pool["Id"], "--output", str(file))
    assert (again.returncode, again.stderr) == (1, f"CommandError: {file} exists; choose a new file.\n")
    assert file.read_bytes() == whole


def test_command_refuses_what_it_cannot_do(server: Server, pool: dict[str, Any], tmp_path: Path) -> None:
    for name in ("us-east-1_nothing00", "gatehouse_operators", "x' OR 1=1 --"):
        done = export(server, name)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"CommandError: There is no user pool {name}.\n"
    nowhere = tmp_path / "no" / "users.csv"
    done = export(server, pool["Id"], "--output", str(nowhere))
    assert (done.returncode, done.stderr) == (1, f"CommandError: {nowhere}: No such file or directory\n")
    assert export(server, pool["Id"], "--algorithm", "MD5").returncode == 2


def test_output_that_cannot_be_written_is_a_failure(server: Server, pool: dict[str, Any]) -> None:
    with open("/dev/full", "wb") as full:
        failed = export(server, pool["Id"], stdout=full)
    assert (failed.returncode, failed.stderr) == (1, "CommandError: standard output: No space left on device\n")
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as nobody:
        failed = export(server, pool["Id"], stdout=nobody)
    told = "CommandError: Whoever read the output has ended; it is not whole.\n"
    assert (failed.returncode, failed.stderr) == (1, told)


def test_deleted_pool_is_gone(server: Server, idp: Any, pool: dict[str, Any]) -> None:
    idp.delete_user_pool(UserPoolId=pool["Id"])
    assert export(server, pool["Id"]).stderr == f"CommandError: There is no user pool {pool['Id']}.\n"
