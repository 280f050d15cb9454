"""Amazon: SNS, or AWS End User Messaging where the pool says so, in the role of the pool's `SmsConfiguration`.

The one module that knows boto3. Gatehouse's own credentials, from boto3's chain, only assume that role, as Cognito's
principal does at AWS. Source: guide, "SMS message settings for Amazon Cognito user pools"; SNS Publish, STS AssumeRole
and SendTextMessage in their API references.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from identity import clock
from identity.config import config
from identity.errors import CodeDeliveryFailure, InvalidSmsRoleAccessPolicy, InvalidSmsRoleTrustRelationship
from pools.config.messages import SmsSettings
from pools.messages.message import Message
from pools.models import Pool

log = logging.getLogger(__name__)

_ENDPOINT = config.sms_url.removeprefix("sns:") or None
_CONNECTION = Config(
    connect_timeout=config.sms_timeout_seconds,
    read_timeout=config.sms_timeout_seconds,
    retries={"total_max_attempts": 2, "mode": "standard"},
)
_SERVICES = {False: "sns", True: "pinpoint-sms-voice-v2"}
_MARGIN = timedelta(minutes=5)
"""Credentials are renewed so long before they expire."""
_REFUSALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
_STALE = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
_NO_CONFIGURATION = "User pool does not have SMS configuration to send messages."
_NEVER = datetime.min.replace(tzinfo=UTC)

_creating = Lock()
"""Clients may be used by several threads at once, but a session makes one at a time."""


@cache
def _session() -> Any:
    return boto3.Session()


def _client(service: str, region: str, **credentials: str) -> Any:
    with _creating:
        return _session().client(service, region_name=region, endpoint_url=_ENDPOINT, config=_CONNECTION, **credentials)


@lru_cache(maxsize=64)
def _sts(region: str) -> Any:
    return _client("sts", region)


class _Role:
    """An assumed role, with a client that has its credentials until shortly before they expire."""

    def __init__(self, arn: str, external_id: str, service: str, region: str) -> None:
        self._asked = {"RoleArn": arn, "RoleSessionName": "gatehouse"}
        if external_id:
            self._asked["ExternalId"] = external_id
        self._service, self._region = service, region
        self._lock = Lock()
        self._client: Any = None
        self._renew_at = _NEVER

    def client(self) -> Any:
        """Raises: ClientError, BotoCoreError, TimeoutError when others have waited for STS too long already."""
        if not self._lock.acquire(timeout=config.sms_timeout_seconds):
            raise TimeoutError
        try:
            if clock.wall() >= self._renew_at:
                self._assume()
            return self._client
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Have the next message assume the role again: what it may do has changed."""
        self._renew_at = _NEVER

    def _assume(self) -> None:
        credentials = _sts(self._region).assume_role(**self._asked)["Credentials"]
        self._client = _client(
            self._service,
            self._region,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )
        self._renew_at = credentials["Expiration"] - _MARGIN


_role = lru_cache(maxsize=256)(_Role)


def has_role(pool: Pool) -> bool:
    return bool(SmsSettings.of(pool).role_arn)


def check(pool: Pool) -> None:
    """Raises: CodeDeliveryFailure for a pool without a role to send in."""
    if not has_role(pool):
        log.warning("pool %s has no SmsConfiguration with a role", pool.id)
        raise CodeDeliveryFailure(_NO_CONFIGURATION)


def send(message: Message) -> None:
    """For a pool with a role (`check`).

    Raises: CodeDeliveryFailure, InvalidSmsRoleTrustRelationship, InvalidSmsRoleAccessPolicy, TimeoutError."""
    settings = SmsSettings.of(message.pool)
    role = _role(
        settings.role_arn,
        settings.external_id,
        _SERVICES[settings.is_eums],
        settings.region or message.pool.region,
    )
    try:
        _publish(role.client(), message, settings)
    except ClientError as error:
        if error.response["Error"]["Code"] in _REFUSALS | _STALE:
            role.forget()
        raise _failure(message, error) from error
    except BotoCoreError as error:
        log.warning("SMS %s of pool %s was not sent: %s", message.kind, message.pool.id, type(error).__name__)
        raise CodeDeliveryFailure() from error


def _publish(client: Any, message: Message, settings: SmsSettings) -> None:
    body = message.text.body
    if settings.is_eums:
        client.send_text_message(
            DestinationPhoneNumber=message.to, MessageBody=body, MessageType="TRANSACTIONAL", **_eums(settings)
        )
    else:
        kind = {"DataType": "String", "StringValue": "Transactional"}
        client.publish(PhoneNumber=message.to, Message=body, MessageAttributes={"AWS.SNS.SMS.SMSType": kind})


def _eums(settings: SmsSettings) -> dict[str, Any]:
    given = {
        "OriginationIdentity": settings.origination_identity,
        "ConfigurationSetName": settings.configuration_set,
        "DestinationCountryParameters": settings.country_parameters,
    }
    return {name: value for name, value in given.items() if value}


def _failure(message: Message, error: ClientError) -> CodeDeliveryFailure:
    """What a refusal is called here. Amazon's own sentence may repeat the number, so the log has its code alone."""
    code, asked = error.response["Error"]["Code"], error.operation_name
    log.warning("SMS %s of pool %s was not sent: %s answered %r", message.kind, message.pool.id, asked, code)
    if code not in _REFUSALS:
        return CodeDeliveryFailure()
    return InvalidSmsRoleTrustRelationship() if asked == "AssumeRole" else InvalidSmsRoleAccessPolicy()
