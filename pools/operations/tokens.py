"""Tokens revoked: one family by its refresh token, or all of a user's."""

from __future__ import annotations

from identity.wire.call import Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.accounts import administer, client_proof
from pools.tokens import revoke


# Which sessions are linked is known once sessions are tracked; until then LINKED has no effect, as on AWS.
@cognito_idp.operation("RevokeToken", ignores=["RevokeAssociatedSessions"])
def revoke_token(call: Call, *, token: str, client_id: str, client_secret: str | None = None) -> None:
    client = lookup.client(client_id)
    client_proof.check_secret(client, client_secret)
    revoke.refresh_token(client, token)


@cognito_idp.operation("GlobalSignOut")
def global_sign_out(call: Call, *, access_token: str) -> None:
    revoke.every_session(lookup.signed_in(access_token).user)


@cognito_idp.operation("AdminUserGlobalSignOut")
def admin_user_global_sign_out(call: Call, *, user_pool_id: str, username: str) -> None:
    pool = lookup.pool(user_pool_id, call.region)
    administer.sign_out(pool, lookup.user(pool, username), by=call.actor)
