"""UserMigration: a function that knows users whom the pool does not know yet.

Source: guide, "Migrate user Lambda trigger".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from identity.errors import InvalidLambdaResponse
from pools.config.triggers import TriggerSettings
from pools.models import Pool
from pools.triggers import deliver, event
from pools.triggers.origin import Origin

TRIGGER = "UserMigration"
AUTHENTICATION = "UserMigration_Authentication"
FORGOT_PASSWORD = "UserMigration_ForgotPassword"  # noqa: S105

_RESPONSE = (
    "userAttributes",
    "forceAliasCreation",
    "enableSMSMFA",
    "finalUserStatus",
    "messageAction",
    "desiredDeliveryMediums",
)
_STATUSES = (None, "CONFIRMED", "RESET_REQUIRED")
_ACTIONS = (None, "SUPPRESS", "RESEND")
_MEDIUMS = frozenset({"EMAIL", "SMS"})


@dataclass(frozen=True, slots=True)
class Known:
    """A user whom the function knows. `mediums` are those of the welcome message, which is not sent for none."""

    attributes: Mapping[str, str]
    is_confirmed: bool
    mediums: frozenset[str]
    forces_alias: bool
    enables_sms_mfa: bool


def is_configured(pool: Pool) -> bool:
    return TRIGGER in TriggerSettings.of(pool).arns


def user_migration(pool: Pool, username: str, password: str | None, origin: Origin) -> Known | None:
    """Ask for a user by what was typed, at sign-in with the password; None for one whom nobody knows.

    Raises: UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests.
    """
    request = event.with_metadata({"validationData": origin.validation_data}, origin)
    if password is not None:
        request = {"password": password, **request}
    source = FORGOT_PASSWORD if password is None else AUTHENTICATION
    secrets = () if password is None else (password,)
    before = dict.fromkeys(_RESPONSE)
    return deliver.call(pool, TRIGGER, source, username, request, before, origin, secrets=secrets, read=_read)


def _read(response: Mapping[str, Any]) -> Known | None:
    attributes = event.strings(response, "userAttributes")
    if not attributes:
        return None
    status, action = event.text(response, "finalUserStatus"), event.text(response, "messageAction")
    mediums = event.texts(response, "desiredDeliveryMediums") or ["SMS"]
    if status not in _STATUSES or action not in _ACTIONS or not _MEDIUMS.issuperset(mediums):
        raise InvalidLambdaResponse()
    return Known(
        attributes=attributes,
        is_confirmed=status == "CONFIRMED",
        mediums=frozenset() if action == "SUPPRESS" else frozenset(mediums),
        forces_alias=event.flag(response, "forceAliasCreation"),
        enables_sms_mfa=event.flag(response, "enableSMSMFA"),
    )
