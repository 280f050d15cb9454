"""Codes for custom senders, as messages of the AWS Encryption SDK.

The data key is wrapped as KMS wraps it, under a key that is kept here: what a sender has for KMS opens it, when it asks
Gatehouse's. The library takes a noticeable moment and some ten megabytes to load: import this where a code is sent.
Source: guide, "Custom email sender Lambda trigger"; AWS Encryption SDK message format.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from aws_encryption_sdk import EncryptionSDKClient
from aws_encryption_sdk.identifiers import Algorithm
from aws_encryption_sdk.key_providers.base import MasterKey, MasterKeyConfig
from aws_encryption_sdk.structures import DataKey

from pools.models import EncryptionKey
from pools.triggers import encryption_keys

_PROVIDER = "aws-kms"

_client = EncryptionSDKClient()


class _Config(MasterKeyConfig):  # type: ignore[misc]
    provider_id = _PROVIDER


class _KeptKey(MasterKey):  # type: ignore[misc]
    """What the library takes for a KMS key. It wraps new data keys and nothing else."""

    provider_id = _PROVIDER
    _config_class = _Config
    kept: EncryptionKey

    def _generate_data_key(self, algorithm: Algorithm, encryption_context: Mapping[str, str]) -> DataKey:
        plain = secrets.token_bytes(algorithm.kdf_input_len)
        sealed = encryption_keys.encrypt(self.kept, plain, encryption_context)
        return DataKey(key_provider=self.key_provider, data_key=plain, encrypted_data_key=sealed)

    def _encrypt_data_key(self, *args: Any, **options: Any) -> Any:
        raise NotImplementedError

    def _decrypt_data_key(self, *args: Any, **options: Any) -> Any:
        raise NotImplementedError


def encrypt(key: EncryptionKey, code: str, pool_id: str) -> bytes:
    """Raises: Disabled, KMSInvalidState."""
    master = _KeptKey(key_id=key.arn.encode())
    master.kept = key
    sealed, _ = _client.encrypt(source=code.encode(), key_provider=master, encryption_context={"userpool-id": pool_id})
    return bytes(sealed)
