"""Codes for custom senders, opened by the public libraries of the AWS Encryption SDK as functions use them."""

import base64
import json
import os
import subprocess
from typing import Any

import aws_encryption_sdk
import boto3
import pytest
from aws_encryption_sdk import CommitmentPolicy, StrictAwsKmsMasterKeyProvider
from aws_encryption_sdk.exceptions import DecryptKeyError
from aws_encryption_sdk.identifiers import Algorithm
from aws_encryption_sdk.key_providers.kms import KMSMasterKey
from botocore.exceptions import ClientError

from tests.support import factories, javascript, senders
from tests.support.hooks import Hooks
from tests.support.server import Server

ADDRESS = "ada@example.com"
PASSWORD = "Temporary-Horse-1 äöü €"


@pytest.fixture(scope="module")
def kms(server: Server) -> Any:
    return senders.kms(server)


@pytest.fixture(scope="module")
def key(kms: Any) -> str:
    """The ARN of a key."""
    return str(kms.create_key()["KeyMetadata"]["Arn"])


@pytest.fixture(scope="module")
def event(idp: Any, hooks: Hooks, key: str) -> dict[str, Any]:
    """What a sender was called with for an invitation."""
    pool = factories.make_pool(idp, LambdaConfig=senders.lambda_config(hooks.arn, key))
    calls = hooks.on(pool)
    idp.admin_create_user(
        UserPoolId=pool["Id"],
        Username="ada",
        UserAttributes=[{"Name": "email", "Value": ADDRESS}],
        DesiredDeliveryMediums=["EMAIL"],
        TemporaryPassword=PASSWORD,
    )
    return senders.wait_for(calls)


@pytest.fixture(autouse=True)
def aws(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in senders.environment(server).items():
        monkeypatch.setenv(name, value)


def sealed(event: dict[str, Any]) -> bytes:
    return base64.b64decode(event["request"]["code"], validate=True)


@pytest.mark.parametrize("policy", CommitmentPolicy)
def test_python_opens_it_with_the_kms_provider(event: dict[str, Any], key: str, policy: CommitmentPolicy) -> None:
    client = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=policy)
    plain, header = client.decrypt(source=sealed(event), key_provider=StrictAwsKmsMasterKeyProvider(key_ids=[key]))
    assert plain.decode() == PASSWORD
    assert header.encryption_context["userpool-id"] == event["userPoolId"]
    assert header.encryption_context.keys() == {"userpool-id", "aws-crypto-public-key"}
    assert header.algorithm is Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384
    [wrapped] = header.encrypted_data_keys
    assert (wrapped.key_provider.provider_id, wrapped.key_provider.key_info) == ("aws-kms", key.encode())


def test_a_changed_context_in_the_message_is_refused_by_the_key(event: dict[str, Any], key: str) -> None:
    changed = sealed(event).replace(event["userPoolId"].encode(), event["userPoolId"][::-1].encode())
    assert changed != sealed(event)
    with pytest.raises(DecryptKeyError):
        opened_by_the_provider(changed, key)


def opened_by_the_provider(message: bytes, key: str) -> bytes:
    client = aws_encryption_sdk.EncryptionSDKClient()
    plain, _ = client.decrypt(source=message, key_provider=StrictAwsKmsMasterKeyProvider(key_ids=[key]))
    return bytes(plain)


def test_another_key_or_region_opens_nothing(event: dict[str, Any], kms: Any, key: str) -> None:
    other = str(kms.create_key()["KeyMetadata"]["Arn"])
    for arn in (other, key.replace("us-east-1", "eu-west-1")):
        with pytest.raises(DecryptKeyError):
            opened_by_the_provider(sealed(event), arn)
    away = KMSMasterKey(key_id=key, client=boto3.client("kms", region_name="eu-west-1"))
    with pytest.raises(DecryptKeyError):
        aws_encryption_sdk.EncryptionSDKClient().decrypt(source=sealed(event), key_provider=away)


def test_a_disabled_key_opens_nothing(event: dict[str, Any], kms: Any, key: str) -> None:
    kms.disable_key(KeyId=key)
    with pytest.raises((DecryptKeyError, ClientError)):
        opened_by_the_provider(sealed(event), key)
    kms.enable_key(KeyId=key)
    assert opened_by_the_provider(sealed(event), key).decode() == PASSWORD


def run_node(event: dict[str, Any], **environment: str) -> subprocess.CompletedProcess[str]:
    javascript.install()
    return subprocess.run(
        ["node", "sender.cjs"],
        cwd=javascript.FOLDER,
        input=json.dumps(event),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_nodes_function_of_the_guide_opens_it_unchanged(event: dict[str, Any], kms: Any, key: str) -> None:
    """Its alias may name anything: a message is opened by the key that it names."""
    alias = key.rpartition(":")[0] + ":alias/codes"
    done = run_node(event, KEY_ARN=key, KEY_ALIAS=alias)
    assert done.stdout == PASSWORD, done.stderr
    other = str(kms.create_key()["KeyMetadata"]["Arn"])
    refused = run_node(event, KEY_ARN=other, KEY_ALIAS=alias)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "unencryptedDataKey has not been set" in refused.stderr


def test_processes_that_send_nothing_do_not_load_the_library(server: Server) -> None:
    program = "import sys, identity.wsgi, identity.celery; print('aws_encryption_sdk' in sys.modules)"
    assert server.manage("shell", "-v0", "-c", program).split() == ["False"]
