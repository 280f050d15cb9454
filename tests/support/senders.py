"""Custom senders of tests: keys for their codes, pools that have them, and what they were handed, decrypted."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any

import aws_encryption_sdk
import boto3
from aws_encryption_sdk import CommitmentPolicy, StrictAwsKmsMasterKeyProvider

from tests.support.server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server

CALL_SECONDS = 30
"""The longest wait for a call from the background."""
SMS_ROLE = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "external"}

Event = dict[str, Any]


def environment(server: Server) -> dict[str, str]:
    """What leads a function's AWS libraries to `server`, as they are."""
    return {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def kms(server: Server, region: str = "us-east-1") -> Any:
    return boto3.client(
        "kms",
        endpoint_url=server.url,
        region_name=region,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
    )


def lambda_config(arn: str, key_arn: str, *senders: str) -> dict[str, Any]:
    """LambdaConfig with these senders, both by default."""
    made: dict[str, Any] = {
        sender: {"LambdaArn": arn, "LambdaVersion": "V1_0"}
        for sender in senders or ("CustomEmailSender", "CustomSMSSender")
    }
    return {**made, "KMSKeyID": key_arn}


def wait_for(calls: list[Event], count: int = 1) -> Event:
    """The newest of so many calls."""
    wait_until(lambda: len(calls) >= count)
    assert len(calls) == count, [event["triggerSource"] for event in calls]
    return calls[-1]


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + CALL_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it was not called"
        time.sleep(0.02)


def code_in(event: Event, key_arn: str) -> str:
    """As the guide's function decrypts it; call where `environment` is in force."""
    client = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT)
    plain, header = client.decrypt(
        source=base64.b64decode(event["request"]["code"], validate=True),
        key_provider=StrictAwsKmsMasterKeyProvider(key_ids=[key_arn]),
    )
    assert header.encryption_context["userpool-id"] == event["userPoolId"]
    return str(plain.decode())
