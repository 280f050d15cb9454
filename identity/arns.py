"""Amazon Resource Names of what Gatehouse keeps, in the installation's account."""

from __future__ import annotations

from identity.config import config


def user_pool(region: str, pool_id: str) -> str:
    return f"arn:aws:cognito-idp:{region}:{config.account_id}:userpool/{pool_id}"


def iam_user(name: str) -> str:
    return f"arn:aws:iam::{config.account_id}:user/{name}"
