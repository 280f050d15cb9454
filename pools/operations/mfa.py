"""MFA of user pools: which second factors there are, and whether they are asked for."""

from __future__ import annotations

from typing import Any

from identity.wire.call import Answer, Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.config import mfa
from pools.provisioning import pools


@cognito_idp.operation("GetUserPoolMfaConfig")
def get_user_pool_mfa_config(call: Call, *, user_pool_id: str) -> Answer:
    return mfa.described(lookup.pool(user_pool_id, call.region).settings)


@cognito_idp.operation("SetUserPoolMfaConfig")
def set_user_pool_mfa_config(call: Call, *, user_pool_id: str, **members: Any) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    return mfa.described(pools.set_mfa(pool, members, by=call.actor))
