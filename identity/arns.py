"""Amazon Resource Names of what Gatehouse keeps, in the installation's account."""

from __future__ import annotations

import re
from dataclasses import dataclass

from identity.config import config

_FUNCTION = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:)?(?:([a-z]{2,4}(?:-[a-z]+)+-\d):)?(?:(\d{12}):)?(?:function:)?([a-zA-Z0-9_.-]+)"
    r"(?::(\$?[a-zA-Z0-9_.-]+))?",
    re.ASCII,
)


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


@dataclass(frozen=True, slots=True)
class FunctionName:
    """A function as requests name it. What the name leaves out is None."""

    region: str | None
    account: str | None
    name: str
    qualifier: str | None

    @classmethod
    def read(cls, text: str) -> FunctionName | None:
        """A name, a partial ARN or an ARN, with a qualifier or without."""
        match = _FUNCTION.fullmatch(text)
        return cls(*match.groups()) if match else None


def named_function(region: str, text: str) -> str:
    """The ARN of the function that `text` names in a region, without a qualifier."""
    named = FunctionName.read(text)
    if named is None:
        return function(region, text)
    return f"arn:aws:lambda:{named.region or region}:{named.account or config.account_id}:function:{named.name}"
