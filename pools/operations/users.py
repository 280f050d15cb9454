"""Users: create, read, list, enable, disable, delete; administrator and self-service twins side by side."""

from __future__ import annotations

from typing import Any

from identity.errors import ATTRIBUTES_NOT_THERE, InvalidParameter
from identity.wire.call import Answer, Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.accounts import administer, leave, search
from pools.config.client import ClientSettings
from pools.config.mfa import SMS_MFA
from pools.config.schema import DEVELOPER_PREFIX
from pools.lookup import SignedIn
from pools.messages.message import Channel
from pools.models import User
from pools.operations.origin import origin
from pools.operations.sign_up import attribute_values


@cognito_idp.operation("AdminCreateUser")
def admin_create_user(
    call: Call,
    *,
    user_pool_id: str,
    username: str,
    user_attributes: list[dict[str, str]] | None = None,
    temporary_password: str | None = None,
    force_alias_creation: bool = False,
    message_action: str | None = None,
    desired_delivery_mediums: list[str] | None = None,
    validation_data: list[dict[str, str]] | None = None,
    client_metadata: dict[str, str] | None = None,
) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    told = origin(call, None, client_metadata, attribute_values(validation_data))
    channels = None if desired_delivery_mediums is None else [Channel(medium) for medium in desired_delivery_mediums]
    if message_action == "RESEND":
        user = administer.resend_invitation(
            pool,
            username=username,
            temporary_password=temporary_password,
            channels=channels,
            origin=told,
            by=call.actor,
        )
    else:
        user = administer.create_user(
            pool,
            username=username,
            attributes=attribute_values(user_attributes),
            temporary_password=temporary_password,
            channels=channels,
            suppress_message=message_action == "SUPPRESS",
            force_alias=force_alias_creation,
            origin=told,
            by=call.actor,
        )
    return {"User": user_summary(user)}


@cognito_idp.operation("AdminGetUser")
def admin_get_user(call: Call, *, user_pool_id: str, username: str) -> Answer:
    user = lookup.user(lookup.pool(user_pool_id, call.region), username)
    summary = user_summary(user)
    return {"UserAttributes": summary.pop("Attributes"), **summary, **mfa_settings(user)}


@cognito_idp.operation("GetUser")
def get_user(call: Call, *, access_token: str) -> Answer:
    return own_detail(lookup.signed_in(access_token))


@cognito_idp.operation("ListUsers")
def list_users(
    call: Call,
    *,
    user_pool_id: str,
    attributes_to_get: list[str] | None = None,
    limit: int | None = None,
    pagination_token: str | None = None,
    filter: str = "",
) -> Answer:
    pool = lookup.pool(user_pool_id, call.region)
    bound_to = call.binding(pool.id, filter, attributes_to_get)
    condition = search.parse(filter)
    page = search.users(pool, condition, limit=limit, token=pagination_token, bound_to=bound_to)
    found = [user_summary(user) for user in page.items]
    if attributes_to_get is not None:
        found = [_only(user, attributes_to_get) for user in found]
    return {"Users": found, "PaginationToken": page.next_token}


@cognito_idp.operation("AdminEnableUser")
def admin_enable_user(call: Call, *, user_pool_id: str, username: str) -> None:
    pool = lookup.pool(user_pool_id, call.region)
    administer.enable(pool, lookup.user(pool, username), by=call.actor)


@cognito_idp.operation("AdminDisableUser")
def admin_disable_user(call: Call, *, user_pool_id: str, username: str) -> None:
    pool = lookup.pool(user_pool_id, call.region)
    administer.disable(pool, lookup.user(pool, username), by=call.actor)


@cognito_idp.operation("AdminDeleteUser")
def admin_delete_user(call: Call, *, user_pool_id: str, username: str) -> None:
    pool = lookup.pool(user_pool_id, call.region)
    administer.delete_user(pool, lookup.user(pool, username), by=call.actor)


@cognito_idp.operation("DeleteUser")
def delete_user(call: Call, *, access_token: str) -> None:
    leave.delete(lookup.signed_in(access_token).user)


def user_summary(user: User) -> dict[str, Any]:
    return {
        "Username": user.username,
        "Attributes": _listed({"sub": user.sub, **user.attributes}),
        "UserCreateDate": user.created_at,
        "UserLastModifiedDate": user.modified_at,
        "Enabled": user.enabled,
        "UserStatus": user.status,
        "MFAOptions": _sms_options(user),
    }


def mfa_settings(user: User) -> dict[str, Any]:
    return {"UserMFASettingList": user.mfa_factors or None, "PreferredMfaSetting": user.preferred_mfa or None}


def _sms_options(user: User) -> list[dict[str, str]] | None:
    """The old way to tell of second factors, which knows text messages alone."""
    return [{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}] if SMS_MFA in user.mfa_factors else None


def _only(user: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """Raises: InvalidParameter, when the user has no value of one of the names."""
    held = [attribute for attribute in user["Attributes"] if attribute["Name"] in names]
    if len(held) < len(set(names)):
        raise InvalidParameter(ATTRIBUTES_NOT_THERE, field="attributes_to_get")
    return {**user, "Attributes": held}


def own_detail(signed_in: SignedIn) -> dict[str, Any]:
    """What users see of themselves: the attributes their client may read, and their second factors."""
    user = signed_in.user
    client = ClientSettings.of(signed_in.client)
    attributes = {"sub": user.sub, **user.attributes}
    readable = {
        name: value
        for name, value in attributes.items()
        if client.may_read(name) and not name.startswith(DEVELOPER_PREFIX)
    }
    return {
        "Username": user.username,
        "UserAttributes": _listed(readable),
        "MFAOptions": _sms_options(user),
        **mfa_settings(user),
    }


def _listed(attributes: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]
