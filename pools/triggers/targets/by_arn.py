"""The target that an ARN means."""

from __future__ import annotations

from identity.config import config
from pools.triggers.targets import aws_lambda, functions, webhook
from pools.triggers.targets.base import NOT_FOUND, Answer, Invocation, NotInvoked


def invoke(invocation: Invocation) -> Answer:
    """A function of Lambda is the one kept here by that name, else the one at AWS, where that is configured.

    Raises: NotInvoked, TimedOut.
    """
    _, _, service, _, account, *_ = invocation.arn.split(":")
    if service == "gatehouse":
        return webhook.invoke(invocation)
    if service != "lambda":
        raise NotInvoked(NOT_FOUND)
    if account == config.account_id:
        try:
            return functions.invoke(invocation)
        except NotInvoked as error:
            if error.reason != NOT_FOUND or not config.lambda_url:
                raise
    return aws_lambda.invoke(invocation)
