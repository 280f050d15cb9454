"""Sign-up: register, confirm, resend the code; the administrator's confirmation."""

from __future__ import annotations

from typing import Any

from identity.wire.call import Answer, Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.accounts import administer, client_proof, sign_up
from pools.accounts.verification import Delivery
from pools.models.user import UserStatus
from pools.operations.origin import origin
from pools.signin import after_sign_up

# Threat protection and analytics are what these would reach; none of them exists yet.
_NOWHERE_YET = ("AnalyticsMetadata", "UserContextData")


@cognito_idp.operation("SignUp", ignores=_NOWHERE_YET)
def sign_up_user(
    call: Call,
    *,
    client_id: str,
    username: str,
    password: str | None = None,
    secret_hash: str | None = None,
    user_attributes: list[dict[str, str]] | None = None,
    validation_data: list[dict[str, str]] | None = None,
    client_metadata: dict[str, str] | None = None,
) -> Answer:
    client = lookup.client(client_id)
    client_proof.check_secret_hash(client, username, secret_hash)
    signed_up = sign_up.register(
        client,
        username=username,
        password=password,
        attributes=attribute_values(user_attributes),
        origin=origin(call, client, client_metadata, attribute_values(validation_data)),
    )
    user = signed_up.user
    is_confirmed = user.status == UserStatus.CONFIRMED
    return {
        "UserConfirmed": is_confirmed,
        "UserSub": user.sub,
        "CodeDeliveryDetails": code_delivery(signed_up.delivery),
        "Session": None if is_confirmed else after_sign_up.begin(client, user, username),
    }


@cognito_idp.operation("ConfirmSignUp", ignores=_NOWHERE_YET)
def confirm_sign_up(
    call: Call,
    *,
    client_id: str,
    username: str,
    confirmation_code: str,
    secret_hash: str | None = None,
    force_alias_creation: bool = False,
    session: str | None = None,
    client_metadata: dict[str, str] | None = None,
) -> Answer:
    client = lookup.client(client_id)
    client_proof.check_secret_hash(client, username, secret_hash)
    attempt = None if session is None else after_sign_up.find(client, session, username)
    confirmed = sign_up.confirm(
        client,
        username=username,
        code=confirmation_code,
        force_alias=force_alias_creation,
        origin=origin(call, client, client_metadata),
    )
    return {"Session": after_sign_up.confirmed(attempt, client, confirmed.user, username, confirmed.attribute)}


@cognito_idp.operation("ResendConfirmationCode", ignores=_NOWHERE_YET)
def resend_confirmation_code(
    call: Call,
    *,
    client_id: str,
    username: str,
    secret_hash: str | None = None,
    client_metadata: dict[str, str] | None = None,
) -> Answer:
    client = lookup.client(client_id)
    client_proof.check_secret_hash(client, username, secret_hash)
    delivery = sign_up.resend(client, username=username, origin=origin(call, client, client_metadata))
    return {"CodeDeliveryDetails": code_delivery(delivery)}


@cognito_idp.operation("AdminConfirmSignUp")
def admin_confirm_sign_up(
    call: Call, *, user_pool_id: str, username: str, client_metadata: dict[str, str] | None = None
) -> None:
    pool = lookup.pool(user_pool_id, call.region)
    user = lookup.user(pool, username)
    administer.confirm_sign_up(pool, user, origin=origin(call, None, client_metadata), by=call.actor)


def attribute_values(members: list[dict[str, str]] | None) -> dict[str, str]:
    """A list of `{Name, Value}` as a mapping; a member without a value is a blank one."""
    return {member["Name"]: member.get("Value", "") for member in members or ()}


def code_delivery(delivery: Delivery | None) -> dict[str, Any] | None:
    if delivery is None:
        return None
    return {
        "Destination": delivery.destination,
        "DeliveryMedium": delivery.channel,
        "AttributeName": delivery.attribute,
    }
