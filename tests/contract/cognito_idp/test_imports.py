"""User import jobs: the CSV header, create, upload, start, stop, describe, list, and what the rows become."""

from __future__ import annotations

import hashlib
import socket
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import bcrypt
import pytest
import requests
from argon2 import PasswordHasher

from tests.support import clients, factories, imports
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.mailbox import Mailbox
from tests.support.server import Server

MISSING = "import-NoSuchJob1"

ON_A_JOB: dict[str, Callable[[Any, dict[str, Any], str], Any]] = {
    "StartUserImportJob": lambda idp, pool, job: idp.start_user_import_job(UserPoolId=pool["Id"], JobId=job),
    "StopUserImportJob": lambda idp, pool, job: idp.stop_user_import_job(UserPoolId=pool["Id"], JobId=job),
    "DescribeUserImportJob": lambda idp, pool, job: idp.describe_user_import_job(UserPoolId=pool["Id"], JobId=job),
}


@pytest.fixture
def pool(idp: Any) -> dict[str, Any]:
    return factories.make_pool(idp, AutoVerifiedAttributes=["email"])


@pytest.fixture(scope="module")
def shared(idp: Any) -> dict[str, Any]:
    """A pool for tests that only have requests refused."""
    return factories.make_pool(idp, AutoVerifiedAttributes=["email"])


def many(idp: Any, pool: dict[str, Any], count: int) -> str:
    """A file that keeps a worker busy for a while."""
    return imports.csv(imports.header(idp, pool), *(imports.person(f"user-{number}") for number in range(count)))


# --- the whole way


def test_header_lists_the_columns_in_order(idp: Any) -> None:
    schema = [{"Name": "team", "AttributeDataType": "String"}, {"Name": "age", "AttributeDataType": "Number"}]
    pool = factories.make_pool(idp, Schema=schema)
    answer = idp.get_csv_header(UserPoolId=pool["Id"])
    assert answer["UserPoolId"] == pool["Id"]
    assert answer["CSVHeader"] == [
        *("cognito:username", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username"),
        *("profile", "picture", "website", "email", "email_verified", "gender", "birthdate", "zoneinfo", "locale"),
        *("phone_number", "phone_number_verified", "address", "updated_at", "cognito:mfa_enabled"),
        *("custom:team", "custom:age"),
    ]


def test_file_becomes_users_who_must_reset_their_password(idp: Any, pool: dict[str, Any]) -> None:
    created = imports.create(idp, pool, JobName="first job")
    assert created["JobId"].startswith("import-")
    assert created | {"JobId": "", "PreSignedUrl": "", "CreationDate": ""} == {
        "JobName": "first job",
        "JobId": "",
        "UserPoolId": pool["Id"],
        "PreSignedUrl": "",
        "CreationDate": "",
        "Status": "Created",
        "CloudWatchLogsRoleArn": imports.ROLE,
        "ImportedUsers": 0,
        "SkippedUsers": 0,
        "FailedUsers": 0,
    }
    content = imports.csv(
        imports.header(idp, pool),
        imports.person("Ada", name="Ada\\, Countess of Lovelace", birthdate="12/10/1815", phone_number="+441234567890"),
        imports.person("grace", name="Größe 界"),
    )
    answer = imports.upload(created, content)
    assert (answer.status_code, answer.content) == (200, b"")
    started = imports.start(idp, created)
    assert started["Status"] == "Pending"
    assert started["StartDate"] >= created["CreationDate"]
    done = imports.ended(idp, created)
    assert (done["Status"], done["CompletionMessage"]) == ("Succeeded", "Import Job Completed Successfully.")
    assert (done["ImportedUsers"], done["SkippedUsers"], done["FailedUsers"]) == (2, 0, 0)
    assert done["CompletionDate"] >= done["StartDate"]
    ada = idp.admin_get_user(UserPoolId=pool["Id"], Username="Ada")
    assert (ada["UserStatus"], ada["Enabled"]) == ("RESET_REQUIRED", True)
    values = factories.attributes_of(ada)
    assert values.pop("sub")
    assert values["name"] == "Ada, Countess of Lovelace"
    assert (values["email"], values["email_verified"]) == ("Ada@example.com", "true")
    assert idp.admin_get_user(UserPoolId=pool["Id"], Username="grace")["UserStatus"] == "RESET_REQUIRED"


SALT = b"sixteen bytes of"


def scrypt(secret: bytes) -> str:
    return f"1024$8$1${SALT.hex()}${hashlib.scrypt(secret, salt=SALT, n=1024, r=8, p=1, dklen=32).hex()}"


def pbkdf2(secret: bytes) -> str:
    parts = (SALT, hashlib.pbkdf2_hmac("sha256", secret, SALT, 1000))
    return "$pbkdf2-sha256$1000$" + "$".join(b64encode(part).decode().rstrip("=") for part in parts)


HASHES: dict[str, Callable[[bytes], str]] = {
    "BCRYPT": lambda secret: bcrypt.hashpw(secret, bcrypt.gensalt(4)).decode(),
    "SCRYPT": scrypt,
    "ARGON2ID": PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash,
    "PBKDF2_SHA256": pbkdf2,
}


@pytest.mark.parametrize("algorithm", HASHES)
def test_user_with_a_hash_signs_in_with_the_password(idp: Any, pool: dict[str, Any], algorithm: str) -> None:
    client = factories.make_client(idp, pool)
    content = imports.csv(
        imports.header(idp, pool, with_hash=True),
        imports.person("ada", password_hash=HASHES[algorithm](factories.PASSWORD.encode()).replace(",", "\\,")),
        imports.person("grace"),
        imports.person("mallory", password_hash="no hash"),
    )
    done = imports.run(idp, pool, content, PasswordHashingAlgorithm=algorithm)
    assert done["PasswordHashingAlgorithm"] == algorithm
    assert (done["Status"], done["ImportedUsers"], done["FailedUsers"]) == ("Succeeded", 2, 1)
    assert idp.admin_get_user(UserPoolId=pool["Id"], Username="ada")["UserStatus"] == "CONFIRMED"
    assert idp.admin_get_user(UserPoolId=pool["Id"], Username="grace")["UserStatus"] == "RESET_REQUIRED"
    with refused("NotAuthorizedException", "Incorrect username or password."):
        factories.sign_in(idp, client, "ada", "Wrong-Password-1")
    assert factories.sign_in(idp, client, "ada")["AccessToken"]
    assert factories.sign_in(idp, client, "ada")["AccessToken"]


def test_rows_that_are_no_users_are_skipped_or_fail_and_are_in_the_log(
    idp: Any, server: Server, pool: dict[str, Any]
) -> None:
    factories.make_user(idp, pool, "taken")
    content = imports.csv(
        imports.header(idp, pool),
        imports.person("ada"),
        imports.person("taken"),
        imports.person("ada"),
        imports.person("grace", email_verified="FALSE"),
        imports.person("mallory", email="nonsense"),
    )
    done = imports.run(idp, pool, content)
    assert (done["Status"], done["ImportedUsers"], done["SkippedUsers"], done["FailedUsers"]) == ("Succeeded", 1, 2, 2)
    assert server.manage("import_log", done["JobId"]).splitlines() == [
        f"{done['JobId']} ({done['JobName']}) of {pool['Id']}: Succeeded",
        "imported: 1, skipped: 2, failed: 2",
        "Import Job Completed Successfully.",
        "[SKIPPED] Line Number 3 - The user already exists.",
        "[SKIPPED] Line Number 4 - The user already exists.",
        "[FAILED] Line Number 5 - The User Record does not set any of the auto verified attributes to true. "
        "(Example: email_verified to true).",
        "[FAILED] Line Number 6 - Invalid email address format.",
    ]


def test_sms_mfa_is_on_for_whom_the_file_says_so(idp: Any) -> None:
    sms = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"}
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"], MfaConfiguration="OPTIONAL", SmsConfiguration=sms)
    phone, on = "+4915112349934", {"cognito:mfa_enabled": "TRUE"}
    people = (
        imports.person("ada", phone_number=phone, **on),
        imports.person("bob", phone_number=phone),
        imports.person("eve", **on),
    )
    done = imports.run(idp, pool, imports.csv(imports.header(idp, pool), *people))
    assert (done["ImportedUsers"], done["FailedUsers"]) == (2, 1)
    ada, bob = (idp.admin_get_user(UserPoolId=pool["Id"], Username=name) for name in ("ada", "bob"))
    assert ada["UserMFASettingList"] == ["SMS_MFA"]
    assert "PreferredMfaSetting" not in ada
    assert "UserMFASettingList" not in bob


def test_names_are_compared_as_the_pool_compares_them(idp: Any) -> None:
    pool = factories.make_pool(
        idp,
        AutoVerifiedAttributes=["email"],
        AliasAttributes=["email", "preferred_username"],
        UsernameConfiguration={"CaseSensitive": False},
    )
    factories.make_user(idp, pool, "Taken", email="owner@example.com", email_verified="true")
    content = imports.csv(
        imports.header(idp, pool),
        imports.person("TAKEN"),
        imports.person("Ada", preferred_username="countess"),
        imports.person("ada", email="other@example.com"),
        imports.person("countess"),
        imports.person("grace", email="OWNER@example.com"),
        imports.person("joan", preferred_username="taken"),
    )
    done = imports.run(idp, pool, content)
    assert (done["ImportedUsers"], done["SkippedUsers"], done["FailedUsers"]) == (1, 3, 2)
    for name in ("ada", "ADA", "ada@example.com", "Countess"):
        assert idp.admin_get_user(UserPoolId=pool["Id"], Username=name)["Username"] == "ada"


def test_in_a_pool_of_addresses_the_address_is_the_name(idp: Any) -> None:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"], UsernameAttributes=["email"])
    header = imports.header(idp, pool)
    content = imports.csv(
        header,
        {"cognito:username": "ada@example.com", "email": "ada@example.com", "email_verified": "TRUE"},
        {"cognito:username": "ada@example.com", "email": "ada@example.com", "email_verified": "TRUE"},
        {"cognito:username": "ada", "email": "ada2@example.com", "email_verified": "TRUE"},
    )
    done = imports.run(idp, pool, content)
    assert (done["ImportedUsers"], done["SkippedUsers"], done["FailedUsers"]) == (1, 1, 1)
    ada = idp.admin_get_user(UserPoolId=pool["Id"], Username="ada@example.com")
    assert ada["Username"] == factories.attributes_of(ada)["sub"]


def test_the_same_file_again_skips_everybody(idp: Any, pool: dict[str, Any]) -> None:
    content = many(idp, pool, 10)
    assert imports.run(idp, pool, content)["ImportedUsers"] == 10
    again = imports.run(idp, pool, content)
    assert (again["Status"], again["ImportedUsers"], again["SkippedUsers"]) == ("Succeeded", 0, 10)


def test_line_ends_blank_lines_and_the_order_of_columns_do_not_matter(idp: Any, pool: dict[str, Any]) -> None:
    header = imports.header(idp, pool)[::-1]
    content = imports.csv(header, imports.person("ada"), imports.person("grace")).replace("\n", "\r\n")
    done = imports.run(idp, pool, content.replace("\r\n", "\r\n\r\n", 2).removesuffix("\r\n"))
    assert (done["Status"], done["ImportedUsers"], done["FailedUsers"]) == ("Succeeded", 2, 0)


def test_users_who_sign_up_meanwhile_are_skipped_or_were_faster(idp: Any, public: Any, pool: dict[str, Any]) -> None:
    """Whoever is first has the name: nobody is there twice, and no row fails."""
    client = factories.make_client(idp, pool)
    job = imports.create(idp, pool)
    imports.upload(job, many(idp, pool, 2_000))
    imports.start(idp, job)

    def sign_up(number: int) -> str:
        try:
            public.sign_up(ClientId=client["ClientId"], Username=f"user-{number}", Password=factories.PASSWORD)
        except public.exceptions.UsernameExistsException:
            return "import"
        return "sign-up"

    with ThreadPoolExecutor(4) as threads:
        winners = list(threads.map(sign_up, range(1_999, 1_899, -1)))
    done = imports.ended(idp, job)
    faster = winners.count("sign-up")
    assert (done["ImportedUsers"], done["SkippedUsers"], done["FailedUsers"]) == (2_000 - faster, faster, 0)
    for number, winner in zip(range(1_999, 1_899, -1), winners, strict=True):
        status = idp.admin_get_user(UserPoolId=pool["Id"], Username=f"user-{number}")["UserStatus"]
        assert status == ("UNCONFIRMED" if winner == "sign-up" else "RESET_REQUIRED")


# --- files that are wrong as such


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda good: b"", "The CSV file is empty."),
        (lambda good: good.replace(b"gender,", b"", 1), "The CSV header has no column gender."),
        (lambda good: good.replace(b"gender,", b"sex,", 1), "The CSV header has an unknown column: sex."),
        (lambda good: good.replace(b"gender,", b"gender,name,", 1), "The CSV header has the column name twice."),
        (lambda good: b"\xef\xbb\xbf" + good, "The CSV file must not begin with a byte order mark."),
        (lambda good: good.decode().encode("utf-16"), "The CSV file must be in UTF-8, and line 1 is not."),
        (lambda good: good.decode().encode("utf-16-le"), "The CSV file must be in UTF-8."),
        (lambda good: good + b"caf\xe9", "The CSV file must be in UTF-8, and line 3 is not."),
        (lambda good: b"," * 1_000_000 + b"\n" + good, "The CSV header is longer than 16000 characters."),
        (lambda good: b"," * 3_000_000, "The CSV header is longer than 16000 characters."),
        (lambda good: good + b"x" * 16_001 + b"\n", "Line 3 of the CSV file is longer than 16000 characters."),
        (lambda good: good + b"x" * 3_000_000, "Line 3 of the CSV file is longer than 16000 characters."),
        (lambda good: good + b"x\n" * 500_000, "The CSV file has more than 500000 rows."),
    ],
)
def test_wrong_file_fails_the_job_and_imports_nobody(
    idp: Any, shared: dict[str, Any], change: Callable[[bytes], bytes], message: str
) -> None:
    good = imports.csv(imports.header(idp, shared), imports.person("ada")).encode()
    done = imports.run(idp, shared, change(good))
    assert (done["Status"], done["CompletionMessage"]) == ("Failed", message)
    assert (done["ImportedUsers"], done["SkippedUsers"], done["FailedUsers"]) == (0, 0, 0)
    with refused("UserNotFoundException"):
        idp.admin_get_user(UserPoolId=shared["Id"], Username="ada")


def test_hashes_need_a_job_with_an_algorithm_and_the_other_way_round(idp: Any, shared: dict[str, Any]) -> None:
    with_hash = imports.csv(imports.header(idp, shared, with_hash=True))
    done = imports.run(idp, shared, with_hash)
    assert done["CompletionMessage"] == "The CSV column password_hash needs a job with a password hashing algorithm."
    done = imports.run(idp, shared, imports.csv(imports.header(idp, shared)), PasswordHashingAlgorithm="BCRYPT")
    assert done["CompletionMessage"] == "The CSV header has no column password_hash."


def test_too_many_failures_end_the_job(idp: Any, pool: dict[str, Any]) -> None:
    content = imports.csv(imports.header(idp, pool)) + "x\n" * 11_000
    done = imports.run(idp, pool, content)
    assert done["Status"] == "Failed"
    assert done["CompletionMessage"] == "Too many users have failed or been skipped during the import."
    assert 10_000 <= done["FailedUsers"] < 11_000


def test_user_without_a_password_resets_it_by_the_verified_address(
    idp: Any, public: Any, mailbox: Mailbox, pool: dict[str, Any]
) -> None:
    client = factories.make_client(idp, pool)
    name = factories.unique("imported")
    imports.run(idp, pool, imports.csv(imports.header(idp, pool), imports.person(name)))
    with refused("PasswordResetRequiredException", "Password reset required for the user"):
        factories.sign_in(public, client, name)
    public.forgot_password(ClientId=client["ClientId"], Username=name)
    code = mailbox.code(f"{name}@example.com")
    public.confirm_forgot_password(
        ClientId=client["ClientId"], Username=name, ConfirmationCode=code, Password=factories.PASSWORD
    )
    assert factories.sign_in(public, client, name)["AccessToken"]


# --- states


def test_start_wants_a_file(idp: Any, shared: dict[str, Any]) -> None:
    job = imports.create(idp, shared)
    with refused("PreconditionNotMetException", "No file has been uploaded for the user import job."):
        imports.start(idp, job)
    assert imports.describe(idp, job)["Status"] == "Created"


def test_start_wants_an_auto_verified_attribute(idp: Any) -> None:
    pool = factories.make_pool(idp)
    job = imports.create(idp, pool)
    imports.upload(job, "x")
    with refused("PreconditionNotMetException", "The user pool has no auto-verified attribute."):
        imports.start(idp, job)


def test_job_is_started_once(idp: Any, shared: dict[str, Any]) -> None:
    job = imports.run(idp, shared, many(idp, shared, 1))
    with refused("PreconditionNotMetException", "The user import job has been started before or has expired."):
        imports.start(idp, job)


def test_while_a_job_runs_nothing_else_starts_and_the_pool_does_not_change(
    idp: Any, pool: dict[str, Any], shared: dict[str, Any]
) -> None:
    waiting = imports.create(idp, shared)
    imports.upload(waiting, many(idp, shared, 1))
    job = imports.create(idp, pool)
    imports.upload(job, many(idp, pool, 20_000))
    imports.start(idp, job)
    text = "A user import job is in progress for this user pool."
    with refused("UserImportInProgressException", text):
        idp.update_user_pool(UserPoolId=pool["Id"], AutoVerifiedAttributes=["email"])
    with refused("UserImportInProgressException", text):
        idp.add_custom_attributes(
            UserPoolId=pool["Id"], CustomAttributes=[{"Name": "team", "AttributeDataType": "String"}]
        )
    with refused("ConcurrentModificationException", text):
        idp.set_user_pool_mfa_config(UserPoolId=pool["Id"], MfaConfiguration="OFF")
    with refused("UserImportInProgressException", text):
        idp.delete_user_pool(UserPoolId=pool["Id"])
    with refused("LimitExceededException", "Another user import job is in progress."):
        imports.create(idp, shared)
    with refused("PreconditionNotMetException", "Another user import job is in progress."):
        imports.start(idp, waiting)
    idp.update_user_pool(UserPoolId=shared["Id"], AutoVerifiedAttributes=["email"])
    assert imports.describe(idp, job)["Status"] in {"Pending", "InProgress"}

    stopping = idp.stop_user_import_job(UserPoolId=pool["Id"], JobId=job["JobId"])["UserImportJob"]
    assert stopping["Status"] == "Stopping"
    done = imports.ended(idp, job)
    assert (done["Status"], done["CompletionMessage"]) == ("Stopped", "The Import Job was stopped by the developer.")
    assert done["ImportedUsers"] < 20_000
    with refused("PreconditionNotMetException", "The user import job is not in progress."):
        idp.stop_user_import_job(UserPoolId=pool["Id"], JobId=job["JobId"])
    with refused("PreconditionNotMetException", "The user import job has been started before or has expired."):
        imports.start(idp, job)
    imports.start(idp, waiting)
    assert imports.ended(idp, waiting)["Status"] == "Succeeded"
    idp.delete_user_pool(UserPoolId=pool["Id"])


def test_of_two_jobs_started_at_once_one_runs(idp: Any, pool: dict[str, Any]) -> None:
    pools = [pool, *(factories.make_pool(idp, AutoVerifiedAttributes=["email"]) for _ in range(3))]
    jobs = [imports.create(idp, each) for each in pools]
    for job, each in zip(jobs, pools, strict=True):
        imports.upload(job, many(idp, each, 1_500))

    def start(job: dict[str, Any]) -> str:
        try:
            return str(imports.start(idp, job)["Status"])
        except idp.exceptions.PreconditionNotMetException as error:
            return str(error.response["Error"]["Message"])

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(start, jobs))
    assert sorted(answers) == ["Another user import job is in progress."] * 3 + ["Pending"]
    assert sorted(imports.ended(idp, job)["Status"] for job in jobs) == ["Created"] * 3 + ["Succeeded"]


def test_counts_move_while_the_job_runs_and_whoever_disturbs_it_is_refused(idp: Any, pool: dict[str, Any]) -> None:
    job = imports.create(idp, pool)
    imports.upload(job, many(idp, pool, 4_000))
    imports.start(idp, job)
    counts = []
    while (now := imports.describe(idp, job))["Status"] in imports.RUNNING:
        counts.append(now["ImportedUsers"])
        with suppress(idp.exceptions.PreconditionNotMetException):
            imports.start(idp, job)
        with suppress(idp.exceptions.UserImportInProgressException, idp.exceptions.LimitExceededException):
            imports.create(idp, pool)
            idp.update_user_pool(UserPoolId=pool["Id"], AutoVerifiedAttributes=["email"])
    assert counts == sorted(counts)
    assert any(0 < count < 4_000 for count in counts)
    assert now["ImportedUsers"] == 4_000


def test_job_that_is_not_started_within_a_day_expires(
    idp: Any, server: Server, shared: dict[str, Any], clock: Clock
) -> None:
    job = imports.create(idp, shared)
    imports.upload(job, many(idp, shared, 1))
    clock.advance(hours=23, minutes=59)
    assert imports.describe(idp, job)["Status"] == "Created"
    clock.advance(minutes=2)
    expired = imports.describe(idp, job)
    assert expired["Status"] == "Expired"
    assert expired["CompletionDate"] - expired["CreationDate"] == timedelta(days=1)
    with refused("PreconditionNotMetException", "The user import job has been started before or has expired."):
        imports.start(idp, job)
    with refused("PreconditionNotMetException"):
        idp.stop_user_import_job(UserPoolId=shared["Id"], JobId=job["JobId"])
    server.manage("purge_expired")
    clock.reset()
    assert imports.describe(idp, job) == expired


def test_stop_wants_a_job_that_runs(idp: Any, shared: dict[str, Any]) -> None:
    job = imports.create(idp, shared)
    with refused("PreconditionNotMetException", "The user import job is not in progress."):
        idp.stop_user_import_job(UserPoolId=shared["Id"], JobId=job["JobId"])


def test_jobs_are_listed_newest_first(idp: Any, pool: dict[str, Any]) -> None:
    assert idp.list_user_import_jobs(UserPoolId=pool["Id"], MaxResults=60)["UserImportJobs"] == []
    made = [imports.create(idp, pool) for _ in range(3)]
    first = idp.list_user_import_jobs(UserPoolId=pool["Id"], MaxResults=2)
    second = idp.list_user_import_jobs(UserPoolId=pool["Id"], MaxResults=2, PaginationToken=first["PaginationToken"])
    assert [*first["UserImportJobs"], *second["UserImportJobs"]] == made[::-1]
    assert "PaginationToken" not in second
    with refused("InvalidParameterException"):
        idp.list_user_import_jobs(UserPoolId=pool["Id"], MaxResults=2, PaginationToken="nonsense")


@pytest.mark.parametrize("operation", ON_A_JOB)
def test_missing_job_and_a_job_of_another_pool_are_not_found(
    idp: Any, shared: dict[str, Any], pool: dict[str, Any], operation: str
) -> None:
    of_another = imports.create(idp, pool)["JobId"]
    for missing in (MISSING, of_another):
        with refused("ResourceNotFoundException", f"User import job {missing} does not exist."):
            ON_A_JOB[operation](idp, shared, missing)


def test_missing_pool_is_not_found(idp: Any, server: Server, shared: dict[str, Any]) -> None:
    elsewhere = clients.idp(server, region="eu-west-1")
    for caller, pool in ((idp, {"Id": "us-east-1_NoSuchOne"}), (elsewhere, shared)):
        text = f"User pool {pool['Id']} does not exist."
        for ask in ON_A_JOB.values():
            with refused("ResourceNotFoundException", text):
                ask(caller, pool, MISSING)
        with refused("ResourceNotFoundException", text):
            imports.create(caller, pool)
        with refused("ResourceNotFoundException", text):
            caller.list_user_import_jobs(UserPoolId=pool["Id"], MaxResults=1)
        with refused("ResourceNotFoundException", text):
            caller.get_csv_header(UserPoolId=pool["Id"])


@pytest.mark.parametrize(
    "members",
    [
        {"JobName": ""},
        {"JobName": "a/b"},
        {"CloudWatchLogsRoleArn": "not an ARN, but long enough"},
        {"PasswordHashingAlgorithm": "MD5"},
        {"JobName": None},
        {"CloudWatchLogsRoleArn": None},
    ],
)
def test_job_must_satisfy_the_model(idp: Any, shared: dict[str, Any], members: dict[str, Any]) -> None:
    good = {"JobName": "job", "UserPoolId": shared["Id"], "CloudWatchLogsRoleArn": imports.ROLE}
    with refused("InvalidParameterException"):
        idp.create_user_import_job(**good | members)


# --- the upload


def test_address_is_the_job_s_alone_and_cannot_be_changed(idp: Any, shared: dict[str, Any]) -> None:
    job, other = imports.create(idp, shared), imports.create(idp, shared)
    assert imports.describe(idp, job)["PreSignedUrl"] == job["PreSignedUrl"]
    address, signature = job["PreSignedUrl"].split("Signature=")
    flipped = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    for wrong in (
        f"{address}Signature={flipped}",
        f"{address}Signature=x",
        f"{address}Signature=%FF",
        address,
        address.replace("Expires=", "Expires=9"),
        address.replace("Expires=", "Expires=x"),
        job["PreSignedUrl"].replace(job["JobId"], other["JobId"]),
        job["PreSignedUrl"].replace(shared["Id"], "us-east-1_NoSuchOne"),
        job["PreSignedUrl"].partition("?")[0],
        job["PreSignedUrl"].replace(job["JobId"], "%00"),
    ):
        answer = requests.put(wrong, data=b"x", timeout=10)
        assert answer.status_code == 403, wrong
        assert "<Code>SignatureDoesNotMatch</Code>" in answer.text
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        assert requests.request(method, job["PreSignedUrl"], timeout=10).status_code == 405
    with refused("PreconditionNotMetException"):
        imports.start(idp, job)


def test_address_is_good_for_fifteen_minutes(idp: Any, shared: dict[str, Any], clock: Clock) -> None:
    job = imports.create(idp, shared)
    clock.advance(minutes=14, seconds=30)
    assert imports.upload(job, "x").status_code == 200
    clock.advance(minutes=1)
    answer = imports.upload(job, "x")
    assert answer.status_code == 403
    assert "<Message>Request has expired</Message>" in answer.text


def test_second_upload_replaces_the_first_and_none_is_taken_after_the_start(idp: Any, pool: dict[str, Any]) -> None:
    job = imports.create(idp, pool)
    header = imports.header(idp, pool)
    assert (
        imports.upload(job, imports.csv(header, *(imports.person(f"a{n}") for n in range(20_000)))).status_code == 200
    )
    assert imports.upload(job, imports.csv(header, imports.person("grace"))).status_code == 200
    imports.start(idp, job)
    assert imports.ended(idp, job)["ImportedUsers"] == 1
    answer = imports.upload(job, "x")
    assert answer.status_code == 409
    assert "<Code>InvalidObjectState</Code>" in answer.text


def test_file_of_more_than_100_mb_is_refused_before_it_is_read(idp: Any, shared: dict[str, Any]) -> None:
    job = imports.create(idp, shared)
    answer = _put(job, f"Content-Length: {100 * 1024 * 1024 + 1}", b"")
    assert answer.startswith(b"HTTP/1.1 413")


def test_upload_that_is_cut_off_leaves_the_job_without_a_file(idp: Any, shared: dict[str, Any]) -> None:
    job = imports.create(idp, shared)
    _put(job, "Content-Length: 3000000", b"x" * 2_000_000, wait=False)
    with refused("PreconditionNotMetException", "No file has been uploaded for the user import job."):
        imports.start(idp, job)
    assert imports.upload(job, "x").status_code == 200


def test_upload_must_tell_its_length(idp: Any, shared: dict[str, Any]) -> None:
    job = imports.create(idp, shared)
    answer = requests.put(job["PreSignedUrl"], data=iter([b"some", b"chunks"]), timeout=10)
    assert answer.status_code == 411
    assert "<Code>MissingContentLength</Code>" in answer.text


def _put(job: dict[str, Any], header: str, body: bytes, *, wait: bool = True) -> bytes:
    """A request as it goes over the wire, and the beginning of its answer."""
    url = urlsplit(job["PreSignedUrl"])
    with socket.create_connection((url.hostname, url.port or 80), timeout=20) as connection:
        connection.sendall(f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode() + body)
        return connection.recv(4096) if wait else b""


def test_job_is_created_in_a_pool_that_exists(idp: Any) -> None:
    with refused("ResourceNotFoundException", "User pool us-east-1_NoSuchOne does not exist."):
        idp.create_user_import_job(
            JobName="nowhere", UserPoolId="us-east-1_NoSuchOne", CloudWatchLogsRoleArn=imports.ROLE
        )
