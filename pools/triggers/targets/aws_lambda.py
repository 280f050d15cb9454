"""AWS Lambda itself, through the configured endpoint, by Gatehouse's own credentials from boto3's chain.

Source: Lambda API reference, Invoke.
"""

from __future__ import annotations

import base64
import logging
from functools import cache
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config as ClientConfig
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, HTTPClientError, ReadTimeoutError

from identity.config import config
from pools.triggers.targets.base import (
    FAILED,
    LIMIT_SECONDS,
    NOT_FOUND,
    Answer,
    Invocation,
    NotInvoked,
    TimedOut,
    error_message,
)

_CONNECT_SECONDS = 2.0

_creating = Lock()
"""Clients may be used by several threads at once, but a session makes one at a time."""

log = logging.getLogger(__name__)


def invoke(invocation: Invocation) -> Answer:
    """Raises: NotInvoked, TimedOut."""
    if not config.lambda_url:
        raise NotInvoked(NOT_FOUND)
    try:
        client = _client_of(invocation.arn.split(":")[3])
        said = client.invoke(FunctionName=invocation.arn, Payload=invocation.event, LogType="Tail")
        payload = said["Payload"].read()
    except (ReadTimeoutError, ConnectTimeoutError) as error:
        raise TimedOut() from error
    except ClientError as error:
        raise _refusal(error) from error
    except BotoCoreError as error:
        log.warning("%s was not invoked: %s", invocation.arn, type(error).__name__)
        raise NotInvoked(FAILED, is_transient=isinstance(error, HTTPClientError), log=type(error).__name__) from error
    written = base64.b64decode(said.get("LogResult", "")).decode(errors="replace")
    if said.get("FunctionError"):
        return Answer(payload, error_message(payload) or "null", written)
    return Answer(payload, log=written)


def _refusal(error: ClientError) -> NotInvoked:
    """Lambda's own answer; where that is a 5xx no further try is made."""
    code = error.response["Error"].get("Code") or FAILED
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    log.warning("Lambda answered %s", code)
    return NotInvoked(code if code.isidentifier() else FAILED, is_transient=status == 429)


def _client_of(region: str) -> Any:
    with _creating:
        return _client(region)


@cache
def _client(region: str) -> Any:
    return boto3.client(
        "lambda",
        region_name=region,
        endpoint_url=None if config.lambda_url == "aws:" else config.lambda_url,
        config=ClientConfig(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=LIMIT_SECONDS,
            retries={"total_max_attempts": 1},
            max_pool_connections=config.web_threads,
            tcp_keepalive=True,
        ),
    )
