"""Tokens renewed by a refresh token; revoked: one family by its refresh token, or all of a user's."""

from __future__ import annotations

from identity.errors import (
    ACCESS_TOKEN_REVOKED,
    NotAuthorized,
    PasswordResetRequired,
    ResourceNotFound,
    Unauthorized,
    UserNotFound,
)
from identity.wire.call import Answer, Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.accounts import administer, client_proof
from pools.operations.origin import origin
from pools.operations.sign_in import authentication_result
from pools.tokens import refresh, revoke


# Devices are what DeviceKey would reach; they do not exist yet. The client's flows are InitiateAuth's affair: AWS lets
# this operation renew tokens with and without rotation.
@cognito_idp.operation("GetTokensFromRefreshToken", ignores=["DeviceKey"])
def get_tokens_from_refresh_token(
    call: Call,
    *,
    refresh_token: str,
    client_id: str,
    client_secret: str | None = None,
    client_metadata: dict[str, str] | None = None,
) -> Answer:
    client = lookup.client(client_id)
    client_proof.check_secret_beside_token(client, client_secret)
    try:
        tokens = refresh.renew(client, refresh_token, origin(call, client, client_metadata))
    except PasswordResetRequired as error:  # the model does not list it for this operation
        raise NotAuthorized(error.message) from None
    return {"AuthenticationResult": authentication_result(tokens)}


# Which sessions are linked is known once sessions are tracked; until then LINKED has no effect, as on AWS.
@cognito_idp.operation("RevokeToken", ignores=["RevokeAssociatedSessions"])
def revoke_token(call: Call, *, token: str, client_id: str, client_secret: str | None = None) -> None:
    try:
        client = lookup.client(client_id)
    except ResourceNotFound as error:  # the model does not list it for this operation
        raise Unauthorized(error.message) from None
    client_proof.check_secret(client, client_secret)
    revoke.refresh_token(client, token)


@cognito_idp.operation("GlobalSignOut")
def global_sign_out(call: Call, *, access_token: str) -> None:
    try:
        user = lookup.signed_in(access_token).user
    except UserNotFound:  # not listed here either; with the user every session has ended
        raise NotAuthorized(ACCESS_TOKEN_REVOKED) from None
    revoke.every_session(user)


@cognito_idp.operation("AdminUserGlobalSignOut")
def admin_user_global_sign_out(call: Call, *, user_pool_id: str, username: str) -> None:
    pool = lookup.pool(user_pool_id, call.region)
    administer.sign_out(pool, lookup.user(pool, username), by=call.actor)
