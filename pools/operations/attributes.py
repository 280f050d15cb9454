"""Attributes: updated, deleted, verified; administrator and self-service twins side by side."""

from __future__ import annotations

from identity.wire.call import Answer, Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.accounts import profile
from pools.operations.origin import origin
from pools.operations.sign_up import attribute_values, code_delivery


@cognito_idp.operation("UpdateUserAttributes")
def update_user_attributes(
    call: Call,
    *,
    access_token: str,
    user_attributes: list[dict[str, str]],
    client_metadata: dict[str, str] | None = None,
) -> Answer:
    signed_in = lookup.signed_in(access_token)
    told = origin(call, signed_in.client, client_metadata)
    deliveries = profile.update_own(signed_in.client, signed_in.user, attribute_values(user_attributes), origin=told)
    return {"CodeDeliveryDetailsList": [code_delivery(delivery) for delivery in deliveries]}


@cognito_idp.operation("AdminUpdateUserAttributes")
def admin_update_user_attributes(
    call: Call,
    *,
    user_pool_id: str,
    username: str,
    user_attributes: list[dict[str, str]],
    client_metadata: dict[str, str] | None = None,
) -> None:
    pool = lookup.pool(user_pool_id, call.region)
    user = lookup.user(pool, username)
    told = origin(call, None, client_metadata)
    profile.update_by_administrator(pool, user, attribute_values(user_attributes), origin=told, by=call.actor)


@cognito_idp.operation("DeleteUserAttributes")
def delete_user_attributes(call: Call, *, access_token: str, user_attribute_names: list[str]) -> None:
    signed_in = lookup.signed_in(access_token)
    profile.delete_own(signed_in.client, signed_in.user, user_attribute_names)


@cognito_idp.operation("AdminDeleteUserAttributes")
def admin_delete_user_attributes(
    call: Call, *, user_pool_id: str, username: str, user_attribute_names: list[str]
) -> None:
    pool = lookup.pool(user_pool_id, call.region)
    profile.delete_by_administrator(pool, lookup.user(pool, username), user_attribute_names, by=call.actor)


@cognito_idp.operation("GetUserAttributeVerificationCode")
def get_user_attribute_verification_code(
    call: Call, *, access_token: str, attribute_name: str, client_metadata: dict[str, str] | None = None
) -> Answer:
    signed_in = lookup.signed_in(access_token)
    told = origin(call, signed_in.client, client_metadata)
    delivery = profile.send_code(signed_in.user, attribute_name, origin=told)
    return {"CodeDeliveryDetails": code_delivery(delivery)}


@cognito_idp.operation("VerifyUserAttribute")
def verify_user_attribute(call: Call, *, access_token: str, attribute_name: str, code: str) -> None:
    profile.verify(lookup.signed_in(access_token).user, attribute_name, code)
