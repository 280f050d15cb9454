"""AWS Lambda itself, through the configured endpoint."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config as ClientConfig
from botocore.exceptions import ClientError, ReadTimeoutError

from identity.config import config
from pools.triggers.targets.base import LIMIT_SECONDS, Answer, Invocation, NotInvoked, TimedOut


def invoke(invocation: Invocation) -> Answer:
    """Raises: NotInvoked, TimedOut."""
    if not config.lambda_url:
        raise NotInvoked("ResourceNotFoundException")
    region = invocation.arn.split(":")[3]
    try:
        said = _client(region).invoke(FunctionName=invocation.arn, Payload=invocation.event)
    except ReadTimeoutError as error:
        raise TimedOut() from error
    except ClientError as error:
        raise NotInvoked(error.response["Error"]["Code"]) from error
    return Answer(said["Payload"].read())


@cache
def _client(region: str) -> Any:
    endpoint = None if config.lambda_url == "aws:" else config.lambda_url
    limits = ClientConfig(read_timeout=LIMIT_SECONDS, connect_timeout=LIMIT_SECONDS, retries={"total_max_attempts": 1})
    return boto3.client("lambda", region_name=region, endpoint_url=endpoint, config=limits)
