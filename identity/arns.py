"""Amazon Resource Names of what Gatehouse keeps, in the installation's account."""

from __future__ import annotations

from identity.config import config


def user_pool(region: str, pool_id: str) -> str:
    return f"arn:aws:cognito-idp:{region}:{config.account_id}:userpool/{pool_id}"


def iam_user(name: str) -> str:
    return f"arn:aws:iam::{config.account_id}:user/{name}"


def assumed_role(role: str, session: str) -> str:
    return f"arn:aws:sts::{config.account_id}:assumed-role/{role}/{session}"


def function(region: str, name: str) -> str:
    return f"arn:aws:lambda:{region}:{config.account_id}:function:{name}"


def encryption_key(region: str, key_id: str) -> str:
    return f"arn:aws:kms:{region}:{config.account_id}:key/{key_id}"


def webhook(name: str) -> str:
    """Of our own making; it has the form that AWS and its tools take for a trigger."""
    return f"arn:aws:gatehouse::{config.account_id}:webhook:{name}"
