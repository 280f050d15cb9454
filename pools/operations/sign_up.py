"""Sign-up: register, confirm, resend the code; the administrator's confirmation."""

from __future__ import annotations

from typing import Any

from identity.wire.call import Answer, Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.accounts import administer, client_proof, sign_up
from pools.accounts.verification import Delivery
from pools.signin import after_sign_up

# Triggers, threat protection and analytics are what these would reach; none of them exists yet.
_NOWHERE_YET = ("AnalyticsMetadata", "UserContextData", "ClientMetadata")


@cognito_idp.operation("SignUp", ignores=[*_NOWHERE_YET, "ValidationData"])
def sign_up_user(
    call: Call,
    *,
    client_id: str,
    username: str,
    password: str | None = None,
    secret_hash: str | None = None,
    user_attributes: list[dict[str, str]] | None = None,
) -> Answer:
    client = lookup.client(client_id)
    client_proof.check_secret_hash(client, username, secret_hash)
    attributes = attribute_values(user_attributes)
    signed_up = sign_up.register(client, username=username, password=password, attributes=attributes)
    return {
        "UserConfirmed": False,
        "UserSub": signed_up.user.sub,
        "CodeDeliveryDetails": code_delivery(signed_up.delivery),
        "Session": after_sign_up.begin(client, signed_up.user, username),
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
) -> Answer:
    client = lookup.client(client_id)
    client_proof.check_secret_hash(client, username, secret_hash)
    attempt = None if session is None else after_sign_up.find(client, session, username)
    confirmed = sign_up.confirm(client, username=username, code=confirmation_code, force_alias=force_alias_creation)
    return {"Session": after_sign_up.confirmed(attempt, client, confirmed.user, username, confirmed.attribute)}


@cognito_idp.operation("ResendConfirmationCode", ignores=_NOWHERE_YET)
def resend_confirmation_code(call: Call, *, client_id: str, username: str, secret_hash: str | None = None) -> Answer:
    client = lookup.client(client_id)
    client_proof.check_secret_hash(client, username, secret_hash)
    return {"CodeDeliveryDetails": code_delivery(sign_up.resend(client, username=username))}


@cognito_idp.operation("AdminConfirmSignUp", ignores=["ClientMetadata"])
def admin_confirm_sign_up(call: Call, *, user_pool_id: str, username: str) -> None:
    pool = lookup.pool(user_pool_id, call.region)
    administer.confirm_sign_up(pool, lookup.user(pool, username), by=call.actor)


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
