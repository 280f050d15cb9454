"""Passwords: changed or recovered by their user, set or reset by an administrator."""

from __future__ import annotations

from identity.wire.call import Answer, Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.accounts import client_proof, passwords, recovery
from pools.operations.origin import origin
from pools.operations.sign_up import code_delivery

# Threat protection and analytics are what these would reach; none of them exists yet.
_NOWHERE_YET = ("AnalyticsMetadata", "UserContextData")


@cognito_idp.operation("ChangePassword")
def change_password(
    call: Call, *, access_token: str, proposed_password: str, previous_password: str | None = None
) -> None:
    signed_in = lookup.signed_in(access_token)
    passwords.change(signed_in.pool, signed_in.user, previous=previous_password, proposed=proposed_password)


@cognito_idp.operation("AdminSetUserPassword")
def admin_set_user_password(
    call: Call, *, user_pool_id: str, username: str, password: str, permanent: bool = False
) -> None:
    pool = lookup.pool(user_pool_id, call.region)
    user = lookup.user(pool, username)
    passwords.set_by_administrator(pool, user, password, permanent=permanent, by=call.actor)


@cognito_idp.operation("ForgotPassword", ignores=_NOWHERE_YET)
def forgot_password(
    call: Call,
    *,
    client_id: str,
    username: str,
    secret_hash: str | None = None,
    client_metadata: dict[str, str] | None = None,
) -> Answer:
    client = lookup.client(client_id)
    client_proof.check_secret_hash(client, username, secret_hash)
    delivery = recovery.forgot(client, username=username, origin=origin(call, client, client_metadata))
    return {"CodeDeliveryDetails": code_delivery(delivery)}


@cognito_idp.operation("ConfirmForgotPassword", ignores=_NOWHERE_YET)
def confirm_forgot_password(
    call: Call,
    *,
    client_id: str,
    username: str,
    confirmation_code: str,
    password: str,
    secret_hash: str | None = None,
    client_metadata: dict[str, str] | None = None,
) -> Answer:
    client = lookup.client(client_id)
    client_proof.check_secret_hash(client, username, secret_hash)
    told = origin(call, client, client_metadata)
    recovery.confirm_forgot(client, username=username, code=confirmation_code, password=password, origin=told)
    return {}


@cognito_idp.operation("AdminResetUserPassword")
def admin_reset_user_password(
    call: Call, *, user_pool_id: str, username: str, client_metadata: dict[str, str] | None = None
) -> None:
    pool = lookup.pool(user_pool_id, call.region)
    user = lookup.user(pool, username)
    recovery.reset_by_administrator(pool, user, origin=origin(call, None, client_metadata), by=call.actor)
