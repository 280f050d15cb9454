"""Encryption keys through boto3's KMS client: made, found, used, switched off, deleted, and for whom."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server

HOME, AWAY = "us-east-1", "eu-west-1"
NOWHERE = "12345678-0000-4000-8000-123456789012"
CONTEXT = {"userpool-id": "us-east-1_abcdefghi", "purpose": "test"}


def kms_client(
    server: Server, region: str = HOME, access_key_id: str = ACCESS_KEY_ID, secret: str = SECRET_ACCESS_KEY
) -> Any:
    return boto3.client(
        "kms",
        endpoint_url=server.url,
        region_name=region,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )


@pytest.fixture(scope="session")
def kms(server: Server) -> Any:
    return kms_client(server)


@pytest.fixture(scope="session")
def away(server: Server) -> Any:
    """KMS in another region."""
    return kms_client(server, AWAY)


@pytest.fixture
def key(kms: Any) -> dict[str, Any]:
    made: dict[str, Any] = kms.create_key(Description="of a test")["KeyMetadata"]
    return made


# Making and finding


def test_a_key_is_described_as_it_was_made(kms: Any, key: dict[str, Any]) -> None:
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", key["KeyId"])
    made = key.pop("CreationDate")
    assert key == {
        "AWSAccountId": "000000000000",
        "KeyId": key["KeyId"],
        "Arn": f"arn:aws:kms:us-east-1:000000000000:key/{key['KeyId']}",
        "Description": "of a test",
        "Enabled": True,
        "KeyState": "Enabled",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER",
        "MultiRegion": False,
    }
    for name in (key["KeyId"], key["Arn"]):
        assert kms.describe_key(KeyId=name)["KeyMetadata"] == {**key, "CreationDate": made}


@pytest.mark.parametrize(
    "members",
    [
        {"KeyUsage": "SIGN_VERIFY"},
        {"KeySpec": "RSA_2048"},
        {"CustomerMasterKeySpec": "HMAC_256"},
        {"Origin": "EXTERNAL"},
        {"MultiRegion": True},
        {"Policy": "{}"},
        {"CustomKeyStoreId": "store"},
    ],
    ids=lambda members: next(iter(members)),
)
def test_other_kinds_of_keys_are_refused_aloud(kms: Any, members: dict[str, Any]) -> None:
    (name,) = members
    with refused("UnsupportedOperationException", f"{name}: this value is not available in this version of Gatehouse."):
        kms.create_key(**members)


def test_what_a_symmetric_key_is_called_may_be_said(kms: Any) -> None:
    made = kms.create_key(
        KeyUsage="ENCRYPT_DECRYPT",
        KeySpec="SYMMETRIC_DEFAULT",
        Origin="AWS_KMS",
        MultiRegion=False,
        Tags=[{"TagKey": "team", "TagValue": "sign-in"}],
    )
    assert made["KeyMetadata"]["Enabled"]
    with refused("TagException"):
        kms.create_key(Tags=[{"TagKey": "AWS:reserved", "TagValue": ""}])


def test_a_region_lists_its_own_keys_page_by_page(kms: Any, away: Any) -> None:
    here = {kms.create_key()["KeyMetadata"]["Arn"] for _ in range(3)}
    there = away.create_key()["KeyMetadata"]["Arn"]
    found = [key["KeyArn"] for page in pages(kms) for key in page["Keys"]]
    assert here <= set(found)
    assert len(found) == len(set(found))
    assert there not in found
    assert there in {key["KeyArn"] for page in pages(away) for key in page["Keys"]}


def pages(kms: Any) -> Iterator[dict[str, Any]]:
    marker: dict[str, str] = {}
    while True:
        page = kms.list_keys(Limit=2, **marker)
        yield page
        if not page["Truncated"]:
            assert "NextMarker" not in page
            return
        marker = {"Marker": page["NextMarker"]}


def test_a_marker_that_nobody_gave_is_refused(kms: Any) -> None:
    with refused("InvalidMarkerException"):
        kms.list_keys(Marker="made up")


def test_a_key_that_is_not_there_is_not_found(kms: Any, away: Any, key: dict[str, Any]) -> None:
    with refused("NotFoundException", f"Key 'arn:aws:kms:us-east-1:000000000000:key/{NOWHERE}' does not exist"):
        kms.describe_key(KeyId=NOWHERE)
    with refused("NotFoundException", "Invalid keyId 'alias/codes'"):
        kms.describe_key(KeyId="alias/codes")
    with refused("NotFoundException", f"Key 'arn:aws:kms:eu-west-1:000000000000:key/{key['KeyId']}' does not exist"):
        away.describe_key(KeyId=key["KeyId"])
    with refused("NotFoundException", "Invalid arn us-east-1"):
        away.describe_key(KeyId=key["Arn"])
    foreign = key["Arn"].replace("000000000000", "111122223333")
    with refused("NotFoundException", f"Key '{foreign}' does not exist"):
        kms.describe_key(KeyId=foreign)


def test_a_violated_constraint_is_told_as_kms_tells_it(kms: Any) -> None:
    with refused(
        "ValidationException",
        "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null",
    ):
        kms.describe_key()


# Using


def test_what_is_encrypted_is_decrypted(kms: Any, key: dict[str, Any]) -> None:
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"\x00 secret", EncryptionContext=CONTEXT)
    assert sealed["KeyId"] == key["Arn"]
    assert b"secret" not in sealed["CiphertextBlob"]
    again = dict(reversed(CONTEXT.items()))
    for named in ({}, {"KeyId": key["KeyId"]}, {"KeyId": key["Arn"]}):
        opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=again, **named)
        assert opened["Plaintext"] == b"\x00 secret"
        assert (opened["KeyId"], opened["EncryptionAlgorithm"]) == (key["Arn"], "SYMMETRIC_DEFAULT")


def test_no_ciphertext_is_made_twice(kms: Any, key: dict[str, Any]) -> None:
    first, second = (kms.encrypt(KeyId=key["KeyId"], Plaintext=b"same")["CiphertextBlob"] for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    "asked, size", [({"KeySpec": "AES_256"}, 32), ({"KeySpec": "AES_128"}, 16), ({"NumberOfBytes": 64}, 64)]
)
def test_a_data_key_comes_in_clear_and_wrapped(kms: Any, key: dict[str, Any], asked: dict[str, Any], size: int) -> None:
    made = kms.generate_data_key(KeyId=key["KeyId"], EncryptionContext=CONTEXT, **asked)
    assert len(made["Plaintext"]) == size
    opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=CONTEXT)
    assert (opened["Plaintext"], opened["KeyId"]) == (made["Plaintext"], made["KeyId"])


def test_a_data_key_has_one_size(kms: Any, key: dict[str, Any]) -> None:
    for asked in ({}, {"KeySpec": "AES_256", "NumberOfBytes": 32}):
        with refused("ValidationException", "Please specify either number of bytes or key spec."):
            kms.generate_data_key(KeyId=key["KeyId"], **asked)


@pytest.mark.parametrize(
    "context", [{}, {"userpool-id": CONTEXT["userpool-id"]}, {**CONTEXT, "more": ""}, {"purpose": "x"}]
)
def test_another_context_opens_nothing(kms: Any, key: dict[str, Any], context: dict[str, str]) -> None:
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret", EncryptionContext=CONTEXT)["CiphertextBlob"]
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context)


def test_members_of_a_context_cannot_be_joined_to_others(kms: Any, key: dict[str, Any]) -> None:
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret", EncryptionContext={"a": "b", "c": "d"})
    for context in ({"a": 'b","c":"d'}, {"a": "bc:d"}, {"ab": "", "c": "d"}):
        with refused("InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=context)


def test_what_was_changed_anywhere_opens_nothing(kms: Any, key: dict[str, Any]) -> None:
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret")["CiphertextBlob"]
    for place in (0, 5, 20, 30, len(sealed) - 1):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with refused("InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=changed)
    for shorter in (sealed[:1], sealed[:17], sealed[:20], sealed[:-1], b"no ciphertext"):
        with refused("InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=shorter)


def test_a_key_opens_only_its_own(kms: Any, key: dict[str, Any]) -> None:
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret")["CiphertextBlob"]
    with refused(
        "IncorrectKeyException",
        "The key ID in the request does not identify a CMK that can perform this operation.",
    ):
        kms.decrypt(CiphertextBlob=sealed, KeyId=other)


def test_a_ciphertext_is_not_opened_in_another_region(kms: Any, away: Any, key: dict[str, Any]) -> None:
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret")["CiphertextBlob"]
    with refused("InvalidCiphertextException"):
        away.decrypt(CiphertextBlob=sealed)
    with refused("NotFoundException", "Invalid arn us-east-1"):
        away.decrypt(CiphertextBlob=sealed, KeyId=key["Arn"])


def test_a_dry_run_ends_where_the_work_would_be_done(kms: Any, away: Any, key: dict[str, Any]) -> None:
    named = {"KeyId": key["KeyId"]}
    sealed = kms.encrypt(**named, Plaintext=b"secret")["CiphertextBlob"]
    for attempt in (
        lambda: kms.encrypt(**named, Plaintext=b"secret", DryRun=True),
        lambda: kms.decrypt(CiphertextBlob=sealed, DryRun=True),
        lambda: kms.generate_data_key(**named, KeySpec="AES_256", DryRun=True),
    ):
        with refused("DryRunOperationException", "The request would have succeeded, but the DryRun option is set."):
            attempt()
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=b"no ciphertext", DryRun=True)


def test_what_a_symmetric_key_cannot_do_is_refused(kms: Any, key: dict[str, Any]) -> None:
    with refused(
        "InvalidKeyUsageException", "Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT."
    ):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    with refused("ValidationException"):
        kms.decrypt(KeyId=key["KeyId"])
    with refused("ValidationException", "Recipient is not available in this version of Gatehouse."):
        kms.generate_data_key(
            KeyId=key["KeyId"],
            KeySpec="AES_256",
            Recipient={"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": b"document"},
        )


# States


def uses(kms: Any, key: dict[str, Any], sealed: bytes) -> list[Callable[[], Any]]:
    return [
        lambda: kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x"),
        lambda: kms.decrypt(CiphertextBlob=sealed),
        lambda: kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256"),
    ]


def test_a_disabled_key_does_nothing_until_it_is_enabled(kms: Any, key: dict[str, Any]) -> None:
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret")["CiphertextBlob"]
    kms.disable_key(KeyId=key["KeyId"])
    described = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert (described["Enabled"], described["KeyState"]) == (False, "Disabled")
    for use in uses(kms, key, sealed):
        with refused("DisabledException", f"{key['Arn']} is disabled."):
            use()
    kms.enable_key(KeyId=key["Arn"])
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"secret"


def test_a_key_that_waits_for_its_deletion_does_nothing(kms: Any, key: dict[str, Any]) -> None:
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret")["CiphertextBlob"]
    told = kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    described = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert (told["KeyId"], told["KeyState"], told["PendingWindowInDays"]) == (key["Arn"], "PendingDeletion", 7)
    assert (described["KeyState"], described["Enabled"]) == ("PendingDeletion", False)
    assert described["DeletionDate"] == told["DeletionDate"]
    again: list[Callable[[], Any]] = [
        lambda: kms.enable_key(KeyId=key["KeyId"]),
        lambda: kms.disable_key(KeyId=key["KeyId"]),
        lambda: kms.schedule_key_deletion(KeyId=key["KeyId"]),
    ]
    for use in uses(kms, key, sealed) + again:
        with refused("KMSInvalidStateException", f"{key['Arn']} is pending deletion."):
            use()
    assert kms.cancel_key_deletion(KeyId=key["KeyId"])["KeyId"] == key["Arn"]
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Disabled"
    kms.enable_key(KeyId=key["KeyId"])
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"secret"
    with refused("KMSInvalidStateException", f"{key['Arn']} is not pending deletion."):
        kms.cancel_key_deletion(KeyId=key["KeyId"])


def test_a_key_is_gone_when_its_time_is_over(server: Server, kms: Any, key: dict[str, Any], clock: Clock) -> None:
    kept = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    clock.advance(days=6)
    server.manage("purge_expired")
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "PendingDeletion"
    clock.advance(days=2)
    server.manage("purge_expired")
    with refused("NotFoundException"):
        kms.describe_key(KeyId=key["KeyId"])
    assert kms.describe_key(KeyId=kept)["KeyMetadata"]["Enabled"]


def test_a_deletion_waits_a_week_at_least_and_a_month_at_most(kms: Any, key: dict[str, Any]) -> None:
    for days in (6, 31):
        with refused("ValidationException", "PendingWindowInDays must be between 7 and 30."):
            kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=days)
    assert kms.schedule_key_deletion(KeyId=key["KeyId"])["PendingWindowInDays"] == 30


# Who may


@pytest.fixture
def holder(server: Server, tmp_path: Path) -> Callable[[dict[str, Any]], Any]:
    def make(*statements: dict[str, Any]) -> Any:
        file = tmp_path / "policy.json"
        file.write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}))
        lines = server.manage("access_key", "create", "--policy", str(file)).splitlines()
        key_id, secret = (line.partition("=")[2] for line in lines)
        return kms_client(server, access_key_id=key_id, secret=secret)

    return make


def test_a_policy_that_names_a_key_opens_that_key_alone(kms: Any, key: dict[str, Any], holder: Any) -> None:
    other = kms.create_key()["KeyMetadata"]
    mine, theirs = (kms.encrypt(KeyId=each["KeyId"], Plaintext=b"s")["CiphertextBlob"] for each in (key, other))
    limited = holder({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key["Arn"]})
    for named in ({}, {"KeyId": key["KeyId"]}, {"KeyId": key["Arn"]}):
        assert limited.decrypt(CiphertextBlob=mine, **named)["Plaintext"] == b"s"
    for named in ({}, {"KeyId": other["KeyId"]}, {"KeyId": other["Arn"]}):
        with refused("AccessDeniedException") as refusal:
            limited.decrypt(CiphertextBlob=theirs, **named)
        assert refusal.message == (
            "User: arn:aws:iam::000000000000:user/operator is not authorized to perform: kms:Decrypt on resource: "
            f"{other['Arn']} because no identity-based policy allows the kms:Decrypt action"
        )
    with refused("IncorrectKeyException"):
        limited.decrypt(CiphertextBlob=theirs, KeyId=key["KeyId"])
    for attempt in (
        lambda: limited.encrypt(KeyId=key["KeyId"], Plaintext=b"s"),
        lambda: limited.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256"),
        lambda: limited.disable_key(KeyId=key["KeyId"]),
        limited.list_keys,
        limited.create_key,
    ):
        with refused("AccessDeniedException"):
            attempt()


def test_a_denied_key_is_not_opened_by_leaving_out_its_name(kms: Any, key: dict[str, Any], holder: Any) -> None:
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"s")["CiphertextBlob"]
    limited = holder(
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "kms:*", "Resource": key["Arn"]},
    )
    for named in ({}, {"KeyId": key["KeyId"]}, {"KeyId": key["Arn"]}):
        with refused("AccessDeniedException"):
            limited.decrypt(CiphertextBlob=sealed, **named)


def test_a_signature_for_another_service_is_none_for_kms(server: Server) -> None:
    signed = kms_client(server)
    signed._request_signer._signing_name = "cognito-idp"
    with refused("InvalidSignatureException") as refusal:
        signed.list_keys()
    assert refusal.message.strip() == "Credential should be scoped to correct service: 'kms'."


def test_every_change_of_a_key_leaves_a_row_in_the_audit_trail(server: Server, kms: Any) -> None:
    key = kms.create_key(Description="a description")["KeyMetadata"]
    kms.disable_key(KeyId=key["KeyId"])
    kms.enable_key(KeyId=key["KeyId"])
    kms.schedule_key_deletion(KeyId=key["KeyId"])
    kms.cancel_key_deletion(KeyId=key["KeyId"])
    program = (
        "from identity.models import AuditEvent; "
        f"print(*AuditEvent.objects.filter(resource='{key['Arn']}').order_by('pk').values_list('event', flat=True))"
    )
    events = server.manage("shell", "--no-imports", "-c", program).split()
    assert events == ["CreateKey", "DisableKey", "EnableKey", "ScheduleKeyDeletion", "CancelKeyDeletion"]
