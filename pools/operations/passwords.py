"""Passwords: changed by their user, set by an administrator."""

from __future__ import annotations

from identity.wire.call import Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.accounts import passwords


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
