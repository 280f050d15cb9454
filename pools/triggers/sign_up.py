"""PreSignUp, before a user is made, and PostConfirmation, after one is confirmed.

Source: guide, "Pre sign-up Lambda trigger" and "Post confirmation Lambda trigger".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pools.config.schema import VERIFIED_FLAGS
from pools.config.sign_in import SignInSettings
from pools.models import User
from pools.triggers import deliver, event
from pools.triggers.origin import Origin

SIGN_UP = "PreSignUp_SignUp"
ADMIN_CREATE_USER = "PreSignUp_AdminCreateUser"
EXTERNAL_PROVIDER = "PreSignUp_ExternalProvider"

CONFIRM_SIGN_UP = "PostConfirmation_ConfirmSignUp"
CONFIRM_FORGOT_PASSWORD = "PostConfirmation_ConfirmForgotPassword"  # noqa: S105

_FLAGS = ("autoConfirmUser", "autoVerifyEmail", "autoVerifyPhone")


@dataclass(frozen=True, slots=True)
class Admitted:
    """What becomes of a user who may sign up."""

    auto_confirm: bool = False
    auto_verify_email: bool = False
    auto_verify_phone: bool = False

    @property
    def auto_verified(self) -> list[str]:
        """The attributes that are verified without a code."""
        verified = {"email": self.auto_verify_email, "phone_number": self.auto_verify_phone}
        return [name for name, is_verified in verified.items() if is_verified]


def pre_sign_up(user: User, source: str, origin: Origin) -> Admitted:
    """Ask whether a user may be made, who is not saved yet; nobody objects where the pool has no such function.

    Raises: UserLambdaValidation (who may not), UnexpectedLambda, InvalidLambdaResponse, TooManyRequests.
    """
    request = {"userAttributes": event.shown(user.attributes), "validationData": origin.validation_data}
    admitted = deliver.call(
        user.pool,
        "PreSignUp",
        source,
        user.username,
        event.with_metadata(request, origin),
        dict.fromkeys(_FLAGS, False),
        origin,
        read=_read,
    )
    return admitted or Admitted()


def _read(response: Mapping[str, Any]) -> Admitted:
    """Raises: InvalidLambdaResponse."""
    return Admitted(*(event.flag(response, name) for name in _FLAGS))


def post_confirmation(user: User, source: str, origin: Origin) -> None:
    """Tell of a user who has been confirmed, or has set a forgotten password; call after the commit.

    Raises: UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests (the confirmation stands).
    """
    request = {"userAttributes": event.user_attributes(user, **_aliases(user))}
    said = event.with_metadata(request, origin)
    deliver.call(user.pool, "PostConfirmation", source, user.username, said, {}, origin, read=event.unread)


def _aliases(user: User) -> dict[str, str]:
    """The addresses that the user signs in with beside the user name."""
    aliases = SignInSettings.of(user.pool).alias_attributes
    return {
        f"cognito:{name}_alias": user.attributes[name]
        for name, flag in VERIFIED_FLAGS.items()
        if name in aliases and user.attributes.get(name) and user.attributes.get(flag) == "true"
    }
