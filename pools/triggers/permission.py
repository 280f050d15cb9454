"""Whether a function's own policy lets a user pool invoke it.

Source: Lambda developer guide, "Granting function access to AWS services"; IAM user guide, ArnLike.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from identity.policies.document import MalformedPolicy, arn_like
from pools.models import Function

SERVICE = "cognito-idp.amazonaws.com"
_ACTION = "lambda:invokefunction"


def allows(function: Function, pool_arn: str) -> bool:
    """Whether a statement lets Amazon Cognito invoke the function for this pool. There is no statement that denies."""
    return any(_allows(statement, pool_arn) for statement in function.permissions)


def _allows(statement: Mapping[str, Any], pool_arn: str) -> bool:
    return (
        statement.get("Effect") == "Allow"
        and _is_cognito(statement.get("Principal"))
        and str(statement.get("Action", "")).lower() in {_ACTION, "lambda:*", "*"}
        and all(_holds(operator, keys, pool_arn) for operator, keys in statement.get("Condition", {}).items())
    )


def _is_cognito(principal: object) -> bool:
    return principal == "*" or (isinstance(principal, Mapping) and principal.get("Service") == SERVICE)


def _holds(operator: str, keys: Mapping[str, str], pool_arn: str) -> bool:
    """A condition that is not known never holds."""
    return all(_is_met(operator, key.lower(), wanted, pool_arn) for key, wanted in keys.items())


def _is_met(operator: str, key: str, wanted: str, pool_arn: str) -> bool:
    if (operator, key) == ("ArnLike", "aws:sourcearn"):
        return _is_like(wanted, pool_arn)
    if (operator, key) == ("StringEquals", "aws:sourceaccount"):
        return wanted == pool_arn.split(":")[4]
    return False


def _is_like(pattern: str, arn: str) -> bool:
    try:
        return bool(_expression(pattern).fullmatch(arn))
    except MalformedPolicy:  # no ARN at all
        return False


_expression = lru_cache(maxsize=1024)(arn_like)
