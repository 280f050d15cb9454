"""Tags of user pools, by ARN."""

from __future__ import annotations

import re

from identity.errors import InvalidParameter
from identity.wire.call import Answer, Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.models import Pool
from pools.provisioning import pools

_POOL_ARN = re.compile(r"arn:aws:cognito-idp:([a-z0-9-]+):[0-9]{12}:userpool/([\w-]+_[0-9a-zA-Z]+)", re.ASCII)


@cognito_idp.operation("TagResource")
def tag_resource(call: Call, *, resource_arn: str, tags: dict[str, str]) -> None:
    pools.tag(_pool(call, resource_arn), tags, by=call.actor)


@cognito_idp.operation("UntagResource")
def untag_resource(call: Call, *, resource_arn: str, tag_keys: list[str]) -> None:
    pools.untag(_pool(call, resource_arn), tag_keys, by=call.actor)


@cognito_idp.operation("ListTagsForResource")
def list_tags_for_resource(call: Call, *, resource_arn: str) -> Answer:
    return {"Tags": pools.tags(_pool(call, resource_arn).arn)}


def _pool(call: Call, arn: str) -> Pool:
    """Raises: InvalidParameter for an ARN that is not a user pool's, ResourceNotFound."""
    match = _POOL_ARN.fullmatch(arn)
    if match is None:
        raise InvalidParameter(f"{arn} is not the ARN of a user pool.", field="resource_arn")
    pool = lookup.pool(match[2], call.region)
    if pool.arn != arn:
        raise InvalidParameter(f"{arn} is not the ARN of a user pool.", field="resource_arn")
    return pool
